import uPlot from 'uplot'
import { s } from '../dom.ts'
import { type Inks, readInks } from './inks.ts'
import { timeToX } from './layout.ts'
import type { OverParts } from './boxes.ts'
import { drawOver } from './over.ts'
import { type Paper, paperPlugin } from './paper.ts'
import { type Run, runsToDraw } from './samples.ts'
import type { StripData } from './strip-data.ts'
import { timeAxis } from './time-axis.ts'
import { drawStrokes, toColumns, tracePlugin } from './trace.ts'
import { type ValueAxis, valueAxis } from './value-axis.ts'

/** One pen on its strip of paper. */
export interface Strip {
  readonly element: HTMLElement
  update(data: StripData): void
  /** The window under the crosshair's time; null: no crosshair. */
  setCrosshair(time: number | null): void
  /** Moves uPlot's own cursor, and with it that of every strip of the drum. */
  pointAt(time: number | null): void
  destroy(): void
}

/** Makes a strip; strips of one `group` share their cursor. */
export function createStrip(options: { group: string; onPoint: (time: number | null) => void }): Strip {
  const { group, onPoint } = options
  const canvasHost = document.createElement('div')
  canvasHost.setAttribute('aria-hidden', 'true')
  const over = s('svg', { class: 'over', role: 'img' })
  const element = document.createElement('div')
  element.append(canvasHost, over)
  let data: StripData | null = null
  let plot: uPlot | null = null
  let made = ''
  let axis: ValueAxis = { low: 0, high: 1, major: 1, minor: 0.5, fine: 0.25 }
  let held: Held | null = null
  let inks: Inks = readInks(document.documentElement, '')
  let paper: Paper = { inks, axis, rules: [], isCompact: false, abovePx: 0 }
  let crosshair: number | null = null
  let runs: readonly Run[] = []

  function update(next: StripData): void {
    data = next
    runs = next.isBlank ? [] : drawnRuns(next)
    element.className = `strip ${next.metric.ink}`
    inks = readInks(element, next.metric.ink)
    held = hold(next, runs, held)
    axis = axisFor(next, held)
    const { rules } = timeAxis(next.span, next.layout, next.zone)
    paper = { inks, axis, rules, isCompact: next.layout.isCompact, abovePx: next.abovePx }
    const size = `${next.layout.width} ${next.heightPx} ${next.layout.axis} ${next.layout.isCompact}`
    if (plot && made === size) plot.setData(toColumns(runs), true)
    else make(next, size)
    redrawOver()
  }

  function make(next: StripData, size: string): void {
    plot?.destroy()
    made = size
    plot = new uPlot(plotOptions(next), toColumns(runs), canvasHost)
  }

  function plotOptions({ layout, heightPx, metric }: StripData): uPlot.Options {
    const width = layout.isCompact ? 1.6 : metric.name === 'pressure' ? 2.2 : 1.8
    return {
      width: layout.width,
      height: heightPx,
      padding: [0, 0, 0, layout.axis],
      legend: { show: false },
      pxAlign: 0,
      axes: [{ show: false }, { show: false }],
      scales: {
        x: { time: false, range: () => (data ? [data.span.from, data.span.to] : [0, 1]) },
        y: { range: () => withMargins(axis, data) },
      },
      series: [
        {},
        {
          stroke: () => inks.trace,
          width,
          dash: inks.dash,
          points: { show: false },
          show: metric.kind === 'level',
        },
        { stroke: 'transparent', width: 0, points: { show: false }, show: metric.kind === 'level' },
        { stroke: 'transparent', width: 0, points: { show: false }, show: metric.kind === 'level' },
      ],
      bands: [{ series: [3, 2], fill: () => inks.band }],
      cursor: {
        x: false,
        y: false,
        points: { show: false },
        drag: { setScale: false, x: false, y: false },
        sync: { key: group, scales: ['x', null] },
      },
      plugins: [
        paperPlugin(
          () => paper,
          () => data?.gaps ?? [],
        ),
        tracePlugin((drawn) => {
          drawStrokes(drawn, runs, { inks, widthPx: width, kind: metric.kind })
        }),
      ],
      hooks: {
        setCursor: [
          (drawn) => {
            const left = drawn.cursor.left ?? -1
            // Only the strip under the pointer speaks for the group.
            if (drawn.cursor.event) onPoint(left < 0 ? null : drawn.posToVal(left, 'x'))
          },
        ],
      },
    }
  }

  function redrawOver(): void {
    if (!data) return
    const parts: OverParts = {
      data,
      axis,
      crosshair,
      toX: timeToX(data.layout, data.span),
      toY: toY(data, axis),
    }
    drawOver(over, parts)
  }

  return {
    element,
    update,
    setCrosshair(time) {
      if (crosshair === time) return
      crosshair = time
      redrawOver()
    },
    pointAt(time) {
      if (!plot || !data) return
      const left = time === null ? -10 : plot.valToPos(time, 'x')
      plot.setCursor({ left, top: time === null ? -10 : 4 }, false)
    },
    destroy() {
      plot?.destroy()
      element.remove()
    },
  }
}

