import { CodedError } from '@barograph/proto'
import type { Db } from 'mongodb'
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
    { name: 'by_position', key: { device: 1, 'o.g': 1, 'o.n': 1 } },
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

/** Makes the indexes that are missing. */
export async function createIndexes(db: Db): Promise<void> {
  for (const [collection, list] of Object.entries(indexes))
    await db.collection(collection).createIndexes(list.map(({ name, key }) => ({ name, key: { ...key } })))
}

/** Throws `store-index` with the names of those that are not there, or not as they have to be. */
export async function verifyIndexes(db: Db): Promise<void> {
  const wrong: string[] = []
  for (const [collection, list] of Object.entries(indexes)) {
    const found = new Map(
      (await db.collection(collection).listIndexes().toArray()).map(({ name, key }) => [name, JSON.stringify(key)]),
    )
    for (const { name, key } of list)
      if (found.get(name) !== JSON.stringify(key)) wrong.push(`${collection}.${name}`)
  }
  if (wrong.length > 0)
    throw new CodedError('store-index', `The store lacks indexes: ${wrong.join(', ')}.`, { hint: indexHint })
}
