import { CodedError } from '@barograph/proto'
import type { Filter, Sort } from 'mongodb'
import type { CollectionName, Collections } from '../../core/documents.ts'
import type { Page, Store } from '../../core/store.ts'
import { boundOf, decode, positionOf, type Stored, textOf } from './encoding.ts'
import { mongoLimits, type Place } from './place.ts'
import type { Sets } from './sets.ts'

type QueryCalls = Pick<
  Store,
  | 'read'
  | 'devices'
  | 'streams'
  | 'epochs'
  | 'rollups'
  | 'newestRollup'
  | 'buckets'
  | 'windows'
  | 'changedBuckets'
  | 'bucketCount'
  | 'summaries'
  | 'deviceNames'
>

/** Buckets fetched at once by a query that looks into them. */
const bucketsPerBatch = 50

/** Documents in the order of their ids, a page at a time; the cursor is the last id. */
export function pageOf<T extends { readonly id: string }>(items: readonly T[], limit: number): Page<T> {
  const page = items.slice(0, limit)
  return { items: page, cursor: items.length > limit ? (page.at(-1)?.id ?? null) : null }
}

/** All ids of what is of a device, those after the cursor: they begin with its name and a slash, and 0 is next to that. */
export const idsOf = (device: string, cursor = ''): { $gt: string; $lt: string } => ({
  $gt: cursor === '' ? `${device}/` : cursor,
  $lt: `${device}0`,
})

/** For a cursor that is not one of ours. */
export const badCursor = (cursor: string): CodedError =>
  new CodedError('bad-cursor', `The cursor "${cursor}" is not one that this query gave.`, {
    hint: 'Start again without a cursor.',
  })

/** Documents by id, in the order of the ids; null: not there. */
export async function readDocuments<C extends CollectionName>(
  { documents }: Pick<Place, 'documents'>,
  collection: C,
  ids: readonly string[],
): Promise<(Collections[C] | null)[]> {
  const found = new Map<string, Stored>()
  const all = [...new Set(ids)]
  for (let i = 0; i < all.length; i += mongoLimits.ids)
    for (const stored of await documents(collection)
      .find({ _id: { $in: all.slice(i, i + mongoLimits.ids) } })
      .toArray())
      found.set(stored._id, stored)
  return ids.map((id) => {
    const stored = found.get(id)
    return stored ? decode(collection, stored) : null
  })
}

