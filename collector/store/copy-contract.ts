// What a copy of a store promises (core/copy/store.ts), between any two kinds of store.
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { copyStore, type StoreCopyOutcome } from '../core/copy/store.ts'
import type { StoreSource, StoreTarget } from '../core/copy/store-ports.ts'
import { collectionNames } from '../core/documents.ts'
import type { Store } from '../core/store.ts'
import { at, bucketOf, deviceOf, rollupOf, samples } from './testing/documents.ts'

/** One kind of store; a place is a path or a URL. */
export interface CopyPlaces {
  /** What is read of it is of one moment. */
  readonly isSnapshot: boolean
  /** The name of a place where there is nothing. */
  create(): Promise<string>
  remove(place: string): Promise<void>
  openStore(place: string): Promise<Store>
  openSource(place: string): Promise<StoreSource>
  openTarget(place: string): Promise<StoreTarget>
}

const never = new AbortController().signal
/** Nobody waits to see whether others write. */
const atOnce = { sleep: async (): Promise<void> => {} }
const page = 10
/** More than a page of buckets and of windows. */
const many = 25

async function fill(store: Store): Promise<void> {
  const open = { reach: 9, reachHash: 'hash', phase: null, before: null }
  for (const [partition, g] of [0, 2].entries())
    await store.createCheckpoint({
      ...open,
      partition,
      logId: `log ${g}`,
      position: at(7, g),
      swaps: partition,
    })
  for (const name of collectionNames) await store.write(name, [samples[name]])
  await store.write(
    'readings',
    Array.from({ length: many }, (_, i) => bucketOf(i + 1, [i, null, i + 2], at(i + 1))),
  )
  await store.write(
    'rollups',
    Array.from({ length: many }, (_, i) => rollupOf('1m', i * 60_000, at(i + 1), i)),
  )
  // A set of windows that holds, and one that was claimed since.
  const set = await store.claimSet(0, 'a')
  await store.build(0, [{ ...rollupOf('hour', 0, at(6), 5), id: `a/s/hour/0/${set}`, set }])
  await store.changePhase(0, null, 'freeze:x')
  await store.swap(0, 'freeze:x', { device: 'a', set, at: at(7) })
  await store.claimSet(0, 'a')
}

