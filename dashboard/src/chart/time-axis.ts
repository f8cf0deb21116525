import { clockTicks, dateToDay, dayToDate } from '../time/calendar.ts'
import { clock, dayOfMonth, monthName, weekday, yearOf } from '../time/words.ts'
import { dayMs, hourMs, minuteMs, type Zone } from '../time/zone.ts'
import type { Layout, Span } from './layout.ts'

/** A named stretch above the strips: a day, a month, a year. */
export interface HeadBand {
  readonly start: number
  readonly end: number
  /** Longest first; what fits is shown. */
  readonly names: readonly (readonly [name: string, strong: string])[]
}

/** A figure below the strips. */
export interface FootTick {
  readonly time: number
  readonly label: string
  readonly isStrong: boolean
}

/** An upright rule; weight 3 is midnight, or the start of a month or year. */
export interface TimeRule {
  readonly time: number
  readonly weight: 0 | 1 | 3
}

/** All that a time axis is made of. */
export interface TimeAxis {
  readonly head: readonly HeadBand[]
  readonly foot: readonly FootTick[]
  readonly rules: readonly TimeRule[]
}

const leastLabelPx = 24
const two = (n: number): string => String(n).padStart(2, '0')

/** The axis of a stretch, in the words of its length: minutes, hours, days, months or years. */
export function timeAxis(span: Span, layout: Layout, zone: Zone): TimeAxis {
  const length = span.to - span.from
  const pxPerMs = (layout.width - layout.axis) / length
  if (length <= 10 * dayMs) return dayAxis(span, pxPerMs, layout.isCompact, zone)
  return dateAxis(span, pxPerMs, zone)
}

function dayAxis(span: Span, pxPerMs: number, isCompact: boolean, zone: Zone): TimeAxis {
  const days = bands(
    span,
    (time) => {
      const day = zone.dayOf(time)
      const long = [weekday(day, 'long'), String(dayOfMonth(day))] as const
      const short = [weekday(day), String(dayOfMonth(day))] as const
      const bare = [weekday(day), ''] as const
      return { end: zone.startOfDay(day + 1), names: isCompact ? [bare] : [long, short, bare] }
    },
    zone,
  )
  const { label, rule, fine } = hourSteps(pxPerMs, isCompact)
  const rules: TimeRule[] = []
  const foot: FootTick[] = []
  for (const time of ticks(span, fine, zone)) {
    const isMidnight = time === zone.startOfDay(zone.dayOf(time))
    const onRule = isMidnight || isOnClock(time, rule, zone)
    rules.push({ time, weight: isMidnight ? 3 : onRule ? 1 : 0 })
    if (!isOnClock(time, label, zone) && !isMidnight) continue
    const text = label < hourMs ? clock(time, zone) : two(zone.civil(time).hour)
    foot.push({ time, label: isCompact && label >= 12 * hourMs ? '' : text, isStrong: isMidnight })
  }
  return { head: days, foot, rules }
}

/** Distances of figures, rules and fine rules of a clock. */
function hourSteps(pxPerMs: number, isCompact: boolean): { label: number; rule: number; fine: number } {
  const minuteSteps = [1, 2, 5, 10, 15, 30].map((n) => n * minuteMs)
  const room = (step: number, px: number) => step * pxPerMs >= px
  const minutes = minuteSteps.find((step) => room(step, 44))
  if (minutes) return { label: minutes, rule: minutes, fine: minutes }
  const hours = [1, 2, 3, 6, 12].map((n) => n * hourMs)
  const label = hours.find((step) => room(step, leastLabelPx)) ?? 24 * hourMs
  if (isCompact)
    return {
      label: room(6 * hourMs, leastLabelPx) ? label : 24 * hourMs,
      rule: 12 * hourMs,
      fine: 12 * hourMs,
    }
  const rule = Math.min(label, 6 * hourMs)
  return { label, rule, fine: hours.find((step) => room(step, 14)) ?? 6 * hourMs }
}

function ticks(span: Span, stepMs: number, zone: Zone): number[] {
  if (stepMs >= hourMs) return clockTicks(span.from, span.to, stepMs / hourMs, zone).map(({ time }) => time)
  const times: number[] = []
  for (let time = Math.ceil(span.from / stepMs) * stepMs; time <= span.to; time += stepMs) times.push(time)
  return times
}

function isOnClock(time: number, stepMs: number, zone: Zone): boolean {
  const { hour, minute } = zone.civil(time)
  return (hour * hourMs + minute * minuteMs) % stepMs === 0 && time % minuteMs === 0
}

function dateAxis(span: Span, pxPerMs: number, zone: Zone): TimeAxis {
  const perDay = pxPerMs * dayMs
  const byMonth = perDay * 365 > 250
  const byDay = perDay * 5 > leastLabelPx
  const head = bands(
    span,
    (time) => {
      const { year, month } = zone.civil(time)
      if (byDay) {
        const next = month === 12 ? dateToDay(year + 1, 1, 1) : dateToDay(year, month + 1, 1)
        const day = dateToDay(year, month, 1)
        return {
          end: zone.startOfDay(next),
          names: [
            [monthName(day, 'long'), String(year)],
            [monthName(day, 'short'), ''],
          ],
        }
      }
      return { end: zone.startOfDay(dateToDay(year + 1, 1, 1)), names: [['', String(year)]] }
    },
    zone,
  )
  const rules: TimeRule[] = []
  const foot: FootTick[] = []
  const dayStep = [1, 2, 5, 10].find((step) => perDay * step > leastLabelPx) ?? 10
  const monthStep = [1, 2, 3, 6].find((step) => perDay * 30 * step > 32) ?? 12
  for (let day = zone.dayOf(span.from); day <= zone.dayOf(span.to); day++) {
    const time = zone.startOfDay(day)
    if (time < span.from || time > span.to) continue
    const { month, day: date } = dayToDate(day)
    if (byDay) {
      rules.push({ time, weight: date === 1 ? 3 : 1 })
      const isLabelled = dayStep === 1 || date === 1 || (date % dayStep === 0 && date < 30)
      if (isLabelled) foot.push({ time, label: String(date), isStrong: date === 1 })
    } else if (date === 1 && byMonth) {
      rules.push({ time, weight: month === 1 ? 3 : 1 })
      if ((month - 1) % monthStep === 0)
        foot.push({ time, label: monthName(day, 'short'), isStrong: month === 1 })
    } else if (date === 1 && month === 1) {
      rules.push({ time, weight: 1 })
      foot.push({ time, label: String(yearOf(day)), isStrong: false })
    }
  }
  return { head: byMonth || byDay ? head : [], foot, rules }
}

function bands(
  { from, to }: Span,
  describe: (time: number) => { end: number; names: HeadBand['names'] },
  zone: Zone,
): HeadBand[] {
  const found: HeadBand[] = []
  for (let start = from; start < to; ) {
    const { end, names } = describe(start)
    // A zone whose midnight does not exist must not stop the drum.
    const stop = Math.max(end, start + zone.startOfDay(1) - zone.startOfDay(0) - dayMs + minuteMs)
    found.push({ start, end: Math.min(stop, to), names })
    start = stop
  }
  return found
}
