import { dayMs } from './calendar.ts'
import type { Frame } from './frame.ts'
import type { Point } from './points.ts'
import { escapeXml, type Ink, type Painter, px, widthOf } from './paint.ts'
import type { PlotData, Series } from './read.ts'
import { plotLimits } from './request.ts'
import { windowWords } from './time-axis.ts'
import { decimalsOf, figure, pointWords } from './words.ts'

const inks: Readonly<Record<string, Ink>> = {
  temperature: 'temperature',
  dewPoint: 'temperature',
  apparentTemperature: 'temperature',
  soilTemperature: 'temperature',
  pressure: 'pressure',
  humidity: 'humidity',
  soilMoisture: 'humidity',
  precipitation: 'humidity',
  windSpeed: 'wind',
  windGust: 'wind',
  windDirection: 'wind',
}
/** Colour belongs to the metric: several devices differ by their strokes. */
const dashes = [undefined, '7 3', '2 3', '9 3 2 3'] as const

interface Look {
  readonly ink: Ink
  readonly dash: string | undefined
  readonly width: number
}

/** How the series of a plot look, and what the legend has to name. */
export interface Looks {
  readonly series: readonly Look[]
  readonly ink: Ink
  readonly form: 'line' | 'bars' | 'strokes'
  readonly hasBand: boolean
  readonly hasGaps: boolean
}

/** More bands than these hide each other. */
const bandsAtOnce = 2

export function looksOf({ metric, series, spans }: PlotData, wantsBand: boolean): Looks {
  const ink = inks[metric.name] ?? 'ink-2'
  const isAlone = series.length === 1
  return {
    ink,
    series: series.map((_, i) => ({
      ink: i % 2 === 0 ? ink : 'ink',
      dash: dashes[Math.floor(i / 2) % dashes.length],
      width: i % 2 === 0 ? 2.2 : 1.6,
    })),
    form: metric.kind === 'direction' ? 'strokes' : metric.kind === 'total' && isAlone ? 'bars' : 'line',
    hasBand:
      wantsBand &&
      series.length <= bandsAtOnce &&
      series.some(({ points }) => points.some(({ low, high }) => low !== null && low !== high)),
    hasGaps: isAlone && series.some((one) => gapsOf(one, spans).length > 0),
  }
}

/** A sample of a series' stroke, of the band or of a gap, with its words beginning 32 px to the right. */
export function sampleOf(
  painter: Painter,
  sample: number | 'band' | 'gap',
  looks: Looks,
  { x, y }: { readonly x: number; readonly y: number },
): string {
  if (sample === 'gap') return hatch(painter, { x0: x, x1: x + 24, y0: y - 11, y1: y + 1 })
  const isFilled = sample === 'band' || looks.form === 'bars'
  if (isFilled) {
    const look = sample === 'band' ? looks.ink : (looks.series[sample]?.ink ?? looks.ink)
    return painter.element(
      'rect',
      { x, y: y - 11, width: 24, height: 12 },
      { fill: look, opacity: sample === 'band' ? 'band' : 'bars' },
    )
  }
  const look = looks.series[sample]
  return painter.element(
    'path',
    { d: `M${px(x)} ${px(y - 4.5)}h24`, 'stroke-width': look?.width, 'stroke-dasharray': look?.dash },
    { stroke: look?.ink ?? looks.ink },
  )
}

