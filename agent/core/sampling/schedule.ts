/**
 * The instants at which a scheduled sensor is asked: the multiples of its interval since 1970, so that every window
 * that is a multiple of the interval holds exactly as many instants as it is intervals long, on every device.
 */

/** The first instant after a time. */
export function nextInstant(time: number, intervalMs: number): number {
  return (Math.floor(time / intervalMs) + 1) * intervalMs
}

/** The last instant at or before a time. */
export function lastInstant(time: number, intervalMs: number): number {
  return Math.floor(time / intervalMs) * intervalMs
}

/** A reading taken at most this much after its instant is stamped with the instant. */
export function stampToleranceMs(intervalMs: number): number {
  return Math.min(50, intervalMs / 20)
}

/**
 * The time a reading is stamped with. A punctual one gets its instant: no sensor of ours resolves the difference, each
 * window then holds exactly one reading per instant, and the times of a run are a column of zeros on the wire. A
 * reading that came later tells when.
 */
export function stamp(takenAt: number, instant: number | null, intervalMs: number): number {
  if (instant === null) return takenAt
  const late = takenAt - instant
  return late >= 0 && late <= stampToleranceMs(intervalMs) ? instant : takenAt
}

/**
 * What to do when the timer for an instant rings. Timers may ring a little early, the machine may have slept, and the
 * wall clock may have been set: missed instants are skipped, never asked for afterwards.
 */
export function onRing(
  now: number,
  instant: number,
  intervalMs: number,
): { readonly ask: number } | { readonly waitFor: number } {
  if (now >= instant) return { ask: lastInstant(now, intervalMs) }
  // Set back by more than an interval: the grid goes on from the new time.
  return { waitFor: instant - now <= intervalMs ? instant : nextInstant(now, intervalMs) }
}
