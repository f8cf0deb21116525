import type { Clock } from '../clock.ts'
import type { Log } from '../log.ts'
import type { Lanes } from './lanes.ts'
import { shippingLimits } from './limits.ts'

/** Decides when what was sent and not confirmed is sent again: ever more rarely while nothing moves. */
export function createResending(options: {
  readonly lanes: readonly Lanes[]
  /** Asks the collector what it has. */
  readonly ask: () => void
  readonly clock: Clock
  readonly log: Log
}) {
  const { lanes, ask, clock, log } = options
  let patience = 1
  let movedAtMs = 0

  return {
    /** The collector confirmed something, or the connection is new. */
    moved(): void {
      movedAtMs = clock.monotonicMs()
      patience = 1
    },
    releaseOvertaken(nowMs: number): void {
      for (const one of lanes) one.releaseOvertaken(nowMs - shippingLimits.overtakenMs)
    },
    /** Nothing was confirmed for long: ask, and send again, ever more rarely. */
    releaseSilent(nowMs: number): void {
      const { unloggedMs, unstoredMs, longestResendMs } = shippingLimits
      const silentMs = nowMs - movedAtMs
      const unlogged = Math.min(unloggedMs * patience, longestResendMs)
      const unstored = Math.min(unstoredMs * patience, longestResendMs)
      let released = 0
      for (const one of lanes) {
        if (silentMs >= unlogged) released += one.releaseOld(nowMs - unlogged, true)
        if (silentMs >= unstored) released += one.releaseOld(nowMs - unstored, false)
      }
      if (released === 0) return
      log.warn({ entries: released }, 'no word from the collector: sending again')
      patience *= 2
      movedAtMs = nowMs
      ask()
    },
  }
}
