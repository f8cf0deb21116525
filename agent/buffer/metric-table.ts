import { type Metric, metricKey } from '@barograph/proto'
import type Sqlite from 'better-sqlite3'
import { type MetricNumbers, metricFromRow } from './payload.ts'

/** A custom metric of this file, under its number. */
export interface MetricRow {
  readonly id: number
  readonly name: string
  readonly unit: string
  readonly kind: string
}

/** The custom metrics of this file, read once and written when a new one comes. */
export function openMetricTable(db: Sqlite.Database): MetricNumbers & { reload(): void; all(): MetricRow[] } {
  const byKey = new Map<string, number>()
  const byNumber = new Map<number, Metric>()
  const rows = db.prepare<[], MetricRow>('SELECT * FROM metrics')
  const reload = (): void => {
    byKey.clear()
    byNumber.clear()
    for (const row of rows.all()) {
      const metric = metricFromRow(row)
      byKey.set(metricKey(metric), row.id)
      byNumber.set(row.id, metric)
    }
  }
  const insert = db.prepare('INSERT OR IGNORE INTO metrics VALUES (NULL, ?, ?, ?)')
  reload()
  return {
    // After a rollback numbers that were given are gone from the file: they must be forgotten here too.
    reload,
    /** As memory has them. */
    all: () => [...byNumber].map(([id, { name, unit, kind }]) => ({ id, name, unit, kind })),
    numberOf(metric) {
      const key = metricKey(metric)
      if (!byKey.has(key)) {
        insert.run(metric.name, metric.unit, metric.kind)
        reload()
      }
      return byKey.get(key) ?? 0
    },
    metricOf: (number) => byNumber.get(number),
  }
}
