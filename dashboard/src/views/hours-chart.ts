import { round } from '../chart/layout.ts'
import { multiples, niceStep } from '../chart/value-axis.ts'
import { s } from '../dom.ts'
import { figure } from '../measure/format.ts'
import type { ShownMetric } from '../measure/metrics.ts'
import type { Window } from '../measure/series.ts'
import { type HourColumn, hoursOfDay } from '../time/calendar.ts'
import type { Zone } from '../time/zone.ts'

/** The hours of one day of one metric. */
export interface HoursModel {
  readonly metric: ShownMetric
  readonly metrics: readonly ShownMetric[]
  readonly day: number
  readonly today: number
  readonly zone: Zone
  readonly now: number
  readonly hours: readonly Window[]
  /** The day itself: it knows its highest and lowest. */
  readonly whole: Window | null
  readonly widthPx: number
  readonly isCompact: boolean
  /** False: hours are shorter than the sensor's interval. */
  readonly hasHours: boolean
}

interface Column extends HourColumn {
  readonly value: number | null
  readonly low: number | null
  readonly high: number | null
  /** Over, and the sensor had begun. */
  readonly isMissed: boolean
}

const heightPx = 158
const top = 18

function columnsOf({ metric, day, zone, now, hours }: HoursModel) {
  const { columns, absent } = hoursOfDay(day, zone)
  const begun = metric.sensor.oldest ? Date.parse(metric.sensor.oldest) : Number.POSITIVE_INFINITY
  const filled = columns.map((column): Column => {
    const figures = hours.find(({ start }) => start >= column.start && start < column.end)?.metrics[
      metric.name
    ]
    const isLevel = metric.kind === 'level'
    return {
      ...column,
      value: figures?.value ?? null,
      low: (isLevel ? figures?.low : null) ?? figures?.value ?? null,
      high: (isLevel ? figures?.high : null) ?? figures?.value ?? null,
      isMissed: column.end <= now && column.end > begun,
    }
  })
  return { columns: filled, absent }
}

/** Hours as bars from lowest to highest, the mean a stroke, its figure below. */
export function hoursChart(model: HoursModel, sentence: string): SVGElement {
  const { metric, widthPx, isCompact, whole } = model
  const { columns, absent } = columnsOf(model)
  const axis = isCompact ? 26 : 30
  const bottom = isCompact ? 24 : 44
  const each = (widthPx - axis) / columns.length
  const { low, high, step } = scaleOf(metric, columns)
  const toY = (value: number) =>
    heightPx - bottom - 13 - ((value - low) / (high - low)) * (heightPx - top - bottom - 13)
  const nodes: (SVGElement | null)[] = multiples(step, low, high).flatMap((value) => [
    s('path', { class: value === 0 ? 'rule-3' : 'rule-1', d: `M${axis} ${round(toY(value))}H${widthPx}` }),
    s(
      'text',
      { class: 'size-axis', x: axis - 6, y: round(toY(value) + 4), 'text-anchor': 'end' },
      figure(value, step < 1 ? 1 : 0),
    ),
  ])
  const day = whole?.metrics[metric.name]
  const parts: ColumnParts = {
    model,
    toY: (value) => toY(metric.convert(value)),
    bottom,
    each,
    rings: [day?.highestPart ?? null, day?.lowestPart ?? null],
    highAt: metric.kind === 'level' ? (day?.highAt ?? null) : null,
    lowAt: metric.kind === 'level' ? (day?.lowAt ?? null) : null,
  }
  columns.forEach((column, i) => nodes.push(...columnNodes(column, axis + i * each, i, parts)))
  for (const { hour, before } of absent)
    nodes.push(
      ...changeOfClocks(
        `${twoDigits(hour)}:00 does not exist: clocks go forward`,
        axis + before * each,
        bottom,
      ),
    )
  columns.forEach(({ label, isAgain }, i) => {
    if (isAgain) nodes.push(...changeOfClocks(`${label}: clocks go back`, axis + i * each, bottom))
  })
  nodes.push(s('path', { class: 'rule-2', d: `M${axis} ${heightPx - bottom}H${widthPx}` }))
  return s(
    'svg',
    {
      width: widthPx,
      height: heightPx,
      viewBox: `0 0 ${widthPx} ${heightPx}`,
      role: 'img',
      'aria-label': sentence,
    },
    nodes,
  )
}

