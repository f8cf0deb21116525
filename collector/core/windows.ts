import type { Level } from './documents.ts'
import type { Zone } from './zone.ts'

/** A tumbling window: start <= time < end, ms since 1970. */
export interface Window {
  readonly start: number
  readonly end: number
}

const secondMs = 1_000
const minuteMs = 60 * secondMs
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs

/** The length that decides whether a level is kept for an interval: of the shortest window of its kind. */
export const nominalMs: Readonly<Record<Level, number>> = {
  '10s': 10 * secondMs,
  '1m': minuteMs,
  hour: hourMs,
  day: dayMs,
  week: 7 * dayMs,
  month: 28 * dayMs,
  year: 365 * dayMs,
}

/** The shorter windows whose figures a longer one keeps, to tell its highest and lowest. */
export const partLevel: Readonly<Partial<Record<Level, Level>>> = {
  day: 'hour',
  week: 'day',
  month: 'day',
  year: 'month',
}

/** Levels as short as the interval are not kept: one reading is not a window. Interval 0 is no schedule: all are. */
export const isKept = (level: Level, intervalMs: number): boolean => nominalMs[level] >= intervalMs

/**
 * The window of a level that holds this instant. Seconds and minutes are UTC's; hours, days, weeks (from Monday),
 * months and years are local: a day may have 23 or 25 hours, and an hour that a change of offset cuts is two windows.
 */
export function windowAt(level: Level, time: number, zone: Zone): Window {
  switch (level) {
    case '10s':
      return fixed(time, 10 * secondMs)
    case '1m':
      return fixed(time, minuteMs)
    case 'hour':
      return localHour(time, zone)
    case 'day':
      return days(zone, dayOf(time, zone), 1)
    case 'week': {
      const day = dayOf(time, zone)
      return days(zone, day - modulo(day + 3, 7), 7) // 1970-01-01 was a Thursday
    }
    case 'month':
      return months(time, zone, 1)
    case 'year':
      return months(time, zone, 12)
  }
}

function fixed(time: number, length: number): Window {
  const start = Math.floor(time / length) * length
  return { start, end: start + length }
}

function localHour(time: number, zone: Zone): Window {
  const { from, to, offsetMs } = zone.segmentAt(time)
  const start = Math.floor((time + offsetMs) / hourMs) * hourMs - offsetMs
  return { start: Math.max(start, from), end: Math.min(start + hourMs, to) }
}

function days(zone: Zone, first: number, count: number): Window {
  return { start: zone.startOfDay(first), end: zone.startOfDay(first + count) }
}

function months(time: number, zone: Zone, count: 1 | 12): Window {
  const date = new Date(dayOf(time, zone) * dayMs)
  const month = count === 12 ? 0 : date.getUTCMonth()
  const first = dayNumber(date.getUTCFullYear(), month)
  return {
    start: zone.startOfDay(first),
    end: zone.startOfDay(dayNumber(date.getUTCFullYear(), month + count)),
  }
}

/** Days since 1970-01-01 of the local date. */
function dayOf(time: number, zone: Zone): number {
  return Math.floor((time + zone.segmentAt(time).offsetMs) / dayMs)
}

function dayNumber(year: number, month: number): number {
  const date = new Date(0)
  date.setUTCFullYear(year, month, 1) // Date.UTC would take the years 0 to 99 for 1900 to 1999
  return Math.round(date.getTime() / dayMs)
}

const modulo = (n: number, m: number): number => ((n % m) + m) % m
