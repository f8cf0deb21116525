// A real log and a real store, filled by the real roll with everything that a device can send, for audits to check
// and for tests to damage.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type Batch,
  customMetric,
  encodeBatch,
  encodeExpire,
  encodeRefusal,
  encodeRelease,
  encodeStatus,
  type Expire,
  makeBatch,
  type Mark,
  type Metric,
  metricByName,
  offlineStatus,
  type RangeSet,
  type Run,
  type Summary,
} from '@barograph/proto'
import Database from 'better-sqlite3'
import { levels } from '../../core/documents.ts'
import type { Log, NewRecord } from '../../core/log.ts'
import { createRoll, type RollPoint } from '../../core/roll.ts'
import type { Store } from '../../core/store.ts'
import { createSqliteLog } from '../../log/sqlite.ts'
import { createSqliteStore } from '../../store/sqlite.ts'
import { type AuditResult, type Difference } from '../report.ts'
import { runAudit } from '../audit.ts'

const metricOf = (name: string): Metric => {
  const metric = metricByName(name)
  if (!metric) throw new Error(`no metric ${name}`)
  return metric
}

/** Large values, so that sums of a day leave the exact numbers. */
export const huge = customMetric('photons', 'quanta', 'total')
const metrics = [metricOf('temperature'), metricOf('precipitation'), metricOf('windDirection'), huge] as const

/** A seeded generator (mulberry32), so that a failing case can be run again. */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

export interface RunOptions {
  readonly random: () => number
  readonly sensor?: string
  readonly epoch?: string
  readonly firstSeq?: number
  readonly count: number
  readonly start: number
  readonly intervalMs?: number
  readonly marks?: readonly Mark[]
}

/** Readings of every kind of metric, with missing, suspect and invalid values among them. */
export function makeRun(options: RunOptions): Run {
  const { random, count, start, intervalMs = 60_000, marks = [], firstSeq = 1 } = options
  const isMark = new Set(marks.map((mark) => mark.index))
  const valueOf = (metric: Metric): number => {
    if (metric === huge) return 2 ** 39 + Math.floor(random() * 1_000)
    if (metric.kind === 'direction') return Math.floor(random() * 360_000)
    return Math.floor(random() * 40) * 100 - (metric.kind === 'total' ? 0 : 1_000)
  }
  return {
    sensor: options.sensor ?? 'bme280',
    epoch: options.epoch ?? '00000000000000aa',
    intervalMs,
    firstSeq,
    times: Float64Array.from({ length: count }, (_, i) => start + i * intervalMs + Math.floor(random() * 3)),
    columns: metrics.map((metric) => ({
      metric,
      values: Float64Array.from({ length: count }, (_, i) =>
        isMark.has(i) || random() < 0.05 ? Number.NaN : valueOf(metric),
      ),
      flags:
        metric.kind === 'level'
          ? Uint8Array.from({ length: count }, () => (random() < 0.1 ? 128 : random() < 0.1 ? 1 : 0))
          : null,
    })),
    marks,
  }
}

/** A flag belongs to a value. */
function withoutLooseFlags(run: Run): Run {
  return {
    ...run,
    columns: run.columns.map((column) => ({
      ...column,
      flags: column.flags && column.flags.map((flag, i) => (Number.isNaN(column.values[i]) ? 0 : flag)),
    })),
  }
}

export function makeSummary(firstSeq: number, start: number, minutes: number): Summary {
  const direction = { sum: 0, min: 0, minAt: 0, max: 0, maxAt: 0 }
  return {
    sensor: 'bme280',
    epoch: '00000000000000bb',
    firstSeq,
    lastSeq: firstSeq + minutes * 6 - 1,
    intervalMs: 10_000,
    minutes: Array.from({ length: minutes }, (_, i) => {
      const minute = start + i * 60_000
      const ends = { first: 2_000, firstAt: minute, last: 2_050, lastAt: minute + 50_000 }
      const figures = { count: 5, flagged: 1, suspect: 2, sine: 0, cosine: 0, ...ends }
      return {
        start: minute,
        received: 6,
        figures: [
          {
            ...figures,
            metric: metricOf('temperature'),
            sum: 10_100 + i,
            min: 2_000,
            minAt: minute,
            max: 2_050 + i,
            maxAt: minute + 50_000,
          },
          {
            ...figures,
            ...direction,
            metric: metricOf('windDirection'),
            minAt: minute,
            maxAt: minute,
            sine: 1_234 + i,
            cosine: -77,
          },
        ],
      }
    }),
  }
}

