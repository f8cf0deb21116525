import type { Filter } from 'mongodb'
import type { Store } from '../../core/store.ts'
import { boundOf, decode, type Stored, textOf } from './encoding.ts'
import { mongoLimits, type Place } from './place.ts'
import { deleteByIds } from './put.ts'
import { badCursor } from './queries.ts'
import type { Sets } from './sets.ts'

type RemovalCalls = Pick<Store, 'oldBuckets' | 'remove' | 'removeWindows'>

/** What retention asks for and takes away. */
export function createRemovals({ documents, meta }: Place, sets: Sets): RemovalCalls {
  const page = (filter: Filter<Stored>, limit: number): Promise<Stored[]> =>
    documents('readings').find(filter).sort({ newestIngest: 1, _id: 1 }).limit(limit).toArray()

  /** Buckets of which nobody knows when their entries came are as old as the store; they are the first. */
  async function unknown(ingestedBefore: number, after: string, limit: number): Promise<Stored[]> {
    const schema = await meta<{ _id: string; created?: Date }>().findOne({ _id: 'schema' })
    if (!schema?.created || schema.created.getTime() >= ingestedBefore) return []
    return page({ newestIngest: null, _id: { $gt: after } }, limit)
  }

  return {
    async oldBuckets({ ingestedBefore, limit, cursor }) {
      const [, time = '-', id = ''] = (cursor && /^(-|-?\d{1,15}) (.+)$/.exec(cursor)) || []
      if (cursor !== undefined && id === '') throw badCursor(cursor)
      const most = limit + 1
      const found = time === '-' ? await unknown(ingestedBefore, id, most) : []
      const first = boundOf(Number(time))
      // Told twice, so that the index begins at the cursor.
      const begin = time === '-' ? {} : { $gte: first }
      const after: Filter<Stored> =
        time === '-'
          ? {}
          : { $or: [{ newestIngest: { $gt: first } }, { newestIngest: first, _id: { $gt: id } }] }
      if (found.length < most)
        found.push(
          ...(await page(
            { newestIngest: { $lt: boundOf(ingestedBefore), ...begin }, ...after },
            most - found.length,
          )),
        )
      const items = found.slice(0, limit).map((stored) => decode('readings', stored))
      const last = items.at(-1)
      return {
        items,
        cursor: found.length > limit && last ? `${last.newestIngest ?? '-'} ${last.id}` : null,
      }
    },
    async remove(collection, gone) {
      let removed = 0
      for (let i = 0; i < gone.length; i += mongoLimits.documents) {
        const some = gone.slice(i, i + mongoLimits.documents)
        const { deletedCount } = await documents(collection).bulkWrite(
          some.map(({ id, o }) => ({ deleteOne: { filter: { _id: id, o: textOf(o) } } })),
          { ordered: false },
        )
        removed += deletedCount
      }
      return removed
    },
    async removeWindows({ device, sensor, level, endBy, limit }) {
      const state = (await sets.statesOf([device])).get(device)
      const found = await documents('rollups')
        .find(
          {
            device,
            set: { $in: [...new Set([0, state?.current ?? 0, state?.claimed ?? 0])] },
            sensor,
            level,
            start: { $lt: boundOf(endBy) },
            end: { $lte: boundOf(endBy) },
          },
          { projection: { _id: 1 }, limit },
        )
        .toArray()
      return deleteByIds(
        documents('rollups'),
        found.map(({ _id }) => _id),
      )
    },
  }
}
