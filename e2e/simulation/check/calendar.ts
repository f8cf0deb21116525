/**
 * Windows by plain arithmetic, in zones without summer time: what is tried here is delivery; calendars have tests of
 * their own.
 */
const hourMs = 3_600_000
const dayMs = 24 * hourMs

/** Zones whose offset never changes in the years of the simulation, and that offset. */
export const zones = {
  UTC: 0,
  'Asia/Kolkata': 5.5 * hourMs,
  'Etc/GMT+7': -7 * hourMs,
  'Asia/Tokyo': 9 * hourMs,
} as const

export type ZoneName = keyof typeof zones

/** The shortest window of each level. */
const nominalMs = {
  '10s': 10_000,
  '1m': 60_000,
  hour: hourMs,
  day: dayMs,
  week: 7 * dayMs,
  month: 28 * dayMs,
  year: 365 * dayMs,
} as const

export type Level = keyof typeof nominalMs

/** Whose figures a longer window keeps. */
export const partOf: Partial<Record<Level, Level>> = { day: 'hour', week: 'day', month: 'day', year: 'month' }

export const isKept = (level: Level, intervalMs: number): boolean => nominalMs[level] >= intervalMs

/** Start and end of the window that holds this moment. */
export function windowOf(level: Level, time: number, zone: ZoneName): { start: number; end: number } {
  const offset = zones[zone]
  const cut = (length: number, shift: number): { start: number; end: number } => {
    const start = Math.floor((time + shift) / length) * length - shift
    return { start, end: start + length }
  }
  const local = new Date(time + offset)
  const year = local.getUTCFullYear()
  const month = local.getUTCMonth()
  switch (level) {
    case '10s':
      return cut(10_000, 0)
    case '1m':
      return cut(60_000, 0)
    case 'hour':
      return cut(hourMs, offset)
    case 'day':
      return cut(dayMs, offset)
    case 'week':
      return cut(7 * dayMs, offset + 3 * dayMs) // 1970-01-01 was a Thursday
    case 'month':
      return { start: Date.UTC(year, month, 1) - offset, end: Date.UTC(year, month + 1, 1) - offset }
    case 'year':
      return { start: Date.UTC(year, 0, 1) - offset, end: Date.UTC(year + 1, 0, 1) - offset }
  }
}
