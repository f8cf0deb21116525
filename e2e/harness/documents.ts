import { join } from 'node:path'
import { addRange, emptySet, type RangeSet, sizeOf } from '@barograph/proto'
import Database from 'better-sqlite3'

export type Json = Record<string, unknown>

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

/**
 * Rollup documents that hold, as two runs must agree on them: position and revision tell of the order of arrival, and the
 * set how often they were made anew.
 */
export function comparableRollups(folder: string): Map<string, Json> {
  return comparable(readDocuments(folder, 'rollups').values(), currentSets(folder))
}

/** The same of these documents; `current`: which set of a device's windows holds, where it is another one than 0. */
export function comparable(rollups: Iterable<Json>, current: ReadonlyMap<string, number>): Map<string, Json> {
  const found = new Map<string, Json>()
  for (const document of rollups) {
    const { id: _, o: __, revision: ___, revisedAt: ____, set = 0, ...rest } = document
    if (set !== (current.get(String(rest.device)) ?? 0)) continue
    found.set(
      `${String(rest.device)}/${String(rest.sensor)}/${String(rest.level)}/${Number(rest.start)}`,
      rest,
    )
  }
  return found
}

function currentSets(folder: string): Map<string, number> {
  const db = new Database(join(folder, 'store.db'), { readonly: true })
  try {
    const rows = db.prepare<[], { device: string; current: number }>('SELECT device, current FROM sets').all()
    return new Map(rows.map(({ device, current }) => [device, current]))
  } finally {
    db.close()
  }
}

interface StoredEvent {
  readonly first: number
  readonly last: number
  readonly what: string
}

/** What brought the numbers of a bucket. A release is a second event of a number that is there. */
const arrivalsOf = (bucket: Json): StoredEvent[] =>
  (bucket.events as StoredEvent[]).filter(({ what }) => what !== 'released')

/** `sensor epoch` -> the numbers in the buckets of a device; throws when one is there twice. */
export function storedNumbers(folder: string, device: string): Map<string, RangeSet> {
  return numbersOf(readDocuments(folder, 'readings').values(), device)
}

/** The same of these buckets. */
export function numbersOf(buckets: Iterable<Json>, device: string): Map<string, RangeSet> {
  const numbers = new Map<string, RangeSet>()
  for (const bucket of buckets) {
    if (bucket.device !== device) continue
    const key = `${String(bucket.sensor)} ${String(bucket.epoch)}`
    for (const { first, last } of arrivalsOf(bucket)) {
      const before = numbers.get(key) ?? emptySet
      const after = addRange(before, first, last)
      if (sizeOf(after) !== sizeOf(before) + last - first + 1)
        throw new Error(`${key}: some of ${first} to ${last} are stored twice`)
      numbers.set(key, after)
    }
  }
  return numbers
}

/** Raw readings in the store: each number of each bucket once. */
export function countStored(folder: string): number {
  return countOf(readDocuments(folder, 'readings').values())
}

/** The same of these buckets. */
export function countOf(buckets: Iterable<Json>): number {
  let count = 0
  for (const bucket of buckets) for (const event of arrivalsOf(bucket)) count += event.last - event.first + 1
  return count
}