export function createQueries(place: Place, sets: Sets): QueryCalls {
  const { documents, db } = place
  async function all<C extends CollectionName>(
    collection: C,
    filter: Filter<Stored>,
    sort: Sort,
    limit = 0,
  ): Promise<Collections[C][]> {
    const found = await documents(collection).find(filter).sort(sort).limit(limit).toArray()
    return found.map((stored) => decode(collection, stored))
  }
  const currentSet = async (device: string): Promise<number> =>
    (await sets.statesOf([device])).get(device)?.current ?? 0
  const byIngest = { firstIngest: 1, _id: 1 } as const
  return {
    read: (collection, ids) => readDocuments(place, collection, ids),
    devices: () => all('devices', {}, { _id: 1 }),
    streams: (device) => all('streams', device === undefined ? {} : { device }, { device: 1, sensor: 1 }),
    async epochs(device, sensor) {
      if (sensor !== undefined) return all('epochs', { device, sensor }, byIngest)
      // In the order of the index, and then in that of time: the server sorts no more than fits into its memory.
      const found = await all('epochs', { device }, { sensor: 1, ...byIngest })
      return found.sort((a, b) => a.firstIngest - b.firstIngest || (a.id < b.id ? -1 : 1))
    },
    async newestRollup(device, sensor, level) {
      const set = await currentSet(device)
      const [newest = null] = await all('rollups', { device, set, sensor, level }, { start: -1 }, 1)
      return newest
    },
    async rollups({ device, sensor, level, from, to, limit, cursor }) {
      // The cursor is the start of the next window.
      if (cursor !== undefined && !/^-?\d{1,15}$/.test(cursor)) throw badCursor(cursor)
      const first = cursor === undefined ? from : Math.max(from, Number(cursor))
      const set = await currentSet(device)
      const start = { $gte: boundOf(first), $lt: boundOf(to) }
      const found = await all('rollups', { device, set, sensor, level, start }, { start: 1 }, limit + 1)
      return { items: found.slice(0, limit), cursor: found[limit]?.start.toString() ?? null }
    },
    buckets: createBucketPages(place),
    windows: async ({ device, set, limit, cursor, sealed, after }) =>
      pageOf(
        await all(
          'rollups',
          {
            device,
            set,
            sealed: sealed ? true : { $in: [false, true] },
            _id: idsOf(device, cursor),
            ...(after ? { o: { $gt: textOf(after) } } : {}),
          },
          { _id: 1 },
          limit + 1,
        ),
        limit,
      ),
    async changedBuckets({ device, after, limit, cursor }) {
      // The ids first: sorted whole buckets would take more memory than the server gives.
      const found = await documents('readings')
        .find({ device, o: { $gt: textOf(after) }, _id: idsOf(device, cursor) }, { projection: { _id: 1 } })
        .sort({ _id: 1 })
        .limit(limit + 1)
        .toArray()
      const ids = found.map(({ _id }) => _id)
      const buckets = await readDocuments(place, 'readings', ids.slice(0, limit))
      return {
        items: buckets.filter((bucket) => bucket !== null),
        cursor: ids.length > limit ? (ids[limit - 1] ?? null) : null,
      }
    },
    bucketCount: async (device) => Number((await db.command({ count: 'readings', query: { device } })).n),
    summaries: async ({ device, limit, cursor }) =>
      pageOf(await all('summaries', { device, _id: idsOf(device, cursor) }, { _id: 1 }, limit + 1), limit),
    async deviceNames() {
      const lists = await Promise.all([
        documents('devices').distinct('_id'),
        ...(['epochs', 'streams', 'readings', 'rollups'] as const).map((name) =>
          documents(name).distinct('device'),
        ),
      ])
      return [...new Set(lists.flat().map(String))].sort()
    },
  }
}

function createBucketPages({ documents }: Place): Store['buckets'] {
  return async ({ device, sensor, from, to, limit, cursor }) => {
    const [, time = '', id = ''] = (cursor && /^(-?\d{1,15}) (.+)$/.exec(cursor)) || []
    if (cursor !== undefined && id === '') throw badCursor(cursor)
    const first = boundOf(Number(time))
    const rest: Filter<Stored> =
      cursor === undefined
        ? {}
        : { $or: [{ firstTime: { $gt: first } }, { firstTime: first, _id: { $gte: id } }] }
    // Told twice, so that the index begins at the cursor.
    const firstTime = { $lt: boundOf(to), ...(cursor === undefined ? {} : { $gte: first }) }
    const [owner] = await documents('devices')
      .find({ _id: device }, { projection: { o: 1 } })
      .toArray()
    const generation = owner ? positionOf(owner.o).g : 0
    const found = documents('readings')
      .find({ device, sensor, firstTime, lastTime: { $gte: boundOf(from) }, ...rest })
      .sort({ firstTime: 1, _id: 1 })
      .batchSize(Math.min(limit + 1, bucketsPerBatch))
    const items: Collections['readings'][] = []
    try {
      for await (const stored of found) {
        const bucket = decode('readings', stored)
        if (bucket.o.g < generation) continue
        // Its ends tell that it spans the range; only the times tell whether one lies inside.
        if (!bucket.times.some((at) => at !== null && at >= from && at < to)) continue
        if (items.length === limit) return { items, cursor: `${bucket.firstTime} ${bucket.id}` }
        items.push(bucket)
      }
      return { items, cursor: null }
    } finally {
      await found.close()
    }
  }
}
