import type { Clock } from './clock.ts'

/** A clock for tests: time passes only when told to, and the wall may be set without moving the monotonic clock. */
export interface FakeClock extends Clock {
  /** Lets time pass, running timers in order, each with everything that it set in motion. */
  pass(ms: number): Promise<void>
  /** Time passes at once and nothing ran meanwhile, as when the machine was asleep or busy. */
  stall(ms: number): void
  /** Steps the wall clock. */
  step(ms: number): void
  readonly timers: number
}

export function createFakeClock(start = Date.UTC(2026, 0, 1), bootedForMs = 1_000_000): FakeClock {
  let wall = start
  let monotonic = bootedForMs
  let order = 0
  const timers = new Map<number, { at: number; run: () => void }>()
  const advance = (ms: number): void => {
    wall += ms
    monotonic += ms
  }
  const due = (until: number): number | null => {
    let first: number | null = null
    for (const [id, { at }] of timers)
      if (at <= until && (first === null || at < (timers.get(first)?.at ?? 0))) first = id
    return first
  }
  return {
    now: () => wall,
    monotonicMs: () => monotonic,
    setTimer(delayMs, run) {
      const id = ++order
      timers.set(id, { at: monotonic + Math.max(0, delayMs), run })
      return () => timers.delete(id)
    },
    async pass(ms) {
      const until = monotonic + ms
      await settled()
      for (let id = due(until); id !== null; id = due(until)) {
        const timer = timers.get(id)
        timers.delete(id)
        if (!timer) break
        advance(Math.max(0, timer.at - monotonic))
        timer.run()
        await settled()
      }
      advance(until - monotonic)
    },
    stall: advance,
    step(ms) {
      wall += ms
    },
    get timers() {
      return timers.size
    },
  }
}

/** Everything that is ready has run. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
