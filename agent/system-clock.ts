import { readFileSync } from 'node:fs'
import type { Clock } from './core/clock.ts'

/** The longest wait that a timer of this runtime can hold. */
const longestTimerMs = 2 ** 31 - 1
/** A change of wall minus monotonic time that may come from sleep. */
const sleepMs = 500

/**
 * The machine's clocks. hrtime counts from boot on Linux, so it means the same to the next run; what the machine slept
 * is not in it, and is added, for a reading taken after a night's sleep is a night younger.
 */
function createSystemClock(): Clock {
  let sleptMs = sleptSoFar()
  let differenceMs = Number.NaN

  function monotonicMs(): number {
    const awakeMs = hrtimeMs()
    const nowMs = Date.now() - awakeMs
    // Not a number at first: that is no small change either.
    if (!(Math.abs(nowMs - differenceMs) < sleepMs)) {
      sleptMs = Math.max(sleptMs, sleptSoFar())
      differenceMs = nowMs
    }
    return awakeMs + sleptMs
  }

  return {
    now: () => Date.now(),
    monotonicMs,
    setTimer(delayMs, run) {
      const timer = setTimeout(run, Math.min(Math.max(0, delayMs), longestTimerMs))
      return () => clearTimeout(timer)
    },
  }
}

export const systemClock: Clock = createSystemClock()

const hrtimeMs = (): number => Number(process.hrtime.bigint() / 1_000n) / 1_000

/** How long the machine has slept since it booted, ms: its uptime counts that, hrtime does not. 0: it does not tell. */
function sleptSoFar(): number {
  try {
    const uptimeMs = Number.parseFloat(readFileSync('/proc/uptime', 'utf8')) * 1_000
    const slept = uptimeMs - hrtimeMs()
    // Uptime is in hundredths of a second; a container's own is shorter than hrtime and tells nothing.
    return slept > sleepMs ? slept : 0
  } catch {
    return 0
  }
}
