import {
  encodeBatch,
  encodeExpire,
  encodeRelease,
  makeBatch,
  type Metric,
  metricByName,
} from '@barograph/proto'
import { expect, test } from 'vitest'
import { createBucket } from '../bucket.ts'
import { createCache } from '../cache.ts'
import { newDevice } from '../device.ts'
import { newEpoch } from '../epoch.ts'
import type { BucketDocument, CollectionName, Position, RollupDocument } from '../documents.ts'
import { createFold } from './fold.ts'
import { decodeRecord } from '../record.ts'
import { createMemoryStore, type MemoryStore } from '../testing/memory-store.ts'

const temperature = metricByName('temperature') as Metric

/** The record at an offset: one reading, under the number after it. */
const recordAt = (offset: number) => {
  const columns = [{ metric: temperature, values: Float64Array.of(20_000), flags: null }]
  const run = { sensor: 'bme280', epoch: 'aa'.repeat(8), intervalMs: 1_000, columns, marks: [] }
  const runs = [{ ...run, firstSeq: offset + 1, times: Float64Array.of(offset * 1_000) }]
  const value = encodeBatch(makeBatch('north', { runs }))
  const head = { partition: 0, device: 'north', kind: 'batch' as const, ingestMs: 0, quarantineAfterMs: null }
  return decodeRecord({ ...head, offset, value }, 0)
}

/** The release of a number, at an offset. */
const releaseAt = (offset: number, seq: number) => {
  const ranges = [{ sensor: 'bme280', epoch: 'aa'.repeat(8), firstSeq: seq, lastSeq: seq }]
  const value = encodeRelease({ device: 'north', ranges, by: '', why: '' })
  const head = {
    partition: 0,
    device: 'north',
    kind: 'release' as const,
    ingestMs: 0,
    quarantineAfterMs: null,
  }
  return decodeRecord({ ...head, offset, value }, 0)
}

/** An owner whose every step the test takes itself: no checkpoint stops it. */
function makeOwner(store: MemoryStore, sets?: Parameters<typeof createCache>[0]['sets']) {
  const cache = createCache({ partition: 0, generation: 0, ...(sets ? { sets } : {}) })
  const fold = createFold({ cache, partition: 0 })
  return {
    cache,
    async take(offset: number, record = recordAt(offset)) {
      let plan = fold.plan(record)
      while ('missing' in plan) {
        for (const need of plan.missing) {
          const [document = null] = await store.read<CollectionName>(need.collection, [need.id])
          cache.take(need, document)
        }
        plan = fold.plan(record)
      }
      return fold.apply(plan)
    },
    async flush() {
      await store.write(
        'readings',
        [...cache.buckets.dirty].map(({ state }) => state.toDocument()),
      )
      await store.write(
        'rollups',
        [...cache.rollups.dirty].map(({ state }) => state),
      )
      await store.write(
        'epochs',
        [...cache.epochs.dirty].map(({ state }) => state),
      )
      for (const entry of cache.buckets.dirty) cache.buckets.clean(entry)
      for (const entry of cache.epochs.dirty) cache.epochs.clean(entry)
    },
  }
}

test('an epoch that another owner wrote since does not hide what its buckets took', async () => {
  const store = createMemoryStore()
  const [slow, fast] = [makeOwner(store), makeOwner(store)]
  await slow.take(0)
  await slow.flush()
  await fast.take(0)
  await fast.take(1)
  await fast.flush() // and dies, or has not written the checkpoint yet
  slow.cache.epochs.evict(0) // many other epochs came between
  expect((await slow.take(1)).fresh).toBe(1)
  await slow.take(2)
  await slow.flush()
  const [bucket] = store.documents.readings.values()
  expect((bucket as BucketDocument).times).toEqual([0, 1_000, 2_000])
  const received = store.rollups().map(({ level, received: count }: RollupDocument) => [level, count])
  expect(received).toContainEqual(['hour', 3])
})

test('an epoch that is further than a record tells that a bucket which is not took nothing from it', async () => {
  const store = createMemoryStore()
  // What the record brought was refused then, for its epoch had too many ranges, and has fewer now.
  const epoch = newEpoch('north', { sensor: 'bme280', epoch: 'aa'.repeat(8) }, { g: 0, n: 9 })
  await store.write('epochs', [{ ...epoch, seen: [10, 20] }])
  const owner = makeOwner(store)
  expect((await owner.take(3)).fresh).toBe(0)
  expect([owner.cache.buckets.dirty.size, owner.cache.rollups.dirty.size]).toEqual([0, 0])
})

