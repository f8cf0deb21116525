import { isCoded } from '@barograph/proto'

/** What was written, or why nothing could be, in words. */
export type Outcome<T = number> = { readonly written: readonly T[] } | { readonly trouble: string }

/** What takes long is done more rarely: so many times as long as it took is rested, at least. */
const restRatio = 3

/**
 * Updates files at once and then again and again, until the signal. A store or a disk that is away is reported and tried
 * again; anything else rejects.
 */
export async function keepFresh<T = number>({
  update,
  everyMs,
  report,
  clock,
  signal,
}: {
  readonly update: () => Promise<readonly T[]>
  readonly everyMs: number
  readonly report: (outcome: Outcome<T>) => void
  readonly clock: { monotonicMs(): number; sleep(ms: number, signal: AbortSignal): Promise<void> }
  readonly signal: AbortSignal
}): Promise<void> {
  while (!signal.aborted) {
    const begun = clock.monotonicMs()
    try {
      report({ written: await update() })
    } catch (error) {
      if (!isCoded(error) || !error.retryable) throw error
      report({ trouble: error.message })
    }
    await clock.sleep(Math.max(everyMs, restRatio * (clock.monotonicMs() - begun)), signal)
  }
}
