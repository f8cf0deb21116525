import type { Page, Store } from '../core/store.ts'
import type { SqliteFile } from '../sqlite-file.ts'
import { encode } from './encoding.ts'
import { bodyOf, promised } from './rows.ts'
import { columns } from './schema.ts'
import { createCounter, upsertSql } from './upsert.ts'

/** The current set of a device, which an expression names. */
export const currentSetSql = (device: string): string =>
  `coalesce((SELECT current FROM sets WHERE device = ${device}), 0)`

type SetCalls = Pick<
  Store,
  | 'currentSets'
  | 'claimSet'
  | 'claimedSet'
  | 'bucketCount'
  | 'build'
  | 'swap'
  | 'dropSets'
  | 'windows'
  | 'changedBuckets'
  | 'summaries'
  | 'deviceNames'
>

/** Rows in the order of their ids, a page at a time; the cursor is the last id. */
export function pageOf<T extends { readonly id: string }>(items: readonly T[], limit: number): Page<T> {
  const page = items.slice(0, limit)
  return { items: page, cursor: items.length > limit ? (page.at(-1)?.id ?? null) : null }
}

/** Sets of windows: one that readers see, and beside it one that a rebuild makes. */
export function createSets(file: SqliteFile): SetCalls {
  const { db, guard } = file
  const sets = db.prepare<[number], { device: string; current: number; g: number; n: number }>(
    'SELECT device, current, g, n FROM sets WHERE partition = ? AND current > 0 ORDER BY device',
  )
  const changed = db
    .prepare<[string, number, number, string, number], string>(
      `SELECT body FROM readings WHERE device = ? AND (g, n) > (?, ?) AND id > ? ORDER BY id LIMIT ?`,
    )
    .pluck()
  const summaries = db
    .prepare<[string, string, number], string>(
      'SELECT body FROM summaries WHERE device = ? AND id > ? ORDER BY id LIMIT ?',
    )
    .pluck()
  const claimedSet = db.prepare<[string], number>('SELECT claimed FROM sets WHERE device = ?').pluck()
  const bucketCount = db.prepare<[string], number>('SELECT count(*) FROM readings WHERE device = ?').pluck()
  const names = db
    .prepare<[], string>(
      ['epochs', 'streams', 'readings', 'rollups']
        .map((table) => `SELECT device FROM ${table} UNION `)
        .join('') + 'SELECT id FROM devices ORDER BY 1',
    )
    .pluck()
  return {
    currentSets: promised((partition) =>
      guard(() =>
        sets.all(partition).map(({ device, current, g, n }) => ({ device, set: current, at: { g, n } })),
      ),
    ),
    claimedSet: promised((_partition, device) => guard(() => claimedSet.get(device) ?? 0)),
    bucketCount: promised((device) => guard(() => bucketCount.get(device) ?? 0)),
    ...createChanges(file),
    windows: createWindowPages(file),
    changedBuckets: promised(({ device, after, limit, cursor = '' }) =>
      guard(() =>
        pageOf(
          changed.all(device, after.g, after.n, cursor, limit + 1).map((body) => bodyOf('readings', body)),
          limit,
        ),
      ),
    ),
    summaries: promised(({ device, limit, cursor = '' }) =>
      guard(() =>
        pageOf(
          summaries.all(device, cursor, limit + 1).map((body) => bodyOf('summaries', body)),
          limit,
        ),
      ),
    ),
    deviceNames: promised(() => guard(() => names.all())),
  }
}

function createChanges({
  db,
  guard,
  transact,
}: SqliteFile): Pick<Store, 'claimSet' | 'build' | 'swap' | 'dropSets'> {
  const claim = db
    .prepare<[string, number], number>(
      `INSERT INTO sets VALUES (?, ?, 0, 0, 0, 1)
       ON CONFLICT (device) DO UPDATE SET claimed = claimed + 1 RETURNING claimed`,
    )
    .pluck()
  const claimed = db
    .prepare<[string], number>('SELECT claimed FROM sets WHERE device = ? AND claimed > current')
    .pluck()
  const put = db.prepare(upsertSql('rollups', 'always'))
  const counter = createCounter(db)
  const open = db.prepare(`UPDATE checkpoints SET phase = NULL, swaps = swaps + 1
    WHERE partition = @partition AND phase = @phase AND g = @g AND n = @n
      AND EXISTS (SELECT 1 FROM sets WHERE device = @device AND claimed = @set AND current < @set)`)
  const point = db.prepare('UPDATE sets SET current = @set, g = @g, n = @n WHERE device = @device')
  const drop = db.prepare(`DELETE FROM rollups WHERE rowid IN (
    SELECT rowid FROM rollups WHERE device = @device AND in_set < ${currentSetSql('@device')}
    UNION ALL
    SELECT rowid FROM rollups WHERE device = @device AND in_set > ${currentSetSql('@device')}
      AND in_set < (SELECT claimed FROM sets WHERE device = @device)
    LIMIT @limit)`)
  return {
    claimSet: promised((partition, device) => transact(() => claim.get(device, partition) ?? 1)),
    build: promised((_partition, documents) => {
      const bodies = documents.map(encode)
      transact(() =>
        counter.count((change) => {
          let written = 0
          documents.forEach((document, i) => {
            if (claimed.get(document.device) !== document.set) return
            const values = columns.rollups.map((column) => column.of(document))
            const { id, o } = document
            written += put.run(id, o.g, o.n, change + written + 1, bodies[i], ...values).changes
          })
          return written
        }),
      )
    }),
    swap: promised((partition, phase, { device, set, at: { g, n } }) =>
      transact(() => {
        if (open.run({ partition, phase, device, set, g, n }).changes !== 1) return false
        point.run({ device, set, g, n })
        return true
      }),
    ),
    dropSets: promised((device, limit) => guard(() => drop.run({ device, limit }).changes)),
  }
}

function createWindowPages({ db, guard }: SqliteFile): Store['windows'] {
  type Values = { device: string; set: number; cursor: string; limit: number; g: number; n: number }
  // All ids of a device lie between these two, so that a page is read where it lies.
  const where = `FROM rollups WHERE id > @cursor AND id < @device || '0' AND device = @device AND in_set = @set
    AND (g, n) > (@g, @n)`
  const all = db.prepare<[Values], string>(`SELECT body ${where} ORDER BY id LIMIT @limit`).pluck()
  const sealedOnly = db
    .prepare<[Values], string>(`SELECT body ${where} AND sealed = 1 ORDER BY id LIMIT @limit`)
    .pluck()
  return promised(({ device, set, limit, cursor = `${device}/`, sealed, after = { g: -1, n: -1 } }) =>
    guard(() => {
      const select = sealed ? sealedOnly : all
      const rows = select.all({ device, set, cursor, limit: limit + 1, ...after })
      return pageOf(
        rows.map((body) => bodyOf('rollups', body)),
        limit,
      )
    }),
  )
}
