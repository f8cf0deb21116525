import type { Zone } from '../zone.ts'
import { civilOf, dayMs, type Span, startOf } from './calendar.ts'

/** From instants to places: what lies in no span takes no room. */
export interface TimeScale {
  readonly spans: readonly Span[]
  readonly width: number
  readonly pxPerMs: number
  /** Of an instant in a span, or at its end. */
  x(time: number): number
}

export function timeScale(spans: readonly Span[], left: number, width: number): TimeScale {
  const length = spans.reduce((sum, { from, to }) => sum + to - from, 0)
  const pxPerMs = length > 0 ? width / length : 0
  return {
    spans,
    width,
    pxPerMs,
    x(time) {
      let before = 0
      for (const { from, to } of spans) {
        if (time <= to) return left + (before + Math.max(0, time - from)) * pxPerMs
        before += to - from
      }
      return left + before * pxPerMs
    },
  }
}

/** A stretch of the calendar with its name. */
interface Stretch extends Span {
  readonly label: string
}

/** An upright rule, a figure under it or between two, and names of longer stretches in a second row. */
export interface TimeAxis {
  readonly rules: readonly { readonly time: number; readonly isMajor: boolean }[]
  readonly labels: readonly { readonly time: number; readonly label: string }[]
  readonly names: readonly Stretch[]
}

type Unit = 'minute' | 'hour' | 'day' | 'month' | 'year'

interface Step {
  readonly unit: Unit
  readonly count: number
  readonly ms: number
  /** What the figures need. */
  readonly px: number
}

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const step = (unit: Unit, count: number, ms: number, px: number): Step => ({
  unit,
  count,
  ms: count * ms,
  px,
})

/** The finest first. */
const steps: readonly Step[] = [
  ...[1, 2, 5, 10, 15, 30].map((count) => step('minute', count, minuteMs, 44)),
  ...[1, 2, 3, 6, 12].map((count) => step('hour', count, hourMs, 28)),
  ...[1, 2, 5, 10].map((count) => step('day', count, dayMs, 26)),
  ...[1, 2, 3, 6].map((count) => step('month', count, 28 * dayMs, 34)),
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000].map((count) => step('year', count, 365 * dayMs, 40)),
]

const monthNames = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const longer: Readonly<Record<Unit, Unit | null>> = {
  minute: 'day',
  hour: 'day',
  day: 'month',
  month: 'year',
  year: null,
}
/** Room that the name of a longer stretch needs, and its short name. */
const namePx: Readonly<Record<Unit, readonly [number, number]>> = {
  minute: [0, 0],
  hour: [0, 0],
  day: [92, 48],
  month: [72, 32],
  year: [38, 38],
}

/** The axis of a scale in the calendar of a zone; `least`: windows are as long as that. */
export function timeAxis(scale: TimeScale, zone: Zone, least: number): TimeAxis {
  const { spans, pxPerMs } = scale
  const found = steps.find(({ ms, px }) => ms >= Math.min(least, 28 * dayMs) && ms * pxPerMs >= px)
  const chosen = found ?? step('year', 1_000, 365 * dayMs, 40)
  const stretches = spans.flatMap((span) => stretchesOf(span, chosen, zone))
  // Whole days, months and years are named in their middle; instants where they are.
  const isBetween = chosen.count === 1 && ['day', 'month', 'year'].includes(chosen.unit)
  const labels = stretches.flatMap(({ from, to, label, isWhole, begins }) => {
    if (isBetween)
      return isWhole || (to - from) * pxPerMs > chosen.px ? [{ time: (from + to) / 2, label }] : []
    return begins ? [{ time: from, label }] : []
  })
  const unit = longer[chosen.unit]
  const names =
    unit === null
      ? []
      : spans.flatMap((span) =>
          stretchesOf(span, { unit, count: 1 }, zone, true).flatMap((one) => {
            const room = (one.to - one.from) * pxPerMs
            const [long, short] = namePx[unit]
            const label = room >= long ? one.label : one.label.replace(/ \d{4}$/, '')
            return room >= short ? [{ from: one.from, to: one.to, label }] : []
          }),
        )
  const major = new Set(
    unit === null
      ? []
      : spans.flatMap((span) => stretchesOf(span, { unit, count: 1 }, zone).map(({ from }) => from)),
  )
  return {
    rules: stretches
      .filter(({ begins }) => begins)
      .map(({ from }) => ({ time: from, isMajor: major.has(from) })),
    labels,
    names,
  }
}