/** Registers the suite for one way between two kinds. */
export function describeCopy(name: string, from: CopyPlaces, to: CopyPlaces): void {
  describe(`${name}: a copy`, () => {
    let places: readonly [string, string]
    let store: Store
    beforeEach(async () => {
      places = [await from.create(), await to.create()]
      store = await from.openStore(places[0])
      await fill(store)
    })
    afterEach(async () => {
      await store.close()
      await from.remove(places[0])
      await to.remove(places[1])
    })

    async function copy(
      wrap: (target: StoreTarget) => StoreTarget = (target) => target,
    ): Promise<StoreCopyOutcome> {
      const source = await from.openSource(places[0])
      const target = await to.openTarget(places[1])
      try {
        const options = { source, target: wrap(target), clock: atOnce, signal: never, page }
        return await copyStore({ ...options, progress: () => {} })
      } finally {
        await source.close()
        await target.close()
      }
    }

    async function expectSame(): Promise<void> {
      const [ours, theirs] = [await from.openSource(places[0]), await to.openSource(places[1])]
      try {
        expect(await theirs.state()).toEqual(await ours.state())
        for (const collection of collectionNames) {
          const all = await ours.page(collection, '', 2 * many)
          expect(all.length).toBe(await ours.count(collection))
          expect(await theirs.page(collection, '', 2 * many)).toEqual(all)
        }
      } finally {
        await ours.close()
        await theirs.close()
      }
    }

    it('holds every document, checkpoint and set as it was, and is a store', async () => {
      const { state, documents } = await copy()
      expect(state).toBe('copied')
      expect(documents).toMatchObject({ readings: many + 1, rollups: many + 2, settings: 1 })
      await expectSame()
      const copied = await to.openStore(places[1])
      try {
        // It goes on as its source would.
        expect(await copied.raiseReach(1, 2, 20, 'next', 1)).toBe(true)
        await copied.write('devices', [deviceOf('new', at(8, 2))])
        const { changes } = await copied.changes(0, 10_000)
        expect(changes.at(-1)?.document.id).toBe('new')
        expect(await copied.claimSet(0, 'a')).toBe(3)
        await copied.build(0, [{ ...rollupOf('hour', 0, at(7), 6), id: 'a/s/hour/0/3', set: 3 }])
        await copied.changePhase(0, null, 'freeze:y')
        expect(await copied.swap(0, 'freeze:y', { device: 'a', set: 3, at: at(7) })).toBe(true)
        expect(await copied.currentSets(0)).toEqual([{ device: 'a', set: 3, at: at(7) }])
      } finally {
        await copied.close()
      }
    })

    it('that was broken off is refused as a store, goes on where it was, and is whole then', async () => {
      for (const left of [0, 3, 8]) {
        const puts = { left, after: [] as string[] }
        const breaking = copy((target) => ({
          ...target,
          async put(collection, changes, progress) {
            if (puts.left-- <= 0) throw new Error('killed')
            await target.put(collection, changes, progress)
          },
          complete: () => Promise.reject(new Error('killed')),
        }))
        await expect(breaking).rejects.toThrow('killed')
        await expect(to.openStore(places[1])).rejects.toMatchObject({ code: 'store-half-copied' })
      }
      expect((await copy()).state).toBe('copied')
      await expectSame()
    })

    it('that was broken off takes what was written and deleted since', async () => {
      await expect(
        copy((target) => ({ ...target, complete: () => Promise.reject(new Error('killed')) })),
      ).rejects.toThrow('killed')
      await store.write('devices', [deviceOf('balcony', at(50), 'later')])
      await store.write('readings', [bucketOf(7, [1, 2, 3, 4], at(60))])
      const gone = bucketOf(9, [], at(9))
      expect(await store.remove('readings', [gone])).toBe(1)
      expect((await copy()).documents.readings).toBe(many)
      await expectSame()
    })

    it('is made once: again it is only compared, and another store is left alone', async () => {
      await copy()
      expect((await copy()).state).toBe('was-whole')
      await store.write('devices', [deviceOf('balcony', at(50), 'later')])
      await expect(copy()).rejects.toMatchObject({ code: 'copy-target-used' })
    })

    it('in which a document is missing is found out, and whole when it is run again', async () => {
      const losing = copy((target) => ({
        ...target,
        put: (collection, { documents, gone }, progress) =>
          target.put(collection, { documents: documents.slice(1), gone }, progress),
      }))
      await expect(losing).rejects.toMatchObject({ code: 'copy-differs' })
      await expect(to.openStore(places[1])).rejects.toMatchObject({ code: 'store-half-copied' })
      expect((await copy()).state).toBe('copied')
      await expectSame()
    })

    it('is not made while documents go over to another log', async () => {
      await store.changePhase(1, null, 'new-log:1')
      await expect(copy()).rejects.toMatchObject({ code: 'rebuilding' })
    })

    /** A copy during which the source is written to. */
    async function copyMeanwhile(): Promise<StoreCopyOutcome> {
      let writes = 0
      return copy((target) => ({
        ...target,
        async put(collection, changes, progress) {
          await target.put(collection, changes, progress)
          if (writes++ === 0) await store.write('readings', [bucketOf(many, [5], at(99))])
        },
      }))
    }

    it('is of one moment, or is refused, when the source is written to meanwhile', async () => {
      const before = bucketOf(many, [many - 1, null, many + 1], at(many))
      const found = async (): Promise<unknown> => {
        const made = await to.openStore(places[1])
        return made.read('readings', [before.id]).finally(() => made.close())
      }
      const outcome = await copyMeanwhile().then(found, (error: { code: string }) => error.code)
      expect(outcome).toEqual(from.isSnapshot ? [before] : 'copy-source-written')
    })
  })
}
