import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { CodedError } from '@barograph/proto'
import type {
  StoredSet,
  StoreProgress,
  StoreSource,
  StoreState,
  StoreTarget,
} from '../core/copy/store-ports.ts'
import type { Checkpoint } from '../core/store.ts'
import { completeCopy, isHalfCopy, openSqliteFile, type SqliteFile } from '../sqlite-file.ts'
import { createCheckpoints } from './checkpoints.ts'
import { encode } from './encoding.ts'
import { bodyOf, perCollection, promised } from './rows.ts'
import { columns, storeApplicationId, storeMigrations } from './schema.ts'
import { createCounter, upsertSql } from './upsert.ts'

const storeFile = { what: 'store', applicationId: storeApplicationId, migrations: storeMigrations } as const

/** A store in a file as it is now, whatever is written meanwhile: its write-ahead log grows until this is closed. */
export function openSqliteSource(path: string): StoreSource {
  const file = openSqliteFile({ ...storeFile, path, readOnly: true, maxBytes: undefined })
  const reading = createReading(file)
  file.db.exec('BEGIN')
  return { isSnapshot: true, ...reading }
}

/** A copy in the making in a file, which is made when there is none. */
export function openSqliteTarget(path: string): StoreTarget {
  // A store that is whole is only looked at.
  const isNew = !existsSync(path)
  const file = openSqliteFile({ ...storeFile, path, readOnly: false, maxBytes: undefined, isCopy: true })
  const { db, guard, transact } = file
  const isWhole = !isNew && !isHalfCopy(file, storeApplicationId)
  if (!isWhole)
    db.exec(`CREATE TABLE IF NOT EXISTS copying (only INTEGER PRIMARY KEY CHECK (only = 1),
      progress TEXT NOT NULL) STRICT`)
  const upsert = perCollection((collection) => db.prepare(upsertSql(collection, 'always')))
  const remove = perCollection((collection) => db.prepare<[string]>(`DELETE FROM ${collection} WHERE id = ?`))
  const counter = createCounter(db)
  const refuseWhole = (): void => {
    if (isWhole) throw new CodedError('copy-target-used', `${path} holds a store already.`)
  }
  return {
    isSnapshot: false,
    isWhole,
    ...createReading(file),
    progress: promised(() =>
      guard(() => {
        if (isWhole) return null
        const text = db.prepare<[], string>('SELECT progress FROM copying').pluck().get()
        return text === undefined ? null : (JSON.parse(text) as StoreProgress)
      }),
    ),
    put: promised((collection, { documents, gone }, progress) => {
      refuseWhole()
      const bodies = documents.map(encode)
      transact(() => {
        counter.count((change) => {
          documents.forEach((document, i) => {
            const values = columns[collection].map((column) => column.of(document))
            const { id, o } = document
            upsert(collection).run(id, o.g, o.n, change + i + 1, bodies[i], ...values)
          })
          return documents.length
        })
        for (const id of gone) remove(collection).run(id)
        db.prepare('INSERT OR REPLACE INTO copying VALUES (1, ?)').run(JSON.stringify(progress))
      })
    }),
    complete: promised((state) => {
      refuseWhole()
      transact(() => {
        putState(file, state)
        db.exec('DROP TABLE copying')
        completeCopy(file, storeApplicationId)
      })
    }),
  }
}

interface SetRow {
  device: string
  partition: number
  current: number
  g: number
  n: number
  claimed: number
}

function createReading(file: SqliteFile): Omit<StoreSource, 'isSnapshot'> {
  const { db, guard } = file
  const partitions = db.prepare<[], number>('SELECT partition FROM checkpoints ORDER BY partition').pluck()
  const sets = db.prepare<[], SetRow>('SELECT * FROM sets ORDER BY device')
  const since = db.prepare<[], number>('SELECT since FROM ingest_known').pluck()
  const change = db.prepare<[], number>('SELECT change FROM counter').pluck()
  const life = db.prepare<[], string>('SELECT id FROM lives ORDER BY rowid DESC LIMIT 1').pluck()
  const page = perCollection((collection) =>
    db
      .prepare<[string, number], string>(`SELECT body FROM ${collection} WHERE id > ? ORDER BY id LIMIT ?`)
      .pluck(),
  )
  const count = perCollection((collection) =>
    db.prepare<[], number>(`SELECT count(*) FROM ${collection}`).pluck(),
  )
  const { checkpoint } = createCheckpoints(file)
  const state = async (): Promise<StoreState> => {
    const checkpoints: Checkpoint[] = []
    for (const partition of guard(() => partitions.all())) {
      const found = await checkpoint(partition)
      if (found) checkpoints.push(found)
    }
    return {
      checkpoints,
      sets: guard(() => sets.all()).map(
        ({ device, partition, current, g, n, claimed }): StoredSet => ({
          device,
          partition,
          current,
          at: { g, n },
          claimed,
        }),
      ),
      ingestKnownSince: guard(() => since.get() ?? 0),
    }
  }
  return {
    state,
    mark: async () => {
      const all = [guard(() => [change.get() ?? 0, life.get() ?? '']), await state()]
      return createHash('sha256').update(JSON.stringify(all)).digest('hex').slice(0, 32)
    },
    count: promised((collection) => guard(() => count(collection).get() ?? 0)),
    page: promised((collection, after, limit) =>
      guard(() =>
        page(collection)
          .all(after, limit)
          .map((body) => bodyOf(collection, body)),
      ),
    ),
    close: async () => {
      if (db.open) file.close()
    },
  }
}

function putState({ db }: SqliteFile, { checkpoints, sets, ingestKnownSince }: StoreState): void {
  const putCheckpoint = db.prepare('INSERT OR REPLACE INTO checkpoints VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
  for (const { partition, logId, position, reach, reachHash, phase, swaps, before } of checkpoints) {
    const place = [position.g, position.n, reach, reachHash, phase, swaps]
    putCheckpoint.run(partition, logId, ...place, before?.g ?? null, before?.n ?? null)
  }
  const putSet = db.prepare('INSERT OR REPLACE INTO sets VALUES (?, ?, ?, ?, ?, ?)')
  for (const { device, partition, current, at, claimed } of sets)
    putSet.run(device, partition, current, at.g, at.n, claimed)
  db.prepare('UPDATE ingest_known SET since = ?').run(ingestKnownSince)
}
