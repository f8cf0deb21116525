import type uPlot from 'uplot'
import type { Inks } from './inks.ts'
import type { TimeRule } from './time-axis.ts'
import { isMultiple, multiples, type ValueAxis } from './value-axis.ts'

/** What is printed on a strip before any pen writes. */
export interface Paper {
  readonly inks: Inks
  readonly axis: ValueAxis
  readonly rules: readonly TimeRule[]
  readonly isCompact: boolean
  /** px of the strips above. */
  readonly abovePx: number
}

/** A uPlot plugin that prints the rules and hatches what is missing, below the traces. */
export function paperPlugin(
  paper: () => Paper,
  hatched: () => readonly { readonly start: number; readonly end: number; readonly isFaint: boolean }[],
): uPlot.Plugin {
  return {
    hooks: {
      drawClear: (plot) => {
        const { ctx, bbox } = plot
        ctx.save()
        ctx.beginPath()
        ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height)
        ctx.clip()
        printRules(plot, paper())
        for (const gap of hatched()) hatch(plot, paper(), gap)
        ctx.restore()
      },
    },
  }
}

function printRules(plot: uPlot, { inks, axis, rules, isCompact }: Paper): void {
  const { ctx, bbox } = plot
  const px = devicePixelRatio
  ctx.lineWidth = Math.max(1, Math.round(px))
  const upright = (time: number, colour: string) => {
    const x = aligned(plot.valToPos(time, 'x', true), ctx.lineWidth)
    line(ctx, colour, x, bbox.top, x, bbox.top + bbox.height)
  }
  const level = (value: number, colour: string) => {
    const y = aligned(plot.valToPos(value, 'y', true), ctx.lineWidth)
    line(ctx, colour, bbox.left, y, bbox.left + bbox.width, y)
  }
  const [fine, minor, major, midnight] = inks.rules
  for (const { time, weight } of rules) if (weight === 0) upright(time, fine)
  if (!isCompact) for (const value of multiples(axis.fine, axis.low, axis.high)) level(value, fine)
  for (const { time, weight } of rules) if (weight === 1) upright(time, minor)
  for (const value of multiples(axis.minor, axis.low, axis.high))
    level(value, isMultiple(value, axis.major) ? major : minor)
  for (const { time, weight } of rules) if (weight === 3) upright(time, midnight)
  line(
    ctx,
    major,
    bbox.left,
    bbox.top + ctx.lineWidth / 2,
    bbox.left + bbox.width,
    bbox.top + ctx.lineWidth / 2,
  )
}

/** A line of whole width lies sharp on the device's pixels. */
const aligned = (position: number, width: number): number => Math.round(position - width / 2) + width / 2

function line(
  ctx: CanvasRenderingContext2D,
  colour: string,
  x1: number,
  y1: number,
  x2: number,
  y2: number,
): void {
  ctx.strokeStyle = colour
  ctx.beginPath()
  ctx.moveTo(x1, y1)
  ctx.lineTo(x2, y2)
  ctx.stroke()
}

const hatchEveryPx = 5
const hatchWidthPx = 1.4

function hatch(
  { ctx, bbox, valToPos }: uPlot,
  { inks: { hatch: colour, paper }, abovePx }: Paper,
  gap: { start: number; end: number; isFaint: boolean },
): void {
  const px = devicePixelRatio
  const left = Math.max(bbox.left, valToPos(gap.start, 'x', true))
  const right = Math.min(bbox.left + bbox.width, valToPos(gap.end, 'x', true))
  if (right <= left) return
  const { top, height } = bbox
  ctx.save()
  ctx.globalAlpha = gap.isFaint ? 0.55 : 1
  ctx.beginPath()
  ctx.rect(left, top, right - left, height)
  ctx.clip()
  ctx.fillStyle = paper
  ctx.fill()
  ctx.strokeStyle = colour
  ctx.lineWidth = hatchWidthPx * px
  ctx.beginPath()
  // Counted from the corner of the drum, so that neighbouring gaps and strips share one hatching.
  const step = hatchEveryPx * px * Math.SQRT2
  const corner = bbox.left - abovePx * px
  for (let x = Math.floor((left - corner) / step) * step + corner; x < right + height; x += step) {
    ctx.moveTo(x, top)
    ctx.lineTo(x - height, top + height)
  }
  ctx.stroke()
  ctx.restore()
}
