import { isCoded } from '@barograph/proto'
import { systemClock } from '../system-clock.ts'
import type { Thread } from './thread.ts'

const lookAgainMs = 1_000
/** The other threads of this program make the files that one reads. */
const filesWithinMs = 15_000
const filesAgainMs = 25

/** Opens what a server keeps. One that is away is waited for, with a word; every other failure is the caller's. */
export async function openPatiently<T>(
  open: () => Promise<T>,
  {
    clock,
    log: say,
  }: {
    readonly clock: { sleep(ms: number, signal: AbortSignal): Promise<void> }
    readonly log: Pick<Thread['log'], 'warn' | 'info'>
  },
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
      await clock.sleep(lookAgainMs, new AbortController().signal)
    }
  }
}

/** Opens a file to read as soon as another thread has made it; `isAlone`: there is no other, and nothing is waited for. */
export async function whenThere<T>(
  open: () => Promise<T>,
  { isAlone }: { readonly isAlone: boolean },
): Promise<T> {
  let giveUpAt: number | null = null
  for (;;) {
    try {
      return await open()
    } catch (error) {
      giveUpAt ??= systemClock.monotonicMs() + (isAlone ? 0 : filesWithinMs)
      if (!isCoded(error) || !error.retryable || systemClock.monotonicMs() > giveUpAt) throw error
      await systemClock.sleep(filesAgainMs, new AbortController().signal)
    }
  }
}
