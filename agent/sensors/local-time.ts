import { Temporal } from 'temporal-polyfill'

/** A date and time of day as the clock on the wall shows it. */
export interface WallTime {
  readonly year: number
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
  readonly second: number
  readonly millisecond: number
}

/** The instant of a date and time in UTC; many times faster than by way of a zone. */
export function instantInUtc(wall: WallTime): Instant {
  const { year, month, day, hour, minute, second, millisecond } = wall
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  date.setUTCHours(hour, minute, second, millisecond)
  // What does not exist, such as 30 February or 25:00, comes out as something else.
  const isSame =
    date.getUTCFullYear() === year &&
    date.getUTCMonth() === month - 1 &&
    date.getUTCDate() === day &&
    date.getUTCHours() === hour &&
    date.getUTCMinutes() === minute &&
    date.getUTCSeconds() === second
  return isSame ? { ms: date.getTime() } : { problem: 'is no date and time' }
}

export type Instant = { readonly ms: number } | { readonly problem: string }

/**
 * The instant of a wall time in a zone. An hour that clocks show twice is the earlier of the two, unless that does
 * not come after `previousMs` (the row before) and the later one does. An hour that clocks skip is a problem.
 */
export function instantOf(wall: WallTime, timeZone: string, previousMs: number | null): Instant {
  let plain: Temporal.PlainDateTime
  try {
    plain = Temporal.PlainDateTime.from(wall, { overflow: 'reject' })
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    return { problem: 'is no date and time' }
  }
  const earlier = plain.toZonedDateTime(timeZone, { disambiguation: 'earlier' })
  const later = plain.toZonedDateTime(timeZone, { disambiguation: 'later' })
  if (earlier.epochMilliseconds === later.epochMilliseconds) return { ms: earlier.epochMilliseconds }
  if (!earlier.toPlainDateTime().equals(plain))
    return { problem: `does not exist in ${timeZone}: the clocks were put forward over it` }
  const isSecondTime = previousMs !== null && previousMs >= earlier.epochMilliseconds
  return {
    ms:
      isSecondTime && previousMs < later.epochMilliseconds
        ? later.epochMilliseconds
        : earlier.epochMilliseconds,
  }
}
