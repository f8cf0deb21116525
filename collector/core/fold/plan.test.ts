import { encodeBatch, makeBatch, type Metric, metricByName } from '@barograph/proto'
import { expect, test } from 'vitest'
import { createCache } from '../cache.ts'
import type { BucketDocument, CollectionName, RollupDocument } from '../documents.ts'
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

/** An owner whose every step the test takes itself: no checkpoint stops it. */
function makeOwner(store: MemoryStore) {
  const cache = createCache({ partition: 0, generation: 0 })
  const fold = createFold({ cache, partition: 0 })
  return {
    cache,
    async take(offset: number) {
      const record = recordAt(offset)
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
