import { type Db, Decimal128, type Document, MongoClient } from 'mongodb'
import {
  type Bucket,
  contentOf,
  type EpochBody,
  type Metrics,
  type RollupBody,
  type StoreContent,
} from './store.ts'

/**
 * The whole store in a database of MongoDB, read with its driver alone and as docs/documents.md describes it: no code of
 * the collector judges the collector. Nobody may write meanwhile.
 */
export async function readMongoStore(url: string, metrics: Metrics = {}): Promise<StoreContent> {
  const client = await new MongoClient(url, { readConcern: { level: 'majority' } }).connect()
  try {
    const db = client.db()
    const sets = await setsOf(db)
    const windows = await all<RollupBody & { device: string; set: number }>(db, 'rollups')
    const documents = {
      epochs: await all<EpochBody>(db, 'epochs'),
      buckets: await all<Bucket>(db, 'readings'),
      windows: windows.filter(({ device, set }) => set === (sets.get(device) ?? 0)),
    }
    return contentOf(documents, metrics)
  } finally {
    await client.close()
  }
}

/** The set of windows that holds, of devices that ever had a rebuild: the newest swap is told by the checkpoint first. */
async function setsOf(db: Db): Promise<Map<string, number>> {
  const newest = new Map<string, { set: number; number: number }>()
  const note = (device: string, set: number, number: number): void => {
    if (number > (newest.get(device)?.number ?? -1)) newest.set(device, { set, number })
  }
  const sets = await all<{ _id: string; current: number; number: number }>(db, 'sets')
  for (const { _id, current, number } of sets) note(_id, current, number)
  type Checkpoint = { swapped: { device: string; set: number; number: number } | null }
  for (const { swapped } of await all<Checkpoint>(db, 'checkpoints'))
    if (swapped) note(swapped.device, swapped.set, swapped.number)
  return new Map([...newest].map(([device, { set }]) => [device, set]))
}

const all = async <T>(db: Db, collection: string): Promise<T[]> =>
  (await db.collection(collection).find().toArray()).map((document) => plainOf(document) as T)

/** Dates as ms, sums by their digits, words as they were before they became names of fields. */
function plainOf(value: unknown): unknown {
  if (value instanceof Date) return value.getTime()
  if (value instanceof Decimal128) return Number(value.toString())
  if (Array.isArray(value)) return value.map(plainOf)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value as Document).map(([key, item]) => [wordOf(key), plainOf(item)]),
  )
}

const wordOf = (key: string): string =>
  key === '%'
    ? ''
    : key.replace(/%([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)))
