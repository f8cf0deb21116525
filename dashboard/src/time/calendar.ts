import { dayMs, hourMs, type Zone } from './zone.ts'

/** One column of a day's hours. */
export interface HourColumn {
  readonly start: number
  readonly end: number
  readonly hour: number
  /** "01", or "01 again" for the second one of a 25-hour day. */
  readonly label: string
  readonly isAgain: boolean
}

/** The hours of a date, in order, and the clock hours that the date does not have. */
export interface HoursOfDay {
  readonly columns: readonly HourColumn[]
  /** Clock hours that do not exist, with the index of the column that follows them. */
  readonly absent: readonly { readonly hour: number; readonly before: number }[]
}

const two = (n: number): string => String(n).padStart(2, '0')

/** 24 columns, or 23 or 25 on the days when clocks change. */
export function hoursOfDay(day: number, zone: Zone): HoursOfDay {
  const end = zone.startOfDay(day + 1)
  const columns: HourColumn[] = []
  const absent: { hour: number; before: number }[] = []
  const seen = new Set<number>()
  let expected = 0
  for (let start = zone.startOfDay(day); start < end; ) {
    const hour = zone.civil(start).hour
    for (; expected < hour; expected++) absent.push({ hour: expected, before: columns.length })
    expected = Math.max(expected, hour + 1)
    const stop = Math.min(zone.endOfHour(start), end)
    const isAgain = seen.has(hour)
    columns.push({ start, end: stop, hour, isAgain, label: isAgain ? `${two(hour)} again` : two(hour) })
    seen.add(hour)
    start = stop
  }
  for (; expected < 24; expected++) absent.push({ hour: expected, before: columns.length })
  return { columns, absent }
}

/** The dates of the week (from Monday) that holds a date. */
export function weekOf(day: number): readonly number[] {
  const monday = day - mondayOffset(day)
  return Array.from({ length: 7 }, (_, i) => monday + i)
}

/** ISO 8601 week number of a date. */
export function weekNumber(day: number): number {
  const thursday = day - mondayOffset(day) + 3
  const year = new Date(thursday * dayMs).getUTCFullYear()
  return Math.floor((thursday - dateToDay(year, 1, 1)) / 7) + 1
}

// 1970-01-01 was a Thursday.
const mondayOffset = (day: number): number => (((day + 3) % 7) + 7) % 7

/** Days since 1970-01-01 of a date; month 1 to 12. */
export function dateToDay(year: number, month: number, day: number): number {
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  return Math.round(date.getTime() / dayMs)
}

/** Year, month (1 to 12) and day of a date. */
export function dayToDate(day: number): { year: number; month: number; day: number } {
  const date = new Date(day * dayMs)
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() }
}

/** Number of days of a month. */
export function daysInMonth(year: number, month: number): number {
  return (
    dateToDay(month === 12 ? year + 1 : year, month === 12 ? 1 : month + 1, 1) - dateToDay(year, month, 1)
  )
}

/** The instants of a clock's hours 0, step, 2 * step ... of every date from one instant to another. */
export function clockTicks(
  from: number,
  to: number,
  stepHours: number,
  zone: Zone,
): { time: number; hour: number }[] {
  const ticks: { time: number; hour: number }[] = []
  for (let day = zone.dayOf(from); day <= zone.dayOf(to); day++) {
    const midnight = zone.startOfDay(day)
    for (let hour = 0; hour < 24; hour += stepHours) {
      let time = midnight + hour * hourMs
      time -= zone.offsetMs(time) - zone.offsetMs(midnight)
      if (time >= from && time <= to && (hour === 0 || zone.civil(time).hour === hour))
        ticks.push({ time, hour })
    }
  }
  return ticks
}
