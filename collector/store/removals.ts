import { CodedError } from '@barograph/proto'
import type { Page, Store } from '../core/store.ts'
import type { SqliteFile } from '../sqlite-file.ts'
import { bodyOf, perCollection, promised } from './rows.ts'

type RemovalCalls = Pick<Store, 'oldBuckets' | 'remove' | 'removeWindows'>

interface OldRow {
  readonly ingest: number
  readonly id: string
  readonly body: string
}

/** What retention asks for and takes away. The file does not shrink: its free pages are written again. */
export function createRemovals({ db, guard, transact }: SqliteFile): RemovalCalls {
  // One query for buckets of known ingest, one for those from before it was known.
  const known = db.prepare<[number, number, string, number], OldRow>(
    `SELECT newest_ingest AS ingest, id, body FROM readings
     WHERE newest_ingest < ? AND (newest_ingest, id) > (?, ?) ORDER BY newest_ingest, id LIMIT ?`,
  )
  const unknown = db.prepare<[number, string, number], OldRow>(
    `SELECT -1 AS ingest, id, body FROM readings
     WHERE newest_ingest IS NULL AND (SELECT since FROM ingest_known) < ? AND id > ? ORDER BY id LIMIT ?`,
  )
  const drop = perCollection((collection) =>
    db.prepare<[string, number, number]>(`DELETE FROM ${collection} WHERE id = ? AND g = ? AND n = ?`),
  )
  const dropWindows = db.prepare(`DELETE FROM rollups WHERE rowid IN (
    SELECT rowid FROM rollups
    WHERE device = @device AND in_set IN (0, (SELECT current FROM sets WHERE device = @device),
        (SELECT claimed FROM sets WHERE device = @device))
      AND sensor = @sensor AND level = @level AND start < @endBy AND json_extract(body, '$.end') <= @endBy
    LIMIT @limit)`)

  function oldRows(before: number, [ingest, id]: readonly [number, string], limit: number): OldRow[] {
    const rows = ingest < 0 ? unknown.all(before, id, limit) : []
    return rows.length === limit
      ? rows
      : [...rows, ...known.all(before, Math.max(ingest, 0), ingest < 0 ? '' : id, limit - rows.length)]
  }

  return {
    oldBuckets: promised(({ ingestedBefore, limit, cursor }) =>
      guard((): Page<ReturnType<typeof bodyOf<'readings'>>> => {
        const [, time = '-1', id = ''] = (cursor && /^(-?\d{1,15}) (.+)$/.exec(cursor)) || []
        if (cursor !== undefined && id === '')
          throw new CodedError('bad-cursor', `The cursor "${cursor}" is not one that this query gave.`)
        const rows = oldRows(ingestedBefore, [Number(time), id], limit + 1)
        const last = rows[limit - 1]
        return {
          items: rows.slice(0, limit).map(({ body }) => bodyOf('readings', body)),
          cursor: rows.length > limit && last ? `${last.ingest} ${last.id}` : null,
        }
      }),
    ),
    remove: promised((collection, documents) => {
      const statement = drop(collection)
      return transact(() =>
        documents.reduce((sum, { id, o }) => sum + statement.run(id, o.g, o.n).changes, 0),
      )
    }),
    removeWindows: promised((query) => guard(() => dropWindows.run(query).changes)),
  }
}
