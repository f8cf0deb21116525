/** Time as it is handed in: two clocks and one way to wait. */
export interface Clock {
  /** Wall clock, ms since 1970. It may jump. */
  now(): number
  /** Never goes back. */
  monotonicMs(): number
  /** Calls `run` once after the delay; the returned function takes that back. */
  setTimer(delayMs: number, run: () => void): () => void
}