export interface World {
  readonly folder: string
  readonly log: Log
  readonly store: Store
  readonly storePath: string
  readonly logPath: string
  send(device: string, parts: Partial<Batch>, more?: Partial<NewRecord>): Promise<void>
  append(record: Pick<NewRecord, 'device' | 'kind' | 'value'> & Partial<NewRecord>): Promise<void>
  /** Folds all that is in the log, or dies without a word at the given moment of a flush. */
  fold(options?: {
    zone?: string
    levels?: readonly string[]
    diesAt?: (point: RollPoint) => boolean
  }): Promise<void>
  audit(): AuditResult
  /** What an audit names, as lines. */
  differences(): string[]
  /** Changes the store behind everybody's back. */
  damage(work: (db: Database.Database) => void): void
  close(): Promise<void>
}

class Death extends Error {}

/** A log and a store in files, unless others are handed in; those are closed with it too. */
export function createWorld(options: { partitions?: number; log?: Log; store?: Store } = {}): World {
  const folder = mkdtempSync(join(tmpdir(), 'audit-'))
  const [logPath, storePath] = [join(folder, 'log.db'), join(folder, 'store.db')]
  const partitions = options.log?.partitions ?? options.partitions ?? 2
  const log = options.log ?? createSqliteLog({ path: logPath, partitions })
  const store = options.store ?? createSqliteStore({ path: storePath })
  const audit = (): AuditResult => runAudit({ storePath, logPath, now: () => performance.now() })

  const append: World['append'] = async (record) => {
    await log.append([{ ingestMs: Date.UTC(2014, 0, 1), quarantineAfterMs: null, ...record }])
  }

  const fold: World['fold'] = async ({ zone = 'America/New_York', levels: kept = levels, diesAt } = {}) => {
    const ending = new AbortController()
    const runs = Array.from({ length: partitions }, (_, partition) =>
      createRoll({
        log,
        store,
        partition,
        settings: { defaultTimeZone: zone, levels: kept },
        flushIntervalMs: 1,
        publish: () => {},
        report: () => {},
        clock: { now: () => Date.now(), sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)) },
        reached: (point) => {
          if (diesAt?.(point)) throw new Death()
        },
      })
        .run(ending.signal)
        .catch((error: unknown) => {
          if (!(error instanceof Death)) throw error
          ending.abort()
        }),
    )
    while (!ending.signal.aborted && !(await isFolded()))
      await new Promise((resolve) => setTimeout(resolve, 2))
    ending.abort()
    await Promise.all(runs)
  }

  async function isFolded(): Promise<boolean> {
    for (let partition = 0; partition < partitions; partition++) {
      const { next } = await log.extent(partition)
      if (next === 0 || (await store.checkpoint(partition))?.position.n !== next) return false
    }
    return true
  }

  return {
    folder,
    log,
    store,
    storePath,
    logPath,
    append,
    send: (device, parts, more = {}) => {
      const runs = (parts.runs ?? []).map(withoutLooseFlags)
      const value = encodeBatch(makeBatch(device, { ...parts, runs }))
      return append({ device, kind: 'batch', value, ...more })
    },
    fold,
    audit,
    differences: () => audit().differences.map(lineOf),
    damage(work) {
      const db = new Database(storePath)
      try {
        work(db)
      } finally {
        db.close()
      }
    },
    async close() {
      await log.close()
      await store.close()
      rmSync(folder, { recursive: true })
    },
  }
}

export const lineOf = ({ collection, id, field, stored, recomputed }: Difference): string =>
  `${collection} ${id} ${field}: ${stored} / ${recomputed}`

/** The night of 2 to 3 November 2013, in which the clocks of New York go back. */
export const november = Date.UTC(2013, 10, 2, 20)

/** What an operator and retention do: releases, some of them twice, and expiries of raw entries and of levels. */
export function operations({ append }: World): (() => Promise<void>)[] {
  const [device, sensor] = ['cellar', 'bme280']
  const release = (epoch: string, firstSeq: number, lastSeq: number) => () =>
    append({
      device,
      kind: 'release',
      value: encodeRelease({
        device,
        ranges: [{ sensor, epoch, firstSeq, lastSeq }],
        by: 'me',
        why: 'right',
      }),
    })
  const expire = (its: string, parts: Pick<Expire, 'raw' | 'levels'>) => () =>
    append({
      device: its,
      kind: 'expire',
      value: encodeExpire({ device: its, ...parts, known: { g: 9, n: 0 } }),
    })
  const raw = (epoch: string, ranges: RangeSet) => ({ raw: [{ sensor, epoch, ranges }], levels: [] })
  return [
    release('00000000000000cc', 1, 60),
    release('00000000000000dd', 1, 9),
    release('00000000000000dd', 5, 14),
    expire('balcony', raw('00000000000000aa', [1, 256])),
    expire('cellar', raw('00000000000000aa', [257, 512])),
    expire('cellar', raw('00000000000000bb', [257, 512])),
    expire('balcony', {
      raw: [],
      levels: [
        { sensor, level: '1m', before: november + 2 * 3_600_000 },
        { sensor, level: 'hour', before: november + 3_600_000 },
      ],
    }),
  ]
}

