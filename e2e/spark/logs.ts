// Random logs with everything in them, and what the collector's fold makes of each: the same documents are asked of Spark's.
import {
  type Column,
  customMetric,
  encodeSettings,
  type Mark,
  type Metric,
  metricByName,
  rangeFlag,
  type Run,
  type Site,
} from '@barograph/proto'
import { levels, type StreamDocument } from '../../collector/core/documents.ts'
import {
  batchRecord,
  expireRecord,
  record,
  releaseRecord,
  stream,
  summaryOf,
} from '../../collector/core/fold/testing/rig.ts'
import type { NewRecord } from '../../collector/core/log.ts'
import { createMemoryLog } from '../../collector/core/testing/memory-log.ts'
import { createMemoryStore } from '../../collector/core/testing/memory-store.ts'
import { settings, settle } from '../../collector/core/testing/owner.ts'
import { comparable, type Json } from '../harness/documents.ts'
import { seeded, shuffled } from '../harness/random.ts'

const metrics: readonly Metric[] = [
  metricByName('temperature') as Metric,
  metricByName('precipitation') as Metric,
  metricByName('windDirection') as Metric,
  customMetric('soilSalt', '%.$', 'level'),
]
const intervals = [0, 1_000, 10_000, 60_000, 900_000, 3_600_000, 86_400_000, 700_000_000]
/** Zones with half hours, with a change at midnight, with seconds in their offset, and usual ones. */
const zones = [
  'America/New_York',
  'Europe/London',
  'Australia/Lord_Howe',
  'Africa/Monrovia',
  'America/Sao_Paulo',
  'Asia/Kathmandu',
  'UTC',
]
const begins = [
  Date.UTC(2013, 2, 9, 20),
  Date.UTC(2013, 9, 19, 22),
  Date.UTC(2026, 11, 27, 3),
  Date.UTC(1971, 11, 30),
]

/** A log, and the rollup documents that the collector's fold makes of it, position and revision aside. */
export interface SparkLog {
  readonly seed: number
  readonly records: readonly { at: number; device: string; headers: Record<string, string>; value: string }[]
  readonly rollups: readonly Json[]
  /** `level/start` -> `o` of that window; none where the sites came in another place. */
  readonly positions: Readonly<Record<string, number>>
}

type Random = () => number
const pick = <T>(list: readonly T[], random: Random): T => list[Math.floor(random() * list.length)] as T
const chance = (random: Random, share: number): boolean => random() < share

function columnOf(metric: Metric, marks: readonly Mark[], count: number, random: Random): Column {
  const isMark = new Set(marks.map(({ index }) => index))
  const span = metric.kind === 'direction' ? 360_000 : metric.kind === 'total' ? 3_000 : 40_000
  const wild = chance(random, 0.1)
  const values = Float64Array.from({ length: count }, (_, i) =>
    isMark.has(i) || chance(random, 0.1)
      ? Number.NaN
      : Math.floor(random() * span) + (wild && chance(random, 0.2) ? 2 ** 39 : 0),
  )
  const flags = Uint8Array.from(values, (value) =>
    Number.isNaN(value) ? 0 : chance(random, 0.05) ? 2 : rangeFlag(metric, value),
  )
  return { metric, values, flags: flags.some((flag) => flag > 0) ? flags : null }
}

/** Readings of an epoch over a few weeks: busy minutes, gaps, times that come twice, a start here and there. */
function longRun(epoch: string, begin: number, random: Random): Run {
  const count = 200 + Math.floor(random() * 200)
  const intervalMs = pick(intervals, random)
  let now = begin
  const times = Float64Array.from({ length: count }, () => {
    if (chance(random, 0.02)) now += Math.floor(random() * 9 * 86_400_000)
    else if (chance(random, 0.9)) now += Math.floor(random() * pick([1_000, 20_000, 3_000_000], random))
    return now
  })
  const marks = Array.from({ length: count }, (_, index) => index)
    .filter(() => chance(random, 0.02))
    .map((index): Mark => ({ index, kind: 'start', code: '', detail: '' }))
  const columns = metrics
    .filter(() => chance(random, 0.7))
    .map((metric) => columnOf(metric, marks, count, random))
  return { ...stream, epoch, intervalMs, firstSeq: 1, times, columns, marks }
}

function cut(run: Run, random: Random): Run[] {
  const parts: Run[] = []
  for (let from = 0; from < run.times.length; ) {
    const to = Math.min(run.times.length, from + 1 + Math.floor(random() * 60))
    parts.push({
      ...run,
      firstSeq: run.firstSeq + from,
      times: run.times.slice(from, to),
      columns: run.columns.map(({ metric, values, flags }) => ({
        metric,
        values: values.slice(from, to),
        flags: flags?.slice(from, to) ?? null,
      })),
      marks: run.marks
        .filter(({ index }) => index >= from && index < to)
        .map((mark) => ({ ...mark, index: mark.index - from })),
    })
    from = to
  }
  return parts
}

