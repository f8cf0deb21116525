import { limits } from '@barograph/proto'

const pattern =
  /^(\d{4})-(\d{2})-(\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,3}))?)?(Z|[+-]\d{2}:\d{2}))?$/

/** ISO 8601 in UTC; milliseconds are written only when there are any. */
export function formatTime(ms: number): string {
  return new Date(ms).toISOString().replace('.000Z', 'Z')
}

/**
 * ms since 1970 of a date (its midnight UTC) or of a date and time with its zone; null for anything else, days and
 * hours that do not exist included.
 */
export function parseTime(text: string): number | null {
  const match = pattern.exec(text)
  if (!match) return null
  const [, year, month, day, hour = '00', minute = '00', second = '00', fraction = '', zone = 'Z'] = match
  const ms = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}.${fraction.padEnd(3, '0')}Z`)
  // Date.parse takes 30 February for 2 March and 24:00 for the next day.
  if (Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 13) !== `${year}-${month}-${day}T${hour}`)
    return null
  const offsetMs = offsetOf(zone)
  if (offsetMs === null) return null
  const time = ms - offsetMs
  return time >= limits.earliestTimeMs && time <= limits.latestTimeMs ? time : null
}

function offsetOf(zone: string): number | null {
  if (zone === 'Z') return 0
  const hours = Number(zone.slice(1, 3))
  const minutes = Number(zone.slice(4, 6))
  if (hours > 18 || minutes > 59) return null
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60_000
}
