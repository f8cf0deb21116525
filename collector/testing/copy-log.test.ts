import { createHash, randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encodeExpire, encodeRelease, partitionOf } from '@barograph/proto'
import { expect, onTestFinished, test } from 'vitest'
import { runAudit } from '../audit/audit.ts'
import { lineOf, createWorld, fillWorld, type World } from '../audit/testing/world.ts'
import { copyLog, type LogCopyOutcome } from '../core/copy/log.ts'
import type { LogTarget } from '../core/copy/log-ports.ts'
import { copyStore } from '../core/copy/store.ts'
import { toLog } from '../core/copy/to-log.ts'
import { levels } from '../core/documents.ts'
import type { Log } from '../core/log.ts'
import { createRoll } from '../core/roll.ts'
import type { Store } from '../core/store.ts'
import { openSqliteLogSource, openSqliteLogTarget } from '../log/copies.ts'
import { createSqliteDeadLetters } from '../log/dead-letters.ts'
import { createSqliteLog } from '../log/sqlite.ts'
import { openSqliteSource, openSqliteTarget } from '../store/copies.ts'
import { createSqliteStore } from '../store/sqlite.ts'
import { systemClock } from '../system-clock.ts'
import { windowsOf } from './rebuild-world.ts'

const hash = (text: string, bytes: Uint8Array): string =>
  createHash('sha256').update(text).update(bytes).digest('hex').slice(0, 32)
const signal = new AbortController().signal
const progress = (): void => {}

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'copy-log-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return folder
}

async function newWorld(partitions: number, seed: number): Promise<World> {
  const world = createWorld({ partitions })
  onTestFinished(() => world.close())
  await fillWorld(world, seed)
  return world
}

/**
 * What an operator and retention say, who knew all sites that there are. Only of worlds in which no windows wait to be cut
 * anew: retention says nothing until they are.
 */
async function operate({ append }: World): Promise<void> {
  const stream = { sensor: 'bme280', epoch: '00000000000000dd' }
  const released = {
    device: 'cellar',
    ranges: [{ ...stream, firstSeq: 1, lastSeq: 9 }],
    by: 'me',
    why: 'right',
  }
  await append({ device: 'cellar', kind: 'release', value: encodeRelease(released) })
  const raw = [{ sensor: 'bme280', epoch: '00000000000000aa', ranges: [1, 256] }]
  const known = { g: 0, n: 1_000_000 }
  const expired = encodeExpire({ device: 'balcony', raw, levels: [], known })
  await append({ device: 'balcony', kind: 'expire', value: expired })
}

interface CopyWishes {
  readonly partitions: number
  readonly wrap?: (target: LogTarget) => LogTarget
}

async function copy(from: string, to: string, { partitions, wrap }: CopyWishes): Promise<LogCopyOutcome> {
  const source = openSqliteLogSource(from)
  const target = openSqliteLogTarget(to, partitions)
  try {
    return await copyLog({ source, target: wrap?.(target) ?? target, hash, signal, progress, step: 7 })
  } finally {
    await target.close()
    await source.close()
  }
}

/** What the records of a device are, in their order. */
async function recordsOf(log: Log, device: string): Promise<string[]> {
  const records = await log.read(partitionOf(device, log.partitions), 0, 100_000)
  return records
    .filter((record) => record.device === device)
    .map(({ kind, ingestMs, value }) => `${kind} ${ingestMs} ${hash('', value)}`)
}

async function fold(log: Log, store: Store, zone: string): Promise<void> {
  const ending = new AbortController()
  const runs = Array.from({ length: log.partitions }, (_, partition) =>
    createRoll({
      log,
      store,
      partition,
      settings: { defaultTimeZone: zone, levels },
      flushIntervalMs: 1,
      publish: () => {},
      report: () => {},
      clock: systemClock,
    }).run(ending.signal),
  )
  const isFolded = async (): Promise<boolean> => {
    for (let partition = 0; partition < log.partitions; partition++) {
      const { next } = await log.extent(partition)
      if (next === 0 || (await store.checkpoint(partition))?.position.n !== next) return false
    }
    return true
  }
  while (!(await isFolded())) await Promise.race([...runs, new Promise((resolve) => setTimeout(resolve, 5))])
  ending.abort()
  await Promise.all(runs)
}

