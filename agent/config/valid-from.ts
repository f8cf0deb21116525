import { limits } from '@barograph/proto'
import { Temporal } from 'temporal-polyfill'

/** When a day begins at a place, for a date; or the instant that an ISO time means there. Null: it is neither. */
export function parseValidFrom(text: string, timeZone: string): number | null {
  const ms = /^\d{4}-\d\d-\d\d$/.test(text) ? dayStart(text, timeZone) : instant(text, timeZone)
  return ms !== null && ms >= limits.earliestTimeMs && ms <= limits.latestTimeMs ? ms : null
}

/** Not always midnight: in some zones clocks are put forward over it. */
function dayStart(date: string, timeZone: string): number | null {
  return orNull(() => Temporal.PlainDate.from(date).toZonedDateTime(timeZone).epochMilliseconds)
}

/** With an offset it stands for itself, without one it is local to the place. */
function instant(text: string, timeZone: string): number | null {
  return (
    orNull(() => Temporal.Instant.from(text).epochMilliseconds) ??
    orNull(() => Temporal.PlainDateTime.from(text).toZonedDateTime(timeZone).epochMilliseconds)
  )
}

function orNull(read: () => number): number | null {
  try {
    return read()
  } catch (error) {
    if (error instanceof RangeError) return null
    throw error
  }
}
