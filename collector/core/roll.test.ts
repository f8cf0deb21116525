import {
  CodedError,
  encodeBatch,
  encodeSettings,
  encodeStatus,
  makeBatch,
  type Batch,
  metricByName,
  type Metric,
  offlineStatus,
  pairs,
  type Run,
  sizeOf,
} from '@barograph/proto'
import { describe, expect, test, vi } from 'vitest'
import type { BucketDocument, Document, EpochDocument, RollupDocument } from './documents.ts'
import { levels } from './documents.ts'
import type { Log } from './log.ts'
import { createRoll, type StoredReceipt } from './roll.ts'
import { createMemoryLog } from './testing/memory-log.ts'
import { createMemoryStore, type MemoryStore } from './testing/memory-store.ts'
import { type Owner, settings, settle, startOwner } from './testing/owner.ts'
import { isKept, windowAt } from './windows.ts'
import { zoneOf } from './zone.ts'

// Owners that crash and lag on a machine that may be busy: patience, not a measure.
vi.setConfig({ testTimeout: 60_000 })

const temperature = metricByName('temperature') as Metric
const precipitation = metricByName('precipitation') as Metric
const direction = metricByName('windDirection') as Metric
const zoneName = settings.defaultTimeZone

/** A seeded generator (mulberry32), so that a failing case can be run again. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

interface Reading {
  readonly device: string
  readonly epoch: string
  readonly seq: number
  readonly time: number
  readonly values: readonly number[]
  readonly flag: number
}

const epochs = ['00000000000000aa', '00000000000000bb']
const intervalMs = 600_000

function makeReadings(random: () => number, count: number): Reading[] {
  const start = Date.UTC(2013, 10, 2, 20) // over the night in which the clocks of New York go back
  const list: Reading[] = []
  for (const device of ['north', 'south'])
    for (const epoch of epochs)
      for (let seq = 1; seq <= count; seq++)
        list.push({
          device,
          epoch,
          seq,
          time: start + seq * intervalMs + Math.floor(random() * 3) * 1000,
          values: [
            Math.floor(random() * 40_000) - 10_000,
            Math.floor(random() * 5_000),
            Math.floor(random() * 360_000),
          ],
          flag: random() < 0.05 ? 128 : random() < 0.05 ? 1 : 0,
        })
  return list
}

function runOf(readings: readonly Reading[]): Run {
  const [first] = readings as [Reading]
  return {
    sensor: 'bme280',
    epoch: first.epoch,
    intervalMs,
    firstSeq: first.seq,
    times: Float64Array.from(readings, (reading) => reading.time),
    columns: [temperature, precipitation, direction].map((metric, i) => ({
      metric,
      values: Float64Array.from(readings, (reading) => reading.values[i] as number),
      flags: i === 0 ? Uint8Array.from(readings, (reading) => reading.flag) : null,
    })),
    marks: [],
  }
}

/** The readings cut into batches at random, some of them repeated, all of them shuffled. */
function makeBatches(readings: readonly Reading[], random: () => number): Batch[] {
  const batches: Batch[] = []
  for (let i = 0; i < readings.length; ) {
    const first = readings[i] as Reading
    let end = i + 1 + Math.floor(random() * 40)
    while (
      end > i + 1 &&
      (readings[end - 1]?.epoch !== first.epoch || readings[end - 1]?.device !== first.device)
    )
      end--
    const batch = makeBatch(first.device, { runs: [runOf(readings.slice(i, end))] })
    batches.push(batch)
    if (random() < 0.3) batches.push(batch)
    if (random() < 0.3 && end - i > 2)
      batches.push(makeBatch(first.device, { runs: [runOf(readings.slice(i + 1, end))] }))
    i = end
  }
  for (let i = batches.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    ;[batches[i], batches[j]] = [batches[j] as Batch, batches[i] as Batch]
  }
  return batches
}

/** A log in which the settings stand before everything else. */
async function makeLog(): Promise<Log> {
  const log = createMemoryLog()
  const value = encodeSettings(settings)
  await log.append([
    { device: '', partition: 0, kind: 'settings', ingestMs: 0, quarantineAfterMs: null, value },
  ])
  return log
}

