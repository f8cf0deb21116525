import { type Batch, flagWords, fromThousandths, type Run } from '@barograph/proto'
import { formatTime } from '../core/iso-time.ts'
import type { LogRecord } from '../core/log.ts'
import { metricNames } from '../core/metric-names.ts'
import { decodeRecord } from '../core/record.ts'

/** The entries of a record as lines for people and programs: one JSON object each. */
export function recordLines(record: LogRecord): string[] {
  const decoded = decodeRecord(record, 0)
  if (decoded.kind !== 'batch') return []
  return decoded.batch.runs.flatMap((run) =>
    entriesOf(run, decoded.batch, record).map((one) => JSON.stringify(one)),
  )
}

function entriesOf(run: Run, { clock }: Batch, record: LogRecord): object[] {
  const nameOf = metricNames(run.columns.map(({ metric }) => metric.name))
  const marks = new Map(run.marks.map((mark) => [mark.index, mark]))
  const bound = record.quarantineAfterMs
  return Array.from(run.times, (time, i) => {
    const mark = marks.get(i)
    const values: Record<string, number> = {}
    const flags: Record<string, string> = {}
    for (const column of run.columns) {
      const value = column.values[i]
      if (value === undefined || Number.isNaN(value)) continue
      const name = nameOf(column.metric.name)
      values[name] = fromThousandths(value)
      const flag = column.flags?.[i] ?? 0
      if (flag > 0) flags[name] = flagWords(flag)
    }
    const quarantined =
      clock === 'uncertain' ? 'time uncertain' : bound !== null && time > bound ? 'in the future' : ''
    return {
      device: record.device,
      sensor: run.sensor,
      time: formatTime(time),
      ...(mark ? { kind: mark.kind, code: mark.code, detail: mark.detail } : { values }),
      ...(Object.keys(flags).length > 0 ? { flags } : {}),
      ...(quarantined ? { quarantined } : {}),
      partition: record.partition,
      offset: record.offset,
      epoch: run.epoch,
      seq: run.firstSeq + i,
    }
  })
}
