import { isCoded } from '@barograph/proto'
import type { Log } from '../log.ts'
import type { Store } from '../store.ts'

/**
 * Drops the log's records that are older than the retention, counted from ingest, and only those that every partition
 * has folded. Returns how many.
 */
export async function pruneLog({
  log,
  store,
  now,
  retentionMs,
}: {
  readonly log: Pick<Log, 'partitions' | 'read' | 'extent' | 'prune'>
  readonly store: Pick<Store, 'checkpoint'>
  readonly now: number
  readonly retentionMs: number
}): Promise<number> {
  let before = now - retentionMs
  for (let partition = 0; partition < log.partitions; partition++) {
    const checkpoint = await store.checkpoint(partition)
    const { first, next } = await log.extent(partition)
    const position = Math.max(first, checkpoint?.position.n ?? first)
    if (position >= next) continue
    // The first record that is not folded, and with it all behind it, stays.
    const [record] = await log.read(partition, position, 1)
    if (record) before = Math.min(before, record.ingestMs)
  }
  return log.prune(before)
}

/** Between two looks for records that are past the log's retention. */
export const pruneIntervalMs = 600_000

/**
 * Prunes from time to time until told to stop. Deleting needs room too: on a full disk nothing is dropped, and that ends
 * neither this nor the program that is about to wait for room.
 */
export async function keepPruned({
  log,
  store,
  clock,
  retentionMs,
  signal,
  report,
}: {
  readonly log: Pick<Log, 'partitions' | 'read' | 'extent' | 'prune'>
  readonly store: Pick<Store, 'checkpoint'>
  readonly clock: { now(): number; sleep(ms: number, signal: AbortSignal): Promise<void> }
  readonly retentionMs: number
  readonly signal: AbortSignal
  /** How many records were dropped, or in words why none could be. */
  readonly report: (outcome: number | string) => void
}): Promise<void> {
  while (!signal.aborted) {
    try {
      report(await pruneLog({ log, store, now: clock.now(), retentionMs }))
    } catch (error) {
      if (!isCoded(error) || !error.retryable) throw error
      report(error.message)
    }
    await clock.sleep(pruneIntervalMs, signal)
  }
}