/** Hatches, bands, traces, marks and figures, from below to above. */
export function drawSeries(painter: Painter, data: PlotData, looks: Looks, frame: Frame): string[] {
  const { series, spans } = data
  const parts: string[] = []
  if (looks.hasGaps)
    for (const gap of series.flatMap((one) => gapsOf(one, spans)))
      parts.push(
        hatch(painter, {
          x0: frame.scale.x(gap.from),
          x1: frame.scale.x(gap.to),
          y0: frame.top,
          y1: frame.bottom,
        }),
      )
  const runs = series.map(({ points }) => runsOf(points))
  if (looks.hasBand)
    for (const [i, own] of runs.entries())
      for (const run of own) parts.push(...bandOf(painter, run, looks.series[i]?.ink ?? looks.ink, frame))
  for (const [i, own] of runs.entries()) {
    const look = looks.series[i]
    if (look) parts.push(...own.flatMap((run) => traceOf(painter, run, look, looks.form, frame)))
  }
  const isMarked = series.every(({ points }) => points.length <= plotLimits.marks)
  if (isMarked)
    for (const [i, { points }] of series.entries())
      for (const point of points) parts.push(markOf(painter, point, data, looks, looks.series[i], frame))
  const [only] = series
  if (only && series.length === 1 && looks.form !== 'strokes')
    parts.push(...figuresOf(painter, only.points, data, looks, frame))
  return parts
}

/** Windows that follow each other; a missing one ends a run, and so does the end of a span. */
function runsOf(points: readonly Point[]): Point[][] {
  const runs: Point[][] = []
  for (const point of points) {
    const run = runs.at(-1)
    const before = run?.at(-1)
    if (run && before && follows(before, point)) run.push(point)
    else runs.push([point])
  }
  return runs
}

/** A device that moved to another time zone leaves some hours between two of its days. */
function follows(before: Point, point: Point): boolean {
  const between = point.start - before.end
  return between <= (point.end - point.start >= dayMs * 0.9 ? dayMs / 2 : 0)
}

function gapsOf({ points }: Series, spans: PlotData['spans']): { from: number; to: number }[] {
  return points.flatMap((point, i) => {
    const before = points[i - 1]
    if (!before || follows(before, point)) return []
    return spans.flatMap(({ from, to }) => {
      const gap = { from: Math.max(from, before.end), to: Math.min(to, point.start) }
      return gap.from < gap.to ? [gap] : []
    })
  })
}

const xOf = ({ start, end }: Point, { scale }: Frame): number => (scale.x(start) + scale.x(end)) / 2

function bandOf(painter: Painter, run: readonly Point[], ink: Ink, frame: Frame): string[] {
  const known = run.flatMap((point) =>
    point.low === null || point.high === null ? [] : [{ ...point, low: point.low, high: point.high }],
  )
  const [first] = known
  if (!first) return []
  const y = (value: number): string => px(frame.y(value))
  if (known.length === 1) {
    const [x0, x1] = [frame.scale.x(first.start), frame.scale.x(first.end)]
    const height = frame.y(first.low) - frame.y(first.high)
    const rect = { x: x0, y: frame.y(first.high), width: Math.max(1, x1 - x0), height }
    return [painter.element('rect', rect, { fill: ink, opacity: 'band' })]
  }
  const there = known.map((point) => `${px(xOf(point, frame))} ${y(point.high)}`)
  const back = known.toReversed().map((point) => `${px(xOf(point, frame))} ${y(point.low)}`)
  return [
    painter.element('path', { d: `M${[...there, ...back].join('L')}Z` }, { fill: ink, opacity: 'band' }),
  ]
}

function traceOf(
  painter: Painter,
  run: readonly Point[],
  { ink, dash, width }: Look,
  form: Looks['form'],
  frame: Frame,
): string[] {
  const { scale, y } = frame
  const across = ({ start, end, value }: Point): string => {
    const [x0, x1] = [scale.x(start), scale.x(end)]
    return `M${px(x0)} ${px(y(value))}H${px(Math.max(x1, x0 + 2))}`
  }
  const stroke = { stroke: ink } as const
  if (form === 'bars') {
    const bars = run.map(({ start, end, value }) => {
      const [x0, x1] = [scale.x(start), scale.x(end)]
      const inset = x1 - x0 > 6 ? 1 : 0
      return `M${px(x0 + inset)} ${px(y(0))}V${px(y(value))}H${px(x1 - inset)}V${px(y(0))}Z`
    })
    const tops = run.map(across).join('')
    return [
      painter.element('path', { d: bars.join('') }, { fill: ink, opacity: 'bars' }),
      painter.element('path', { d: tops, 'stroke-width': 1.4 }, stroke),
    ]
  }
  if (form === 'strokes' || run.length === 1)
    return [painter.element('path', { d: run.map(across).join(''), 'stroke-width': width }, stroke)]
  const d = `M${run.map((point) => `${px(xOf(point, frame))} ${px(y(point.value))}`).join('L')}`
  const line = { d, 'stroke-width': width, 'stroke-linejoin': 'round', 'stroke-dasharray': dash }
  return [painter.element('path', line, stroke)]
}

