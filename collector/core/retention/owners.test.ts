// The randomised model of the protocol (retention, loss, thinning, quarantine and release), on the program itself:
// owners that crash, lag and forget fold one log while a sweeper deletes behind them.
import {
  type Batch,
  encodeBatch,
  encodeExpire,
  encodeRefusal,
  encodeRelease,
  encodeSettings,
  makeBatch,
  type Metric,
  metricByName,
  pairs,
  type RangeSet,
} from '@barograph/proto'
import { expect, test } from 'vitest'
import type {
  BucketDocument,
  DeviceDocument,
  EpochDocument,
  RollupDocument,
  StreamDocument,
} from '../documents.ts'
import type { Log, NewRecord } from '../log.ts'
import type { StoredReceipt } from '../roll.ts'
import { createMemoryLog } from '../testing/memory-log.ts'
import { createMemoryStore, type MemoryStore } from '../testing/memory-store.ts'
import { type Owner, settings, settle, startOwner } from '../testing/owner.ts'
import type { Retention } from './limits.ts'
import { createSweeper } from './sweeper.ts'
import { type LogModel, modelOf, type ModelEpoch } from './testing/log-model.ts'

const temperature = metricByName('temperature') as Metric
const devices = ['north', 'south']
const stream = { sensor: 'bme280', epoch: '00000000000000aa' }
const perDevice = 600
const intervalMs = 600_000
const began = Date.UTC(2026, 2, 1)
/** Each record is a second after the one before. */
const ingestOf = (records: number): number => began + 30 * 86_400_000 + records * 1_000
const timeOf = (seq: number): number => began + seq * intervalMs

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

type Unstamped = Omit<NewRecord, 'ingestMs'>

/** What devices, the bridge and an operator say, in no order that makes sense. */
function createSayings(random: () => number): () => Unstamped {
  const below = (n: number): number => Math.floor(random() * n)
  const range = (most: number) => {
    const firstSeq = 1 + below(perDevice)
    return { ...stream, firstSeq, lastSeq: Math.min(perDevice, firstSeq + below(most)) }
  }
  const batch = (
    device: string,
    parts: Partial<Batch>,
    quarantineAfterMs: number | null = null,
  ): Unstamped => ({
    device,
    kind: 'batch',
    quarantineAfterMs,
    value: encodeBatch(makeBatch(device, parts)),
  })
  const runs = (firstSeq: number, lastSeq: number): Batch['runs'] => {
    const numbers = Array.from({ length: lastSeq - firstSeq + 1 }, (_, i) => firstSeq + i)
    const values = Float64Array.from(numbers, (seq) => seq * 10)
    const columns = [{ metric: temperature, values, flags: null }]
    return [
      { ...stream, intervalMs, firstSeq, times: Float64Array.from(numbers, timeOf), columns, marks: [] },
    ]
  }
  const summary = (firstSeq: number, count: number): Batch['summaries'][number] => {
    const start = Math.floor(timeOf(firstSeq) / 60_000) * 60_000
    const ends = {
      min: 1,
      minAt: start,
      max: 2,
      maxAt: start,
      first: 1,
      firstAt: start,
      last: 2,
      lastAt: start,
    }
    const figures = {
      metric: temperature,
      count,
      flagged: 0,
      suspect: 0,
      sum: firstSeq,
      sine: 0,
      cosine: 0,
      ...ends,
    }
    const minutes = [{ start, received: count, figures: [figures] }]
    return { ...stream, firstSeq, lastSeq: firstSeq + count - 1, intervalMs, minutes }
  }
  return () => {
    const device = devices[below(2)] as string
    const x = random()
    const one = range(60)
    if (x < 0.5) {
      const clock = random() < 0.2 ? 'uncertain' : 'synced'
      // A bridge whose clock is behind takes the later ones for the future.
      const after = random() < 0.2 ? timeOf(one.firstSeq + below(60)) : null
      return batch(device, { clock, runs: runs(one.firstSeq, one.lastSeq) }, after)
    }
    if (x < 0.6) {
      const { firstSeq, lastSeq } = range(20)
      return batch(device, { summaries: [summary(firstSeq, lastSeq - firstSeq + 1)] })
    }
    if (x < 0.7) return batch(device, { lost: [{ ...range(30), cause: 'buffer full' }] })
    if (x < 0.75) {
      const refused = [{ ...range(20), reason: 'malformed' }]
      return { device, kind: 'refusal', quarantineAfterMs: null, value: encodeRefusal({ device, refused }) }
    }
    if (x < 0.93) {
      const value = encodeRelease({ device, ranges: [range(150)], by: 'test', why: 'test' })
      return { device, kind: 'release', quarantineAfterMs: null, value }
    }
    // Retention of somebody who does not wait until everything is accounted for.
    const { firstSeq, lastSeq } = range(40)
    const raw = random() < 0.5 ? [{ ...stream, ranges: [firstSeq, lastSeq] }] : []
    const level = {
      sensor: stream.sensor,
      level: random() < 0.5 ? 'hour' : 'day',
      before: timeOf(below(200)),
    }
    const value = encodeExpire({ device, raw, levels: [level], known: { g: 0, n: 1_000_000 } })
    return { device, kind: 'expire', quarantineAfterMs: null, value }
  }
}

