import { CodedError } from '@barograph/proto'
import {
  type AnyBulkWriteOperation,
  type BulkWriteResult,
  type Collection,
  MongoBulkWriteError,
} from 'mongodb'
import type { CollectionName, Collections } from '../../core/documents.ts'
import type { Counter } from './counter.ts'
import { encode, type Stored } from './encoding.ts'
import { mongoLimits, type Place } from './place.ts'

/** Writes documents: where they are newer than what is stored, or `always`. Each is replaced whole or not at all. */
export type Put = <C extends CollectionName>(
  collection: C,
  documents: readonly Collections[C][],
  when: 'newer' | 'always',
  /** Fields of the store's own, beside the document's. */
  beside?: { readonly ahead: true },
) => Promise<void>

/** Tries to write a document that others are writing at the same moment. */
const tries = 20
/** Ids of a collection that are remembered as written before, so that nobody tries to insert them; then all are forgotten. */
const knownIds = 50_000

export function createPut(place: Place, counter: Counter): Put {
  const all = new Map<CollectionName, Set<string>>()
  const knownOf = (collection: CollectionName): Set<string> => {
    const known = all.get(collection) ?? new Set()
    all.set(collection, known)
    return known
  }
  const put: Put = async (collection, documents, when, beside) => {
    if (documents.length === 0) return
    const target = place.documents(collection)
    const known = knownOf(collection)
    const lease = await counter.lease(documents.length)
    const stored = documents.map(
      (document, i) => ({ ...encode(collection, document, lease.from + 1 + i), ...beside }) as Stored,
    )
    let written = 0
    // When this fails, some of it may still be on its way to the server: the lease stays until it is taken for dead.
    for (let i = 0; i < stored.length; i += mongoLimits.documents) {
      const some = stored.slice(i, i + mongoLimits.documents)
      if (known.size > knownIds) known.clear()
      written += await (when === 'always' ? replaceAll(target, some) : replaceOlder(target, some, known))
    }
    if (written === 0) await counter.giveBack(lease)
    else if (!(await counter.settle(lease))) await numberAnew(place, counter, collection, stored)
  }
  return put
}

/** Replaces whatever is there. */
async function replaceAll(target: Collection<Stored>, stored: readonly Stored[]): Promise<number> {
  let left = stored
  for (let i = 0; i < tries; i++) {
    const operations = left.map((replacement) => ({
      replaceOne: { filter: { _id: replacement._id }, replacement, upsert: true },
    }))
    const met = idsMet(await bulk(target, operations), left)
    if (met.length === 0) return stored.length
    left = met
  }
  throw busy(target)
}

/**
 * Inserts what is not there and replaces what is older; returns how many. Two steps, for not every server that speaks
 * MongoDB's language finds a document by its _id when the guard is in the same filter as an upsert.
 */
async function replaceOlder(
  target: Collection<Stored>,
  stored: readonly Stored[],
  known: Set<string>,
): Promise<number> {
  let left = stored
  let written = 0
  for (let i = 0; i < tries && left.length > 0; i++) {
    const maybeNew = left.filter(({ _id }) => i > 0 || !known.has(_id))
    const inserted = await insertNew(target, maybeNew)
    written += inserted.size
    const there = left.filter(({ _id }) => !inserted.has(_id))
    for (const { _id } of left) known.add(_id)
    if (there.length === 0) return written
    const outcome = await bulk(
      target,
      there.map((replacement) => ({
        replaceOne: { filter: { _id: replacement._id, o: { $lt: replacement.o } }, replacement },
      })),
    )
    written += outcome.result.matchedCount
    if (outcome.result.matchedCount === there.length) return written
    // Of the others newer ones are stored, or they were deleted a moment ago.
    left = await stillNewer(target, there)
  }
  if (left.length > 0) throw busy(target)
  return written
}

async function insertNew(target: Collection<Stored>, stored: readonly Stored[]): Promise<Set<string>> {
  if (stored.length === 0) return new Set()
  const { result } = await bulk(
    target,
    stored.map(({ _id, ...fields }) => ({
      updateOne: { filter: { _id }, update: { $setOnInsert: fields }, upsert: true },
    })),
  )
  return new Set(Object.values(result.upsertedIds).map(String))
}

interface Outcome {
  readonly result: BulkWriteResult
  /** Which operations met an _id that somebody inserted at the same moment. */
  readonly met: readonly number[]
}

/** Unordered: one that fails holds up no other. Throws what is anything but an _id that is there already. */
async function bulk(
  target: Collection<Stored>,
  operations: readonly AnyBulkWriteOperation<Stored>[],
): Promise<Outcome> {
  try {
    return { result: await target.bulkWrite([...operations], { ordered: false }), met: [] }
  } catch (error) {
    if (!(error instanceof MongoBulkWriteError) || error.result.getWriteConcernError()) throw error
    const errors = [error.writeErrors].flat()
    if (errors.length === 0 || errors.some(({ code }) => code !== 11000)) throw error
    return { result: error.result, met: errors.map(({ index }) => index) }
  }
}

const idsMet = ({ met }: Outcome, documents: readonly Stored[]): Stored[] =>
  met.flatMap((index) => documents[index] ?? [])

const busy = ({ collectionName }: Collection<Stored>): CodedError =>
  new CodedError('store-busy', `${collectionName}: others write the same documents all the time.`, {
    retryable: true,
  })

/** Those of ours that are absent, or stored as of an older position. */
async function stillNewer(target: Collection<Stored>, ours: readonly Stored[]): Promise<Stored[]> {
  const ids = ours.map(({ _id }) => _id)
  const found = await target
    .find({ _id: { $in: ids } }, { projection: { o: 1 }, readConcern: { level: 'local' } })
    .toArray()
  const positions = new Map(found.map(({ _id, o }) => [_id, o]))
  return ours.filter(({ _id, o }) => {
    const theirs = positions.get(_id)
    return theirs === undefined || theirs < o
  })
}

/** Deletes documents by id; returns how many were there. */
export async function deleteByIds(target: Collection<Stored>, ids: readonly string[]): Promise<number> {
  let deleted = 0
  for (let i = 0; i < ids.length; i += mongoLimits.documents) {
    const operations = ids
      .slice(i, i + mongoLimits.documents)
      .map((_id) => ({ deleteOne: { filter: { _id } } }))
    deleted += (await target.bulkWrite(operations, { ordered: false })).deletedCount
  }
  return deleted
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
