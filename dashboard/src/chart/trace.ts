import type { ApiKind } from '@barograph/proto/api'
import type uPlot from 'uplot'
import type { Inks } from './inks.ts'
import type { Run } from './samples.ts'

/** Columns for uPlot: time, mean, low, high; a row of nulls wherever the trace must break. */
export function toColumns(runs: readonly Run[]): uPlot.AlignedData {
  const times: number[] = []
  const means: (number | null)[] = []
  const lows: (number | null)[] = []
  const highs: (number | null)[] = []
  for (const { samples } of runs) {
    const previous = times.at(-1)
    const first = samples[0]
    if (previous !== undefined && first) {
      times.push((previous + first.time) / 2)
      for (const column of [means, lows, highs]) column.push(null)
    }
    for (const { time, value, low, high } of samples) {
      times.push(time)
      means.push(value)
      lows.push(low)
      highs.push(high)
    }
  }
  return [times, means, lows, highs]
}

/** A uPlot plugin that draws what is not a line, above the traces. */
export function tracePlugin(draw: (plot: uPlot) => void): uPlot.Plugin {
  return {
    hooks: {
      draw: (plot) => {
        const { ctx, bbox } = plot
        ctx.save()
        ctx.beginPath()
        ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height)
        ctx.clip()
        draw(plot)
        ctx.restore()
      },
    },
  }
}

/** Lone windows as strokes of their own width, totals as bars, directions as one stroke per window. */
export function drawStrokes(
  plot: uPlot,
  runs: readonly Run[],
  { inks, widthPx, kind }: { inks: Inks; widthPx: number; kind: ApiKind },
): void {
  const { ctx } = plot
  const px = devicePixelRatio
  ctx.strokeStyle = inks.trace
  ctx.fillStyle = inks.band
  ctx.lineWidth = widthPx * px
  const x = (time: number) => plot.valToPos(time, 'x', true)
  const y = (value: number) => plot.valToPos(value, 'y', true)
  const stroke = (start: number, end: number, value: number) => {
    ctx.beginPath()
    ctx.moveTo(x(start), y(value))
    ctx.lineTo(Math.max(x(end), x(start) + 2 * px), y(value))
    ctx.stroke()
  }
  for (const { samples, start, end } of runs) {
    const first = samples[0]
    if (kind === 'level') {
      if (first && samples.length === 1) stroke(start, end, first.value)
      continue
    }
    const half = (end - start) / samples.length / 2
    for (const { time, value, high } of samples) {
      const [left, right] = [x(time - half), x(time + half)]
      if (kind === 'total') ctx.fillRect(left, y(high), right - left, y(0) - y(high))
      stroke(time - half, time + half, value)
    }
  }
}
