import type { CollectionName } from '../core/documents.ts'
import type { Store } from '../core/store.ts'
import type { SqliteFile } from '../sqlite-file.ts'
import { encode } from './encoding.ts'
import { bodyOf, perCollection, promised } from './rows.ts'
import { columns } from './schema.ts'
import { pageOf } from './sets.ts'
import { createCounter, upsertSql } from './upsert.ts'

/** Brings documents over to another generation of the log. */
export function createNewLogCalls({
  db,
  guard,
  transact,
}: SqliteFile): Pick<Store, 'follow' | 'mend' | 'aheadBuckets' | 'clearAhead'> {
  const follow = perCollection((collection) => db.prepare(followSql(collection)))
  const ahead = db
    .prepare<[string, string, number], string>(
      'SELECT body FROM readings WHERE device = ? AND ahead = 1 AND id > ? ORDER BY id LIMIT ?',
    )
    .pluck()
  const put = db.prepare(upsertSql('readings', 'always'))
  const mark = db.prepare<[string]>('UPDATE readings SET ahead = 1 WHERE id = ?')
  const counter = createCounter(db)
  const clear = db.prepare('UPDATE readings SET ahead = 0 WHERE device = ? AND ahead = 1')
  return {
    follow: promised(({ collection, owner, before, to, limit }) =>
      guard(
        () =>
          follow(collection).run({ owner, n: before.n, older: to.g - 1, toG: to.g, toN: to.n, limit })
            .changes,
      ),
    ),
    mend: promised((buckets) => {
      const bodies = buckets.map(encode)
      transact(() =>
        counter.count((change) => {
          buckets.forEach((bucket, i) => {
            const values = columns.readings.map((column) => column.of(bucket))
            put.run(bucket.id, bucket.o.g, bucket.o.n, change + i + 1, bodies[i], ...values)
            mark.run(bucket.id)
          })
          return buckets.length
        }),
      )
    }),
    aheadBuckets: promised(({ device, limit, cursor = '' }) =>
      guard(() =>
        pageOf(
          ahead.all(device, cursor, limit + 1).map((body) => bodyOf('readings', body)),
          limit,
        ),
      ),
    ),
    clearAhead: promised((device) => guard(() => void clear.run(device))),
  }
}

function followSql(collection: CollectionName): string {
  const owner = collection === 'settings' || collection === 'devices' ? 'id' : 'device'
  // Where a summary's record stands was told by its `o` alone.
  const body =
    collection === 'summaries' ? "json_insert(body, '$.at', json_object('g', g, 'n', n - 1))" : 'body'
  return `UPDATE ${collection} SET g = @toG, n = @toN,
      ${collection === 'readings' ? 'ahead = (n > @n),' : ''}
      body = json_set(${body}, '$.o', json_object('g', @toG, 'n', @toN))
    WHERE rowid IN (SELECT rowid FROM ${collection} WHERE ${owner} = @owner AND g = @older LIMIT @limit)`
}
