import { isCoded } from '@barograph/proto'
import type { RoleName } from './messages.ts'
import type { Thread } from './thread.ts'

const lookAgainMs = 1_000

export interface Patience {
  readonly clock: { sleep(ms: number, signal: AbortSignal): Promise<void> }
  readonly log: Pick<Thread['log'], 'warn' | 'info'>
  /** Hears each time what is away. */
  readonly waiting?: (words: string) => Promise<void>
}

/** Opens what a server keeps. One that is away is waited for, with a word; every other failure is the caller's. */
export async function openPatiently<T>(
  open: () => Promise<T>,
  { clock, log: say, waiting = async () => {} }: Patience,
): Promise<T> {
  let said: string | null = null
  for (;;) {
    try {
      const opened = await open()
      if (said !== null) say.info({}, 'it answers now')
      return opened
    } catch (error) {
      if (!isCoded(error) || !error.code.endsWith('-unreachable')) throw error
      if (error.message !== said) say.warn({ hint: error.hint }, `waiting: ${error.message}`)
      said = error.message
      await waiting(error.message)
      await clock.sleep(lookAgainMs, new AbortController().signal)
    }
  }
}

/** Others who make it are given so long to start. */
export const othersMs = 15_000
const lookForItMs = 25

/**
 * How long to wait for a file or topic that programs with one of these roles make. What this program makes itself comes, or
 * the program ends with the reason: its bridge begins when its roll has begun, which takes as long as Kafka does.
 */
export function patienceFor(makers: readonly RoleName[], own: readonly RoleName[]): number {
  if (own.some((role) => makers.includes(role))) return Number.POSITIVE_INFINITY
  return own.length > 1 ? othersMs : 0
}

/** Opens what somebody else is making. */
export async function whenMade<T>(
  open: () => Promise<T>,
  {
    patienceMs,
    clock,
  }: {
    readonly patienceMs: number
    readonly clock: { monotonicMs(): number; sleep(ms: number, signal: AbortSignal): Promise<void> }
  },
): Promise<T> {
  let giveUpAtMs: number | null = null
  for (;;) {
    try {
      return await open()
    } catch (error) {
      giveUpAtMs ??= clock.monotonicMs() + patienceMs
      if (!isCoded(error) || !error.retryable || clock.monotonicMs() > giveUpAtMs) throw error
      await clock.sleep(lookForItMs, new AbortController().signal)
    }
  }
}