/** All that is missing at the end, so that everything is accounted for. */
function remainders(): Unstamped[] {
  return devices.flatMap((device) => [
    {
      device,
      kind: 'batch' as const,
      quarantineAfterMs: null,
      value: encodeBatch(
        makeBatch(device, {
          lost: [{ ...stream, firstSeq: 1, lastSeq: perDevice, cause: 'card broken' }],
          ended: [{ ...stream, lastSeq: perDevice }],
        }),
      ),
    },
  ])
}

const setOf = (numbers: Iterable<number>): RangeSet => {
  const set: number[] = []
  for (const n of [...numbers].sort((a, b) => a - b))
    if (set[set.length - 1] === n - 1) set[set.length - 1] = n
    else set.push(n, n)
  return set
}
const byName = (numbers: ReadonlyMap<number, string>): Record<string, RangeSet> =>
  Object.fromEntries(
    [...new Set(numbers.values())].map((name) => [
      name,
      setOf([...numbers].filter(([, its]) => its === name).map(([seq]) => seq)),
    ]),
  )

function epochAsStored({ entries, lost, refused, expired }: ModelEpoch) {
  const waiting = [...entries].filter(([seq, { how }]) => how === 'quarantined' && !expired.has(seq))
  return {
    seen: setOf(entries.keys()),
    lost: byName(lost),
    refused: byName(refused),
    expired: setOf(expired),
    waiting: setOf(waiting.map(([seq]) => seq)),
  }
}

function expectEpochs(store: MemoryStore, { epochs }: LogModel): void {
  for (const [id, epoch] of epochs) {
    const stored = store.documents.epochs.get(id) as EpochDocument
    const { seen, lost, refused, expired, quarantined } = stored
    const waiting = setOf(
      Object.values(quarantined).flatMap((set) =>
        [...pairs(set)].flatMap(([first, last]) =>
          Array.from({ length: last - first + 1 }, (_, i) => first + i),
        ),
      ),
    )
    expect({ seen, lost, refused, expired, waiting }).toEqual(epochAsStored(epoch))
  }
}

function expectBuckets(store: MemoryStore, { epochs }: LogModel): void {
  for (const [id, { entries, expired }] of epochs)
    for (let index = 0; index * 256 < perDevice; index++) {
      const bucket = store.documents.readings.get(`${id}/${index}`) as BucketDocument | undefined
      const numbers = Array.from({ length: 256 }, (_, i) => index * 256 + i + 1).filter((n) => n <= perDevice)
      const held = new Map<number, string>()
      for (const { first, last, what } of bucket?.events ?? [])
        for (let seq = first; seq <= last; seq++) held.set(seq, what)
      // A bucket whose every number expired is gone; one with others keeps those that expired with them.
      const isGone = numbers.every((n) => expired.has(n))
      const kept = isGone ? [] : numbers.filter((n) => entries.has(n))
      const wanted = new Map(kept.map((n) => [n, entries.get(n)?.how]))
      expect([id, index, held, bucket === undefined]).toEqual([
        id,
        index,
        wanted,
        isGone || kept.length === 0,
      ])
    }
}

function expectWindows(store: MemoryStore, { windows, expiredBefore, sealedUntil }: LogModel): void {
  const isExpired = (id: string, level: string, end: number): boolean =>
    end <= (expiredBefore.get(`${id.split('/').slice(0, 2).join('/')} ${level}`) ?? Number.NEGATIVE_INFINITY)
  const wanted = [...windows].filter(([id, { level, end }]) => !isExpired(id, level, end))
  const found = store
    .rollups()
    .map(({ id, received, sealed, metrics }): [string, object] => [
      id,
      { received, sealed, sum: metrics.temperature?.sum },
    ])
  const asFound = wanted.map(([id, { received, sealed, sum }]): [string, object] => [
    id,
    { received, sealed, sum },
  ])
  expect(new Map(found)).toEqual(new Map(asFound))
  for (const [key, end] of sealedUntil) {
    const [device = '', level = ''] = key.split(' ')
    const document = store.documents.devices.get(device) as DeviceDocument
    expect([key, document.sealedUntil[level as RollupDocument['level']]]).toEqual([key, end])
  }
  for (const [key, before] of expiredBefore) {
    const [id = '', level = ''] = key.split(' ')
    const document = store.documents.streams.get(id) as StreamDocument
    expect([key, document.expiredBefore[level as RollupDocument['level']]]).toEqual([key, before])
  }
}