test('a log that is copied holds each record of a device in its order, and every dead letter', async () => {
  const world = await newWorld(2, 1)
  const letters = createSqliteDeadLetters({ path: world.logPath })
  const letter = { topic: 't', device: 'balcony', ingestMs: 1, code: 'bad', reason: 'r' }
  for (let i = 0; i < 230; i++) await letters.add([{ ...letter, value: Uint8Array.of(i) }])
  await letters.close()
  const to = join(temporaryFolder(), 'log.db')
  const outcome = await copy(world.logPath, to, { partitions: 5 })
  expect(outcome).toMatchObject({ state: 'copied', partitions: 5, repeated: 0, skipped: 0, letters: 230 })
  const copied = createSqliteLog({ path: to, partitions: 5 })
  onTestFinished(() => copied.close())
  expect(copied.id).toBe(outcome.id)
  expect(copied.id).not.toBe(world.log.id)
  for (const device of ['balcony', 'cellar']) {
    const records = await recordsOf(world.log, device)
    expect(records.length).toBeGreaterThan(20)
    expect(await recordsOf(copied, device)).toEqual(records)
  }
  const there = createSqliteDeadLetters({ path: to, readOnly: true })
  onTestFinished(() => there.close())
  expect((await there.list({ limit: 1_000 })).map(({ value }) => value[0])).toEqual(
    Array.from({ length: 230 }, (_, i) => 229 - i),
  )
  expect((await copy(world.logPath, to, { partitions: 5 })).state).toBe('was-whole')
})

test('a copy of a log that was killed at any step goes on, and is no log before it is whole', async () => {
  const world = await newWorld(2, 2)
  const to = join(temporaryFolder(), 'log.db')
  for (const left of [0, 1, 3, 6]) {
    let notes = left
    const wrap = (target: LogTarget): LogTarget => ({
      ...target,
      // Killed when records are in the copy, and not yet noted.
      note: async (next) => (notes-- > 0 ? target.note(next) : Promise.reject(new Error('killed'))),
    })
    await expect(copy(world.logPath, to, { partitions: 2, wrap })).rejects.toThrow('killed')
    expect(() => createSqliteLog({ path: to, partitions: 2 })).toThrow('not whole yet')
  }
  const outcome = await copy(world.logPath, to, { partitions: 2 })
  expect(outcome.state).toBe('copied')
  expect(outcome.repeated).toBeGreaterThan(0)
  const copied = createSqliteLog({ path: to, partitions: 2 })
  onTestFinished(() => copied.close())
  const records = await recordsOf(world.log, 'balcony')
  expect(new Set(await recordsOf(copied, 'balcony'))).toEqual(new Set(records))
})

test('a copy is refused that lacks a record, has another, or is of a log that goes on', async () => {
  const world = await newWorld(1, 3)
  const folder = temporaryFolder()
  const losing = (target: LogTarget): LogTarget => ({
    ...target,
    log: { ...target.log, append: (records) => target.log.append(records.slice(1)) },
  })
  await expect(
    copy(world.logPath, join(folder, 'losing.db'), { partitions: 1, wrap: losing }),
  ).rejects.toMatchObject({ code: 'copy-differs' })
  let isFirst = true
  const growing = (target: LogTarget): LogTarget => ({
    ...target,
    note: async (next) => {
      if (isFirst) await world.send('balcony', {})
      isFirst = false
      await target.note(next)
    },
  })
  // The first note comes before the lengths are taken: what comes in the second one is behind them.
  isFirst = false
  let notes = 0
  const late = (target: LogTarget): LogTarget => ({
    ...target,
    note: async (next) => {
      if (notes++ === 1) isFirst = true
      await growing(target).note(next)
    },
  })
  const to = join(folder, 'growing.db')
  await expect(copy(world.logPath, to, { partitions: 1, wrap: late })).rejects.toMatchObject({
    code: 'copy-source-written',
  })
  expect((await copy(world.logPath, to, { partitions: 1 })).state).toBe('copied')
  await expect(copy(world.logPath, world.logPath, { partitions: 1 })).resolves.toMatchObject({
    state: 'was-whole',
  })
  await expect(copy(world.logPath, (await newWorld(1, 4)).logPath, { partitions: 1 })).rejects.toMatchObject({
    code: 'copy-target-used',
  })
})

