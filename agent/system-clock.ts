import type { Clock } from './core/clock.ts'

/** The longest wait that a timer of this runtime can hold. */
const longestTimerMs = 2 ** 31 - 1

/** The machine's clocks. hrtime counts from boot on Linux, so it means the same to the next run. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => Number(process.hrtime.bigint() / 1_000n) / 1_000,
  setTimer(delayMs, run) {
    const timer = setTimeout(run, Math.min(Math.max(0, delayMs), longestTimerMs))
    return () => clearTimeout(timer)
  },
}