function siteOf(version: number, validFrom: number, random: Random): Site {
  const place = { name: 'Balcony', latitude: 1, longitude: 2, altitudeM: 3 }
  return { version, ...place, timeZone: pick(zones, random), validFrom }
}

function batchesOf(runs: readonly Run[], random: Random): NewRecord[] {
  const twice = runs.flatMap((run) => [...cut(run, random), ...cut(run, random)])
  return shuffled(twice, random).map((run) => {
    const clock = pick(['synced', 'synced', 'synced', 'historical', 'uncertain'] as const, random)
    const until = chance(random, 0.3) ? (run.times[Math.floor(run.times.length / 2)] as number) : null
    return batchRecord({ clock, clockErrorMs: clock === 'uncertain' ? 5 : 0, runs: [run] }, until)
  })
}

/** Thinned minutes of an epoch of their own, and raw copies of some of their numbers: whichever comes first counts. */
function thinned(begin: number, random: Random): NewRecord[] {
  const start = Math.floor(begin / 60_000) * 60_000 + 60_000 * Math.floor(random() * 2_000)
  const summaries = [0, 1, 2].map((i) => {
    const summary = summaryOf(1 + 180 * i, start + 180_000 * i, 3, 100 + i)
    return batchRecord({ summaries: [{ ...summary, epoch: '00000000000000dd' }] })
  })
  const copy: Run = {
    ...stream,
    epoch: '00000000000000dd',
    intervalMs: 1_000,
    firstSeq: 175,
    marks: [],
    times: Float64Array.from({ length: 10 }, (_, i) => start + 174_000 + i * 1_000),
    columns: [{ metric: metrics[0] as Metric, values: new Float64Array(10).fill(7), flags: null }],
  }
  return shuffled([...summaries, batchRecord({ runs: [copy] }), summaries[1] as NewRecord], random)
}

/** Where the device says its sites only in the middle of it, its windows have to be made anew. */
export async function randomLog(seed: number): Promise<SparkLog> {
  const random = seeded(seed)
  const begin = pick(begins, random)
  const runs = ['00000000000000aa', '00000000000000bb'].map((epoch) => longRun(epoch, begin, random))
  const isMoved = chance(random, 0.4)
  const sites = Array.from({ length: Math.floor(random() * 4) }, (_, i) =>
    batchRecord({ site: siteOf(i + 1, begin + Math.floor((i - 0.5) * 7 * 86_400_000), random), hello: [] }),
  )
  const readings = shuffled([...batchesOf(runs, random), ...thinned(begin, random)], random)
  const half = Math.floor(readings.length / 2)
  const operations = isMoved ? [] : operationsOf(begin, random)
  const body = [...readings.slice(0, half), ...operations, ...readings.slice(half), releaseRecord([1, 300])]
  const head = { ...record('settings', encodeSettings(settings)), partition: 0 }
  const log = isMoved ? [...body.slice(0, half), ...sites, ...body.slice(half)] : [...sites, ...body]
  return {
    seed,
    records: [head, ...log].map(({ device, kind, quarantineAfterMs, value }, at) => ({
      at,
      device: kind === 'settings' ? '' : device,
      headers: {
        kind,
        version: '1',
        ...(quarantineAfterMs === null ? {} : { 'quarantine-after': String(quarantineAfterMs) }),
      },
      value: Buffer.from(value).toString('base64'),
    })),
    ...(await fold([head, ...sites, ...body])),
    ...(isMoved ? { positions: {} } : {}),
  }
}

/** In the middle of the readings: other levels, a release, and what retention drops. */
function operationsOf(begin: number, random: Random): NewRecord[] {
  const chosen = levels.filter(() => chance(random, 0.8))
  const all = [
    { ...record('settings', encodeSettings({ ...settings, levels: chosen })), partition: 0 },
    releaseRecord([20, 120]),
    expireRecord([10, 60, 90, 95]),
    expireRecord([], [{ sensor: stream.sensor, level: pick(levels, random), before: begin + 86_400_000 }]),
  ]
  return all.filter(() => chance(random, 0.6))
}

async function fold(records: readonly NewRecord[]): Promise<Pick<SparkLog, 'rollups' | 'positions'>> {
  const log = createMemoryLog()
  const store = createMemoryStore()
  await log.append(records)
  await settle(log, store)
  const [of] = store.documents.streams.values()
  const { expiredBefore = {} } = (of ?? {}) as Partial<StreamDocument>
  // The sweeper deletes them, which is not here.
  const kept = store
    .rollups()
    .filter(({ level, end }) => end > (expiredBefore[level] ?? Number.NEGATIVE_INFINITY))
  const documents = JSON.parse(JSON.stringify(kept, withBig)) as Json[]
  return {
    rollups: [...comparable(documents, new Map()).values()],
    positions: Object.fromEntries(kept.map(({ level, start, o }) => [`${level}/${start}`, o.n])),
  }
}

const withBig = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value)
