import { type Batch, flagWords, fromThousandths, type Run } from '@barograph/proto'
import { formatTime } from '../core/iso-time.ts'
import type { LogRecord } from '../core/log.ts'
import { metricNames } from '../core/metric-names.ts'
import { decodeRecord } from '../core/record.ts'

interface Entry {
  readonly device: string
  readonly sensor: string
  readonly time: string
  readonly kind?: string
  readonly code?: string
  readonly detail?: string
  readonly values?: Readonly<Record<string, number>>
  readonly flags?: Readonly<Record<string, string>>
  readonly quarantined?: string
  readonly partition: number
  readonly offset: number
  readonly epoch: string
  readonly seq: number
}

/** The entries of a record as lines for programs: one JSON object each. */
export const recordLines = (record: LogRecord): string[] =>
  runsOf(record).flatMap(({ run, batch }) =>
    entriesOf(run, batch, record).map((entry) => JSON.stringify(entry)),
  )

/** The same for people: values with their units. */
export const humanLines = (record: LogRecord): string[] =>
  runsOf(record).flatMap(({ run, batch }) => {
    const nameOf = metricNames(run.columns.map(({ metric }) => metric.name))
    const units = new Map(run.columns.map(({ metric }) => [nameOf(metric.name), metric.unit]))
    return entriesOf(run, batch, record).map((entry) => wordsOf(entry, units))
  })

function runsOf(record: LogRecord): { run: Run; batch: Batch }[] {
  const decoded = decodeRecord(record, 0)
  return decoded.kind === 'batch' ? decoded.batch.runs.map((run) => ({ run, batch: decoded.batch })) : []
}

function wordsOf(entry: Entry, units: ReadonlyMap<string, string>): string {
  const { time, device, sensor, kind, code, detail, values = {}, flags = {}, quarantined } = entry
  const readings = Object.entries(values).map(([name, value]) => {
    const flag = flags[name]
    return `${name} ${value} ${units.get(name) ?? ''}${flag ? ` (${flag})` : ''}`
  })
  const mark = [kind, code, detail].filter(Boolean).join(': ')
  const place = `partition ${entry.partition}, record ${entry.offset}, number ${entry.seq}`
  const what = kind ? mark : readings.join(', ') || 'no values'
  return `${time}  ${device}/${sensor}  ${what}${quarantined ? `  quarantined: ${quarantined}` : ''}  (${place})`
}

function entriesOf(run: Run, { clock }: Batch, record: LogRecord): Entry[] {
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
