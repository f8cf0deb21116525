import type { AnyBulkWriteOperation } from 'mongodb'
import { isBefore } from '../../core/position.ts'
import type { Store } from '../../core/store.ts'
import { decode, positionOf, type Stored, textOf } from './encoding.ts'
import { mongoLimits, type Place } from './place.ts'
import type { Put } from './put.ts'
import { idsOf, pageOf } from './queries.ts'

/** Brings documents over to another generation of the log. */
export function createNewLogCalls(
  { documents }: Place,
  put: Put,
): Pick<Store, 'follow' | 'mend' | 'aheadBuckets' | 'clearAhead'> {
  return {
    async follow({ collection, owner, before, to, limit }) {
      const older = { $gte: textOf({ g: to.g - 1, n: 0 }), $lt: textOf({ g: to.g, n: 0 }) }
      const own = collection === 'settings' || collection === 'devices' ? { _id: owner } : { device: owner }
      const target = documents(collection)
      const found = await target.find({ ...own, o: older }, { projection: { o: 1, at: 1 }, limit }).toArray()
      let count = 0
      for (let i = 0; i < found.length; i += mongoLimits.documents) {
        const operations = found
          .slice(i, i + mongoLimits.documents)
          .map(({ _id, o, at }): AnyBulkWriteOperation<Stored> => {
            const { g, n } = positionOf(o)
            const $set = {
              o: textOf(to),
              ...(collection === 'readings' && isBefore(before, { g, n }) ? { ahead: true } : {}),
              // Where a summary's record stands was told by its `o` alone.
              ...(collection === 'summaries' && !at ? { at: { g, n: n - 1 } } : {}),
            }
            return { updateOne: { filter: { _id, o }, update: { $set } } }
          })
        count += (await target.bulkWrite(operations, { ordered: false })).matchedCount
      }
      return count
    },
    mend: (buckets) => put('readings', buckets, 'always', { ahead: true }),
    async aheadBuckets({ device, limit, cursor }) {
      // By their ids, in whose order they come: they are few among many, and nothing else of the way over needs them.
      const found = await documents('readings')
        .find({ _id: idsOf(device, cursor), ahead: true })
        .sort({ _id: 1 })
        .limit(limit + 1)
        .toArray()
      return pageOf(
        found.map((stored) => decode('readings', stored)),
        limit,
      )
    },
    async clearAhead(device) {
      await documents('readings').updateMany({ _id: idsOf(device), ahead: true }, { $unset: { ahead: '' } })
    },
  }
}
