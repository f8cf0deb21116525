import { isCoded } from '@barograph/proto'
import type { Thread } from './thread.ts'

const lookAgainMs = 1_000

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
