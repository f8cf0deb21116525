import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Log } from '../core/log.ts'
import type { SqliteFile } from '../sqlite-file.ts'
import { keyOf } from './schema.ts'

/** Records deleted in one transaction; appends go between two of them. */
const recordsPerSlice = 500

/**
 * Deletes from the beginning of each partition as long as records are old enough, so that the offsets that stay are
 * consecutive even when the clock once jumped. The file does not shrink; its free pages are used again.
 */
export function createPrune({ db, transact }: SqliteFile, partitions: number): Log['prune'] {
  const oldest = db.prepare<[number, number, number], { key: number; ingest: number }>(
    'SELECT key, ingest FROM records WHERE key >= ? AND key < ? ORDER BY key LIMIT ?',
  )
  const remove = db.prepare<[number, number]>('DELETE FROM records WHERE key >= ? AND key < ?')
  const removeSlice = (partition: number, ingestedBeforeMs: number) =>
    transact(() => {
      const [from, to] = [keyOf(partition, 0), keyOf(partition + 1, 0)]
      const rows = oldest.all(from, to, recordsPerSlice)
      const kept = rows.find((row) => row.ingest >= ingestedBeforeMs)
      const last = rows.at(-1)
      if (last === undefined) return 0
      return remove.run(from, kept?.key ?? last.key + 1).changes
    })
  return async (ingestedBeforeMs) => {
    let removed = 0
    for (let partition = 0; partition < partitions; partition++) {
      for (;;) {
        const count = removeSlice(partition, ingestedBeforeMs)
        removed += count
        if (count < recordsPerSlice) break
        await nextTurn()
      }
    }
    return removed
  }
}
