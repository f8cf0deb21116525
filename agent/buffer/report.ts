import { flagWords, fromThousandths } from '@barograph/proto'
import type { LostRange, SiteState } from '../core/buffer.ts'
import { openForReading } from './open.ts'
import { openTables } from './tables.ts'

/** What a buffer holds, one line per stream. */
export interface BufferReport {
  readonly path: string
  readonly device: string
  readonly usedBytes: number
  readonly rows: number
  readonly site: SiteState | null
  readonly streams: readonly {
    readonly sensor: string
    readonly epoch: string
    readonly lastSeq: number
    readonly rows: number
    readonly oldest: string | null
    readonly newest: string | null
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
      const streams = tables.streams(null).map(({ id, sensor, epoch, lastSeq, lost }) => {
        const { rows = 0, oldest = null, newest = null } = count.get(id) ?? {}
        return { sensor, epoch, lastSeq, rows, oldest: iso(oldest), newest: iso(newest), lost }
      })
      const site = tables.site()
      return {
        path,
        device: tables.device() ?? '',
        usedBytes: tables.usedBytes(),
        rows: streams.reduce((sum, { rows }) => sum + rows, 0),
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

/** One row as it is exported: a value of a reading, or a fault, start or stop. */
export interface ExportedRow {
  readonly sensor: string
  readonly epoch: string
  readonly seq: number
  readonly time: string
  readonly kind: 'reading' | 'fault' | 'start' | 'stop'
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
    for (const { id, sensor, epoch, rows } of tables.streams(null))
      for (let at = 0; at < rows.length; at += 2)
        for (let first = rows[at] ?? 0; first <= (rows[at + 1] ?? 0); first += pageRows)
          for (const entry of tables.read(id, first, Math.min(rows[at + 1] ?? 0, first + pageRows - 1))) {
            const common = { sensor, epoch, seq: entry.seq, time: new Date(entry.time).toISOString() }
            if (entry.mark)
              yield {
                ...common,
                kind: entry.mark.kind,
                metric: '',
                value: null,
                unit: '',
                remark: [entry.mark.code, entry.mark.detail].filter(Boolean).join(': '),
              }
            for (const { metric, thousandths, flag } of entry.values)
              yield {
                ...common,
                kind: 'reading',
                metric: metric.name,
                value: fromThousandths(thousandths),
                unit: metric.unit,
                remark: flag ? flagWords(flag) : '',
              }
          }
  } finally {
    db.close()
  }
}

const iso = (time: number | null): string | null => (time === null ? null : new Date(time).toISOString())
