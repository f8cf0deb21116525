import type { Log } from './log.ts'
import type { Store } from './store.ts'

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