/** What one owner without any trouble makes of the log. */
async function foldedOnce(log: Log): Promise<MemoryStore> {
  const store = createMemoryStore()
  await settle(log, store)
  return store
}

const withoutPosition = (documents: ReadonlyMap<string, object>, ids: Iterable<string>): unknown[] =>
  [...ids].sort().map((id) => {
    const { o: _, ...rest } = (documents.get(id) ?? {}) as { o?: unknown }
    return [id, rest]
  })

const retention: Retention = {
  raw: 25_000,
  '10s': null,
  '1m': null,
  hour: null,
  day: null,
  week: null,
  month: null,
  year: null,
}

test.each(Array.from({ length: Number(process.env.BAROGRAPH_TEST_SEEDS ?? 25) }, (_, i) => i + 1))(
  'owners that crash, lag and forget beside retention leave what the log says, and nothing else (seed %i)',
  { timeout: 60_000 },
  async (seed) => {
    const random = seeded(seed)
    const log = createMemoryLog()
    const store = createMemoryStore()
    let records = 0
    const append = async (...some: readonly Unstamped[]): Promise<void> => {
      await log.append(some.map((one) => ({ ...one, ingestMs: ingestOf(records++) })))
    }
    await append({
      device: '',
      partition: 0,
      kind: 'settings',
      quarantineAfterMs: null,
      value: encodeSettings(settings),
    })
    const early: string[] = []
    const publish = (receipts: readonly StoredReceipt[]): void => {
      for (const { device, streams } of receipts)
        for (const { sensor, epoch, stored } of streams) {
          const id = `${device}/${sensor}/${epoch}`
          const expired = setOf(numbersIn((store.documents.epochs.get(id) as EpochDocument).expired))
          for (const seq of numbersIn(stored)) {
            const bucket = store.documents.readings.get(`${id}/${Math.floor((seq - 1) / 256)}`) as
              | BucketDocument
              | undefined
            const isHeld = bucket?.events.some(({ first, last }) => first <= seq && seq <= last)
            if (!isHeld && !numbersIn(expired).includes(seq)) early.push(`${id} ${seq}`)
          }
        }
    }
    const sweeper = createSweeper({
      log,
      store,
      retention,
      clock: { now: () => ingestOf(records), sleep: async () => {} },
    })
    const pause = async (): Promise<void> => {
      if (random() < 0.5) await new Promise((resolve) => setTimeout(resolve, random() * 3))
    }
    const say = createSayings(random)
    const owners: Owner[] = []
    let before: Unstamped | null = null
    for (let i = 0; i < 60; i++) {
      const some: Unstamped[] = Array.from({ length: 1 + Math.floor(random() * 4) }, say)
      if (before && random() < 0.3) some.push(before)
      before = some[0] ?? null
      await append(...some)
      if (random() < 0.4)
        owners.push(
          startOwner(log, store, {
            random,
            publish,
            isSlow: random() < 0.4,
            ...(random() < 0.7 ? { cached: 0 } : {}),
          }),
        )
      if (random() < 0.3) await sweeper.sweep(pause)
      if (random() < 0.7) await new Promise((resolve) => setTimeout(resolve, random() * 4))
    }
    await append(...remainders())
    await settle(log, store, publish)
    // All is old now: what is accounted for expires, and goes once that is folded, while some owners still lag.
    records += 100
    await sweeper.sweep(pause)
    await settle(log, store, publish)
    await sweeper.sweep(pause)
    for (const owner of owners) owner.stop()
    await Promise.all(owners.map((owner) => owner.done))
    await settle(log, store, publish)
    await sweeper.sweep(pause)

    const { next } = await log.extent(0)
    const model = modelOf(await log.read(0, 0, next), settings.defaultTimeZone)
    expect(early).toEqual([])
    expectEpochs(store, model)
    expectBuckets(store, model)
    expectWindows(store, model)
    const once = (await foldedOnce(log)).documents
    for (const name of ['epochs', 'streams', 'devices', 'rollups'] as const) {
      const ids = [...store.documents[name].keys()]
      expect(withoutPosition(store.documents[name], ids)).toEqual(withoutPosition(once[name], ids))
    }
  },
)

const numbersIn = (set: RangeSet): number[] =>
  [...pairs(set)].flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, i) => first + i))
