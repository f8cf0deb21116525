import type { Clock } from '../clock.ts'

/** How fast backfill may go. */
export function createBackfillRate(options: {
  readonly entriesPerSecond: number
  readonly maxBatchEntries: number
  readonly clock: Clock
}) {
  const { entriesPerSecond, maxBatchEntries, clock } = options
  let tokens = 0
  let tokensAtMs = 0

  return {
    restart(nowMs: number): void {
      tokens = 0
      tokensAtMs = nowMs
    },
    /** How many of `backlog` entries may go now; if that is too few, says after which time it is enough. */
    takeable(backlog: number): { readonly entries: number; readonly waitMs: number } {
      const nowMs = clock.monotonicMs()
      const most = Math.max(1, Math.min(maxBatchEntries, entriesPerSecond))
      tokens = Math.min(most, tokens + ((nowMs - tokensAtMs) * entriesPerSecond) / 1000)
      tokensAtMs = nowMs
      // Whole batches, not crumbs.
      const enough = Math.min(most, Math.max(1, backlog))
      if (tokens >= enough) return { entries: Math.floor(tokens), waitMs: 0 }
      return { entries: 0, waitMs: Math.ceil(((enough - tokens) * 1000) / entriesPerSecond) }
    },
    take(entries: number): void {
      tokens -= entries
    },
  }
}
