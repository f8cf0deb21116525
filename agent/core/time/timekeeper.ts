import type { ClockStatus } from '@barograph/proto'
import type { Clock } from '../clock.ts'
import type { Log } from '../log.ts'
import { describeClock, durationWords } from './words.ts'

/** What a machine says of its own clock; unknown: it has nobody to ask. */
export type SystemSync = 'yes' | 'no' | 'unknown'

/** Of one boot: the right time is monotonic time plus the offset, within the error. */
export interface Synchronisation {
  readonly offsetMs: number
  readonly errorMs: number
  readonly source: 'system' | 'collector'
}

/** The collector's time, and when it was asked for and heard, by the monotonic clock. */
export interface TimeAnswer {
  readonly askedAtMs: number
  readonly heardAtMs: number
  readonly collectorTime: number
}

/**
 * The clock of an agent. `now` is the right time as soon as somebody has told it, however the machine's own clock is
 * set meanwhile; until then it is what that clock shows, and `isUnconfirmed`.
 */
export interface Timekeeper extends Clock {
  readonly isUnconfirmed: boolean
  readonly status: ClockStatus
  /** What a person should know of the clock; null: nothing. */
  readonly words: string | null
  /** True after something that only the collector's time can settle. */
  readonly wantsAnswer: boolean
  /** `known`: what an earlier run of this boot found. The listener hears once, as soon as the time is known. */
  begin(known: Synchronisation | null, onSynchronised: (found: Synchronisation) => void): void
  /** Looks at the machine's clock, and hears what the machine says of it. To be called each second. */
  look(system: SystemSync): void
  answered(answer: TimeAnswer): void
}

/** Bounds of judgement, ms. */
export const timeLimits = {
  /** The machine's clock counts as right when it agrees with a source within this or the source's own error. */
  agreementMs: 2_000,
  /** A change of wall minus monotonic time beyond this is a jump; below, the clock is followed. */
  jumpMs: 1_000,
  /** What a synchronised machine's clock may be wrong by. */
  systemErrorMs: 1_000,
  /** The first answer must be at least so exact; each worse one doubles it, so that a slow line is enough at last. */
  firstErrorMs: 1_000,
} as const

/** wall minus monotonic; both looked at within this, or looked at again: the process may have been stopped between. */
const lookMs = 20

interface Anchor extends Synchronisation {
  /** The machine's own clock counts as right. */
  readonly follows: boolean
}