test('the same holds for a release', async () => {
  const store = createMemoryStore()
  const stream = { sensor: 'bme280', epoch: 'aa'.repeat(8) }
  const bucket = createBucket('north', stream, 0, null)
  const run = { ...stream, intervalMs: 1_000, firstSeq: 4, times: Float64Array.of(0), columns: [], marks: [] }
  const why = { what: 'quarantined', reason: 'in the future', ingestMs: 0 } as const
  bucket.put(run, 0, undefined, { at: { g: 0, n: 1 }, ...why })
  await store.write('readings', [{ ...bucket.toDocument(), o: { g: 0, n: 2 } }])
  const before = newEpoch('north', stream, { g: 0, n: 2 })
  const quarantined = { 'in the future': [4, 4] }
  await store.write('epochs', [{ ...before, seen: [4, 4], quarantined }])
  expect((await makeOwner(store).take(5, releaseAt(5, 4))).released).toBe(1)
  await store.write('epochs', [{ ...before, o: { g: 0, n: 9 }, seen: [4, 4], quarantined }])
  expect((await makeOwner(store).take(5, releaseAt(5, 4))).released).toBe(0)
})

/** One reading of a device whose site changed twice, and the expiry of it, told by somebody who knew the log up to `known`. */
async function expiryOf(known: Position) {
  const store = createMemoryStore()
  const stream = { sensor: 'bme280', epoch: 'aa'.repeat(8) }
  const place = { version: 1, name: '', latitude: 0, longitude: 0, altitudeM: 0, validFrom: 0 }
  const first = { ...place, timeZone: 'America/New_York', at: { g: 0, n: 0 } }
  const moved = { ...place, version: 2, timeZone: 'Asia/Tokyo', at: { g: 0, n: 4 } }
  const later = { ...place, version: 3, timeZone: 'Europe/Vienna', at: { g: 0, n: 6 } }
  await store.write('devices', [{ ...newDevice('north', 0, { g: 0, n: 7 }), sites: [first, moved, later] }])
  const bucket = createBucket('north', stream, 0, null)
  const run = { ...stream, intervalMs: 1_000, firstSeq: 1, times: Float64Array.of(0), columns: [], marks: [] }
  bucket.put(run, 0, undefined, { at: { g: 0, n: 1 }, what: 'arrived', reason: '', ingestMs: 0 })
  await store.write('readings', [{ ...bucket.toDocument(), o: { g: 0, n: 2 } }])
  const expire = { device: 'north', raw: [{ ...stream, ranges: [1, 1] }], levels: [], known }
  const head = {
    partition: 0,
    device: 'north',
    kind: 'expire' as const,
    ingestMs: 0,
    quarantineAfterMs: null,
  }
  const record = decodeRecord({ ...head, offset: 8, value: encodeExpire(expire) }, 0)
  return async (sets?: Parameters<typeof makeOwner>[1]) => {
    const owner = makeOwner(store, sets)
    await owner.take(8, record)
    return owner.cache.devices.get('north')?.state.sealedUntil.day
  }
}

test('a window is sealed where the last rebuild put its readings', async () => {
  const dayIn = await expiryOf({ g: 0, n: 8 })
  const midnight = { newYork: 5 * 3_600_000, tokyo: 15 * 3_600_000 }
  expect(await dayIn()).toBe(midnight.newYork)
  // Made of the records before the one that brought the last site.
  const at = { g: 0, n: 6 }
  expect(await dayIn(new Map([['north', { device: 'north', set: 1, at }]]))).toBe(midnight.tokyo)
})

test('nothing expires that was chosen before a site came, also by somebody of a later generation of the log', async () => {
  expect(await (await expiryOf({ g: 0, n: 5 }))()).toBe(undefined)
  expect(await (await expiryOf({ g: 1, n: 5 }))()).toBe(undefined)
  expect(await (await expiryOf({ g: 1, n: 7 }))()).toBe(5 * 3_600_000)
})
