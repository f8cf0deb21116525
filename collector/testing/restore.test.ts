import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { goOverToLog, type NewLogOutcome } from '../core/rebuild/new-log.ts'
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

  test.each([
    ['less far than the copy', 15],
    ['further than the copy', 60],
  ])('from before its log was cut and grew again, %s, takes all that came instead', async (_far, more) => {
    const log = createMemoryLog()
    const { all } = createFleet(seeded(3), 40)
    await writeSettings(log)
    await log.append(all.slice(0, 60))
    const first = createSqliteStore({ path })
    await settle(log, first)
    await first.close()
    copyFileSync(path, join(folder, 'copy.db'))
    log.cut(0, 30)
    const second = createSqliteStore({ path })
    expect(await goOver()).toMatchObject([{ state: 'over', from: { g: 0, n: 62 } }])
    // What comes now is told to be stored: no agent will send it again.
    await log.append(all.slice(60, 60 + more))
    await settle(log, second)
    await second.close()
    for (const end of ['', '-wal', '-shm']) rmSync(`${path}${end}`, { force: true })
    copyFileSync(join(folder, 'copy.db'), path)
    const third = createSqliteStore({ path })
    await expect(settle(log, third)).rejects.toMatchObject({ code: 'log-cut' })
    expect(await goOver()).toMatchObject([{ state: 'over', from: { g: 0, n: 62 } }])
    await settle(log, third)
    const whole = createMemoryLog()
    await writeSettings(whole)
    await whole.append(all.slice(0, 60 + more))
    const fresh = memoryStore()
    await settle(whole, fresh)
    expect(await windowsOf(third)).toEqual(await windowsOf(fresh))
    for (const device of await fresh.deviceNames())
      expect((await third.epochs(device)).map(({ seen }) => seen)).toEqual(
        (await fresh.epochs(device)).map(({ seen }) => seen),
      )
    for (const { differences } of await rebuild(third, { isDry: true })) expect(differences).toEqual([])
    await third.close()

    async function goOver(): Promise<NewLogOutcome[]> {
      const store = createSqliteStore({ path })
      const outcomes: NewLogOutcome[] = []
      for await (const outcome of goOverToLog({ store, log, progress: () => {} })) outcomes.push(outcome)
      await store.close()
      return outcomes
    }
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
