import { CodedError } from '@barograph/proto'
import { type AnyBulkWriteOperation, type Filter, MongoBulkWriteError } from 'mongodb'
import type { CollectionName, Collections } from '../../core/documents.ts'
import type { Counter } from './counter.ts'
import { encode, type Stored } from './encoding.ts'
import { mongoLimits, type Place } from './place.ts'

/** Writes documents: where they are newer than what is stored, or `always`. Each is replaced whole or not at all. */
export type Put = <C extends CollectionName>(
  collection: C,
  documents: readonly Collections[C][],
  when: 'newer' | 'always',
) => Promise<void>

/** Tries to write a document that others are writing at the same moment. */
const tries = 20

export function createPut(place: Place, counter: Counter): Put {
  const put: Put = async (collection, documents, when) => {
    if (documents.length === 0) return
    const lease = await counter.lease(documents.length)
    const stored = documents.map((document, i) => encode(collection, document, lease.from + 1 + i))
    let written = 0
    // When this fails, some of it may still be on its way to the server: the lease stays until it is taken for dead.
    for (let i = 0; i < stored.length; i += mongoLimits.documents)
      written += await putSome(place, collection, stored.slice(i, i + mongoLimits.documents), when)
    if (written === 0) await counter.giveBack(lease)
    else if (!(await counter.settle(lease))) await numberAnew(place, counter, collection, stored)
  }
  return put
}

/** Returns how many were written; the others are not newer than what is stored. */
async function putSome(
  { documents }: Place,
  collection: CollectionName,
  stored: readonly Stored[],
  when: 'newer' | 'always',
): Promise<number> {
  const target = documents(collection)
  let left = stored
  let written = 0
  for (let i = 0; i < tries; i++) {
    const operations = left.map((replacement): AnyBulkWriteOperation<Stored> => {
      const { _id, o } = replacement
      // One that is not older does not match; then the insert that is tried instead meets its _id.
      const filter: Filter<Stored> = when === 'newer' ? { _id, o: { $lt: o } } : { _id }
      return { replaceOne: { filter, replacement, upsert: true } }
    })
    try {
      const { upsertedCount, matchedCount } = await target.bulkWrite(operations, { ordered: false })
      return written + upsertedCount + matchedCount
    } catch (error) {
      const met = idsMet(error, left)
      written += left.length - met.length
      // It was inserted by somebody else a moment ago, maybe older than ours.
      left = when === 'always' ? met : await stillNewer({ documents }, collection, met)
      if (left.length === 0) return written
    }
  }
  throw new CodedError('store-busy', `${collection}: others write the same documents all the time.`, {
    retryable: true,
  })
}

/** The documents whose _id was there already. Throws what is anything else. */
function idsMet(error: unknown, documents: readonly Stored[]): Stored[] {
  if (!(error instanceof MongoBulkWriteError) || error.result.getWriteConcernError()) throw error
  const errors = [error.writeErrors].flat()
  if (errors.length === 0 || errors.some(({ code }) => code !== 11000)) throw error
  return errors.flatMap(({ index }) => documents[index] ?? [])
}

async function stillNewer(
  { documents }: Pick<Place, 'documents'>,
  collection: CollectionName,
  ours: readonly Stored[],
): Promise<Stored[]> {
  const ids = ours.map(({ _id }) => _id)
  const found = await documents(collection)
    .find({ _id: { $in: ids } }, { projection: { o: 1 }, readConcern: { level: 'local' } })
    .toArray()
  const positions = new Map(found.map(({ _id, o }) => [_id, o]))
  return ours.filter(({ _id, o }) => {
    const theirs = positions.get(_id)
    return theirs === undefined || theirs < o
  })
}

/** This program stood still for so long that followers went on without it: what it wrote gets numbers ahead of them. */
async function numberAnew(
  place: Place,
  counter: Counter,
  collection: CollectionName,
  stored: readonly Stored[],
): Promise<void> {
  const lease = await counter.lease(stored.length)
  const target = place.documents(collection)
  for (let i = 0; i < stored.length; i += mongoLimits.documents)
    await target.bulkWrite(
      stored.slice(i, i + mongoLimits.documents).map(({ _id, change }, k) => ({
        updateOne: { filter: { _id, change }, update: { $set: { change: lease.from + 1 + i + k } } },
      })),
      { ordered: false },
    )
  if (!(await counter.settle(lease)))
    await numberAnew(
      place,
      counter,
      collection,
      stored.map((one, i) => ({ ...one, change: lease.from + 1 + i }) as Stored),
    )
}
