// What every store promises (core/store.ts), tested through the port alone: each backend runs this suite.
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { collectionNames, type CollectionName, type Collections } from '../core/documents.ts'
import type { Change, Checkpoint, Store } from '../core/store.ts'
import { startProcess } from '../testing-process.ts'
import { at, bucketOf, deviceOf, epochOf, rollupOf, samples, streamOf } from './testing/documents.ts'
import { race, type StoreModule, type Task } from './testing/writer.ts'

export interface StoreHarness extends StoreModule {
  /** Makes room for an empty store and names the place. */
  create(): Promise<string>
  remove(location: string): Promise<void>
  /** A second opening for readers: of a process that serves or audits. */
  openReader(location: string): Promise<Store>
  /** Path of a module that exports `openStore`, for other processes. */
  readonly module: string
}

const writer = new URL('./testing/writer.ts', import.meta.url).pathname

const open: Checkpoint = {
  partition: 0,
  logId: 'log',
  position: at(0),
  reach: 0,
  reachHash: null,
  phase: null,
  swaps: 0,
  before: null,
}

/** Registers the suite for one backend. */
export function describeStore(name: string, harness: StoreHarness): void {
  let location: string
  let store: Store
  beforeEach(async () => {
    location = await harness.create()
    store = await harness.openStore(location)
  })
  afterEach(async () => {
    await store.close()
    await harness.remove(location)
  })
  const startWriter = (task: Task, own = 0) =>
    startProcess(writer, [harness.module, location, task, String(own)])

  describe(`${name}: documents`, () => {
    it.each(collectionNames)(
      'what is written to %s is read back exactly, after a restart too',
      async (collection) => {
        await store.write(collection, [samples[collection]])
        expect(await store.read(collection, [samples[collection].id])).toEqual([samples[collection]])
        await store.close()
        store = await harness.openStore(location)
        expect(await store.read(collection, [samples[collection].id])).toEqual([samples[collection]])
      },
    )

    it('documents are read in the order of the ids, and null stands for one that is not there', async () => {
      await store.write('devices', [deviceOf('a', at(1)), deviceOf('b', at(1))])
      const found = await store.read('devices', ['b', 'nobody', 'a', 'b'])
      expect(found.map((device) => device?.id ?? null)).toEqual(['b', null, 'a', 'b'])
      expect(await store.read('streams', ['a'])).toEqual([null])
      expect(await store.read('streams', [])).toEqual([])
    })

    it('an equal or older position leaves the document alone, without an error', async () => {
      await store.write('devices', [deviceOf('a', at(5), 'five')])
      await store.write('devices', [deviceOf('a', at(5), 'again')])
      await store.write('devices', [deviceOf('a', at(4), 'four'), deviceOf('b', at(1), 'other')])
      expect(await store.read('devices', ['a', 'b'])).toEqual([
        deviceOf('a', at(5), 'five'),
        deviceOf('b', at(1), 'other'),
      ])
    })

    it('a newer generation replaces whatever offset an older one had', async () => {
      await store.write('devices', [deviceOf('a', at(900, 0), 'old')])
      await store.write('devices', [deviceOf('a', at(1, 1), 'new')])
      await store.write('devices', [deviceOf('a', at(901, 0), 'older')])
      expect(await store.read('devices', ['a'])).toEqual([deviceOf('a', at(1, 1), 'new')])
    })
  })

  describe(`${name}: checkpoints`, () => {
    it('a checkpoint is made once; a second maker gets the first one', async () => {
      expect(await store.checkpoint(0)).toBeNull()
      expect(await store.createCheckpoint(open)).toEqual(open)
      expect(await store.createCheckpoint({ ...open, logId: 'another', position: at(9) })).toEqual(open)
      expect(await store.checkpoint(0)).toEqual(open)
      expect(await store.checkpoint(1)).toBeNull()
    })

    it('position and reach go forwards only', async () => {
      await store.createCheckpoint(open)
      expect(await store.raiseReach(0, 0, 10, 'ten', 0)).toBe(true)
      expect(await store.advance(0, at(8), 0)).toBe(true)
      expect(await store.raiseReach(0, 0, 7, 'seven', 0)).toBe(true)
      expect(await store.advance(0, at(3), 0)).toBe(true)
      const reached = { ...open, position: at(8), reach: 10, reachHash: 'ten' }
      expect(await store.checkpoint(0)).toEqual(reached)
    })

    it('another generation, a rebuild and a missing checkpoint refuse both', async () => {
      expect(await store.raiseReach(0, 0, 1, null, 0)).toBe(false)
      expect(await store.advance(0, at(1), 0)).toBe(false)
      const second = { ...open, position: at(4, 1) }
      const rebuilding = { ...open, partition: 1, phase: 'windows' }
      await store.createCheckpoint(second)
      await store.createCheckpoint(rebuilding)
      for (const generation of [0, 2]) {
        expect(await store.raiseReach(0, generation, 99, 'x', 0)).toBe(false)
        expect(await store.advance(0, at(99, generation), 0)).toBe(false)
      }
      expect(await store.raiseReach(1, 0, 99, 'x', 0)).toBe(false)
      expect(await store.advance(1, at(99), 0)).toBe(false)
      expect(await store.checkpoint(0)).toEqual(second)
      expect(await store.checkpoint(1)).toEqual(rebuilding)
    })
  })

  describe(`${name}: sets of windows`, () => {
    const inSet = (set: number, start: number, n: number, sum?: number) => ({
      ...rollupOf('day', start, at(n), sum),
      id: `a/s/day/${start}/${set}`,
      set,
    })
    const query = { device: 'a', sensor: 's', level: 'day', from: 0, to: 9e9, limit: 9 } as const
    const freeze = async () => expect(await store.changePhase(0, null, 'freeze:me')).toBe(true)
    const current = (set: number) => ({ device: 'a', set, at: at(0) })

    it('a set that is being built is seen by nobody, and a swap puts it in the place of the other at once', async () => {
      await store.createCheckpoint(open)
      await store.write('rollups', [rollupOf('day', 0, at(5)), rollupOf('day', 1, at(5))])
      const set = await store.claimSet(0, 'a')
      await store.build(0, [inSet(set, 0, 3, 1), inSet(set, 7, 3)])
      // What is built may be built again, also when its position is no higher.
      await store.build(0, [inSet(set, 0, 3, 2)])
      expect((await store.rollups(query)).items.map(({ start }) => start)).toEqual([0, 1])
      expect((await store.newestRollup('a', 's', 'day'))?.start).toBe(1)
      expect((await store.changes(0, 9)).changes).toHaveLength(2)
      expect(await store.currentSets(0)).toEqual([])
      await freeze()
      expect(await store.swap(0, 'freeze:me', current(set))).toBe(true)
      expect((await store.rollups(query)).items).toEqual([inSet(set, 0, 3, 2), inSet(set, 7, 3)])
      expect((await store.newestRollup('a', 's', 'day'))?.start).toBe(7)
      const { changes } = await store.changes(0, 9)
      expect(changes.map(({ document }) => document.id).sort()).toEqual([
        inSet(set, 0, 3).id,
        inSet(set, 7, 3).id,
      ])
      expect(await store.currentSets(0)).toEqual([current(set)])
      expect(await store.currentSets(1)).toEqual([])
      expect(await store.checkpoint(0)).toEqual({ ...open, swaps: 1 })
      await store.write('rollups', [rollupOf('day', 2, at(9)), inSet(set, 8, 9)])
      expect((await store.rollups(query)).items.map(({ start }) => start)).toEqual([0, 7, 8])
      expect(await store.dropSets('a', 1)).toBe(1)
      expect(await store.dropSets('a', 9)).toBe(1)
      expect(await store.dropSets('a', 9)).toBe(0)
      expect((await store.windows({ device: 'a', set: 0, limit: 9 })).items).toEqual([])
    })

    it('a later claim ends an earlier one, and what that built goes', async () => {
      await store.createCheckpoint(open)
      await store.write('rollups', [rollupOf('day', 0, at(5))])
      const first = await store.claimSet(0, 'a')
      await store.build(0, [inSet(first, 0, 3)])
      const second = await store.claimSet(0, 'a')
      expect(second).toBeGreaterThan(first)
      expect([await store.claimedSet(0, 'a'), await store.claimedSet(0, 'b')]).toEqual([second, 0])
      await store.build(0, [inSet(first, 1, 3), inSet(second, 2, 3)])
      expect(await store.dropSets('a', 9)).toBe(1)
      await freeze()
      expect(await store.swap(0, 'freeze:me', current(first))).toBe(false)
      expect((await store.checkpoint(0))?.phase).toBe('freeze:me')
      expect(await store.swap(0, 'freeze:me', current(second))).toBe(true)
      await store.build(0, [inSet(second, 3, 3)])
      expect((await store.rollups(query)).items.map(({ start }) => start)).toEqual([2])
      // The set was swapped in: once is enough.
      await freeze()
      expect(await store.swap(0, 'freeze:me', current(second))).toBe(false)
    })

    it('a freeze holds owners up, a lifted one swaps nothing, and after a swap owners of before are refused', async () => {
      await store.createCheckpoint(open)
      const set = await store.claimSet(0, 'a')
      expect(await store.changePhase(1, null, 'freeze:me')).toBe(false)
      await freeze()
      expect(await store.changePhase(0, null, 'freeze:other')).toBe(false)
      expect(await store.raiseReach(0, 0, 9, 'nine', 0)).toBe(false)
      expect(await store.advance(0, at(9), 0)).toBe(false)
      expect(await store.changePhase(0, 'freeze:me', null)).toBe(true)
      expect(await store.swap(0, 'freeze:me', current(set))).toBe(false)
      expect(await store.advance(0, at(9), 0)).toBe(true)
      await freeze()
      // Made for another position than the one that it was frozen at.
      expect(await store.swap(0, 'freeze:me', current(set))).toBe(false)
      expect(await store.swap(0, 'freeze:me', { ...current(set), at: at(9) })).toBe(true)
      expect(await store.raiseReach(0, 0, 12, 'twelve', 0)).toBe(false)
      expect(await store.advance(0, at(12), 0)).toBe(false)
      expect(await store.raiseReach(0, 0, 12, 'twelve', 1)).toBe(true)
      expect(await store.advance(0, at(12), 1)).toBe(true)
    })

    it('windows of a set come in pages, all of them or the sealed ones, also those beyond a position alone', async () => {
      const windows = [1, 2, 3, 4].map((n) => ({ ...rollupOf('day', n, at(n)), sealed: n % 2 === 0 }))
      await store.write('rollups', [...windows, rollupOf('day', 9, at(9), 1, ['ab', 's'])])
      const pages = async (more: object) => {
        const found: number[] = []
        for (let cursor: string | null | undefined; cursor !== null; ) {
          const page = await store.windows({
            device: 'a',
            set: 0,
            limit: 1,
            ...more,
            ...(cursor === undefined ? {} : { cursor }),
          })
          found.push(...page.items.map(({ start }) => start))
          cursor = page.cursor
        }
        return found
      }
      expect(await pages({})).toEqual([1, 2, 3, 4])
      expect(await pages({ sealed: true })).toEqual([2, 4])
      expect(await pages({ sealed: true, after: at(2) })).toEqual([4])
      expect(await pages({ set: 1 })).toEqual([])
    })

    it('buckets beyond a position, summaries and the names of all devices are found', async () => {
      await store.write('readings', [
        bucketOf(0, [1], at(3)),
        bucketOf(1, [2], at(5)),
        bucketOf(2, [3], at(7)),
      ])
      await store.write('summaries', [samples.summaries])
      await store.write('devices', [deviceOf('b', at(1))])
      const first = await store.changedBuckets({ device: 'a', after: at(3), limit: 1 })
      const rest = await store.changedBuckets({
        device: 'a',
        after: at(3),
        limit: 9,
        cursor: first.cursor ?? '',
      })
      expect([...first.items, ...rest.items].map(({ index }) => index)).toEqual([1, 2])
      expect(rest.cursor).toBeNull()
      expect((await store.summaries({ device: 'a', limit: 9 })).items).toEqual([samples.summaries])
      expect((await store.summaries({ device: 'b', limit: 9 })).items).toEqual([])
      expect(await store.deviceNames()).toEqual(['a', 'b'])
      expect([await store.bucketCount('a'), await store.bucketCount('b')]).toEqual([3, 0])
    })
  })

  describe(`${name}: another log`, () => {
    it('the checkpoint moves into the next generation once, and tells where it was until the end', async () => {
      await store.createCheckpoint(open)
      await store.advance(0, at(7), 0)
      const from = { ...open, position: at(7) }
      const to = { logId: 'new', position: at(0, 1), reach: 0, reachHash: null, phase: 'new-log:1' }
      expect(await store.beginNewLog({ ...from, phase: 'freeze:me' }, to)).toBe(false)
      expect(await store.beginNewLog(from, to)).toBe(true)
      expect(await store.beginNewLog(from, to)).toBe(false)
      expect(await store.checkpoint(0)).toEqual({ ...open, ...to, before: at(7) })
      expect(await store.advance(0, at(9), 0)).toBe(false)
      expect(await store.changePhase(0, 'new-log:1', 'new-log:2')).toBe(true)
      expect((await store.checkpoint(0))?.before).toEqual(at(7))
      expect(await store.changePhase(0, 'new-log:2', null)).toBe(true)
      expect(await store.checkpoint(0)).toEqual({ ...open, logId: 'new', position: at(0, 1) })
    })

    it.each(collectionNames)('%s follow into the new generation as they are', async (collection) => {
      const document = samples[collection]
      await store.write(collection, [document])
      const owner = 'device' in document ? document.device : document.id
      const to = at(4, document.o.g + 1)
      const query = { collection, owner, before: at(document.o.n, document.o.g), to, limit: 9 }
      expect(await store.follow({ ...query, owner: 'nobody' })).toBe(0)
      expect(await store.follow({ ...query, to: at(4, to.g + 1) })).toBe(0)
      expect(await store.follow(query)).toBe(1)
      expect(await store.follow(query)).toBe(0)
      const place = collection === 'summaries' ? { at: at(document.o.n - 1, document.o.g) } : {}
      expect(await store.read(collection, [document.id])).toEqual([{ ...document, ...place, o: to }])
      await store.write(collection, [{ ...document, o: at(9e6, document.o.g) }] as never)
      expect((await store.read(collection, [document.id]))[0]?.o).toEqual(to)
    })

    it('buckets that were further than the checkpoint are remembered until they are dealt with', async () => {
      await store.write('readings', [
        bucketOf(0, [1], at(3)),
        bucketOf(1, [2], at(5)),
        bucketOf(2, [3], at(7)),
      ])
      const query = { collection: 'readings', owner: 'a', before: at(3), to: at(0, 1) } as const
      expect(await store.follow({ ...query, limit: 2 })).toBe(2)
      expect(await store.follow({ ...query, limit: 2 })).toBe(1)
      const first = await store.aheadBuckets({ device: 'a', limit: 1 })
      const rest = await store.aheadBuckets({ device: 'a', limit: 9, cursor: first.cursor ?? '' })
      expect([...first.items, ...rest.items]).toEqual([
        bucketOf(1, [2], at(0, 1)),
        bucketOf(2, [3], at(0, 1)),
      ])
      await store.clearAhead('a')
      expect((await store.aheadBuckets({ device: 'a', limit: 9 })).items).toEqual([])
    })

    it('buckets are mended where they stand, and remembered as ahead', async () => {
      await store.write('readings', [bucketOf(0, [1], at(3)), bucketOf(1, [2], at(5))])
      const query = { collection: 'readings', owner: 'a', before: at(3), to: at(0, 1), limit: 9 } as const
      expect(await store.follow(query)).toBe(2)
      const since = await store.newestChange()
      await store.mend([bucketOf(0, [1, 4], at(0, 1)), bucketOf(2, [3], at(0, 1))])
      expect((await store.aheadBuckets({ device: 'a', limit: 9 })).items).toEqual([
        bucketOf(0, [1, 4], at(0, 1)),
        bucketOf(1, [2], at(0, 1)),
        bucketOf(2, [3], at(0, 1)),
      ])
      expect((await store.changes(since, 9)).changes.map(({ document }) => document.id)).toEqual(
        [0, 2].map((index) => bucketOf(index, [1], at(0, 1)).id),
      )
      await store.clearAhead('a')
      expect((await store.aheadBuckets({ device: 'a', limit: 9 })).items).toEqual([])
    })
  })

  describe(`${name}: lives`, () => {
    const write = (n: number) => store.write('devices', [deviceOf('a', at(n))])

    it('a cursor is good in the life that it was given in, and in later ones of the same store', async () => {
      expect(await store.life()).toBeNull()
      await write(1)
      const [one, two] = [
        { id: 'first', swaps: 0 },
        { id: 'second', swaps: 0 },
      ]
      await store.beginLife('first')
      expect(await store.life()).toEqual(one)
      expect(await store.isOfLife(one, 0)).toBe(false)
      await write(2)
      const cursor = await store.newestChange()
      expect(await store.isOfLife(one, cursor)).toBe(true)
      expect(await store.isOfLife(one, cursor + 1)).toBe(false)
      await store.beginLife('second')
      await write(3)
      expect(await store.life()).toEqual(two)
      expect(await store.isOfLife(one, cursor)).toBe(true)
      // Given by a store that had gone on where this one, an older copy of it, began another life.
      expect(await store.isOfLife(one, cursor + 1)).toBe(false)
      expect(await store.isOfLife(two, cursor + 1)).toBe(true)
      expect(await store.isOfLife({ id: 'another', swaps: 0 }, cursor)).toBe(false)
    })

    it('a swap ends what cursors of before it are good for', async () => {
      await store.createCheckpoint(open)
      await store.beginLife('first')
      await write(1)
      const set = await store.claimSet(0, 'a')
      await store.changePhase(0, null, 'freeze:me')
      const [before, after] = [
        { id: 'first', swaps: 0 },
        { id: 'first', swaps: 1 },
      ]
      const cursor = await store.newestChange()
      expect(await store.isOfLife(before, cursor)).toBe(true)
      expect(await store.swap(0, 'freeze:me', { device: 'a', set, at: at(0) })).toBe(true)
      expect(await store.isOfLife(before, cursor)).toBe(false)
      expect(await store.isOfLife(after, cursor)).toBe(true)
      expect(await store.life()).toEqual(after)
    })
  })

  describe(`${name}: queries`, () => {
    it('devices, streams and epochs come in a fixed order and only those asked for', async () => {
      await store.write('devices', [deviceOf('b', at(1)), deviceOf('a', at(1))])
      await store.write('streams', [
        streamOf('b', 's', at(1)),
        streamOf('a', 't', at(1)),
        streamOf('a', 's', at(1)),
      ])
      await store.write('epochs', [
        epochOf(['a', 's', '1'], 30, at(1)),
        epochOf(['a', 's', '2'], 10, at(1)),
        epochOf(['a', 't', '3'], 20, at(1)),
        epochOf(['b', 's', '4'], 5, at(1)),
      ])
      const ids = (documents: readonly { id: string }[]) => documents.map(({ id }) => id)
      expect(ids(await store.devices())).toEqual(['a', 'b'])
      expect(ids(await store.streams())).toEqual(['a/s', 'a/t', 'b/s'])
      expect(ids(await store.streams('a'))).toEqual(['a/s', 'a/t'])
      expect(ids(await store.epochs('a'))).toEqual(['a/s/2', 'a/t/3', 'a/s/1'])
      expect(ids(await store.epochs('a', 's'))).toEqual(['a/s/2', 'a/s/1'])
      expect(ids(await store.epochs('nobody'))).toEqual([])
    })

    it('windows of one stream and level come in pages, from inclusive to exclusive', async () => {
      const starts = [-10_000, 0, 10_000, 20_000, 30_000]
      await store.write(
        'rollups',
        starts.toReversed().map((start) => rollupOf('10s', start, at(1))),
      )
      await store.write('rollups', [rollupOf('1m', 0, at(1)), rollupOf('10s', 0, at(1), 1, ['b', 's'])])
      const query = { device: 'a', sensor: 's', level: '10s', from: -10_000, to: 30_000, limit: 3 } as const
      const first = await store.rollups(query)
      expect(first.items).toEqual([-10_000, 0, 10_000].map((start) => rollupOf('10s', start, at(1))))
      const second = await store.rollups({ ...query, cursor: first.cursor ?? '' })
      expect(second).toEqual({ items: [rollupOf('10s', 20_000, at(1))], cursor: null })
      expect((await store.rollups({ ...query, from: 1, to: 10_000 })).items).toEqual([])
      expect((await store.newestRollup('a', 's', '10s'))?.start).toBe(30_000)
      expect(await store.newestRollup('a', 's', 'year')).toBeNull()
    })

    it('a page that ends exactly at the end says that it was all', async () => {
      await store.write('rollups', [rollupOf('day', 0, at(1)), rollupOf('day', 1, at(1))])
      const query = { device: 'a', sensor: 's', level: 'day', from: 0, to: 9, limit: 2 } as const
      expect((await store.rollups(query)).cursor).toBeNull()
    })

    it('raw buckets are found by the times inside them, in pages by their first time', async () => {
      const buckets = [
        bucketOf(0, [100, 150, 200], at(1)),
        bucketOf(1, [50, null, 900], at(1)),
        bucketOf(2, [100, 120], at(1)),
        bucketOf(3, [null, null], at(1)),
        bucketOf(4, [300], at(1)),
      ]
      await store.write('readings', buckets)
      const query = { device: 'a', sensor: 's', from: 0, to: 1000, limit: 2 }
      const indexes: number[] = []
      let pages = 0
      for (let cursor: string | null | undefined; cursor !== null; pages++) {
        const page = await store.buckets(cursor === undefined ? query : { ...query, cursor })
        indexes.push(...page.items.map((bucket) => bucket.index))
        cursor = page.cursor
      }
      expect(indexes).toEqual([1, 0, 2, 4])
      expect(pages).toBe(2)
      const indexesIn = async (from: number, to: number) =>
        (await store.buckets({ ...query, from, to, limit: 9 })).items.map((bucket) => bucket.index)
      expect(await indexesIn(150, 201)).toEqual([0])
      expect(await indexesIn(201, 300)).toEqual([])
      expect(await indexesIn(300, 301)).toEqual([4])
      expect(await indexesIn(120, 150)).toEqual([2])
      expect(await store.buckets({ ...query, sensor: 't' })).toEqual({ items: [], cursor: null })
    })

    it('raw buckets that an owner of before left behind are not found', async () => {
      await store.write('devices', [deviceOf('a', { g: 2, n: 1 })])
      await store.write('readings', [
        bucketOf(0, [100], { g: 2, n: 0 }),
        bucketOf(1, [200], { g: 1, n: 9 }),
        bucketOf(2, [300], { g: 3, n: 0 }),
      ])
      const { items } = await store.buckets({ device: 'a', sensor: 's', from: 0, to: 1_000, limit: 9 })
      expect(items.map(({ index }) => index)).toEqual([0, 2])
    })

    it('a cursor from elsewhere is refused in words', async () => {
      const query = { device: 'a', sensor: 's', from: 0, to: 9, limit: 2, cursor: 'x; DROP' }
      await expect(store.rollups({ ...query, level: 'day' })).rejects.toMatchObject({ code: 'bad-cursor' })
      await expect(store.buckets(query)).rejects.toMatchObject({ code: 'bad-cursor' })
    })
  })

  describe(`${name}: retention`, () => {
    const ingested = (index: number, newestIngest: number | null) => ({
      ...bucketOf(index, [1], at(5)),
      newestIngest,
    })

    it('old buckets come in pages, the oldest first, and younger ones do not', async () => {
      await store.write('readings', [ingested(0, 30), ingested(1, 10), ingested(2, 10), ingested(3, 40)])
      const found: [number, number | null][] = []
      let cursor: string | undefined
      do {
        const page = await store.oldBuckets({ ingestedBefore: 40, limit: 2, ...(cursor ? { cursor } : {}) })
        expect(page.items.length).toBeLessThanOrEqual(2)
        found.push(
          ...page.items.map(({ index, newestIngest }): [number, number | null] => [index, newestIngest]),
        )
        cursor = page.cursor ?? undefined
      } while (cursor !== undefined)
      expect(found).toEqual([
        [1, 10],
        [2, 10],
        [0, 30],
      ])
    })

    it('a bucket is as old as its newest entry', async () => {
      await store.write('readings', [ingested(0, 10)])
      await store.write('readings', [{ ...ingested(0, 50), o: at(6) }])
      expect((await store.oldBuckets({ ingestedBefore: 50, limit: 9 })).items).toEqual([])
      expect((await store.oldBuckets({ ingestedBefore: 51, limit: 9 })).items).toHaveLength(1)
    })

    it('what is removed is gone, but for what was written since it was read', async () => {
      const [gone, kept] = [ingested(0, 10), ingested(1, 10)]
      await store.write('readings', [gone, kept])
      await store.write('readings', [{ ...kept, o: at(6) }])
      expect(await store.remove('readings', [gone, kept, ingested(2, 10)])).toBe(1)
      expect(await store.read('readings', [gone.id, kept.id])).toMatchObject([null, { o: at(6) }])
      await store.write('summaries', [samples.summaries])
      expect(await store.remove('summaries', [samples.summaries])).toBe(1)
      expect(await store.read('summaries', [samples.summaries.id])).toEqual([null])
    })

    it('what was removed can be written again, with any position', async () => {
      await store.write('readings', [ingested(0, 10)])
      await store.remove('readings', [ingested(0, 10)])
      await store.write('readings', [{ ...ingested(0, 10), o: at(2) }])
      expect(await store.read('readings', [ingested(0, 10).id])).toMatchObject([{ o: at(2) }])
    })

    it('windows of one stream and level go up to an end, a few at a time', async () => {
      const starts = [-20_000, -10_000, 0, 10_000]
      await store.write(
        'rollups',
        starts.map((start) => rollupOf('10s', start, at(1))),
      )
      const others = [rollupOf('1m', 0, at(1)), rollupOf('10s', 0, at(1), 0, ['a', 't'])]
      await store.write('rollups', others)
      const query = { device: 'a', sensor: 's', level: '10s', endBy: 15_000, limit: 2 } as const
      expect(await store.removeWindows(query)).toBe(2)
      expect(await store.removeWindows(query)).toBe(1)
      expect(await store.removeWindows(query)).toBe(0)
      const left = await store.rollups({ ...query, from: -1e9, to: 1e9, limit: 9 })
      expect(left.items.map(({ start }) => start)).toEqual([10_000])
      for (const { id } of others) expect(await store.read('rollups', [id])).not.toEqual([null])
    })

    it('windows of a set that is being built go too', async () => {
      const set = await store.claimSet(0, 'a')
      const window = { ...rollupOf('10s', 0, at(1)), id: `a/s/10s/0/${set}`, set }
      await store.build(0, [window])
      expect(
        await store.removeWindows({ device: 'a', sensor: 's', level: '10s', endBy: 10_000, limit: 9 }),
      ).toBe(1)
      expect(await store.read('rollups', [window.id])).toEqual([null])
    })
  })

  describe(`${name}: changes`, () => {
    it('a document that changes again moves to the end; one that was refused does not', async () => {
      await store.write('devices', [deviceOf('a', at(5)), deviceOf('b', at(5))])
      const before = await store.newestChange()
      await store.write('devices', [deviceOf('b', at(4))])
      expect(await store.newestChange()).toBe(before)
      await store.write('rollups', [rollupOf('day', 0, at(1))])
      await store.write('devices', [deviceOf('a', at(6))])
      const { changes, cursor } = await store.changes(0, 10)
      expect(changes).toEqual([
        { collection: 'devices', document: deviceOf('b', at(5)) },
        { collection: 'rollups', document: rollupOf('day', 0, at(1)) },
        { collection: 'devices', document: deviceOf('a', at(6)) },
      ])
      expect(cursor).toBe(await store.newestChange())
      expect(await store.changes(cursor, 10)).toEqual({ changes: [], cursor })
    })

    it('a follower of some collections gets theirs alone and passes over the rest', async () => {
      await store.write('devices', [deviceOf('a', at(1)), deviceOf('b', at(1))])
      await store.write('rollups', [rollupOf('day', 0, at(1)), rollupOf('day', 1, at(1))])
      await store.write('devices', [deviceOf('c', at(1))])
      const first = await store.changes(0, 1, ['rollups'])
      expect(first.changes).toEqual([{ collection: 'rollups', document: rollupOf('day', 0, at(1)) }])
      const rest = await store.changes(first.cursor, 9, ['rollups', 'streams'])
      expect(rest.changes).toEqual([{ collection: 'rollups', document: rollupOf('day', 1, at(1)) }])
      const none = await store.changes(rest.cursor, 9, ['rollups'])
      expect(none.changes).toEqual([])
      await store.write('rollups', [rollupOf('day', 2, at(1))])
      const { changes } = await store.changes(none.cursor, 9, ['rollups'])
      expect(changes).toEqual([{ collection: 'rollups', document: rollupOf('day', 2, at(1)) }])
    })

    it('another opening sees each change as soon as it was written', async () => {
      const reader = await harness.openReader(location)
      for (let n = 1; n <= 20; n++) {
        const since = await reader.newestChange()
        await store.write('devices', [deviceOf('a', at(n))])
        expect((await reader.changes(since, 9)).changes).toEqual([
          { collection: 'devices', document: deviceOf('a', at(n)) },
        ])
      }
      await reader.close()
    })

    it('any sequence of writes leaves what a map would hold, and changes from any cursor lead there', async () => {
      const property = fc.asyncProperty(
        histories,
        fc.integer({ min: 1, max: 9 }),
        async (history, pageSize) => {
          const { model, followers, found } = await runHistory(harness, history, pageSize)
          for (const follower of followers) expect(follower).toEqual(model)
          expect(found).toEqual([...model.values()].map((change) => change.document))
        },
      )
      await fc.assert(property, { numRuns: 40 })
    })
  })

  describe(`${name}: several processes`, () => {
    it('the furthest position wins whatever two racing writers do', async () => {
      await store.createCheckpoint(open)
      const writers = [startWriter('race', 0), startWriter('race', 1)]
      await Promise.all(writers.map((each) => each.printed(1)))
      for (const each of writers) each.send('go')
      await Promise.all(writers.map((each) => each.ended()))
      const offsets = writers.flatMap((each) => each.lines.slice(1).map(Number))
      expect(offsets).toHaveLength(2 * race.rounds)
      const largest = Math.max(...offsets)
      const winner = `writer ${largest % 2}`
      expect(await store.devices()).toEqual(
        Array.from({ length: race.ids }, (_, i) => deviceOf(`d-${i}`, at(largest), winner)).sort((a, b) =>
          a.id < b.id ? -1 : 1,
        ),
      )
      expect(await store.checkpoint(0)).toEqual({
        ...open,
        position: at(largest),
        reach: largest,
        reachHash: `hash ${largest}`,
      })
    })

    it('everything acknowledged is there after kill -9, and every document is whole', async () => {
      await store.createCheckpoint(open)
      for (let round = 1; round <= 3; round++) {
        const endless = startWriter('endless')
        await endless.printed(1)
        endless.send('go')
        await endless.printed(20 * round)
        await endless.kill()
        const acknowledged = Number(endless.lines.at(-1))
        const position = (await store.checkpoint(0))?.position.n ?? 0
        expect(position).toBeGreaterThanOrEqual(acknowledged)
        const { items } = await store.rollups({
          device: 'a',
          sensor: 's',
          level: '10s',
          from: 0,
          to: 50,
          limit: 50,
        })
        // Each write of the other process says its position in the sum as well: both from one write, or torn.
        for (const item of items) expect(item).toEqual(rollupOf('10s', item.start, item.o, item.o.n))
        expect(Math.min(...items.map((item) => item.o.n))).toBeGreaterThanOrEqual(acknowledged)
        expect(items).toHaveLength(50)
      }
    })

    it('a reader goes on while another process writes, and misses nothing', async () => {
      const endless = startWriter('endless')
      await endless.printed(1)
      const reader = await harness.openReader(location)
      endless.send('go')
      let cursor = 0
      const newest = new Map<string, number>()
      const newestOf = (collection: CollectionName) => newest.get(collection) ?? 0
      while (newestOf('rollups') < 60) {
        const page = await reader.changes(cursor, 30)
        for (const { collection, document } of page.changes) {
          newest.set(collection, Math.max(newestOf(collection), document.o.n))
        }
        // Each time it writes a device, then windows: a follower that knows the window has not missed the device.
        expect(newestOf('devices')).toBeGreaterThanOrEqual(newestOf('rollups'))
        expect(page.cursor).toBeGreaterThanOrEqual(cursor)
        cursor = page.cursor
      }
      await endless.kill()
      await reader.close()
    })
  })
}

