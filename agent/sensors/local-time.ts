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
