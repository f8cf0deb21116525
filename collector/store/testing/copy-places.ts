import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { openSqliteSource, openSqliteTarget } from '../copies.ts'
import type { CopyPlaces } from '../copy-contract.ts'
import { createSqliteStore } from '../sqlite.ts'

/** Stores in files, to copy from and to. */
export const sqlitePlaces: CopyPlaces = {
  isSnapshot: true,
  create: async () => join(mkdtempSync(join(tmpdir(), 'barograph-copy-')), 'store.db'),
  remove: async (place) => rmSync(dirname(place), { recursive: true }),
  openStore: async (place) => createSqliteStore({ path: place }),
  openSource: async (place) => openSqliteSource(place),
  openTarget: async (place) => openSqliteTarget(place),
}