type Write = readonly [collection: 'devices' | 'rollups', id: number, g: number, n: number]

/** Some writes, then a moment at which somebody takes the cursor, and so on. No id twice in one write. */
const histories = fc.array(
  fc.uniqueArray(
    fc.tuple(
      fc.constantFrom('devices', 'rollups'),
      fc.integer({ min: 0, max: 5 }),
      fc.integer({ min: 0, max: 2 }),
      fc.integer({ min: 0, max: 9 }),
    ) as fc.Arbitrary<Write>,
    { selector: ([collection, id]) => `${collection}${id}`, maxLength: 8 },
  ),
  { maxLength: 8 },
)

type Model = Map<string, Change>

const apply = (model: Model, change: Change) =>
  model.set(`${change.collection} ${change.document.id}`, change)

/** The documents of one write; their content tells one version from every other. */
function versionsOf(
  writes: readonly Write[],
  step: number,
): { [C in 'devices' | 'rollups']: Collections[C][] } {
  const of = (wanted: CollectionName) => writes.filter(([collection]) => collection === wanted)
  return {
    devices: of('devices').map(([, id, g, n]) => deviceOf(`d-${id}`, at(n, g), `step ${step}`)),
    rollups: of('rollups').map(([, id, g, n]) => rollupOf('hour', id, at(n, g), step)),
  }
}

