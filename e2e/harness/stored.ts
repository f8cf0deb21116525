import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { RangeSet } from '@barograph/proto'
import { MongoClient } from 'mongodb'
import type { CollectionName, Collections } from '../../collector/core/documents.ts'
import { encode } from '../../collector/store/encoding.ts'
import { decode, type Stored } from '../../collector/store/mongo/encoding.ts'
import {
  comparable,
  comparableRollups,
  countOf,
  countStored,
  type Json,
  numbersOf,
  readDocuments,
  storedNumbers,
} from './documents.ts'

/** What a store holds, read beside those that write it. Of whatever store, in the form of the store file. */
export interface StoredContent {
  /** Documents of a collection by id. */
  documents(collection: CollectionName): Promise<Map<string, Json>>
  /** Rollup documents that hold, as two runs must agree on them. */
  rollups(): Promise<Map<string, Json>>
  /** Raw readings: each number of each bucket once. */
  count(): Promise<number>
  /** `sensor epoch` -> the numbers in the buckets of a device; throws when one is there twice. */
  numbers(device: string): Promise<Map<string, RangeSet>>
  close(): Promise<void>
}

/** Readings in the windows of years: marks are entries, but no readings. */
export async function readingsIn(stored: StoredContent): Promise<number> {
  return [...(await stored.rollups()).values()]
    .filter(({ level }) => level === 'year')
    .reduce((sum, { received }) => sum + Number(received), 0)
}

/** The file `store.db` of this folder; as long as there is none, nothing is stored. */
export function storedInFile(folder: string): StoredContent {
  const isThere = (): boolean => existsSync(join(folder, 'store.db'))
  return {
    documents: async (collection) => (isThere() ? readDocuments(folder, collection) : new Map()),
    rollups: async () => (isThere() ? comparableRollups(folder) : new Map()),
    count: async () => (isThere() ? countStored(folder) : 0),
    numbers: async (device) => (isThere() ? storedNumbers(folder, device) : new Map()),
    close: async () => {},
  }
}

/** The database that this URL names. */
export function storedInMongo(url: string): StoredContent {
  const client = new MongoClient(url)
  const db = client.db()

  async function documents<C extends CollectionName>(collection: C): Promise<Map<string, Json>> {
    const found = await db.collection<Stored>(collection).find().toArray()
    // As the store file has it: a sum beyond 2^53, for one.
    const asInFile = (document: Collections[C]): Json => JSON.parse(encode(document)) as Json
    return new Map(
      found
        .sort((a, b) => (a._id < b._id ? -1 : 1))
        .map((stored) => [stored._id, asInFile(decode(collection, stored))]),
    )
  }

  /** A swap stands in the checkpoint first, and then in the device's own document. */
  async function currentSets(): Promise<Map<string, number>> {
    const current = new Map<string, number>()
    const numbers = new Map<string, number>()
    for (const { _id, current: set, number } of await db.collection<SetOfDevice>('sets').find().toArray()) {
      current.set(_id, set)
      numbers.set(_id, number)
    }
    for (const { swapped } of await db.collection<Swaps>('checkpoints').find().toArray())
      if (swapped && swapped.number > (numbers.get(swapped.device) ?? -1))
        current.set(swapped.device, swapped.set)
    return current
  }

  const buckets = async (): Promise<Iterable<Json>> => (await documents('readings')).values()
  return {
    documents,
    rollups: async () => comparable((await documents('rollups')).values(), await currentSets()),
    count: async () => countOf(await buckets()),
    numbers: async (device) => numbersOf(await buckets(), device),
    close: () => client.close(),
  }
}

interface SetOfDevice {
  readonly _id: string
  readonly current: number
  readonly number: number
}

interface Swaps {
  readonly _id: string
  readonly swapped?: { readonly device: string; readonly set: number; readonly number: number }
}
