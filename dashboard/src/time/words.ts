import { dayMs, hourMs, minuteMs, secondMs, type Zone } from './zone.ts'

const language = 'en-GB'
const cache = new Map<string, Intl.DateTimeFormat>()

function format(zone: string, options: Intl.DateTimeFormatOptions, locale = language): Intl.DateTimeFormat {
  const key = `${locale} ${zone} ${JSON.stringify(options)}`
  let found = cache.get(key)
  if (!found) {
    found = new Intl.DateTimeFormat(locale, { timeZone: zone, ...options })
    cache.set(key, found)
  }
  return found
}

const two = (n: number): string => String(n).padStart(2, '0')
const space = '\u00a0'

/** "18:00". */
export function clock(time: number, zone: Zone): string {
  const { hour, minute } = zone.civil(time)
  return `${two(hour)}:${two(minute)}`
}

/** "18:00:04". */
export function clockSeconds(time: number, zone: Zone): string {
  return `${clock(time, zone)}:${two(zone.civil(time).second)}`
}

// Names of days and months are asked of the date itself, in UTC, so that no zone can shift them.
const named = (day: number, options: Intl.DateTimeFormatOptions) => format('UTC', options).format(day * dayMs)

/** "Thu" or "Thursday" of a date. */
export const weekday = (day: number, length: 'short' | 'long' = 'short'): string =>
  named(day, { weekday: length })

/** "28 November 2013". */
export const fullDate = (day: number): string =>
  named(day, { day: 'numeric', month: 'long', year: 'numeric' })

/** "28 November". */
export const dayAndMonth = (day: number): string => named(day, { day: 'numeric', month: 'long' })

/** "28 Nov". */
export const shortDate = (day: number): string => `${dayOfMonth(day)} ${monthName(day, 'short')}`

/** "Nov" or "November" of a date. */
export const monthName = (day: number, length: 'short' | 'long'): string =>
  named(day, { month: length }).replace('Sept', 'Sep')

/** Day of the month. */
export const dayOfMonth = (day: number): number => new Date(day * dayMs).getUTCDate()

/** Year of a date. */
export const yearOf = (day: number): number => new Date(day * dayMs).getUTCFullYear()

/** "Thu 28". */
export const weekdayAndDay = (day: number): string => `${weekday(day)} ${dayOfMonth(day)}`

/** "Thu 28, 18:00"; with the date of another year in full. */
export function moment(time: number, now: number, zone: Zone): string {
  const day = zone.dayOf(time)
  if (day === zone.dayOf(now)) return clock(time, zone)
  if (Math.abs(time - now) < 28 * dayMs) return `${weekdayAndDay(day)}, ${clock(time, zone)}`
  return `${fullDate(day)}, ${clock(time, zone)}`
}

/** "Thu 28 November 2013". */
export const longDate = (day: number): string => `${weekday(day)} ${fullDate(day)}`

/** The zone in words at an instant: "EST, New York". */
export function zoneWords(time: number, zone: Zone): string {
  if (zone.name === 'UTC') return 'UTC'
  return `${zoneShort(time, zone)}, ${cityOf(zone.name)}`
}

/** "New York" of America/New_York. */
export const cityOf = (zone: string): string => zone.slice(zone.lastIndexOf('/') + 1).replaceAll('_', ' ')

function zoneShort(time: number, zone: Zone): string {
  const names = [language, 'en-US', 'en-AU', 'en-IN'].map(
    (locale) =>
      format(zone.name, { timeZoneName: 'short' }, locale)
        .formatToParts(time)
        .find(({ type }) => type === 'timeZoneName')?.value ?? '',
  )
  return names.find((name) => /^[A-Z]{2,5}$/.test(name)) ?? names[0] ?? 'UTC'
}

/** A span in one unit: s to 90, min to 90, h to 48, then days. */
export function span(ms: number): string {
  const size = Math.max(0, ms)
  if (size < 90 * secondMs) return `${Math.round(size / secondMs)}${space}s`
  if (size < 90 * minuteMs) return `${Math.round(size / minuteMs)}${space}min`
  if (size < 48 * hourMs) return `${Math.round(size / hourMs)}${space}h`
  const days = Math.round(size / dayMs)
  return `${days}${space}${days === 1 ? 'day' : 'days'}`
}

/** A span in two units where that says more: "3 h 41 min". */
export function preciseSpan(ms: number): string {
  if (ms < 90 * minuteMs || ms >= 48 * hourMs) return span(ms)
  const minutes = Math.round(ms / minuteMs)
  const rest = minutes % 60
  return `${Math.floor(minutes / 60)}${space}h${rest ? ` ${rest}${space}min` : ''}`
}

/** How old something is: "4 s old", and beyond two days its date. */
export function age(time: number, now: number, zone: Zone): string {
  if (now - time >= 48 * hourMs) return `of ${fullDate(zone.dayOf(time))}, ${clock(time, zone)}`
  return `${span(now - time)} old`
}
