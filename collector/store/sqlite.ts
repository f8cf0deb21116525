import { CodedError } from '@barograph/proto'
import { collectionNames, type CollectionName, type Collections, type Level } from '../core/documents.ts'
import type { Change, Page, Store } from '../core/store.ts'
import { openSqliteFile, type SqliteFile, type SqliteFileOptions } from '../sqlite-file.ts'
import { createCheckpoints } from './checkpoints.ts'
import { encode } from './encoding.ts'
import { createLives } from './lives.ts'
import { createNewLogCalls } from './new-log.ts'
import { createRemovals } from './removals.ts'
import { bodyOf, perCollection, promised } from './rows.ts'
import { columns, storeApplicationId, storeMigrations } from './schema.ts'
import { createSets, currentSetSql } from './sets.ts'
import { createCounter, upsertSql } from './upsert.ts'

export interface SqliteStoreOptions {
  readonly path: string
  /** Reads while others write; every write is refused. The file must be there. */
  readonly readOnly?: boolean
  /** The file does not grow beyond: `store-full`, as on a full disk. */
  readonly maxBytes?: number
  /** How the database is opened; default: as the file at `path`. */
  readonly open?: SqliteFileOptions['open']
}

/** A store in one SQLite file. Any number of threads and processes may open it at once. */
export function createSqliteStore({ path, readOnly = false, maxBytes, open }: SqliteStoreOptions): Store {
  const file = openSqliteFile({
    path,
    what: 'store',
    applicationId: storeApplicationId,
    migrations: storeMigrations,
    readOnly,
    maxBytes,
    ...(open ? { open } : {}),
  })
  const { db } = file
  return {
    read: createReader(file),
    write: createWriter(file),
    ...createCheckpoints(file),
    ...createSets(file),
    ...createNewLogCalls(file),
    ...createLives(file),
    ...createRemovals(file),
    ...createQueries(file),
    ...createChanges(file),
    close: async () => {
      if (db.open) file.close()
    },
  }
}

function createReader({ db, guard }: SqliteFile): Store['read'] {
  const byId = perCollection((collection) =>
    db.prepare<[string], string>(`SELECT body FROM ${collection} WHERE id = ?`).pluck(),
  )
  return async <C extends CollectionName>(collection: C, ids: readonly string[]) =>
    guard(() => {
      const statement = byId(collection)
      return ids.map((id) => {
        const body = statement.get(id)
        return body === undefined ? null : bodyOf(collection, body)
      })
    })
}

function createWriter({ db, transact }: SqliteFile): Store['write'] {
  const upsert = perCollection((collection) => db.prepare(upsertSql(collection, 'newer')))
  const counter = createCounter(db)
  const currentSet = db.prepare<[string], number>('SELECT current FROM sets WHERE device = ?').pluck()
  return async <C extends CollectionName>(collection: C, documents: readonly Collections[C][]) => {
    if (documents.length === 0) return
    const statement = upsert(collection)
    const own = columns[collection]
    // Encoded before the lock is taken: other writers need not wait for it.
    const bodies = documents.map(encode)
    transact(() => {
      const sets = new Map<string, number>()
      const isOfOldSet = (document: Collections[CollectionName]): boolean => {
        if (!('level' in document)) return false
        const { device, set = 0 } = document
        let current = sets.get(device)
        if (current === undefined) sets.set(device, (current = currentSet.get(device) ?? 0))
        return set !== current
      }
      counter.count((change) => {
        let written = 0
        documents.forEach((document, i) => {
          if (isOfOldSet(document)) return
          const values = own.map((column) => column.of(document))
          const { id, o } = document
          written += statement.run(id, o.g, o.n, change + written + 1, bodies[i], ...values).changes
        })
        return written
      })
    })
  }
}

type QueryCalls = Pick<Store, 'devices' | 'streams' | 'epochs' | 'rollups' | 'newestRollup' | 'buckets'>

function createQueries(file: SqliteFile): QueryCalls {
  const { db, guard } = file
  const all = <C extends CollectionName>(collection: C, where: string, order: string) => {
    const select = db
      .prepare<unknown[], string>(`SELECT body FROM ${collection} ${where} ORDER BY ${order}`)
      .pluck()
    return (...values: unknown[]) => select.all(...values).map((body) => bodyOf(collection, body))
  }
  const devices = all('devices', '', 'id')
  const streams = all('streams', '', 'device, sensor')
  const deviceStreams = all('streams', 'WHERE device = ?', 'device, sensor')
  const deviceEpochs = all('epochs', 'WHERE device = ?', 'first_ingest, id')
  const streamEpochs = all('epochs', 'WHERE device = ? AND sensor = ?', 'first_ingest, id')
  const newest = all(
    'rollups',
    `WHERE device = @device AND in_set = ${currentSetSql('@device')} AND sensor = @sensor AND level = @level`,
    'start DESC LIMIT 1',
  )
  return {
    devices: promised(() => guard(() => devices())),
    streams: promised((device) => guard(() => (device === undefined ? streams() : deviceStreams(device)))),
    epochs: promised((device, sensor) =>
      guard(() => (sensor === undefined ? deviceEpochs(device) : streamEpochs(device, sensor))),
    ),
    newestRollup: promised((device, sensor, level: Level) =>
      guard(() => newest({ device, sensor, level })[0] ?? null),
    ),
    rollups: createRollupPages(file),
    buckets: createBucketPages(file),
  }
}

