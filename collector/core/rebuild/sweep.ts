import type { BucketDocument, Position, RollupDocument } from '../documents.ts'
import { bucketId, bucketIndex, rollupId, summaryId } from '../identity.ts'
import type { Page, Store } from '../store.ts'
import type { Building } from './building.ts'
import {
  type Addition,
  additionsOf,
  additionsOfSummary,
  arrivalIn,
  type Rules,
  type Stretch,
} from './contributions.ts'

/** Documents read at once. */
export const pageSize = 200

export type SweepStore = Pick<
  Store,
  'read' | 'build' | 'buckets' | 'changedBuckets' | 'summaries' | 'windows' | 'streams' | 'epochs'
>

interface Sweeping {
  readonly store: SweepStore
  readonly device: string
  readonly building: Building
  readonly rules: Rules
  /** Between two pages: others have their turn, and the caller hears how far it is. */
  readonly step: (buckets: number) => Promise<void>
}

/** Everything of a query, page by page. */
export async function* pagesOf<T>(
  read: (cursor: string | undefined) => Promise<Page<T>>,
): AsyncGenerator<readonly T[]> {
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page: Page<T> = await read(cursor)
    yield page.items
    cursor = page.cursor
  }
}

const withCursor = (cursor: string | undefined): { cursor?: string } =>
  cursor === undefined ? {} : { cursor }

/** Adds all readings that count before a position, in the order of time, so that windows end and go. */
export async function sweepAll(
  { store, device, building, rules, step }: Sweeping,
  until: Position,
): Promise<void> {
  const stretch: Stretch = { from: { g: 0, n: 0 }, to: until }
  // What an owner of before left behind on the way to another log is nothing any more.
  const isHere = (bucket: BucketDocument): boolean => bucket.o.g >= until.g
  for (const sensor of await sensorsOf(store, device)) {
    const query = { device, sensor, from: -9e15, to: 9e15, limit: pageSize }
    for await (const buckets of pagesOf((cursor) => store.buckets({ ...query, ...withCursor(cursor) }))) {
      for (const bucket of buckets.filter(isHere)) {
        if (bucket.firstTime !== null) await building.closeBefore(sensor, bucket.firstTime)
        await building.add(additionsOf(bucket, rules, stretch))
      }
      await step(buckets.length)
    }
  }
  await building.flush()
  for await (const summaries of pagesOf((cursor) =>
    store.summaries({ device, limit: pageSize, ...withCursor(cursor) }),
  )) {
    const ids = summaries.map((one) => bucketId(device, one, bucketIndex(one.firstSeq)))
    const buckets = await store.read('readings', ids)
    const additions: Addition[] = []
    summaries.forEach((summary, i) => {
      const bucket = buckets[i] ?? null
      const at = bucket && isHere(bucket) ? arrivalIn(bucket, summary.firstSeq) : null
      if (at) additions.push(...additionsOfSummary(summary, at, rules, stretch))
    })
    await building.add(additions)
    await step(0)
  }
  await building.flush()
}

async function sensorsOf(store: SweepStore, device: string): Promise<string[]> {
  const known = [...(await store.streams(device)), ...(await store.epochs(device))]
  return [...new Set(known.map(({ sensor }) => sensor))].sort()
}

/** Adds what began to count within a stretch of records; returns how many buckets had changed. */
export async function sweepChanges(sweeping: Sweeping, stretch: Stretch): Promise<number> {
  const { store, device, building, step } = sweeping
  let count = 0
  const query = { device, after: stretch.from, limit: pageSize }
  for await (const buckets of pagesOf((cursor) =>
    store.changedBuckets({ ...query, ...withCursor(cursor) }),
  )) {
    for (const bucket of buckets) await building.add(await additionsWithSummaries(sweeping, bucket, stretch))
    count += buckets.length
    await step(0)
  }
  await building.flush()
  return count
}

/** What a bucket and the summaries that begin in it add. */
async function additionsWithSummaries(
  { store, device, rules }: Pick<Sweeping, 'store' | 'device' | 'rules'>,
  bucket: BucketDocument,
  stretch: Stretch,
): Promise<Addition[]> {
  const additions = additionsOf(bucket, rules, stretch)
  const firsts = bucket.summaries.filter((seq) => bucketIndex(seq) === bucket.index)
  const summaries = await store.read(
    'summaries',
    firsts.map((seq) => summaryId(device, bucket, seq)),
  )
  summaries.forEach((summary, i) => {
    const at = arrivalIn(bucket, firsts[i] ?? 0)
    if (summary && at) additions.push(...additionsOfSummary(summary, at, rules, stretch))
  })
  return additions
}

/** Takes sealed windows over as they are: their readings are gone. `after`: those that have changed since. */
export async function copySealed(
  store: Pick<Store, 'windows' | 'build'>,
  {
    partition,
    device,
    from,
    to,
    after,
  }: { partition: number; device: string; from: number; to: number; after: Position | null },
): Promise<number> {
  let count = 0
  const query = { device, set: from, limit: pageSize, sealed: true as const, ...(after ? { after } : {}) }
  for await (const windows of pagesOf((cursor) => store.windows({ ...query, ...withCursor(cursor) }))) {
    await store.build(
      partition,
      windows.map((window): RollupDocument => {
        const id = rollupId(device, window.sensor, window.level, window.start, to)
        return { ...window, id, set: to }
      }),
    )
    count += windows.length
  }
  return count
}
