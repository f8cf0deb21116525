import { isCoded } from '@barograph/proto'

/** What was written, or why nothing could be, in words. */
export type Outcome = { readonly written: readonly number[] } | { readonly trouble: string }

/**
 * Updates files at once and then again and again, until the signal. A store or a disk that is away is reported and tried
 * again; anything else rejects.
 */
export async function keepFresh({
  update,
  everyMs,
  report,
  clock,
  signal,
}: {
  readonly update: () => Promise<readonly number[]>
  readonly everyMs: number
  readonly report: (outcome: Outcome) => void
  readonly clock: { sleep(ms: number, signal: AbortSignal): Promise<void> }
  readonly signal: AbortSignal
}): Promise<void> {
  while (!signal.aborted) {
    try {
      report({ written: await update() })
    } catch (error) {
      if (!isCoded(error) || !error.retryable) throw error
      report({ trouble: error.message })
    }
    await clock.sleep(everyMs, signal)
  }
}
