import type Database from 'better-sqlite3'
import type { CollectionName } from '../core/documents.ts'
import { columns } from './schema.ts'

/** Writes a document: where it is newer than what is stored, or `always`. */
export function upsertSql(collection: CollectionName, when: 'newer' | 'always'): string {
  const own: readonly { readonly name: string; readonly fixed: boolean }[] = columns[collection]
  const names = ['id', 'g', 'n', 'change', 'body', ...own.map((column) => column.name)]
  const updated = ['g', 'n', 'change', 'body', ...own.filter((c) => !c.fixed).map((c) => c.name)]
  // The guard is in the statement itself, so no race between processes can undo it.
  const guard = `WHERE (excluded.g, excluded.n) > (${collection}.g, ${collection}.n)`
  return `INSERT INTO ${collection} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})
    ON CONFLICT (id) DO UPDATE SET ${updated.map((name) => `${name} = excluded.${name}`).join(', ')}
    ${when === 'newer' ? guard : ''}`
}

/** Numbers changes. */
export interface Counter {
  readonly newest: () => number
  /** Inside a transaction: the work is told the newest change and returns how many it added. */
  count(work: (change: number) => number): void
}

export function createCounter(db: Database.Database): Counter {
  const read = db.prepare<[], number>('SELECT change FROM counter').pluck()
  const set = db.prepare<[number]>('UPDATE counter SET change = ?')
  const newest = (): number => read.get() ?? 0
  return {
    newest,
    count(work) {
      const before = newest()
      const added = work(before)
      if (added > 0) set.run(before + added)
    },
  }
}
