/** When rows are due: their distances in event time, divided by the speed. */
export interface Pace {
  /** How long to wait for the row of this event time, at most the limit. Null: there is no next row. */
  waitMs(timeMs: number | null, nowMs: number): number
  isDue(timeMs: number, nowMs: number): boolean
}

/** The first row is due at once; a row older than one before it is due with that one. */
export function createPace(speed: number | 'max', limitMs: number): Pace {
  if (speed === 'max') return { waitMs: () => 0, isDue: () => true }
  let anchor: { nowMs: number; timeMs: number } | null = null
  const leftMs = (timeMs: number, nowMs: number): number => {
    anchor ??= { nowMs, timeMs }
    return (timeMs - anchor.timeMs) / speed - (nowMs - anchor.nowMs)
  }
  return {
    waitMs: (timeMs, nowMs) => (timeMs === null ? 0 : Math.min(limitMs, Math.max(0, leftMs(timeMs, nowMs)))),
    // Timers may fire a little early.
    isDue: (timeMs, nowMs) => leftMs(timeMs, nowMs) <= 1,
  }
}
