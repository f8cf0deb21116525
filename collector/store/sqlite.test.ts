import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Store } from '../core/store.ts'
import { canMountSmallDisk, mountSmallDisk } from '../testing-disk.ts'
import { startProcess } from '../testing-process.ts'
import { encode } from './encoding.ts'
import { storeApplicationId, storeMigrations } from './schema.ts'
import { createSqliteStore } from './sqlite.ts'
import { describeStore } from './store-contract.ts'
import { at, bucketOf, deviceOf, rollupOf } from './testing/documents.ts'
import { openStore } from './testing/open-sqlite.ts'

const module = new URL('./testing/open-sqlite.ts', import.meta.url).pathname
const writer = new URL('./testing/writer.ts', import.meta.url).pathname

describeStore('SQLite', {
  create: async () => join(mkdtempSync(join(tmpdir(), 'barograph-store-')), 'store.db'),
  remove: async (location) => rmSync(dirname(location), { recursive: true, force: true }),
  openStore,
  openReader: async (location) => createSqliteStore({ path: location, readOnly: true }),
  module,
})

const windows = (count: number, n: number, from = 0) =>
  Array.from({ length: count }, (_, i) => rollupOf('10s', from + i, at(n)))
const query = { device: 'a', sensor: 's', level: '10s', from: 0, to: 1e9, limit: 1e6 } as const
const keptIn = async (store: Store) => (await store.rollups(query)).items.length

