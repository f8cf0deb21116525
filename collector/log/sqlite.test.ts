import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describeLog } from './log-contract.ts'
import { openSqliteLog } from './sqlite.ts'
import { openLog } from './testing/open-sqlite.ts'

describeLog('SQLite', {
  create: async () => join(mkdtempSync(join(tmpdir(), 'barograph-log-')), 'log.db'),
  remove: async (location) => rmSync(dirname(location), { recursive: true, force: true }),
  openLog,
  openReader: async (location) => openSqliteLog({ path: location }),
  module: new URL('./testing/open-sqlite.ts', import.meta.url).pathname,
})