const badCursor = (cursor: string) =>
  new CodedError('bad-cursor', `The cursor "${cursor}" is not one that this query gave.`, {
    hint: 'Start again without a cursor.',
  })

function createRollupPages({ db, guard }: SqliteFile): Store['rollups'] {
  const select = db
    .prepare<unknown[], string>(
      `SELECT body FROM rollups WHERE device = @device AND in_set = ${currentSetSql('@device')}
         AND sensor = @sensor AND level = @level AND start >= @first AND start < @to ORDER BY start LIMIT @most`,
    )
    .pluck()
  return promised(({ device, sensor, level, from, to, limit, cursor }) =>
    guard((): Page<Collections['rollups']> => {
      // The cursor is the start of the next window.
      if (cursor !== undefined && !/^-?\d{1,15}$/.test(cursor)) throw badCursor(cursor)
      const first = cursor === undefined ? from : Math.max(from, Number(cursor))
      const found = select
        .all({ device, sensor, level, first, to, most: limit + 1 })
        .map((body) => bodyOf('rollups', body))
      return { items: found.slice(0, limit), cursor: found[limit]?.start.toString() ?? null }
    }),
  )
}

function createBucketPages({ db, guard }: SqliteFile): Store['buckets'] {
  const select = db
    .prepare<[string, string, number, number, string, number], string>(
      `SELECT body FROM readings WHERE device = ? AND sensor = ? AND first_time < ?
         AND (first_time, id) >= (?, ?) AND last_time >= ?
         AND g >= coalesce((SELECT devices.g FROM devices WHERE devices.id = readings.device), 0)
       ORDER BY first_time, id`,
    )
    .pluck()
  return promised(({ device, sensor, from, to, limit, cursor }) =>
    guard((): Page<Collections['readings']> => {
      const [, time = '-9e15', id = ''] = (cursor && /^(-?\d{1,15}) (.+)$/.exec(cursor)) || []
      if (cursor !== undefined && id === '') throw badCursor(cursor)
      const items: Collections['readings'][] = []
      for (const body of select.iterate(device, sensor, to, Number(time), id, from)) {
        const bucket = bodyOf('readings', body)
        // The columns tell that it spans the range; only the times tell whether one lies inside.
        if (!bucket.times.some((at) => at !== null && at >= from && at < to)) continue
        if (items.length === limit) return { items, cursor: `${bucket.firstTime} ${bucket.id}` }
        items.push(bucket)
      }
      return { items, cursor: null }
    }),
  )
}

function createChanges({ db, guard, snapshot }: SqliteFile): Pick<Store, 'changes' | 'newestChange'> {
  interface Row {
    change: number
    body: string
  }
  const newest = db.prepare<[], number>('SELECT change FROM counter').pluck()
  const after = perCollection((collection) =>
    db.prepare<[number, number], Row>(
      `SELECT change, body FROM ${collection} WHERE change > ?
       ${collection === 'rollups' ? `AND in_set = ${currentSetSql('rollups.device')}` : ''}
       ORDER BY change LIMIT ?`,
    ),
  )
  const changedSince = (since: number, limit: number, only: readonly CollectionName[] = collectionNames) => {
    const found = only.flatMap((collection) =>
      after(collection)
        .all(since, limit)
        .map((row) => ({ collection, ...row })),
    )
    found.sort((a, b) => a.change - b.change)
    const page = found.slice(0, limit)
    const changes = page.map(
      ({ collection, body }): Change => ({
        collection,
        document: bodyOf(collection, body),
      }),
    )
    // A page that is not full has seen everything up to now, other collections too.
    const cursor = page.length < limit ? Math.max(since, newest.get() ?? 0) : (page.at(-1)?.change ?? since)
    return { changes, cursor }
  }
  return {
    // One view of the file: a document that moves to the end meanwhile must not be jumped over.
    changes: promised((since, limit, only) => snapshot(() => changedSince(since, limit, only))),
    newestChange: promised(() => guard(() => newest.get() ?? 0)),
  }
}