function scaleOf(metric: ShownMetric, columns: readonly Column[]) {
  const values = columns.flatMap(({ low, high }) =>
    low === null || high === null ? [] : [metric.convert(low), metric.convert(high)],
  )
  if (metric.kind === 'total') values.push(0)
  const least = Math.max(metric.convertDifference(metric.leastSpan) || 1, 1e-3)
  let low = values.length ? Math.min(...values) : metric.convert(0)
  let high = values.length ? Math.max(...values) : low + least
  if (high - low < least) {
    const middle = (low + high) / 2
    low =
      metric.fixed && middle - least / 2 < metric.convert(metric.fixed[0])
        ? metric.convert(metric.fixed[0])
        : middle - least / 2
    high = low + least
  }
  const step = niceStep((high - low) / 3.5)
  return {
    low: Math.floor(low / (step / 2)) * (step / 2),
    high: Math.ceil(high / (step / 2)) * (step / 2),
    step,
  }
}

interface ColumnParts {
  readonly model: HoursModel
  readonly toY: (value: number) => number
  readonly bottom: number
  readonly each: number
  /** Starts of the hours with the highest and lowest mean. */
  readonly rings: readonly (number | null)[]
  readonly highAt: number | null
  readonly lowAt: number | null
}

function columnNodes(column: Column, x: number, index: number, parts: ColumnParts): (SVGElement | null)[] {
  const { model, toY, bottom, each, rings, highAt, lowAt } = parts
  const { metric, isCompact } = model
  const middle = x + each / 2
  const foot = heightPx - bottom
  const nodes: (SVGElement | null)[] = []
  if (column.hour % 6 === 0 && !column.isAgain)
    nodes.push(
      s('path', { class: column.hour === 0 ? 'rule-3' : 'rule-2', d: `M${round(x)} ${top - 12}V${foot}` }),
    )
  if (!isCompact || (column.hour % 3 === 0 && !column.isAgain))
    nodes.push(hourLabel(column, isCompact ? x : middle, foot + 17, isCompact))
  if (column.value === null || column.low === null || column.high === null) {
    if (column.isMissed)
      nodes.push(s('rect', { class: 'hatched', x: round(x), y: top, width: round(each), height: foot - top }))
    return nodes
  }
  const width = Math.max(4, Math.min(14, each - (isCompact ? 3 : 10)))
  const y = toY(column.value)
  const [upper, lower] = [Math.min(toY(column.high), y - 2), Math.max(toY(column.low), y + 2)]
  nodes.push(
    s('rect', {
      class: 'c-bar',
      x: round(middle - width / 2),
      y: round(upper),
      width: round(width),
      height: round(lower - upper),
    }),
    s('path', {
      class: 'c-stroke',
      'stroke-width': 2.4,
      d: `M${round(middle - width / 2 - 1)} ${round(y)}h${round(width + 2)}`,
    }),
  )
  const holds = (time: number | null) => time !== null && time >= column.start && time < column.end
  if (holds(highAt))
    nodes.push(s('path', { class: 'c-fill', d: `M${round(middle)} ${round(upper - 12)}l5 8.5h-10Z` }))
  if (holds(lowAt))
    nodes.push(s('path', { class: 'c-fill', d: `M${round(middle)} ${round(lower + 12)}l5-8.5h-10Z` }))
  if (!isCompact)
    nodes.push(...meanFigure(metric, column.value, middle, rings.includes(column.start), index, each))
  return nodes
}

function hourLabel({ hour }: Column, x: number, y: number, isCompact: boolean): SVGElement {
  const anchor = isCompact ? 'start' : 'middle'
  return s('text', { class: 'size-axis', x: round(x), y: round(y), 'text-anchor': anchor }, twoDigits(hour))
}

function meanFigure(
  metric: ShownMetric,
  value: number,
  middle: number,
  isRinged: boolean,
  index: number,
  each: number,
): (SVGElement | null)[] {
  const text = metric.figure(value)
  // Narrow columns hold every second figure; a ringed one is always shown.
  if (text.length * 6.2 > each && index % 2 === 1 && !isRinged) return []
  const width = Math.max(26.8, text.length * 5.4 + 5)
  return [
    isRinged
      ? s('rect', {
          class: 'ring',
          x: round(middle - width / 2),
          y: heightPx - 20.5,
          width: round(width),
          height: 18,
          rx: 8,
        })
      : null,
    s(
      'text',
      {
        class: `size-small ${isRinged ? 'figure' : 'ink-figure'}`,
        x: round(middle),
        y: heightPx - 7,
        'text-anchor': 'middle',
      },
      text,
    ),
  ]
}

function changeOfClocks(words: string, x: number, bottom: number): SVGElement[] {
  return [
    s('path', { class: 'ink-stroke dotted', 'stroke-width': 1.4, d: `M${round(x)} 4V${heightPx - bottom}` }),
    s('text', { class: 'hand on-paper size-body', x: round(x + 6), y: 14 }, words),
  ]
}

const twoDigits = (hour: number): string => String(hour).padStart(2, '0')
