import type { AnyBulkWriteOperation } from 'mongodb'
import { isBefore } from '../../core/position.ts'
import type { Store } from '../../core/store.ts'
import { decode, type Stored } from './encoding.ts'
import { mongoLimits, type Place } from './place.ts'
import { pageOf } from './queries.ts'

/** Brings documents over to another generation of the log. */
export function createNewLogCalls({
  documents,
}: Place): Pick<Store, 'follow' | 'aheadBuckets' | 'clearAhead'> {
  return {
    async follow({ collection, owner, before, to, limit }) {
      const older = to.g - 1
      const own = collection === 'settings' || collection === 'devices' ? { _id: owner } : { device: owner }
      const target = documents(collection)
      const found = await target
        .find({ ...own, 'o.g': older }, { projection: { o: 1, at: 1 }, limit })
        .toArray()
      let count = 0
      for (let i = 0; i < found.length; i += mongoLimits.documents) {
        const operations = found.slice(i, i + mongoLimits.documents).map(
          ({ _id, o, at }): AnyBulkWriteOperation<Stored> => ({
            updateOne: {
              filter: { _id, 'o.g': older, 'o.n': o.n },
              update: {
                $set: {
                  o: { g: to.g, n: to.n },
                  ...(collection === 'readings' && isBefore(before, o) ? { ahead: true } : {}),
                  // Where a summary's record stands was told by its `o` alone.
                  ...(collection === 'summaries' && !at ? { at: { g: o.g, n: o.n - 1 } } : {}),
                },
              },
            },
          }),
        )
        count += (await target.bulkWrite(operations, { ordered: false })).matchedCount
      }
      return count
    },
    async aheadBuckets({ device, limit, cursor = '' }) {
      const found = await documents('readings')
        .find({ device, ahead: true, _id: { $gt: cursor } })
        .sort({ _id: 1 })
        .limit(limit + 1)
        .toArray()
      return pageOf(
        found.map((stored) => decode('readings', stored)),
        limit,
      )
    },
    async clearAhead(device) {
      await documents('readings').updateMany({ device, ahead: true }, { $unset: { ahead: '' } })
    },
  }
}