const recordOf = (batch: Batch, number = 0) => ({
  device: batch.device,
  kind: 'batch' as const,
  ingestMs: 1_700_000_000_000 + number,
  quarantineAfterMs: null,
  value: encodeBatch(batch),
})

/** What must come out, computed reading by reading with nothing but additions. */
function expectedWindows(
  readings: readonly Reading[],
): Map<string, { received: number; sum: number; count: number; flagged: number; min: number; max: number }> {
  const windows = new Map<
    string,
    { received: number; sum: number; count: number; flagged: number; min: number; max: number }
  >()
  for (const { device, time, values, flag } of readings)
    for (const level of levels) {
      if (!isKept(level, intervalMs)) continue
      const id = `${device}/bme280/${level}/${windowAt(level, time, zoneOf(zoneName)).start}`
      const window = windows.get(id) ?? {
        received: 0,
        sum: 0,
        count: 0,
        flagged: 0,
        min: Infinity,
        max: -Infinity,
      }
      windows.set(id, window)
      window.received++
      if (flag >= 128) window.flagged++
      else {
        const value = values[0] as number
        window.count++
        window.sum += value
        window.min = Math.min(window.min, value)
        window.max = Math.max(window.max, value)
      }
    }
  return windows
}

function expectComplete(store: MemoryStore, readings: readonly Reading[]): void {
  const wanted = expectedWindows(readings)
  const rollups = store.rollups()
  expect(rollups.map((rollup) => rollup.id).sort()).toEqual([...wanted.keys()].sort())
  for (const rollup of rollups) {
    const want = wanted.get(rollup.id)
    const figures = rollup.metrics.temperature
    expect({
      id: rollup.id,
      received: rollup.received,
      flagged: figures?.flagged,
      count: figures?.count,
      sum: figures?.sum,
    }).toEqual({
      id: rollup.id,
      received: want?.received,
      flagged: want?.flagged,
      count: want?.count,
      sum: want?.sum,
    })
    const extremes = want && want.count > 0 ? [want.min, want.max] : [figures?.min, figures?.max]
    expect([figures?.min, figures?.max]).toEqual(extremes)
  }
  const seen = [...store.documents.epochs.values()].reduce(
    (sum, epoch) => sum + sizeOf((epoch as EpochDocument).seen),
    0,
  )
  expect(seen).toBe(readings.length)
  const stored = [...store.documents.readings.values()].reduce(
    (sum, bucket) => sum + (bucket as BucketDocument).times.filter((time) => time !== null).length,
    0,
  )
  expect(stored).toBe(readings.length)
}

/** Everything that must not depend on the order of arrival. */
function comparable(store: MemoryStore): unknown[] {
  return store
    .rollups()
    .map(({ o: _, revision: __, revisedAt: ___, ...rest }: RollupDocument) => rest)
    .sort((a, b) => (a.id < b.id ? -1 : 1))
}

/** Losses and ends that nobody meant: what a device may say at any time, right or wrong. */
function makeDeclarations(random: () => number, count: number, last: number): Batch[] {
  return Array.from({ length: count }, () => {
    const stream = { sensor: 'bme280', epoch: epochs[random() < 0.5 ? 0 : 1] as string }
    const firstSeq = 1 + Math.floor(random() * last)
    const lastSeq = Math.min(last, firstSeq + Math.floor(random() * 20))
    return makeBatch(
      random() < 0.5 ? 'north' : 'south',
      random() < 0.3
        ? { ended: [{ ...stream, lastSeq }] }
        : { lost: [{ ...stream, firstSeq, lastSeq, cause: random() < 0.5 ? 'buffer full' : 'expired' }] },
    )
  })
}

/** What one of the runs says of itself: in turns, as two agents with one name do, and sometimes again what it said. */
function statusRecord(random: () => number, number: number) {
  const epoch = epochs[random() < 0.5 ? 0 : 1] as string
  const sensor = {
    sensor: 'bme280',
    type: '',
    intervalMs,
    origin: 'measured',
    backlog: 0,
    fault: null,
  } as const
  const value = encodeStatus({
    ...offlineStatus,
    online: random() < 0.9,
    time: 1_000 * (random() < 0.2 ? number - 2 : number),
    sensors: [{ ...sensor, epoch, accepted: Math.floor(random() * 60) }],
  })
  const device = random() < 0.5 ? 'north' : 'south'
  const ingestMs = 1_700_000_000_000 + number
  return { device, kind: 'status' as const, ingestMs, quarantineAfterMs: null, value }
}

