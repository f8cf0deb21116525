import { decodeBatch } from '@barograph/proto'
import type { LogRecord } from '../../../collector/core/log.ts'

/** The first record of the log that brings a number. */
export interface Arrival {
  readonly record: LogRecord
  readonly isHistorical: boolean
}

/** For every number the first record that brings it: by looking through the log from its beginning. */
export function firstArrivals(partitions: readonly (readonly LogRecord[])[]): Map<string, Arrival> {
  const arrivals = new Map<string, Arrival>()
  for (const records of partitions)
    for (const record of records) {
      if (record.kind !== 'batch') continue
      const batch = decodeBatch(record.value)
      for (const { sensor, epoch, firstSeq, times } of batch.runs)
        for (let seq = firstSeq; seq < firstSeq + times.length; seq++) {
          const key = `${record.device}/${sensor}/${epoch}/${seq}`
          if (!arrivals.has(key)) arrivals.set(key, { record, isHistorical: batch.clock === 'historical' })
        }
    }
  return arrivals
}