describe('SQLite store file', () => {
  let folder: string
  let path: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'barograph-store-'))
    path = join(folder, 'store.db')
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  it('makes the folder it is to be in', async () => {
    const store = createSqliteStore({ path: join(folder, 'a/b/store.db') })
    expect(await store.devices()).toEqual([])
    await store.close()
    await store.close()
  })

  it('a write beyond the room there is fails whole and can be repeated when there is more', async () => {
    const store = createSqliteStore({ path, maxBytes: 400_000 })
    await store.write('rollups', windows(10, 1))
    await expect(store.write('rollups', [...windows(10, 2), ...windows(5000, 2, 10)])).rejects.toMatchObject({
      code: 'store-full',
      retryable: true,
      message: expect.stringContaining(path),
      hint: expect.stringMatching(/room/),
    })
    expect((await store.rollups(query)).items).toEqual(windows(10, 1))
    const roomier = createSqliteStore({ path })
    await roomier.write('rollups', windows(5000, 2))
    expect(await keptIn(store)).toBe(5000)
    await roomier.close()
    await store.close()
  })

  it.skipIf(!canMountSmallDisk())(
    'on a full disk the same store goes on when there is room again [needs small-disk: run as root]',
    async () => {
      const disk = mountSmallDisk(8 * 1024 * 1024)
      if (!disk) throw new Error('it could be mounted a moment ago')
      const store = createSqliteStore({ path: join(disk.path, 'store.db') })
      try {
        await store.write('rollups', windows(100, 1))
        disk.fill(100_000)
        await expect(store.write('rollups', windows(2000, 2))).rejects.toMatchObject({
          code: 'store-full',
          retryable: true,
        })
        expect((await store.rollups(query)).items).toEqual(windows(100, 1))
        disk.free()
        await store.write('rollups', windows(2000, 2))
        expect(await keptIn(store)).toBe(2000)
      } finally {
        await store.close()
        disk.release()
      }
    },
  )

  it('does not grow when what is removed is as much as what is written', async () => {
    const store = createSqliteStore({ path })
    const pages = () => {
      const db = new Database(path, { readonly: true })
      const count = Number(db.pragma('page_count', { simple: true }))
      db.close()
      return count
    }
    const each = 2_000
    const sizes: number[] = []
    for (let round = 0; round < 8; round++) {
      await store.write('rollups', windows(each, 1, round * each))
      const endBy = (round - 1) * each + 10_000
      await store.removeWindows({ device: 'a', sensor: 's', level: '10s', endBy, limit: 1e6 })
      sizes.push(pages())
    }
    expect(Math.max(...sizes.slice(4))).toBeLessThanOrEqual((sizes[3] ?? 0) * 1.1)
    await store.close()
  })

  it('buckets of a file from before their ingest was kept are as old as the file is in this form', async () => {
    const bucket = bucketOf(0, [1], at(5))
    const { newestIngest: _, ...older } = bucket
    const db = new Database(path)
    db.exec(storeMigrations.slice(0, 2).join(''))
    db.pragma(`application_id = ${storeApplicationId}`)
    db.pragma('user_version = 2')
    db.prepare(
      `INSERT INTO readings (id, g, n, change, device, sensor, first_time, last_time, body)
       VALUES (?, 0, 5, 1, 'a', 's', 1, 1, ?)`,
    ).run(bucket.id, encode(older))
    db.close()
    const began = Math.floor(Date.now() / 1_000) * 1_000
    const store = createSqliteStore({ path })
    await store.write('readings', [{ ...bucketOf(1, [1], at(5)), newestIngest: 10 }])
    const old = async (ingestedBefore: number) =>
      (await store.oldBuckets({ ingestedBefore, limit: 9 })).items.map(({ index }) => index)
    expect(await old(began)).toEqual([1])
    const now = Date.now() + 1
    expect(await old(now)).toEqual([0, 1])
    const first = await store.oldBuckets({ ingestedBefore: now, limit: 1 })
    expect(first.items[0]?.newestIngest).toBeNull()
    const rest = await store.oldBuckets({ ingestedBefore: now, limit: 1, cursor: first.cursor ?? '' })
    expect(rest.items.map(({ index }) => index)).toEqual([1])
    await store.close()
  })

  it('a file of a newer version is refused with both versions in the words', async () => {
    await createSqliteStore({ path }).close()
    const db = new Database(path)
    db.pragma('user_version = 99')
    db.close()
    for (const readOnly of [false, true]) {
      expect(() => createSqliteStore({ path, readOnly })).toThrow(
        expect.objectContaining({
          code: 'store-newer',
          message: expect.stringMatching(`version 99.*${storeMigrations.length}`),
        }),
      )
    }
  })

  it('a file of version 1 is brought up to date as it is: its windows are in the set that holds', async () => {
    const window = rollupOf('day', 0, at(4), 2n ** 60n + 1n)
    const db = new Database(path)
    db.exec(storeMigrations[0] ?? '')
    db.pragma(`application_id = ${storeApplicationId}`)
    db.pragma('user_version = 1')
    db.prepare('INSERT INTO rollups VALUES (?, 0, 4, 1, ?, ?, ?, ?, ?)').run(
      window.id,
      'a',
      's',
      'day',
      0,
      encode(window),
    )
    db.prepare(`INSERT INTO checkpoints VALUES (0, 'log', 0, 4, 5, 'five', NULL)`).run()
    db.exec('UPDATE counter SET change = 1')
    db.close()
    expect(() => createSqliteStore({ path, readOnly: true })).toThrow(
      expect.objectContaining({ code: 'store-older', retryable: true }),
    )
    const store = createSqliteStore({ path })
    expect((await store.rollups({ ...query, level: 'day' })).items).toEqual([window])
    expect((await store.changes(0, 9)).changes).toEqual([{ collection: 'rollups', document: window }])
    const checkpoint = {
      partition: 0,
      logId: 'log',
      position: at(4),
      reach: 5,
      reachHash: 'five',
      phase: null,
    }
    expect(await store.checkpoint(0)).toEqual({ ...checkpoint, swaps: 0, before: null })
    await store.close()
  })

  it('a database of another program is refused and left alone', () => {
    const db = new Database(path)
    db.exec('CREATE TABLE photos (id)')
    db.close()
    expect(() => createSqliteStore({ path })).toThrow(expect.objectContaining({ code: 'store-foreign' }))
    const after = new Database(path)
    expect(after.prepare('SELECT name FROM sqlite_schema').pluck().all()).toEqual(['photos'])
    after.close()
  })

  it('a file that is no database, and one with a damaged body, are said to be corrupt', async () => {
    writeFileSync(
      path,
      'no database at all, just some text that is long enough to be read as a header'.repeat(20),
    )
    expect(() => createSqliteStore({ path })).toThrow(expect.objectContaining({ code: 'store-corrupt' }))
    rmSync(path)
    const store = createSqliteStore({ path })
    await store.write('devices', [deviceOf('a', at(1))])
    const db = new Database(path)
    db.exec(`UPDATE devices SET body = '{"id":'`)
    db.close()
    await expect(store.devices()).rejects.toMatchObject({ code: 'store-corrupt', retryable: false })
    await store.close()
  })

  it('a damaged page is said to be corrupt', async () => {
    const store = createSqliteStore({ path })
    await store.write('rollups', windows(500, 1))
    await store.close()
    const db = new Database(path)
    const pages = db.pragma('page_count', { simple: true }) as number
    db.close()
    const { openSync, writeSync, closeSync } = await import('node:fs')
    const file = openSync(path, 'r+')
    for (let page = 60; page < pages; page++) writeSync(file, Buffer.alloc(4096, 0x5a), 0, 4096, page * 4096)
    closeSync(file)
    const damaged = createSqliteStore({ path })
    await expect(damaged.rollups(query)).rejects.toMatchObject({ code: 'store-corrupt' })
    await damaged.close()
  })

  it('a reader of a file that is not there, or is a folder, is told so', () => {
    expect(() => createSqliteStore({ path, readOnly: true })).toThrow(
      expect.objectContaining({ code: 'store-missing', message: expect.stringContaining(path) }),
    )
    mkdirSync(path)
    expect(() => createSqliteStore({ path })).toThrow(expect.objectContaining({ code: 'store-unusable' }))
  })

  it('a reader may not write, and says so', async () => {
    await createSqliteStore({ path }).close()
    const reader = createSqliteStore({ path, readOnly: true })
    const refusal = { code: 'store-read-only', retryable: false }
    await expect(reader.write('devices', [deviceOf('a', at(1))])).rejects.toMatchObject(refusal)
    await expect(reader.advance(0, at(1), 0)).rejects.toMatchObject(refusal)
    await reader.close()
  })

  it('several processes may open a new file at the same moment', async () => {
    const openers = Array.from({ length: 4 }, (_, i) =>
      startProcess(writer, [module, path, 'race', String(i)]),
    )
    for (const opener of openers) opener.send('go')
    expect(await Promise.all(openers.map((opener) => opener.ended()))).toEqual([0, 0, 0, 0])
  })
})
