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
      const note = (sensor: string, epoch: string, first: number, last: number): void => {
        for (let seq = first; seq <= last; seq++) {
          const key = `${record.device}/${sensor}/${epoch}/${seq}`
          if (!arrivals.has(key)) arrivals.set(key, { record, isHistorical: batch.clock === 'historical' })
        }
      }
      for (const { sensor, epoch, firstSeq, times } of batch.runs)
        note(sensor, epoch, firstSeq, firstSeq + times.length - 1)
      for (const { sensor, epoch, firstSeq, lastSeq } of batch.summaries) {
        // Whole or not at all.
        const numbers = Array.from({ length: lastSeq - firstSeq + 1 }, (_, i) => firstSeq + i)
        if (numbers.every((seq) => !arrivals.has(`${record.device}/${sensor}/${epoch}/${seq}`)))
          note(sensor, epoch, firstSeq, lastSeq)
      }
    }
  return arrivals
}
