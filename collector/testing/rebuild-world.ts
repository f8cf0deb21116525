// One partition with real documents in an SQLite store, owners that crash and lag, and rebuilds beside them: what the
// tests of rebuilds share.
import {
  type Batch,
  encodeBatch,
  encodeSettings,
  makeBatch,
  type Metric,
  metricByName,
  pairs,
  type Run,
} from '@barograph/proto'
import { levels, type RollupDocument } from '../core/documents.ts'
import type { Log } from '../core/log.ts'
import { rebuildAll } from '../core/rebuild/rebuild.ts'
import type { DeviceOutcome, RebuildPoint } from '../core/rebuild/rebuild-device.ts'
import { createRoll, type StoredReceipt } from '../core/roll.ts'
import type { Store } from '../core/store.ts'
import { createMemoryLog } from '../core/testing/memory-log.ts'
import { settings } from '../core/testing/owner.ts'
import { createSqliteStore } from '../store/sqlite.ts'

const temperature = metricByName('temperature') as Metric
const direction = metricByName('windDirection') as Metric

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

export const start = Date.UTC(2013, 10, 2, 20)

/** Readings of one sensor, ten minutes apart and a little more. */
export function makeRun(random: () => number, epoch: string, firstSeq: number, count: number): Run {
  const ofReadings = (value: () => number) => Float64Array.from({ length: count }, value)
  return {
    sensor: 'bme280',
    epoch,
    intervalMs: 600_000,
    firstSeq,
    times: Float64Array.from(
      { length: count },
      (_, i) => start + (firstSeq + i) * 600_000 + Math.floor(random() * 3) * 1000,
    ),
    columns: [
      { metric: temperature, values: ofReadings(() => Math.floor(random() * 40_000)), flags: null },
      { metric: direction, values: ofReadings(() => Math.floor(random() * 360_000)), flags: null },
    ],
    marks: [],
  }
}

const recordOf = (batch: Batch, ingestMs = 1_700_000_000_000) => ({
  device: batch.device,
  kind: 'batch' as const,
  ingestMs,
  quarantineAfterMs: null,
  value: encodeBatch(batch),
})

export const batchOf = (device: string, parts: Partial<Batch>) => recordOf(makeBatch(device, parts))

/** The settings stand first, as the first start of a collector writes them. */
export async function writeSettings(log: Log): Promise<void> {
  const value = encodeSettings(settings)
  const record = { device: '', partition: 0, kind: 'settings', ingestMs: 0, quarantineAfterMs: null } as const
  await log.append([{ ...record, value }])
}

export const memoryStore = (): Store => createSqliteStore({ path: ':memory:' })

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Rolls until all of the log is folded, alone. */
export async function settle(
  log: Log,
  store: Store,
  publish: (receipts: readonly StoredReceipt[]) => void = () => {},
): Promise<void> {
  const ending = new AbortController()
  const roll = createRoll({
    log,
    store,
    partition: 0,
    settings: { defaultTimeZone: settings.defaultTimeZone, levels },
    flushIntervalMs: 1,
    publish,
    report: () => {},
    clock: { now: () => Date.now(), sleep: async (ms) => sleep(Math.min(ms, 2)) },
  }).run(ending.signal)
  const isFolded = async () => {
    const { next } = await log.extent(0)
    return next > 0 && (await store.checkpoint(0))?.position.n === next
  }
  await Promise.race([
    roll,
    (async () => {
      while (!(await isFolded())) await sleep(1)
    })(),
  ])
  ending.abort()
  await roll
}

/** Death of a rebuild. */
export class Death extends Error {}

export interface RebuildWishes {
  readonly device?: string
  readonly isDry?: boolean
  readonly reached?: (point: RebuildPoint) => void | Promise<void>
  readonly random?: () => number
}

let tokens = 0

/** Rebuilds all devices, or some. Others have their turn between any two steps. */
export async function rebuild(store: Store, wishes: RebuildWishes = {}): Promise<DeviceOutcome[]> {
  const { device = null, isDry = false, reached, random } = wishes
  const outcomes: DeviceOutcome[] = []
  for await (const outcome of rebuildAll({
    store,
    log: createMemoryLog(),
    device,
    isDry,
    makeToken: () => String(++tokens),
    clock: { sleep: async (ms) => sleep(random ? random() * 3 : Math.min(ms, 2)) },
    signal: new AbortController().signal,
    progress: () => {},
    ...(reached ? { reached: (point: RebuildPoint) => void reached(point) } : {}),
  }))
    outcomes.push(outcome)
  return outcomes
}

/** Every window that holds, without what tells of the order of arrival, by device, sensor, level and start. */
export async function windowsOf(store: Store): Promise<Record<string, object>> {
  const found: Record<string, object> = {}
  for (const device of await store.deviceNames())
    for (const { sensor } of await store.streams(device))
      for (const level of levels) {
        const query = { device, sensor, level, from: -9e15, to: 9e15, limit: 1e6 }
        for (const { id: _, o: _o, set: _set, revision: _r, revisedAt: _a, ...rest } of (
          await store.rollups(query)
        ).items)
          found[`${device}/${sensor}/${level}/${rest.start}`] = rest satisfies Partial<RollupDocument>
      }
  return found
}

/** Readings of two devices, each with an identity, and what is left of them at their agents. */
export interface Fleet {
  /** Some of what is left, as a record; null: nothing is. */
  next(): ReturnType<typeof batchOf> | null
  publish(receipts: readonly StoredReceipt[]): void
  /** Everything that the agents ever accepted, as records. */
  readonly all: readonly ReturnType<typeof batchOf>[]
  readonly left: () => number
}

/** Agents that send what they hold in any order, again and again, until a receipt says that it is stored. */
export function createFleet(random: () => number, count: number): Fleet {
  const rows = new Map<string, { device: string; run: Run }>()
  for (const device of ['north', 'south'])
    for (const epoch of ['00000000000000aa', '00000000000000bb'])
      for (let seq = 1; seq <= count; seq++)
        rows.set(`${device} ${epoch} ${seq}`, { device, run: makeRun(random, epoch, seq, 1) })
  const all = [...rows.values()].map(({ device, run }) => batchOf(device, { runs: [run] }))
  return {
    all,
    left: () => rows.size,
    next() {
      const list = [...rows.values()]
      const from = Math.floor(random() * list.length)
      const first = list[from]
      if (!first) return null
      const runs: Run[] = []
      for (const { device, run } of list.slice(from, from + 1 + Math.floor(random() * 12)))
        if (device === first.device && run.epoch === first.run.epoch) runs.push(run)
      return batchOf(first.device, { runs: [joined(runs)] })
    },
    publish(receipts) {
      if (random() < 0.1) return
      for (const { device, streams } of receipts)
        for (const { epoch, stored } of streams)
          for (const [first, last] of pairs(stored))
            for (let seq = first; seq <= last; seq++) rows.delete(`${device} ${epoch} ${seq}`)
    },
  }
}

/** The runs up to the first gap in their numbers, as one. */
function joined(runs: readonly Run[]): Run {
  const [first] = runs as [Run]
  const end = runs.findIndex((run, i) => run.firstSeq !== first.firstSeq + i)
  const parts = runs.slice(0, end < 0 ? undefined : end)
  return {
    ...first,
    times: Float64Array.from(parts, (run) => run.times[0] as number),
    columns: first.columns.map((column, k) => ({
      ...column,
      values: Float64Array.from(parts, (run) => run.columns[k]?.values[0] as number),
    })),
  }
}
