import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createSqliteStore } from './sqlite.ts'
import { describeStore } from './store-contract.ts'
import { openStore } from './testing/open-sqlite.ts'

describeStore('SQLite', {
  create: async () => join(mkdtempSync(join(tmpdir(), 'barograph-store-')), 'store.db'),
  remove: async (location) => rmSync(dirname(location), { recursive: true, force: true }),
  openStore,
  openReader: async (location) => createSqliteStore({ path: location, readOnly: true }),
  module: new URL('./testing/open-sqlite.ts', import.meta.url).pathname,
})