test.each([
  [2, 5, 1],
  [2, 4, 4],
  [3, 2, 3],
])(
  'a store goes from a log of %i partitions to one of %i, and holds every reading once (seed %i)',
  async (partitions, into, seed) => {
    const world = await newWorld(partitions, seed)
    await world.fold()
    // Other settings, at other places of each partition.
    await world.fold({ zone: 'Asia/Kolkata' })
    await operate(world)
    await world.fold({ zone: 'Asia/Kolkata' })
    const before = await windowsOf(world.store)
    const old = world.audit()
    expect(old.differences.map(lineOf)).toEqual([])
    const folder = temporaryFolder()
    const [logPath, storePath] = [join(folder, 'log.db'), join(folder, 'store.db')]
    await copy(world.logPath, logPath, { partitions: into })
    const log = createSqliteLog({ path: logPath, partitions: into })
    onTestFinished(() => log.close())

    const source = openSqliteSource(world.storePath)
    const target = openSqliteTarget(storePath)
    const { checkpoints } = await copyStore({
      source: await toLog(source, log),
      target,
      clock: systemClock,
      signal,
      progress,
    })
    await target.close()
    await source.close()
    expect(checkpoints.map(({ position }) => position)).toEqual(
      Array.from({ length: into }, () => ({ g: 1, n: 0 })),
    )

    const store = createSqliteStore({ path: storePath })
    onTestFinished(() => store.close())
    expect(await windowsOf(store)).toEqual(before)
    await fold(log, store, 'Asia/Kolkata')
    expect(await windowsOf(store)).toEqual(before)
    const result = runAudit({ storePath, logPath, now: () => performance.now() })
    expect(result.differences.map(lineOf)).toEqual([])
    expect(result.account).toEqual(old.account)
    // Fields that tell of the order of arrival are not compared with a log that has another one.
    expect({ ...result.checked, fields: 0 }).toEqual({ ...old.checked, fields: 0 })

    // And what is new goes where its device is now.
    await log.append([
      { device: 'balcony', kind: 'batch', ingestMs: 1, quarantineAfterMs: null, value: new Uint8Array() },
    ])
    await fold(log, store, 'Asia/Kolkata')
    const [device] = await store.read('devices', ['balcony'])
    expect(device?.partition).toBe(partitionOf('balcony', into))
  },
)

test('a store that is ahead of its checkpoint does not go over by a copy', async () => {
  const world = await newWorld(1, 5)
  await world.fold({ diesAt: (point) => point === 'buckets-written' })
  const log = createSqliteLog({ path: join(temporaryFolder(), `${randomUUID()}.db`), partitions: 3 })
  onTestFinished(() => log.close())
  const source = openSqliteSource(world.storePath)
  const target = openSqliteTarget(join(temporaryFolder(), 'store.db'))
  onTestFinished(async () => {
    await target.close()
    await source.close()
  })
  await expect(
    copyStore({ source: await toLog(source, log), target, clock: systemClock, signal, progress }),
  ).rejects.toMatchObject({ code: 'copy-unsettled' })
})

test('a partition that the store does not know is not begun beside those of another log', async () => {
  const world = await newWorld(1, 6)
  await world.fold()
  const log = createSqliteLog({ path: join(temporaryFolder(), 'log.db'), partitions: 3 })
  onTestFinished(() => log.close())
  await expect(fold(log, world.store, 'UTC')).rejects.toMatchObject({ code: 'other-log' })
  expect(await world.store.checkpoint(2)).toBeNull()
})