/** The trace in shown units. */
function drawnRuns({ metric, points, tip, span }: StripData): readonly Run[] {
  const isTotal = metric.kind === 'total'
  const converted = points.map((point) => ({
    ...point,
    value: metric.convert(point.value),
    low: metric.convert(isTotal ? 0 : point.low),
    high: metric.convert(isTotal ? point.value : point.high),
  }))
  const end = tip && span.now !== null && metric.kind === 'level' ? tip : null
  return runsToDraw(converted, end && { time: end.time, value: metric.convert(end.value) })
}

const margins = (data: StripData) => {
  const { size, fixed } = data.metric
  // Room for the figures of the highest and, where the trace may go anywhere, of the lowest.
  return { top: size === 'small' ? 18 : 16, bottom: fixed === null ? 14 : data.layout.isCompact ? 8 : 10 }
}

function withMargins(axis: ValueAxis, data: StripData | null): [number, number] {
  if (!data) return [0, 1]
  const { top, bottom } = margins(data)
  const perPx = (axis.high - axis.low) / (data.heightPx - top - bottom)
  return [axis.low - bottom * perPx, axis.high + top * perPx]
}

function toY(data: StripData, axis: ValueAxis): (value: number) => number {
  const [low, high] = withMargins(axis, data)
  return (value) => data.heightPx - ((value - low) / (high - low)) * data.heightPx
}

/** Lowest and highest that the axis has held since the range was chosen, shown units. */
interface Held {
  readonly key: string
  readonly low: number
  readonly high: number
}

/** The axis grows at once and shrinks only on a new range. */
function hold({ rangeKey }: StripData, runs: readonly Run[], before: Held | null): Held | null {
  const samples = runs.flatMap((run) => run.samples)
  if (samples.length === 0) return before?.key === rangeKey ? before : null
  const kept = before?.key === rangeKey ? before : null
  let low = kept?.low ?? Number.POSITIVE_INFINITY
  let high = kept?.high ?? Number.NEGATIVE_INFINITY
  for (const sample of samples) {
    low = Math.min(low, sample.low)
    high = Math.max(high, sample.high)
  }
  return { key: rangeKey, low, high }
}

function axisFor({ metric, heightPx }: StripData, held: Held | null): ValueAxis {
  const { fixed, convert } = metric
  const usual = (usualEnds[metric.name] ?? [0, 10]).map(convert)
  return valueAxis({
    low: held?.low ?? usual[0] ?? 0,
    high: held?.high ?? usual[1] ?? 10,
    fixed: fixed && [convert(fixed[0]), fixed[1] === null ? null : convert(fixed[1])],
    leastSpan: metric.convertDifference(metric.leastSpan),
    heightPx,
  })
}

/** What an empty strip is ruled for, base units. */
const usualEnds: Readonly<Record<string, readonly [number, number]>> = {
  pressure: [990, 1040],
  temperature: [-10, 20],
  humidity: [0, 100],
  windSpeed: [0, 20],
}
