import { CodedError } from '@barograph/proto'
import { type Db, MongoServerError } from 'mongodb'
import { indexHint } from './trouble.ts'

/** An index, and what is asked by it. */
export interface Index {
  readonly name: string
  readonly key: Readonly<Record<string, 1>>
}

const byChange: Index = { name: 'by_change', key: { change: 1 } }

/** Every index of the store beside those by _id. All are plain: no filter, no collation, no expiry. */
export const indexes: Readonly<Record<string, readonly Index[]>> = {
  settings: [byChange],
  devices: [byChange],
  streams: [byChange, { name: 'by_stream', key: { device: 1, sensor: 1 } }],
  epochs: [byChange, { name: 'by_stream', key: { device: 1, sensor: 1, firstIngest: 1, _id: 1 } }],
  readings: [
    byChange,
    { name: 'by_time', key: { device: 1, sensor: 1, firstTime: 1, _id: 1, lastTime: 1 } },
    { name: 'by_position', key: { device: 1, o: 1, _id: 1 } },
    { name: 'by_ingest', key: { newestIngest: 1, _id: 1 } },
  ],
  summaries: [byChange, { name: 'by_device', key: { device: 1, _id: 1 } }],
  rollups: [
    byChange,
    { name: 'by_start', key: { device: 1, set: 1, sensor: 1, level: 1, start: 1 } },
    { name: 'by_set', key: { device: 1, set: 1, sealed: 1, _id: 1 } },
  ],
  sets: [{ name: 'by_partition', key: { partition: 1 } }],
}

/** Makes the indexes that are missing. Throws `store-index` with the names of those that are not as they have to be. */
export async function ensureIndexes(db: Db): Promise<void> {
  const missing = new Set((await findWrong(db)).map(({ collection }) => collection))
  if (missing.size === 0) return
  await Promise.all(
    [...missing].map((collection) =>
      db
        .collection(collection)
        .createIndexes((indexes[collection] ?? []).map(({ name, key }) => ({ name, key: { ...key } }))),
    ),
  )
  const wrong = (await findWrong(db)).map(({ collection, name }) => `${collection}.${name}`)
  if (wrong.length > 0)
    throw new CodedError('store-index', `The store lacks indexes: ${wrong.join(', ')}.`, { hint: indexHint })
}

async function findWrong(db: Db): Promise<{ collection: string; name: string }[]> {
  const lists = await Promise.all(
    Object.entries(indexes).map(async ([collection, list]) => {
      const there = await db.collection(collection).listIndexes().toArray().catch(noneOfNone)
      const found = new Map(there.map(({ name, key }) => [name, JSON.stringify(key)]))
      return list
        .filter(({ name, key }) => found.get(name) !== JSON.stringify(key))
        .map(({ name }) => ({ collection, name }))
    }),
  )
  return lists.flat()
}

/** A collection that is not there yet has no indexes (NamespaceNotFound). */
function noneOfNone(error: unknown): [] {
  if (error instanceof MongoServerError && error.code === 26) return []
  throw error
}