/** Sends what two devices say, all that a device can, shuffled; `between` runs after each record. */
export async function fillWorld(
  world: World,
  seed: number,
  between: (i: number, random: () => number) => Promise<void> = async () => {},
  { isOperated = false }: { isOperated?: boolean } = {},
): Promise<void> {
  const random = seeded(seed)
  const sends: (() => Promise<void>)[] = []
  const site = (version: number, timeZone: string, validFrom: number) => ({
    version,
    name: 'Site',
    latitude: 1,
    longitude: 2,
    altitudeM: 3,
    timeZone,
    validFrom,
  })
  const marks: Mark[] = [
    { index: 0, kind: 'start', code: '', detail: '' },
    { index: 7, kind: 'fault', code: 'bus-gone', detail: 'no answer' },
  ]
  const later = (device: string, parts: Partial<Batch>, more: Partial<NewRecord> = {}): void =>
    void sends.push(() => world.send(device, parts, more))

  for (const device of ['balcony', 'cellar'])
    for (let firstSeq = 1; firstSeq < 700; ) {
      const count = 1 + Math.floor(random() * 60)
      const run = makeRun({
        random,
        firstSeq,
        count,
        start: november + firstSeq * 60_000,
        marks: count > 8 ? marks : [],
      })
      later(device, { runs: [run] })
      if (random() < 0.3) later(device, { runs: [run] })
      // Some numbers never come.
      firstSeq += count + (random() < 0.1 ? 3 : 0)
    }
  const slow = { random, sensor: 'owm', intervalMs: 900_000, start: november - 20 * 86_400_000 }
  for (let firstSeq = 1; firstSeq < 2_000; firstSeq += 100)
    later('balcony', {
      runs: [makeRun({ ...slow, firstSeq, count: 100, start: slow.start + firstSeq * 900_000 })],
    })
  for (const intervalMs of [0, 1_000])
    later('cellar', {
      runs: [
        makeRun({
          random,
          count: 90,
          start: november,
          sensor: `fast-${intervalMs}`,
          intervalMs: intervalMs || 2_500,
        }),
      ].map((run) => ({ ...run, intervalMs })),
    })
  later('balcony', { site: site(1, 'Europe/Paris', 0) })
  later('balcony', { site: site(2, 'Asia/Kathmandu', november + 6 * 3_600_000) })
  later('cellar', {
    clock: 'uncertain',
    clockErrorMs: 5_000,
    runs: [makeRun({ random, count: 5, start: november, epoch: '00000000000000cc' })],
  })
  later(
    'cellar',
    {
      runs: [makeRun({ random, count: 20, start: november, epoch: '00000000000000dd', intervalMs: 600_000 })],
    },
    { quarantineAfterMs: november + 5_400_000 },
  )
  later('cellar', { summaries: [makeSummary(1, november, 40), makeSummary(300, november - 86_400_000, 3)] })
  // A thinned stretch over numbers that are there: refused as a whole.
  later('cellar', {
    runs: [makeRun({ random, count: 2, start: november, epoch: '00000000000000bb', firstSeq: 400 })],
  })
  later('cellar', {
    lost: [{ sensor: 'bme280', epoch: '00000000000000cc', firstSeq: 3, lastSeq: 40, cause: 'buffer full' }],
    ended: [{ sensor: 'bme280', epoch: '00000000000000cc', lastSeq: 50 }],
  })
  sends.push(() =>
    world.append({
      device: 'cellar',
      kind: 'refusal',
      value: encodeRefusal({
        device: 'cellar',
        refused: [
          { sensor: 'bme280', epoch: '00000000000000cc', firstSeq: 41, lastSeq: 45, reason: 'too large' },
        ],
      }),
    }),
  )
  sends.push(() =>
    world.append({
      device: 'balcony',
      kind: 'status',
      value: encodeStatus({
        ...offlineStatus,
        online: true,
        sensors: [
          {
            sensor: 'bme280',
            type: 'bme280',
            intervalMs: 60_000,
            origin: 'measured',
            epoch: '00000000000000aa',
            accepted: 800,
            backlog: 1,
            fault: null,
          },
        ],
      }),
    }),
  )
  if (isOperated) sends.push(...operations(world))
  for (let i = sends.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    const [a, b] = [sends[i], sends[j]]
    if (a && b) [sends[i], sends[j]] = [b, a]
  }
  // The settings stand first, as the first start of a collector writes them.
  await world.fold()
  for (const [i, send] of sends.entries()) {
    await send()
    await between(i, random)
  }
}
