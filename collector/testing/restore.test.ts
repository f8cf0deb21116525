import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createMemoryLog } from '../core/testing/memory-log.ts'
import { startOwner } from '../core/testing/owner.ts'
import { createSqliteStore } from '../store/sqlite.ts'
import {
  batchOf,
  createFleet,
  memoryStore,
  rebuild,
  seeded,
  settle,
  windowsOf,
  writeSettings,
} from './rebuild-world.ts'

let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'barograph-restore-'))
  path = join(folder, 'store.db')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('a store that was restored from an older copy', () => {
  test('goes on exactly where the log reaches back to it, also over a rebuild that it does not know of', async () => {
    const log = createMemoryLog()
    const { all } = createFleet(seeded(1), 40)
    await writeSettings(log)
    await log.append(all.slice(0, 60))
    const first = createSqliteStore({ path })
    await settle(log, first)
    await first.close()
    copyFileSync(path, join(folder, 'copy.db'))
    const second = createSqliteStore({ path })
    await log.append(all.slice(60))
    await settle(log, second)
    await rebuild(second)
    await second.close()
    for (const end of ['', '-wal', '-shm']) rmSync(`${path}${end}`, { force: true })
    copyFileSync(join(folder, 'copy.db'), path)
    const third = createSqliteStore({ path })
    await settle(log, third)
    const fresh = memoryStore()
    await settle(log, fresh)
    expect(await windowsOf(third)).toEqual(await windowsOf(fresh))
    for (const { differences } of await rebuild(third, { isDry: true })) expect(differences).toEqual([])
    await third.close()
  })

  test('in place under a running owner is found out, and it stops in words', async () => {
    const log = createMemoryLog()
    const { all } = createFleet(seeded(2), 40)
    await writeSettings(log)
    await log.append(all)
    const store = createSqliteStore({ path })
    const owner = startOwner(log, store)
    const ended = owner.done.then(
      () => null,
      (error: unknown) => error,
    )
    // The owner appends the settings that it is configured with.
    const next = (await log.extent(0)).next + 1
    await expect.poll(async () => (await store.checkpoint(0))?.position.n).toBe(next)
    const db = new Database(path)
    db.exec('UPDATE checkpoints SET n = n - 9, reach = reach - 9, reach_hash = NULL')
    db.close()
    await log.append([batchOf('north', { hello: [] })])
    expect(await ended).toMatchObject({
      code: 'store-replaced',
      message: expect.stringContaining(
        `folded up to record ${next} and now only up to ${next - 9}`,
      ) as string,
      hint: expect.stringContaining('start this collector again') as string,
    })
    await store.close()
  })
})
