import { join } from 'node:path'
import { addRange, type Batch, decodeBatch, emptySet, type RangeSet } from '@barograph/proto'
import Database from 'better-sqlite3'

export interface LoggedBatch {
  /** Partition and offset as one number: ascending within a device. */
  readonly key: number
  readonly device: string
  readonly batch: Batch
}

/** Batches as they lie in the log file, in its order. */
export function readLoggedBatches(folder: string): LoggedBatch[] {
  const db = new Database(join(folder, 'log.db'), { readonly: true })
  try {
    return db
      .prepare<[], { key: number; device: string; value: Uint8Array }>(
        "SELECT key, device, value FROM records WHERE kind = 'batch' ORDER BY key",
      )
      .all()
      .map(({ key, device, value }) => ({ key, device, batch: decodeBatch(value) }))
  } finally {
    db.close()
  }
}

/** `sensor epoch` -> the numbers of its entries in the log. */
export function loggedNumbers(folder: string): Map<string, RangeSet> {
  const numbers = new Map<string, RangeSet>()
  for (const { batch } of readLoggedBatches(folder))
    for (const { sensor, epoch, firstSeq, times } of batch.runs) {
      const key = `${sensor} ${epoch}`
      numbers.set(key, addRange(numbers.get(key) ?? emptySet, firstSeq, firstSeq + times.length - 1))
    }
  return numbers
}
