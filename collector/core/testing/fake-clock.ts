import type { Clock } from '../clock.ts'

/** A clock for tests: time passes only when told to, and then everything that is due runs in order. */
export interface FakeClock extends Clock {
  pass(ms: number): Promise<void>
  readonly timers: number
}

export function createFakeClock(start = Date.UTC(2026, 0, 1)): FakeClock {
  let elapsed = 0
  let order = 0
  const timers = new Map<number, { at: number; run: () => void }>()

  const nextDue = (until: number): number | null => {
    let first: number | null = null
    for (const [id, { at }] of timers)
      if (at <= until && (first === null || at < (timers.get(first)?.at ?? 0))) first = id
    return first
  }

  return {
    now: () => start + elapsed,
    monotonicMs: () => elapsed,
    setTimer(delayMs, run) {
      const id = ++order
      timers.set(id, { at: elapsed + Math.max(0, delayMs), run })
      return () => timers.delete(id)
    },
    async pass(ms) {
      const until = elapsed + ms
      await settled()
      for (let id = nextDue(until); id !== null; id = nextDue(until)) {
        const timer = timers.get(id)
        timers.delete(id)
        if (!timer) break
        elapsed = Math.max(elapsed, timer.at)
        timer.run()
        await settled()
      }
      elapsed = until
    },
    get timers() {
      return timers.size
    },
  }
}

/** Everything that is ready has run. */
const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0))
