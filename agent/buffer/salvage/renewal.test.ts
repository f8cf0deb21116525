import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { reading } from '../../core/buffer-contract.ts'
import type { Buffer as AgentBuffer } from '../../core/buffer.ts'
import { createFakeClock, type FakeClock } from '../../core/fake-clock.ts'
import { openForWriting, type OwnDatabase } from '../open.ts'
import { type BufferOptions, openSqliteBuffer } from '../sqlite.ts'
import { bufferOptions, temporaryFolder } from '../testing.ts'

const epochs = ['00000000000000aa', '00000000000000bb', '00000000000000cc'] as const

let folder: ReturnType<typeof temporaryFolder>
let path: string
let clock: FakeClock
beforeEach(() => {
  folder = temporaryFolder()
  path = join(folder.path, 'buffer.db')
  clock = createFakeClock()
})
afterEach(() => folder.remove())

function open(epoch: string, more: Partial<BufferOptions> = {}): AgentBuffer {
  const buffer = openSqliteBuffer(bufferOptions(folder.path, { clock, epoch, ...more }))
  buffer.register('attic', { intervalMs: 1_000, historical: false })
  return buffer
}

async function accept(buffer: AgentBuffer, count: number): Promise<void> {
  const entries = Array.from({ length: count }, (_, i) => reading(clock.now() + i, i))
  await Promise.all([buffer.accept({ sensor: 'attic', entries }), clock.pass(250)])
}

const rowsOf = (buffer: AgentBuffer): (readonly [string, readonly number[]])[] =>
  buffer.streams().map(({ epoch, rows }) => [epoch, rows])

/** Turns bytes of the page where a table begins. */
function harm(table: string, change: (bytes: Buffer, at: number) => void): void {
  const db = new Sqlite(path)
  const page = Number(db.prepare('SELECT rootpage FROM sqlite_schema WHERE name = ?').pluck().get(table))
  db.close()
  const bytes = readFileSync(path)
  change(bytes, (page - 1) * 4_096)
  writeFileSync(path, bytes)
}

const zeroHeader = (): void => {
  const bytes = readFileSync(path)
  bytes.fill(0, 0, 100)
  writeFileSync(path, bytes)
}

test('a run whose end is settled already is salvaged too, whatever is committed meanwhile', async () => {
  const old = open(epochs[0])
  await accept(old, 1_000)
  await old.close()
  const next = open(epochs[1])
  next.settle({ sensor: 'attic', epoch: epochs[0], stored: [], refused: [], lost: [], ended: 1_001 })
  await clock.pass(250)
  await next.close()
  zeroHeader()
  const buffer = open(epochs[2])
  // As the clock does at each start: a commit before the first page is read.
  buffer.synchronise({ offsetMs: clock.now() - clock.monotonicMs(), errorMs: 10, source: 'system' })
  await clock.pass(60_000)
  expect(rowsOf(buffer)).toContainEqual([epochs[0], [1, 1_000]])
  await buffer.close()
})

test('a kill between the new file and what it takes over costs nothing', async () => {
  const old = open(epochs[0])
  await accept(old, 100)
  await old.close()
  zeroHeader()
  // Sets aside, makes the tables, and ends.
  const killed = openForWriting(path, 10)
  expect(killed.damagedPath).not.toBe(null)
  killed.db.close()
  killed.unlock()
  const buffer = open(epochs[1])
  await clock.pass(60_000)
  expect(rowsOf(buffer)).toContainEqual([epochs[0], [1, 100]])
  await buffer.close()
})

test('a kill between moving the log and moving the database costs nothing', async () => {
  const old = open(epochs[0])
  await accept(old, 100)
  const database = readFileSync(path)
  const log = readFileSync(`${path}-wal`)
  await old.close()
  writeFileSync(path, database)
  writeFileSync(`${path}.corrupt-20261121T120000Z-wal`, log)
  const buffer = open(epochs[1])
  await clock.pass(60_000)
  expect(rowsOf(buffer)).toContainEqual([epochs[0], [1, 100]])
  await buffer.close()
  expect(readdirSync(folder.path)).toContain('buffer.db.corrupt-20261121T120000Z')
})

test('a stream under a damaged number is the one that stands beside the buffer', async () => {
  const old = open(epochs[0])
  await accept(old, 100)
  await old.close()
  harm('streams', (bytes, at) => {
    // The only cell of the page: its size, then the number.
    const cell = at + bytes.readUInt16BE(at + 8)
    expect(bytes[cell + 1]).toBe(1)
    bytes[cell + 1] = 3
  })
  const buffer = open(epochs[1])
  await clock.pass(60_000)
  expect(rowsOf(buffer)).toEqual([[epochs[0], [1, 100]]])
  await buffer.close()
})

test('a page size that no file of ours has costs nothing', async () => {
  const old = open(epochs[0])
  await accept(old, 2_000)
  await old.close()
  const bytes = readFileSync(path)
  bytes.writeUInt16BE(8_192, 16)
  writeFileSync(path, bytes)
  const buffer = open(epochs[1])
  await clock.pass(60_000)
  expect(rowsOf(buffer)).toContainEqual([epochs[0], [1, 2_000]])
  await buffer.close()
})

test('a disk that takes the new file only in part is tried again with one open file at a time', async () => {
  const made: Sqlite.Database[] = []
  let isFull = true
  const ownOf = (at: string, waitMs: number, now: () => number): OwnDatabase => {
    const real = openForWriting(at, waitMs, now)
    // So that what stands on the disk is read each time.
    real.db.pragma('cache_size = 1')
    return {
      ...real,
      reopen() {
        const db = real.reopen?.() as Sqlite.Database
        if (isFull) db.pragma(`max_page_count = ${Number(db.pragma('page_count', { simple: true }))}`)
        made.push(db)
        return db
      },
    }
  }
  const old = open(epochs[0])
  for (let i = 0; i < 300; i++) void old.accept({ sensor: `sensor-${i}`, entries: [reading(i)] })
  await clock.pass(250)
  await old.close()
  const buffer = open(epochs[1], { open: ownOf })
  const bytes = readFileSync(path)
  bytes.fill(255, 4_096)
  writeFileSync(path, bytes)
  const [stream] = buffer.streams()
  expect(stream && buffer.read(stream, 1, 1)).toEqual([])
  await clock.pass(20_000)
  expect(made.length).toBeGreaterThan(3)
  expect(made.filter((db) => db.open).length).toBeLessThan(2)
  isFull = false
  await accept(buffer, 1)
  await clock.pass(5_000)
  expect(rowsOf(buffer)).toContainEqual([epochs[1], [1, 1]])
  // All the others are held or declared.
  expect(buffer.streams().filter(({ rows, lost }) => rows.length + lost.length > 0)).toHaveLength(301)
  await buffer.close()
})
