import { divideRounded, flagWords, fromThousandths, meanAngle, pairs, sizeOf } from '@barograph/proto'
import type { LostRange, SiteState } from '../core/buffer.ts'
import { applyTimings } from './boot-table.ts'
import { openForReading } from './open.ts'
import { damagedFiles } from './salvage/aside.ts'
import type { StreamState } from './stream-table.ts'
import { openTables, type Tables } from './tables.ts'

/** What a buffer holds, one line per stream. */
export interface BufferReport {
  readonly path: string
  readonly device: string
  readonly usedBytes: number
  readonly rows: number
  /** Readings that were condensed, and the summaries that hold them. */
  readonly condensed: { readonly readings: number; readonly summaries: number }
  /** Numbers declared lost that the collector has not stored as such, by cause. */
  readonly lost: Readonly<Record<string, number>>
  /** Files beside it that were set aside because they were damaged, oldest first. */
  readonly damagedFiles: readonly string[]
  readonly site: SiteState | null
  readonly streams: readonly {
    readonly sensor: string
    readonly epoch: string
    readonly lastSeq: number
    readonly rows: number
    readonly oldest: string | null
    readonly newest: string | null
    readonly condensed: number
    readonly lost: readonly LostRange[]
  }[]
  readonly refused: readonly {
    readonly sensor: string
    readonly epoch: string
    readonly firstSeq: number
    readonly lastSeq: number
    readonly reason: string
  }[]
}

/** Looks into a buffer, also while an agent writes it. Throws coded errors. */
export function reportBuffer(path: string): BufferReport {
  const db = openForReading(path)
  try {
    return db.transaction(() => {
      const tables = openTables(db)
      const count = db.prepare<[number], { rows: number; oldest: number | null; newest: number | null }>(
        'SELECT count(*) AS rows, min(wall) AS oldest, max(wall) AS newest FROM entries WHERE stream = ?',
      )
      const states = tables.streams(null)
      const streams = states.map(({ id, sensor, epoch, lastSeq, thinned, lost }) => {
        const { rows = 0, oldest = null, newest = null } = count.get(id) ?? {}
        const condensed = sizeOf(thinned)
        return { sensor, epoch, lastSeq, rows, oldest: iso(oldest), newest: iso(newest), condensed, lost }
      })
      const site = tables.site()
      return {
        path,
        device: tables.device() ?? '',
        usedBytes: tables.usedBytes(),
        rows: streams.reduce((sum, { rows }) => sum + rows, 0),
        condensed: {
          readings: streams.reduce((sum, { condensed }) => sum + condensed, 0),
          summaries: states.reduce((sum, { summaries }) => sum + summaries.length, 0),
        },
        damagedFiles: damagedFiles(path),
        lost: countLost(streams.flatMap(({ lost }) => lost)),
        site: site && { version: site.version, validFrom: site.validFrom, confirmed: site.confirmed },
        streams,
        refused: db
          .prepare<[], BufferReport['refused'][number]>(
            'SELECT sensor, epoch, first_seq AS firstSeq, last_seq AS lastSeq, reason FROM refused ORDER BY id',
          )
          .all(),
      }
    })()
  } finally {
    db.close()
  }
}

function countLost(lost: readonly LostRange[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { firstSeq, lastSeq, cause } of lost)
    counts[cause] = (counts[cause] ?? 0) + lastSeq - firstSeq + 1
  return counts
}

/**
 * One row as it is exported: a value of a reading, the mean of a condensed minute, a fault, start or stop, or a row that
 * is not what was written.
 */
export interface ExportedRow {
  readonly sensor: string
  readonly epoch: string
  readonly seq: number
  readonly time: string
  readonly kind: 'reading' | 'minute' | 'fault' | 'start' | 'stop' | 'unreadable'
  readonly metric: string
  readonly value: number | null
  readonly unit: string
  readonly remark: string
}

/** Rows read at a time. */
const pageRows = 1_000

/** Everything a buffer holds, decoded. Throws coded errors. */
export function* exportBuffer(path: string): Generator<ExportedRow> {
  const db = openForReading(path)
  try {
    const tables = openTables(db)
    const streams = tables.streams(null)
    applyTimings(db, tables, streams)
    for (const stream of streams) {
      yield* exportSummaries(tables, stream)
      for (const [from, to] of pairs(stream.rows))
        for (let first = from; first <= to; first += pageRows)
          yield* exportRows(tables, stream, first, Math.min(to, first + pageRows - 1))
    }
  } finally {
    db.close()
  }
}

const iso = (time: number | null): string | null => (time === null ? null : new Date(time).toISOString())

function* exportRows(
  tables: Tables,
  { id, sensor, epoch }: StreamState,
  first: number,
  last: number,
): Generator<ExportedRow> {
  const unreadable: number[] = []
  const entries = tables.read(id, first, last, (seq) => unreadable.push(seq))
  for (const { seq, time, mark, values } of entries) {
    const common = { sensor, epoch, seq, time: new Date(time).toISOString() }
    if (mark)
      yield {
        ...common,
        ...nothing,
        kind: mark.kind,
        remark: [mark.code, mark.detail].filter(Boolean).join(': '),
      }
    for (const { metric, thousandths, flag } of values)
      yield {
        ...common,
        kind: 'reading',
        metric: metric.name,
        value: fromThousandths(thousandths),
        unit: metric.unit,
        remark: flag ? flagWords(flag) : '',
      }
  }
  for (const seq of unreadable)
    yield { sensor, epoch, seq, time: '', ...nothing, kind: 'unreadable', remark: 'not what was written' }
}

function* exportSummaries(
  tables: Tables,
  { id, sensor, epoch, summaries }: StreamState,
): Generator<ExportedRow> {
  for (const { firstSeq, lastSeq } of summaries) {
    const common = { sensor, epoch, seq: firstSeq }
    const summary = tables.readSummary(id, firstSeq)
    const numbers = `numbers ${firstSeq}-${lastSeq}`
    if (!summary) yield { ...common, time: '', ...nothing, kind: 'unreadable', remark: numbers }
    for (const { start, figures } of summary?.minutes ?? [])
      for (const { metric, count, flagged, sum, sine, cosine, min, max } of figures) {
        const isDirection = metric.kind === 'direction'
        const mean = count === 0 ? null : isDirection ? meanAngle(sine, cosine) : divideRounded(sum, count)
        const extremes = isDirection ? '' : `, ${fromThousandths(min)} to ${fromThousandths(max)}`
        yield {
          ...common,
          time: new Date(start).toISOString(),
          kind: 'minute',
          metric: metric.name,
          value: mean === null ? null : fromThousandths(mean),
          unit: metric.unit,
          remark: `mean of ${count}${extremes}${flagged ? `, ${flagged} flagged` : ''}; of ${numbers}`,
        }
      }
  }
}

const nothing = { metric: '', value: null, unit: '' } as const