/** What one owner without any trouble makes of the log: every document, but for how many records it holds already. */
async function foldedOnce(log: Log): Promise<MemoryStore> {
  const store = createMemoryStore()
  await settle(log, store)
  return store
}

function withoutPosition(documents: ReadonlyMap<string, Document>): Map<string, object> {
  return new Map([...documents].map(([id, { o: _, ...rest }]) => [id, rest]))
}

describe('the roll', () => {
  test('windows, epochs and buckets equal a plain addition of the readings, whatever the batches', async () => {
    const random = seeded(1)
    const readings = makeReadings(random, 400)
    const log = await makeLog()
    await log.append(makeBatches(readings, random).map((batch) => recordOf(batch)))
    const store = createMemoryStore()
    await settle(log, store)
    expectComplete(store, readings)
  })

  test('documents do not depend on the order, the batches and the repeats', async () => {
    const readings = makeReadings(seeded(2), 150)
    const outcomes: unknown[] = []
    for (const seed of [3, 4, 5]) {
      const log = await makeLog()
      await log.append(makeBatches(readings, seeded(seed)).map((batch) => recordOf(batch)))
      const store = createMemoryStore()
      await settle(log, store)
      outcomes.push(comparable(store))
    }
    expect(outcomes[1]).toEqual(outcomes[0])
    expect(outcomes[2]).toEqual(outcomes[0])
  })

  test.each(Array.from({ length: 40 }, (_, i) => i + 100))(
    'owners that crash, overlap and lag leave each reading once and receipt nothing that is not stored (seed %i)',
    async (seed) => {
      const random = seeded(seed)
      const readings = makeReadings(random, 60)
      const batches = makeBatches(readings, random)
      for (const declared of makeDeclarations(random, 12, 60))
        batches.splice(Math.floor(random() * batches.length), 0, declared)
      const log = await makeLog()
      const store = createMemoryStore()
      const tooEarly: string[] = []
      const publish = (receipts: readonly StoredReceipt[]): void => {
        for (const { device, streams } of receipts)
          for (const { sensor, epoch, stored } of streams)
            for (const [first, last] of pairs(stored))
              for (let seq = first; seq <= last; seq++) {
                const bucket = store.documents.readings.get(
                  `${device}/${sensor}/${epoch}/${Math.floor((seq - 1) / 256)}`,
                ) as BucketDocument | undefined
                if (typeof bucket?.times[(seq - 1) % 256] !== 'number')
                  tooEarly.push(`${device} ${epoch} ${seq}`)
              }
      }
      const owners: Owner[] = []
      let logged = 0
      while (batches.length > 0) {
        const some = batches.splice(0, 1 + Math.floor(random() * 6))
        await log.append(some.map((batch) => recordOf(batch, logged++)))
        await log.append([statusRecord(random, logged++)])
        if (random() < 0.5) owners.push(startOwner(log, store, { random, publish }))
        await new Promise((resolve) => setTimeout(resolve, random() * 4))
      }
      await settle(log, store, publish)
      for (const owner of owners) owner.stop()
      await Promise.all(owners.map((owner) => owner.done))
      expectComplete(store, readings)
      expect(tooEarly).toEqual([])
      const once = (await foldedOnce(log)).documents
      for (const name of ['epochs', 'streams', 'devices', 'rollups'] as const)
        expect(withoutPosition(store.documents[name])).toEqual(withoutPosition(once[name]))
    },
  )

  /** Counts the flushes of a roll whose wall clock the test sets, until it has stored the whole log. */
  async function flushesOf(log: Log, flushIntervalMs: number, now: () => number): Promise<number> {
    const store = createMemoryStore()
    let flushes = 0
    const ending = new AbortController()
    const done = createRoll({
      log,
      // What is written is not looked at here.
      store: { ...store, write: async () => {} },
      partition: 0,
      settings,
      flushIntervalMs,
      publish: () => {},
      report: () => {},
      clock: { now, sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)) },
      reached: (point) => {
        if (point === 'folded') flushes++
      },
    }).run(ending.signal)
    for (let i = 0; i < 500; i++) {
      if ((await store.checkpoint(0))?.position.n === (await log.extent(0)).next) break
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
    const beforeTheEnd = flushes
    ending.abort()
    await done
    return beforeTheEnd
  }

  test('what is dirty is flushed between two records of one fetch, not only after it', async () => {
    const log = await makeLog()
    const count = 8_000
    const hourMs = 3_600_000
    for (let i = 0; i < 3; i++) {
      const times = Float64Array.from({ length: count }, (_, k) => (i * count + k) * hourMs)
      const run = { sensor: 'bme280', epoch: 'aa'.repeat(8), intervalMs: 1_000, columns: [], marks: [] }
      const runs = [{ ...run, firstSeq: 1 + i * count, times }]
      await log.append([recordOf(makeBatch('north', { clock: 'historical', runs }))])
    }
    expect(await flushesOf(log, 3_600_000, () => 0)).toBe(3)
  })

  test('a wall clock that is set back does not keep stored readings from their receipt', async () => {
    const log = await makeLog()
    await log.append(makeBatches(makeReadings(seeded(6), 5), seeded(7)).map((batch) => recordOf(batch)))
    let asked = 0
    expect(await flushesOf(log, 1_000, () => (asked++ === 0 ? 7_200_000 : 3_600_000))).toBeGreaterThan(0)
  })

  test('an outage of the log that is over is no trouble any more, also where nothing waits to be stored', async () => {
    const log = await makeLog()
    let isAway = false
    let refusals = 0
    const refuse = (): void => {
      if (!isAway) return
      refusals++
      throw new CodedError('log-unreachable', 'away', { retryable: true })
    }
    const said: (string | null)[] = []
    const ending = new AbortController()
    const done = createRoll({
      log: {
        ...log,
        async extent(partition) {
          refuse()
          return log.extent(partition)
        },
      },
      store: createMemoryStore(),
      partition: 0,
      settings,
      flushIntervalMs: 2,
      publish: () => {},
      report: ({ trouble }) => void said.push(trouble),
      clock: { now: Date.now, sleep: () => new Promise((resolve) => setTimeout(resolve, 2)) },
    }).run(ending.signal)
    const until = async (isSo: () => boolean): Promise<void> => {
      while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 2))
    }
    await until(() => said.length > 3)
    isAway = true
    await until(() => refusals > 1)
    isAway = false
    const before = said.length
    await until(() => said.length > before + 1)
    expect(said.at(-1)).toBeNull()
    ending.abort()
    await done
  })

  test('a log without room for new settings is folded by the old ones until it has room', async () => {
    const log = createMemoryLog()
    await log.append(makeBatches(makeReadings(seeded(8), 5), seeded(9)).map((batch) => recordOf(batch)))
    const { next } = await log.extent(0)
    let isFull = true
    const full: Log = {
      ...log,
      append: async (records) => {
        if (isFull) throw new CodedError('log-full', 'no room', { retryable: true })
        return log.append(records)
      },
    }
    const store = createMemoryStore()
    const owner = startOwner(full, store)
    await expect.poll(async () => (await store.checkpoint(0))?.position.n).toBe(next)
    isFull = false
    await expect.poll(async () => (await store.checkpoint(0))?.position.n).toBe(next + 1)
    owner.stop()
    await owner.done
    expect(store.documents.settings.get('0')).toMatchObject({ o: { g: 0, n: next + 1 } })
  })

  test('a store that is an older copy than the log reaches back to goes on, and tells how many records it missed', async () => {
    const log = await makeLog()
    await log.append(makeBatches(makeReadings(seeded(10), 20), seeded(11)).map((batch) => recordOf(batch)))
    await log.prune(1_700_000_000_001)
    await log.append([recordOf(makeBatch('north'))])
    const { first, next } = await log.extent(0)
    const missed: number[] = []
    const store = createMemoryStore()
    const owner = startOwner(log, store, { report: (report) => missed.push(report.missed) })
    await expect.poll(async () => (await store.checkpoint(0))?.position.n).toBe(next + 1)
    owner.stop()
    await owner.done
    expect(first).toBeGreaterThan(0)
    expect(new Set(missed)).toEqual(new Set([first]))
  })
})
