import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { partitionOf } from '@barograph/proto'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Log } from '../core/log.ts'
import { canMountSmallDisk, mountSmallDisk } from '../testing-disk.ts'
import { startProcess } from '../testing-process.ts'
import { describeLog } from './log-contract.ts'
import { createSqliteLog, openSqliteLog } from './sqlite.ts'
import { openLog } from './testing/open-sqlite.ts'
import { numberIn, recordOf } from './testing/records.ts'

const module = new URL('./testing/open-sqlite.ts', import.meta.url).pathname
const appender = new URL('./testing/appender.ts', import.meta.url).pathname

describeLog('SQLite', {
  create: async () => join(mkdtempSync(join(tmpdir(), 'barograph-log-')), 'log.db'),
  remove: async (location) => rmSync(dirname(location), { recursive: true, force: true }),
  openLog,
  openReader: async (location) => openSqliteLog({ path: location }),
  module,
})

const big = (number: number, bytes = 20_000) => {
  const record = recordOf('a', number)
  const value = new Uint8Array(bytes).fill(32)
  value.set(record.value)
  return { ...record, value }
}

/** Appends one by one until the log refuses; the numbers that were acknowledged, and the refusal. */
async function fillUp(log: Log): Promise<{ acknowledged: number[]; refusal: unknown }> {
  const acknowledged: number[] = []
  for (let number = 0; number < 10_000; number++) {
    try {
      await log.append([big(number)])
    } catch (refusal) {
      return { acknowledged, refusal }
    }
    acknowledged.push(number)
  }
  return { acknowledged, refusal: null }
}
const logFull = { code: 'log-full', retryable: true, hint: expect.stringMatching(/room/) }

const numbersIn = async (log: Log) => (await log.read(0, 0, 10_000)).map((record) => numberIn(record.value))

describe('SQLite log file', () => {
  let folder: string
  let path: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'barograph-log-'))
    path = join(folder, 'log.db')
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  it('another number of partitions than the log has is refused with both numbers', async () => {
    await createSqliteLog({ path, partitions: 4 }).close()
    expect(() => createSqliteLog({ path, partitions: 8 })).toThrow(
      expect.objectContaining({ code: 'log-partitions', message: expect.stringMatching(/4 partitions.*8/) }),
    )
    const again = createSqliteLog({ path, partitions: 4 })
    expect(again.partitions).toBe(4)
    await again.close()
  })

  it.each([0, -1, 1.5, 1025, Number.NaN])('a log of %s partitions is refused', (partitions) => {
    expect(() => createSqliteLog({ path, partitions })).toThrow(
      expect.objectContaining({ code: 'log-partitions' }),
    )
  })

  it('the last of the most partitions keeps to itself', async () => {
    const log = createSqliteLog({ path, partitions: 1024 })
    const settings = { ...recordOf('', 1), kind: 'settings', partition: 1023 } as const
    expect(await log.append([settings, { ...settings, partition: 1022 }])).toEqual([
      { partition: 1023, offset: 0 },
      { partition: 1022, offset: 0 },
    ])
    expect(await log.read(1022, 0, 9)).toHaveLength(1)
    expect(await log.read(1023, 0, 9)).toHaveLength(1)
    expect(await log.hashBefore(1022, 1)).not.toBe(await log.hashBefore(1023, 1))
    await log.close()
  })

  it('a group that does not fit is refused whole, and the log goes on when there is room', async () => {
    const log = createSqliteLog({ path, partitions: 1, maxBytes: 400_000 })
    const { acknowledged, refusal } = await fillUp(log)
    expect(refusal).toMatchObject(logFull)
    const group = await Promise.allSettled([0, 1, 2, 3].map((i) => log.append([big(900 + i)])))
    expect(group.map((each) => each.status)).toEqual(Array(4).fill('rejected'))
    expect(await numbersIn(log)).toEqual(acknowledged)
    expect(await log.extent(0)).toEqual({ first: 0, next: acknowledged.length })
    expect(await log.prune(Number.MAX_SAFE_INTEGER)).toBe(acknowledged.length)
    expect(await log.append([big(1)])).toEqual([{ partition: 0, offset: acknowledged.length }])
    await log.close()
  })

  it.skipIf(!canMountSmallDisk())(
    'on a full disk nothing that was acknowledged is lost, and the same log goes on [needs small-disk: run as root]',
    async () => {
      const disk = mountSmallDisk(6 * 1024 * 1024)
      if (!disk) throw new Error('it could be mounted a moment ago')
      const log = createSqliteLog({ path: join(disk.path, 'log.db'), partitions: 1 })
      try {
        disk.fill(1_000_000)
        const { acknowledged, refusal } = await fillUp(log)
        expect(refusal).toMatchObject(logFull)
        expect(await numbersIn(log)).toEqual(acknowledged)
        disk.free()
        await log.append([big(5000), big(5001)])
        expect(await numbersIn(log)).toEqual([...acknowledged, 5000, 5001])
      } finally {
        await log.close()
        disk.release()
      }
    },
  )

  it('a reader may neither append nor prune, and needs a log that is there', async () => {
    expect(() => openSqliteLog({ path })).toThrow(expect.objectContaining({ code: 'log-missing' }))
    const log = createSqliteLog({ path, partitions: 1 })
    await log.append([recordOf('a', 1)])
    const reader = openSqliteLog({ path })
    expect(reader.id).toBe(log.id)
    await expect(reader.append([recordOf('a', 2)])).rejects.toMatchObject({ code: 'log-read-only' })
    await expect(reader.prune(Number.MAX_SAFE_INTEGER)).rejects.toMatchObject({ code: 'log-read-only' })
    expect(await numbersIn(reader)).toEqual([1])
    await Promise.all([reader.close(), log.close()])
  })

  it('a newer file and a store are refused', async () => {
    await createSqliteLog({ path, partitions: 1 }).close()
    const db = new Database(path)
    db.pragma('user_version = 50')
    expect(() => createSqliteLog({ path, partitions: 1 })).toThrow(
      expect.objectContaining({ code: 'log-newer' }),
    )
    db.pragma('user_version = 1')
    db.pragma('application_id = 7')
    db.close()
    expect(() => createSqliteLog({ path, partitions: 1 })).toThrow(
      expect.objectContaining({ code: 'log-foreign' }),
    )
  })

  it('a closed log refuses appends, and what was appended before closing is kept', async () => {
    const log = createSqliteLog({ path, partitions: 1 })
    const appended = log.append([recordOf('a', 1)])
    await log.close()
    expect(await appended).toEqual([{ partition: 0, offset: 0 }])
    await expect(log.append([recordOf('a', 2)])).rejects.toMatchObject({ code: 'log-closed' })
  })

  it('several processes may make the log at the same moment, and it is one log', async () => {
    const makers = Array.from({ length: 4 }, (_, i) =>
      startProcess(appender, [module, path, '2', `d${i}`, '5']),
    )
    await Promise.all(makers.map((maker) => maker.ended()))
    const log = createSqliteLog({ path, partitions: 2 })
    const devices = [0, 1, 2, 3].map((i) => partitionOf(`d${i}`, 2))
    for (const partition of [0, 1]) {
      const next = 5 * devices.filter((each) => each === partition).length
      expect(await log.extent(partition)).toEqual({ first: 0, next })
    }
    await log.close()
  })
})
