import { encodeBatch, makeBatch, type Receipt } from '@barograph/proto'
import type { Clock } from '../clock.ts'
import type { Timekeeper } from './timekeeper.ts'

/** When the collector is asked for its time. */
export const askingLimits = {
  /** While only an answer helps. */
  urgentMs: 3_000,
  /** While nobody else keeps the machine's clock: it drifts, a second in some hours. */
  routineMs: 600_000,
  /** Questions without an answer that are remembered; the oldest are forgotten. */
  open: 16,
} as const

export type TimeAsking = ReturnType<typeof createTimeAsking>

/** Asks the collector for its time and measures how long each answer takes. */
export function createTimeAsking(options: {
  readonly device: string
  readonly time: Timekeeper | null
  readonly clock: Clock
  readonly transmit: (bytes: Uint8Array) => void
}) {
  const { device, time, clock, transmit } = options
  /** Token -> when it was asked. */
  const open = new Map<number, number>()
  let askedAtMs = Number.NEGATIVE_INFINITY
  let connectedAtMs = 0
  /** Somebody on this connection knows what is asked. */
  let isUnderstood = false

  /** The number of a question that goes out now, as a part of the message. Empty: nobody here wants to know. */
  function ask(): { readonly timeToken?: number } {
    if (!time) return {}
    askedAtMs = clock.monotonicMs()
    // Unlike those of an earlier run in this boot: an answer to one of them may still be on its way.
    const token = Math.max(1, Math.round(askedAtMs * 1_000), ...[...open.keys()].map((one) => one + 1))
    open.set(token, askedAtMs)
    const [oldest] = open.keys()
    if (open.size > askingLimits.open && oldest !== undefined) open.delete(oldest)
    return { timeToken: token }
  }

  return {
    ask,
    /** A new connection: what was asked on the one before is not answered any more. */
    restart(): void {
      open.clear()
      isUnderstood = false
      connectedAtMs = clock.monotonicMs()
    },
    askWhenDue(): void {
      if (!time) return
      const { source, offMs } = time.status
      const isKept = source === 'system' && offMs === 0
      const isUrgent = source === 'none' || (time.wantsAnswer && !isKept)
      const waitMs = isUrgent
        ? askingLimits.urgentMs
        : isKept
          ? Number.POSITIVE_INFINITY
          : askingLimits.routineMs
      if (clock.monotonicMs() - askedAtMs >= waitMs) transmit(encodeBatch(makeBatch(device, ask())))
    },
    /** True: this receipt tells the time and nothing else. */
    hear({ timeToken, collectorTime }: Receipt): boolean {
      if (!timeToken) {
        // An older collector answers no such question. But sessions are clean: it said this since the connect.
        if (time?.isUnconfirmed && !isUnderstood)
          time.answered({ askedAtMs: connectedAtMs, heardAtMs: clock.monotonicMs(), collectorTime })
        return false
      }
      isUnderstood = true
      const asked = open.get(timeToken)
      if (asked === undefined || !time) return true
      open.delete(timeToken)
      time.answered({ askedAtMs: asked, heardAtMs: clock.monotonicMs(), collectorTime })
      return true
    },
  }
}