interface CutStretch extends Stretch {
  /** False: the span cuts its beginning off. */
  readonly begins: boolean
  readonly isWhole: boolean
}

function stretchesOf(
  span: Span,
  { unit, count }: Pick<Step, 'unit' | 'count'>,
  zone: Zone,
  isName = false,
): CutStretch[] {
  const found: CutStretch[] = []
  let start = floorOf(span.from, unit, count, zone)
  while (start < span.to) {
    const next = nextOf(start, unit, count, zone)
    const from = Math.max(start, span.from)
    const to = Math.min(next, span.to)
    if (to > from)
      found.push({
        from,
        to,
        label: labelOf(start, unit, zone, isName),
        begins: start >= span.from,
        isWhole: from === start && to === next,
      })
    // A calendar that stands still must not hold anybody up.
    start = Math.max(next, start + minuteMs)
  }
  return found
}

function floorOf(time: number, unit: Unit, count: number, zone: Zone): number {
  const { year, month, day, hour, minute } = civilOf(time, zone)
  const midnight = startOf(year, month, day, zone)
  switch (unit) {
    case 'minute':
      return time - (time % minuteMs) - (minute % count) * minuteMs
    case 'hour':
      return Math.max(midnight, time - (time % minuteMs) - ((hour % count) * 60 + minute) * minuteMs)
    case 'day':
      return startOf(year, month, day - ((day - 1) % count), zone)
    case 'month':
      return startOf(year, month - ((month - 1) % count), 1, zone)
    case 'year':
      return startOf(year - (year % count), 1, 1, zone)
  }
}

function nextOf(start: number, unit: Unit, count: number, zone: Zone): number {
  const { year, month, day, hour } = civilOf(start, zone)
  switch (unit) {
    case 'minute':
      return start + count * minuteMs
    case 'hour': {
      // Where clocks are changed an hour of the wall is missing or there twice: the next one on the wall counts.
      const midnight = startOf(year, month, day + 1, zone)
      const next = start + count * hourMs
      const shift = ((civilOf(next, zone).hour - hour + 24) % 24) - count
      return Math.min(midnight, Math.abs(shift) <= 2 && count > 1 ? next - shift * hourMs : next)
    }
    case 'day': {
      const next = startOf(year, month, day + count, zone)
      const end = startOf(year, month + 1, 1, zone)
      // 31 stands alone beside 1: a month begins anew.
      return count > 1 && end - next < (count * dayMs) / 2 ? end : Math.min(next, end)
    }
    case 'month':
      return startOf(year, month + count, 1, zone)
    case 'year':
      return startOf(year + count, 1, 1, zone)
  }
}

const two = (n: number): string => String(n).padStart(2, '0')

function labelOf(time: number, unit: Unit, zone: Zone, isName: boolean): string {
  const { year, month, day, hour, minute } = civilOf(time, zone)
  const name = monthNames[month - 1] ?? ''
  switch (unit) {
    case 'minute':
      return `${two(hour)}:${two(minute)}`
    case 'hour':
      return two(hour)
    case 'day':
      return isName ? `${day} ${name} ${year}` : String(day)
    case 'month':
      return isName ? `${name} ${year}` : name
    case 'year':
      return String(year)
  }
}

/** The time of a window in words: "Jul 2013", "18 Jul 2013", "18 Jul 2013 14:00". */
export function windowWords(start: number, lengthMs: number, zone: Zone): string {
  const { year, month, day, hour, minute } = civilOf(start, zone)
  const name = monthNames[month - 1] ?? ''
  if (lengthMs > 300 * dayMs) return String(year)
  if (lengthMs > 20 * dayMs) return `${name} ${year}`
  const date = `${day} ${name} ${year}`
  if (lengthMs > 20 * hourMs) return lengthMs > 2 * dayMs ? `week from ${date}` : date
  const second = two(Math.floor(start / 1_000) % 60)
  return `${date} ${two(hour)}:${two(minute)}${lengthMs < minuteMs ? `:${second}` : ''}`
}
