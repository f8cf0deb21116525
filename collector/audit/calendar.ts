import { Temporal } from 'temporal-polyfill'

export const levels = ['10s', '1m', 'hour', 'day', 'week', 'month', 'year'] as const
export type Level = (typeof levels)[number]

/** start <= time < end, ms since 1970. */
export interface Window {
  readonly start: number
  readonly end: number
}

const hourMs = 3_600_000

/** Length by which a level is kept for an interval or not. */
const nominalMs: Readonly<Record<Level, number>> = {
  '10s': 10_000,
  '1m': 60_000,
  hour: hourMs,
  day: 24 * hourMs,
  week: 168 * hourMs,
  month: 672 * hourMs,
  year: 8_760 * hourMs,
}

/** No window of a level is longer: changes of the clock and leap years included. */
export const longestMs: Readonly<Record<Level, number>> = {
  '10s': 10_000,
  '1m': 60_000,
  hour: hourMs,
  day: 50 * hourMs,
  week: 194 * hourMs,
  month: 770 * hourMs,
  year: 8_810 * hourMs,
}

/** A level shorter than the interval is not kept; what has no schedule is kept at all levels. */
export const isKeptAt = (level: Level, intervalMs: number): boolean =>
  intervalMs === 0 || nominalMs[level] >= intervalMs

/** What a longer window keeps the figures of. */
export const partOf: Readonly<Record<Level, Level | null>> = {
  '10s': null,
  '1m': null,
  hour: null,
  day: 'hour',
  week: 'day',
  month: 'day',
  year: 'month',
}

/** Windows by the local calendar of a zone, each asked of Temporal. */
export interface Calendar {
  windowOf(level: Level, time: number, zone: string): Window
}

/** Zones whose newest window of each level is remembered: neighbouring readings mostly share it. */
const zonesRemembered = 64

export function createCalendar(): Calendar {
  const recent = new Map<string, Window>()
  return {
    windowOf(level, time, zone) {
      const key = `${zone} ${level}`
      const known = recent.get(key)
      if (known && known.start <= time && time < known.end) return known
      const window = findWindow(level, time, zone)
      if (recent.size >= zonesRemembered * levels.length) recent.clear()
      recent.set(key, window)
      return window
    },
  }
}

function findWindow(level: Level, time: number, zone: string): Window {
  if (level === '10s' || level === '1m') {
    const length = nominalMs[level]
    const past = ((time % length) + length) % length
    return { start: time - past, end: time - past + length }
  }
  const there = Temporal.Instant.fromEpochMilliseconds(time).toZonedDateTimeISO(zone)
  if (level === 'hour') return hourOf(there)
  const date = there.toPlainDate()
  switch (level) {
    case 'day':
      return between(date, date.add({ days: 1 }), zone)
    case 'week': {
      const monday = date.subtract({ days: date.dayOfWeek - 1 })
      return between(monday, monday.add({ weeks: 1 }), zone)
    }
    case 'month': {
      const first = date.with({ day: 1 })
      return between(first, first.add({ months: 1 }), zone)
    }
    case 'year': {
      const first = date.with({ month: 1, day: 1 })
      return between(first, first.add({ years: 1 }), zone)
    }
  }
}

const between = (from: Temporal.PlainDate, to: Temporal.PlainDate, zone: string): Window => ({
  start: from.toZonedDateTime(zone).epochMilliseconds,
  end: to.toZonedDateTime(zone).epochMilliseconds,
})

/** The hour that a clock on the wall shows; where the clock is changed inside it, only the part on this side. */
function hourOf(there: Temporal.ZonedDateTime): Window {
  const { minute, second, millisecond } = there
  const start = there.epochMilliseconds - (minute * 60_000 + second * 1_000 + millisecond)
  const before = there.add({ nanoseconds: 1 }).getTimeZoneTransition('previous')
  const after = there.getTimeZoneTransition('next')
  return {
    start: before ? Math.max(start, before.epochMilliseconds) : start,
    end: after ? Math.min(start + hourMs, after.epochMilliseconds) : start + hourMs,
  }
}
