import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BufferHarness } from '../core/buffer-contract.ts'
import { createFakeClock } from '../core/fake-clock.ts'
import { silentLog } from '../core/log.ts'
import { reportBuffer } from './report.ts'
import { type BufferOptions, openSqliteBuffer } from './sqlite.ts'

/** A folder for one test. */
export function temporaryFolder(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'barograph-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

/** Options of a buffer in a folder, on a fake clock. */
export function bufferOptions(folder: string, more: Partial<BufferOptions> = {}): BufferOptions {
  return {
    path: join(folder, 'buffer.db'),
    device: 'balcony',
    maxMb: 64,
    maxAgeDays: 90,
    commitIntervalMs: 200,
    whenFull: 'drop-oldest',
    epoch: '00000000000000aa',
    boot: 'this-boot',
    site: 'here',
    clock: createFakeClock(),
    log: silentLog,
    lockWaitMs: 10,
    ...more,
  }
}

/** Real SQLite files for the contract. A kill is a file copied away from under the living process. */
export function sqliteHarness(): BufferHarness {
  const folders = [temporaryFolder()]
  const here = (): string => folders.at(-1)?.path ?? ''
  return {
    open: (options) => openSqliteBuffer(bufferOptions(here(), options)),
    kill() {
      // What another process would find now: the database and its log as they are, without the goodbye.
      const next = temporaryFolder()
      for (const name of ['buffer.db', 'buffer.db-wal'])
        if (existsSync(join(here(), name))) copyFileSync(join(here(), name), join(next.path, name))
      folders.push(next)
    },
    refusals: () => reportBuffer(join(here(), 'buffer.db')).refused.map((row) => ({ ...row })),
    cleanUp() {
      for (const folder of folders) folder.remove()
    },
  }
}
