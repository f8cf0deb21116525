// Makes records of one sensor and folds them, for the tests of the fold.
import {
  type Batch,
  encodeBatch,
  encodeExpire,
  encodeRelease,
  encodeSettings,
  type Expire,
  makeBatch,
  type Metric,
  metricByName,
  type Release,
  type Run,
  type Site,
  type Summary,
} from '@barograph/proto'
import type { BucketDocument, DeviceDocument, EpochDocument, StreamDocument } from '../../documents.ts'
import type { NewRecord } from '../../log.ts'
import type { StoredReceipt } from '../../roll.ts'
import { createMemoryLog } from '../../testing/memory-log.ts'
import { createMemoryStore } from '../../testing/memory-store.ts'
import { settings, settle } from '../../testing/owner.ts'

export const temperature = metricByName('temperature') as Metric
export const stream = { sensor: 'bme280', epoch: '00000000000000aa' }
export const noon = Date.UTC(2026, 5, 1, 12)
export const ingestMs = noon + 3_600_000

export function runOf(firstSeq: number, times: readonly number[], intervalMs = 1_000): Run {
  const columns = [
    { metric: temperature, values: Float64Array.from(times, (_, i) => (firstSeq + i) * 10), flags: null },
  ]
  return { ...stream, intervalMs, firstSeq, times: Float64Array.from(times), columns, marks: [] }
}

export const secondsFrom = (start: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => start + i * 1_000)

export const record = (
  kind: NewRecord['kind'],
  value: Uint8Array,
  quarantineAfterMs: number | null = null,
): NewRecord => ({
  device: 'balcony',
  kind,
  ingestMs,
  quarantineAfterMs,
  value,
})
export const batchRecord = (parts: Partial<Batch>, quarantineAfterMs: number | null = null): NewRecord =>
  record('batch', encodeBatch(makeBatch('balcony', parts)), quarantineAfterMs)

export const site = (version: number, timeZone: string, validFrom: number): Site => ({
  version,
  name: 'Balcony',
  latitude: 1,
  longitude: 2,
  altitudeM: 3,
  timeZone,
  validFrom,
})

export async function folded(...records: NewRecord[]) {
  const log = createMemoryLog()
  const store = createMemoryStore()
  await log.append([{ ...record('settings', encodeSettings(settings)), partition: 0 }, ...records])
  const receipts: StoredReceipt[] = []
  await settle(log, store, (fresh) => receipts.push(...fresh))
  return {
    log,
    store,
    receipts,
    rollups: (level: string) =>
      store
        .rollups()
        .filter((rollup) => rollup.level === level)
        .sort((a, b) => a.start - b.start),
    epoch: store.documents.epochs.get('balcony/bme280/00000000000000aa') as EpochDocument,
    bucket: store.documents.readings.get('balcony/bme280/00000000000000aa/0') as BucketDocument | undefined,
    device: store.documents.devices.get('balcony') as DeviceDocument,
    stream: store.documents.streams.get('balcony/bme280') as StreamDocument,
    levels: () => [...new Set(store.rollups().map((rollup) => rollup.level))],
    received: (level: string) =>
      store
        .rollups()
        .filter((rollup) => rollup.level === level)
        .map((rollup) => rollup.received),
  }
}

/** Thinned readings: whole minutes of a reading a second, each of the same value. */
export function summaryOf(firstSeq: number, start: number, minutes: number, value = 500): Summary {
  const figures = (minute: number) => ({
    metric: temperature,
    count: 60,
    flagged: 0,
    suspect: 0,
    sum: 60 * value,
    sine: 0,
    cosine: 0,
    min: value,
    minAt: minute,
    max: value,
    maxAt: minute,
    first: value,
    firstAt: minute,
    last: value,
    lastAt: minute + 59_000,
  })
  return {
    ...stream,
    firstSeq,
    lastSeq: firstSeq + 60 * minutes - 1,
    intervalMs: 1_000,
    minutes: Array.from({ length: minutes }, (_, i) => start + i * 60_000).map((minute) => ({
      start: minute,
      received: 60,
      figures: [figures(minute)],
    })),
  }
}

/** An operator's release of these ranges of the one epoch. */
export const releaseRecord = (...ranges: readonly (readonly [first: number, last: number])[]): NewRecord => {
  const release: Release = {
    device: 'balcony',
    ranges: ranges.map(([firstSeq, lastSeq]) => ({ ...stream, firstSeq, lastSeq })),
    by: 'the test',
    why: 'the clock was right',
  }
  return record('release', encodeRelease(release))
}

/** An expiry of these numbers of the one epoch, or of levels; whoever chose them knew of every site, or up to `known`. */
export const expireRecord = (
  ranges: readonly number[],
  levels: Expire['levels'] = [],
  known: Expire['known'] = { g: 0, n: 1_000_000 },
): NewRecord =>
  record(
    'expire',
    encodeExpire({ device: 'balcony', raw: ranges.length > 0 ? [{ ...stream, ranges }] : [], levels, known }),
  )
