import { join } from 'node:path'
import Database from 'better-sqlite3'

type Json = Record<string, unknown>

/** Documents of a collection as they lie in the store file, by id. */
export function readDocuments(folder: string, collection: string): Map<string, Json> {
  const db = new Database(join(folder, 'store.db'), { readonly: true })
  try {
    const rows = db
      .prepare<[], { id: string; body: string }>(`SELECT id, body FROM ${collection} ORDER BY id`)
      .all()
    return new Map(rows.map(({ id, body }) => [id, JSON.parse(body) as Json]))
  } finally {
    db.close()
  }
}

/** Rollup documents as two runs must agree on them: the position and the revision tell of the order of arrival. */
export function comparableRollups(folder: string): Map<string, Json> {
  const documents = readDocuments(folder, 'rollups')
  return new Map([...documents].map(([id, { o: _, revision: __, ...rest }]) => [id, rest]))
}

/** Raw readings in the store: each number of each bucket once. */
export function countStored(folder: string): number {
  let count = 0
  for (const bucket of readDocuments(folder, 'readings').values())
    for (const event of bucket.events as { first: number; last: number }[])
      count += event.last - event.first + 1
  return count
}