export function createTimekeeper({ clock, log }: { readonly clock: Clock; readonly log: Log }): Timekeeper {
  let anchor: Anchor | null = null
  let system: SystemSync = 'unknown'
  let seenMs = difference()
  let acceptableMs: number = timeLimits.firstErrorMs
  let wantsAnswer = true
  /** How far a synchronised machine's clock is ahead of the collector's; 0: they agree. */
  let disputeMs = 0
  let onSynchronised: (found: Synchronisation) => void = () => {}

  /** Wall minus monotonic time of the machine. */
  function difference(): number {
    for (let tries = 0; ; tries++) {
      const beforeMs = clock.monotonicMs()
      const wall = clock.now()
      const afterMs = clock.monotonicMs()
      if (afterMs - beforeMs <= lookMs || tries === 3) return wall - (beforeMs + afterMs) / 2
    }
  }

  function set(next: Anchor, why: string): void {
    const isFirst = anchor === null
    const movedMs = anchor ? next.offsetMs - anchor.offsetMs : 0
    anchor = next
    if (isFirst) {
      log.info({ source: next.source, errorMs: Math.round(next.errorMs) }, why)
      onSynchronised(next)
    } else if (Math.abs(movedMs) > timeLimits.jumpMs)
      log.warn({ source: next.source, movedMs: Math.round(movedMs) }, why)
  }

  /** The machine's clock as it is now counts as right. */
  function follow(source: Synchronisation['source'], errorMs: number, why: string): void {
    set({ offsetMs: difference(), errorMs, source, follows: true }, why)
  }

  /** Wall minus monotonic time, and what it means that it may have changed. */
  function watch(): number {
    const seen = difference()
    const steppedMs = seen - seenMs
    seenMs = seen
    if (anchor?.follows) {
      const awayMs = seen - anchor.offsetMs
      if (Math.abs(awayMs) > timeLimits.jumpMs) jump(anchor, awayMs)
      // A synchronised clock is slewed for good; one that nobody keeps must not wander off in small steps.
      else if (anchor.source === 'system') anchor = { ...anchor, offsetMs: seen }
    } else if (Math.abs(steppedMs) > timeLimits.jumpMs) {
      log.warn({ jumpMs: Math.round(steppedMs) }, `the machine's clock jumped by ${durationWords(steppedMs)}`)
      wantsAnswer = true
    }
    return seen
  }

  function jump(from: Anchor, awayMs: number): void {
    log.warn(
      { jumpMs: Math.round(awayMs) },
      `the machine's clock jumped by ${durationWords(awayMs)}: readings go on by the time before it`,
    )
    anchor = { ...from, follows: false }
    wantsAnswer = true
  }

  function answered({ askedAtMs, heardAtMs, collectorTime }: TimeAnswer): void {
    const errorMs = (heardAtMs - askedAtMs) / 2
    if (!(errorMs >= 0)) return
    if (errorMs > acceptableMs) {
      acceptableMs *= 2
      return
    }
    const seen = watch()
    const offsetMs = collectorTime - (askedAtMs + heardAtMs) / 2
    const withinMs = Math.max(errorMs, timeLimits.agreementMs)
    const aheadMs = seen - offsetMs
    const agrees = Math.abs(aheadMs) <= withinMs
    const collectors: Anchor = { offsetMs, errorMs, source: 'collector', follows: false }
    acceptableMs = timeLimits.firstErrorMs
    wantsAnswer = false
    disputeMs = 0
    if (anchor?.follows && anchor.source === 'system') {
      if (!agrees) disputeMs = aheadMs
    } else if (agrees) {
      if (!anchor?.follows)
        follow(
          system === 'yes' ? 'system' : 'collector',
          withinMs + errorMs + timeLimits.jumpMs,
          "the machine's clock is right, by the collector's",
        )
    } else if (
      !anchor ||
      anchor.follows ||
      errorMs < anchor.errorMs ||
      Math.abs(anchor.offsetMs - offsetMs) > anchor.errorMs + errorMs
    )
      set(
        collectors,
        `the clock was set by the collector's time: the machine's is ${durationWords(aheadMs)} ${aheadMs > 0 ? 'fast' : 'slow'}`,
      )
  }

  function look(says: SystemSync): void {
    watch()
    const before = system
    system = says
    if (says !== 'yes' || before === 'yes') return
    // Seen to lose and to find it again: whatever it jumped by, it is right now.
    if (anchor?.source !== 'system' || (before === 'no' && !anchor.follows))
      follow('system', timeLimits.systemErrorMs, 'the machine says that its clock is synchronised')
  }

  const offMs = (): number => (anchor && !anchor.follows ? seenMs - anchor.offsetMs : 0)
  const status = (): ClockStatus => ({
    source: anchor?.source ?? 'none',
    errorMs: anchor?.errorMs ?? 0,
    offMs: Math.abs(offMs()) > timeLimits.jumpMs ? offMs() : 0,
  })

  return {
    now() {
      watch()
      return anchor && !anchor.follows ? Math.round(clock.monotonicMs() + anchor.offsetMs) : clock.now()
    },
    monotonicMs: () => clock.monotonicMs(),
    setTimer: (delayMs, run) => clock.setTimer(delayMs, run),
    get isUnconfirmed() {
      return anchor === null
    },
    get status() {
      return status()
    },
    get words() {
      return describeClock(status(), disputeMs)
    },
    get wantsAnswer() {
      return wantsAnswer
    },
    begin(known, listener) {
      onSynchronised = listener
      if (!known) return
      const isRight = Math.abs(difference() - known.offsetMs) <= timeLimits.agreementMs
      anchor = { ...known, follows: isRight }
      if (isRight) anchor = { ...anchor, offsetMs: difference() }
      onSynchronised(anchor)
    },
    look,
    answered,
  }
}
