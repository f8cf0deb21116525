import {
  type Batch,
  limits,
  makeBatch,
  type Metric,
  metricByName,
  rangeFlag,
  type Run,
  type Site,
} from '@barograph/proto'
import { type Row, sources } from './rows.ts'

export const newarkSite: Site = {
  version: 1,
  name: 'Newark Airport',
  latitude: 40.6925,
  longitude: -74.1687,
  altitudeM: 3,
  timeZone: 'America/New_York',
  validFrom: limits.earliestTimeMs,
}

export const newarkStream = { sensor: 'airport', epoch: '2013201320132013' }

/** Rows from <= i < to as one batch; row i has number i + 1. */
export function batchOf(device: string, rows: readonly Row[], from: number, to: number): Batch {
  const part = rows.slice(from, to)
  const columns = Object.values(sources).flatMap(({ metric: name }) => {
    const metric = metricByName(name) as Metric
    const values = Float64Array.from(part, (row) =>
      row.values[name] === undefined ? Number.NaN : Number(row.values[name]),
    )
    if (values.every(Number.isNaN)) return []
    const flags = Uint8Array.from(values, (value) => (Number.isNaN(value) ? 0 : rangeFlag(metric, value)))
    return [{ metric, values, flags: flags.some((flag) => flag > 0) ? flags : null }]
  })
  const run: Run = {
    ...newarkStream,
    intervalMs: 3_600_000,
    firstSeq: from + 1,
    times: Float64Array.from(part, (row) => row.time),
    columns,
    marks: [],
  }
  return makeBatch(device, { clock: 'historical', siteVersion: 1, runs: [run] })
}

/** The whole year cut into batches of `size(i)` rows. */
export function batchesOf(device: string, rows: readonly Row[], size: () => number): Batch[] {
  const batches: Batch[] = []
  for (let from = 0; from < rows.length; ) {
    const to = Math.min(rows.length, from + size())
    batches.push(batchOf(device, rows, from, to))
    from = to
  }
  return batches
}
