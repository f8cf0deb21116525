/** Time as it is handed in: two clocks and one way to wait. */
export interface Clock {
  /** Wall clock, ms since 1970. It may jump. */
  now(): number
  /** True: nobody has confirmed `now` in this boot. Absent: it is right, or nobody asks. */
  readonly isUnconfirmed?: boolean
  /** Never goes back; ms since this machine booted, so that it means the same to the next run. */
  monotonicMs(): number
  /** Calls `run` once after the delay; the returned function takes that back. */
  setTimer(delayMs: number, run: () => void): () => void
}

/** Resolves when the work is done or the time is up, and leaves no timer behind. */
export async function settleWithin(clock: Clock, limitMs: number, work: Promise<unknown>): Promise<void> {
  const done = new AbortController()
  await Promise.race([work, sleep(clock, limitMs, done.signal)])
  done.abort()
}

/** Resolves after the delay, or as soon as the signal aborts. */
export function sleep(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const finish = (): void => {
      cancel()
      signal.removeEventListener('abort', finish)
      resolve()
    }
    const cancel = clock.setTimer(delayMs, finish)
    signal.addEventListener('abort', finish)
  })
}
