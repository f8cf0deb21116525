import { join } from 'node:path'
import { addRange, type Batch, decodeBatch, emptySet, type RangeSet } from '@barograph/proto'
import Database from 'better-sqlite3'
import { type KafkaLogOptions, openKafkaLog } from '../../collector/log/kafka/log.ts'

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

const partitionStep = 2 ** 40

/** Batches as they lie in a log in Kafka. */
export async function readKafkaBatches(options: KafkaLogOptions): Promise<LoggedBatch[]> {
  const log = await openKafkaLog(options)
  try {
    const batches: LoggedBatch[] = []
    for (let partition = 0; partition < log.partitions; partition++) {
      const { first, next } = await log.extent(partition)
      for (const { kind, device, value, offset } of await log.read(partition, first, next - first))
        if (kind === 'batch')
          batches.push({ key: partition * partitionStep + offset, device, batch: decodeBatch(value) })
    }
    return batches
  } finally {
    await log.close()
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