/** A dot that tells its window with all digits to whoever points at it. */
function markOf(
  painter: Painter,
  point: Point,
  data: PlotData,
  looks: Looks,
  look: Look | undefined,
  frame: Frame,
): string {
  const isLine = looks.form === 'line'
  const place = { cx: xOf(point, frame), cy: frame.y(point.value), r: isLine ? 2.8 : 7 }
  const title = painter.element('title', {}, undefined, escapeXml(pointWords(point, data)))
  // On bars and strokes it is there to be pointed at only.
  return painter.element(
    'circle',
    isLine ? place : { ...place, 'pointer-events': 'all' },
    isLine ? { fill: look?.ink ?? looks.ink } : {},
    title,
  )
}

/** Few windows all have their figure; of many the highest and the lowest. */
function figuresOf(
  painter: Painter,
  points: readonly Point[],
  data: PlotData,
  looks: Looks,
  frame: Frame,
): string[] {
  const { metric, zone } = data
  const decimals = decimalsOf(metric.unit)
  const look = { size: 13.5, ink: 'ink', anchor: 'middle', weight: 500, rim: true } as const
  const [first] = points
  if (!first) return []
  if (points.length <= plotLimits.figures)
    return points.map((point, i) => {
      const [before, after] = [points[i - 1], points[i + 1]]
      const isLow =
        looks.form === 'line' &&
        before !== undefined &&
        after !== undefined &&
        point.value < before.value &&
        point.value < after.value
      const y = frame.y(point.value) + (isLow ? 20 : -9)
      return painter.text(
        figure(point.value, decimals),
        { x: Math.min(Math.max(xOf(point, frame), frame.left + 18), frame.right - 18), y },
        look,
      )
    })
  const high = points.reduce((best, point) => (point.value > best.value ? point : best), first)
  const low = points.reduce((best, point) => (point.value < best.value ? point : best), first)
  const ends = looks.form === 'bars' ? [high] : high.value === low.value ? [] : [high, low]
  return ends.flatMap((point) => {
    const words = `${figure(point.value, decimals)}, ${windowWords(point.start, point.end - point.start, zone)}`
    const half = widthOf(words, 13.5) / 2
    const x = Math.min(Math.max(xOf(point, frame), frame.left + half), frame.right - half)
    const y = frame.y(point.value) + (point === high ? -10 : 21)
    const circle = { cx: xOf(point, frame), cy: frame.y(point.value), r: 4, 'stroke-width': 1.4 }
    return [
      painter.element('circle', circle, { fill: 'paper', stroke: 'ink' }),
      painter.text(words, { x, y }, look),
    ]
  })
}

/** Lines at 45 degrees, 5 px apart: nothing was measured here. */
function hatch(
  painter: Painter,
  { x0, x1, y0, y1 }: { x0: number; x1: number; y0: number; y1: number },
): string {
  const lines: string[] = []
  const distance = 7
  // On one grid, so that neighbours join.
  for (let sum = Math.ceil((x0 + y0) / distance) * distance; sum < x1 + y1; sum += distance) {
    const [fromX, toX] = [Math.max(x0, sum - y1), Math.min(x1, sum - y0)]
    if (toX > fromX) lines.push(`M${px(fromX)} ${px(sum - fromX)}L${px(toX)} ${px(sum - toX)}`)
  }
  return painter.element('path', { d: lines.join(''), 'stroke-width': 1.4 }, { stroke: 'hatch' })
}
