import type { Life, Store } from '../core/store.ts'
import type { SqliteFile } from '../sqlite-file.ts'
import { promised } from './rows.ts'

/** Lives that are remembered: a cursor of an older one is answered by a new beginning. */
const livesKept = 1_000

const swapsSql = '(SELECT coalesce(sum(swaps), 0) FROM checkpoints)'

/** Who wrote when: a store that was replaced by an older copy does not know what came after the copy. */
export function createLives({
  db,
  guard,
  transact,
}: SqliteFile): Pick<Store, 'beginLife' | 'life' | 'isOfLife'> {
  const insert = db.prepare(`INSERT OR IGNORE INTO lives
    VALUES (?, (SELECT change FROM counter))`)
  const prune = db.prepare(
    'DELETE FROM lives WHERE rowid NOT IN (SELECT rowid FROM lives ORDER BY rowid DESC LIMIT ?)',
  )
  const newest = db.prepare<[], Life>(
    `SELECT id, ${swapsSql} AS swaps FROM lives ORDER BY rowid DESC LIMIT 1`,
  )
  // Good when its life began before it and the next one after it, and nothing was swapped since.
  const isGood = db
    .prepare<[Life & { cursor: number }], number>(
      `SELECT 1 FROM lives AS its WHERE id = @id AND change <= @cursor
         AND @cursor <= (SELECT coalesce(min(later.change), (SELECT change FROM counter)) FROM lives AS later
           WHERE later.rowid > its.rowid)
         AND @swaps = ${swapsSql}`,
    )
    .pluck()
  return {
    beginLife: promised((id) =>
      transact(() => {
        insert.run(id)
        prune.run(livesKept)
      }),
    ),
    life: promised(() => guard(() => newest.get() ?? null)),
    isOfLife: promised((life, cursor) => guard(() => isGood.get({ ...life, cursor }) === 1)),
  }
}