function applyGuarded(model: Model, change: Change): void {
  const there = model.get(`${change.collection} ${change.document.id}`)?.document.o
  const { g, n } = change.document.o
  if (!there || g > there.g || (g === there.g && n > there.n)) apply(model, change)
}

/** Runs a history against an empty store and a map; followers started at each moment catch up at the end. */
async function runHistory(
  harness: StoreHarness,
  history: readonly (readonly Write[])[],
  pageSize: number,
): Promise<{ model: Model; followers: Model[]; found: unknown[] }> {
  const location = await harness.create()
  const store = await harness.openStore(location)
  const model: Model = new Map()
  const moments: { cursor: number; seen: Model }[] = [{ cursor: 0, seen: new Map() }]
  for (const [step, writes] of history.entries()) {
    const { devices, rollups } = versionsOf(writes, step)
    await store.write('devices', devices)
    await store.write('rollups', rollups)
    for (const document of devices) applyGuarded(model, { collection: 'devices', document })
    for (const document of rollups) applyGuarded(model, { collection: 'rollups', document })
    moments.push({ cursor: await store.newestChange(), seen: new Map(model) })
  }
  for (const { cursor, seen } of moments) {
    for (let since = cursor; ; ) {
      const page = await store.changes(since, pageSize)
      if (page.changes.length === 0) break
      for (const change of page.changes) apply(seen, change)
      since = page.cursor
    }
  }
  const found: unknown[] = []
  for (const { collection, document } of model.values()) {
    found.push(...(await store.read(collection, [document.id])))
  }
  await store.close()
  await harness.remove(location)
  return { model, followers: moments.map((moment) => moment.seen), found }
}
