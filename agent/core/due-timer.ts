import type { Clock } from './clock.ts'

/** One thing to do, asked for from several places: it happens once, at the earliest moment that was asked for. */
export interface DueTimer {
  /** Later than what is due already: changes nothing. */
  schedule(delayMs: number): void
  cancel(): void
}

/** Calls `run` when it is due; `run` may schedule again. */
export function createDueTimer(clock: Clock, run: () => void): DueTimer {
  let cancelTimer: (() => void) | null = null
  let dueAtMs = Number.POSITIVE_INFINITY

  return {
    schedule(delayMs) {
      const atMs = clock.monotonicMs() + delayMs
      if (atMs >= dueAtMs) return
      cancelTimer?.()
      dueAtMs = atMs
      cancelTimer = clock.setTimer(delayMs, () => {
        dueAtMs = Number.POSITIVE_INFINITY
        run()
      })
    },
    cancel() {
      cancelTimer?.()
      dueAtMs = Number.POSITIVE_INFINITY
    },
  }
}
