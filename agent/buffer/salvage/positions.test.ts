import { closeSync, copyFileSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Entry } from '../../core/buffer.ts'
import { createFakeClock, type FakeClock } from '../../core/fake-clock.ts'
import { openSqliteBuffer } from '../sqlite.ts'
import { bufferOptions, temporaryFolder } from '../testing.ts'

let folder: ReturnType<typeof temporaryFolder>
let path: string
let clock: FakeClock
beforeEach(() => {
  folder = temporaryFolder()
  path = join(folder.path, 'buffer.db')
  clock = createFakeClock()
})
afterEach(() => folder.remove())

const entry = (seq: number): Entry => ({
  time: 1_763_700_000_000 + seq,
  monotonicMs: seq,
  values: [],
  mark: { kind: 'fault', code: 'no-answer', detail: `${seq}` },
})

const positionOf = (row: number) => ({ row, digest: 'abcdef' })

/** One run: a replay and a poller with positions, a sensor that has none, a replay that never came to a row. */
async function run(epoch: string, rows: readonly number[], settles = false): Promise<void> {
  const buffer = openSqliteBuffer(bufferOptions(folder.path, { epoch, clock }))
  buffer.register('replay', { intervalMs: 0, historical: true })
  buffer.register('broken', { intervalMs: 0, historical: true })
  buffer.register('poller', { intervalMs: 1_000, historical: false })
  buffer.register('plain', { intervalMs: 1_000, historical: false })
  for (const row of rows) {
    void buffer.accept({ sensor: 'replay', entries: [entry(row)], position: positionOf(row) })
    void buffer.accept({ sensor: 'poller', entries: [entry(row)], position: { newestMs: row } })
    void buffer.accept({ sensor: 'plain', entries: [entry(row)] })
    await clock.pass(250)
  }
  // A mark without a position, after the last one that has it.
  for (const sensor of ['replay', 'broken']) void buffer.accept({ sensor, entries: [entry(0)] })
  await clock.pass(250)
  if (settles)
    for (const { sensor, lastSeq } of buffer.streams())
      buffer.settle({ sensor, epoch, stored: [1, lastSeq], refused: [], lost: [], ended: lastSeq + 1 })
  await clock.pass(250)
  await buffer.close()
}

const first = '00000000000000a1'
const second = '00000000000000a2'

/** The pages of the two tables. */
function pagesOf(tables: readonly string[]): number[] {
  const db = new Sqlite(path, { readonly: true })
  const pages = tables.map((name) =>
    Number(db.prepare('SELECT rootpage FROM sqlite_schema WHERE name = ?').pluck().get(name)),
  )
  db.close()
  return pages
}

function write(at: number, bytes: Uint8Array): void {
  const file = openSync(path, 'r+')
  writeSync(file, bytes, 0, bytes.length, at)
  closeSync(file)
}

function zero(tables: readonly string[]): void {
  for (const page of pagesOf(tables)) write((page - 1) * 4_096, new Uint8Array(4_096))
}

/** A digit of the replay's position, on each of the pages. */
function turn(tables: readonly string[]): void {
  for (const page of pagesOf(tables)) {
    const bytes = readFileSync(path).subarray((page - 1) * 4_096, page * 4_096)
    const at = bytes.lastIndexOf('"row":') + '"row":'.length
    expect(at).toBeGreaterThan(6)
    write((page - 1) * 4_096 + at, Uint8Array.of((bytes[at] as number) ^ 1))
  }
}

const open = (epoch: string) => openSqliteBuffer(bufferOptions(folder.path, { epoch, clock }))

const both = ['positions', 'positions_copy']
const harms: [string, (tables: readonly string[]) => void][] = [
  ['a page of zeros', zero],
  ['a turned byte', turn],
]

test.each(harms.flatMap(([name, harm]) => both.map((table) => [name, table, harm] as const)))(
  '%s in the table %s costs no position',
  async (_, table, harm) => {
    await run(first, [1, 2])
    await run(second, [3, 4, 5])
    harm([table])
    const buffer = open('00000000000000af')
    expect(buffer.position('replay')).toEqual(positionOf(5))
    expect(buffer.position('poller')).toEqual({ newestMs: 5 })
    for (const sensor of ['replay', 'poller', 'plain', 'broken'])
      expect(buffer.isPositionLost(sensor)).toBe(false)
    await buffer.close()
  },
)

test.each(harms)(
  '%s in both tables is told, also when all was settled and after more damage',
  async (name, harm) => {
    await run(first, [1, 2], true)
    harm(both)
    for (const epoch of [second, '00000000000000a3']) {
      const buffer = open(epoch)
      expect(buffer.position('replay')).toBe(null)
      expect(buffer.isPositionLost('replay')).toBe(true)
      // A turned byte harms one row only.
      expect(buffer.isPositionLost('poller')).toBe(name === 'a page of zeros')
      for (const sensor of ['plain', 'broken']) expect(buffer.isPositionLost(sensor)).toBe(false)
      // What it says of it changes nothing.
      buffer.register('replay', { intervalMs: 0, historical: true })
      await Promise.all([buffer.accept({ sensor: 'replay', entries: [entry(9)] }), clock.pass(250)])
      expect(buffer.isPositionLost('replay')).toBe(true)
      await buffer.close()
      zero(['positions'])
    }
  },
)

test('without what stands beside the file, historical sensors count as such that had a position', async () => {
  await run(first, [1, 2])
  zero(both)
  rmSync(`${path}.streams`)
  const buffer = open(second)
  expect(['replay', 'broken', 'poller', 'plain'].map(buffer.isPositionLost)).toEqual([
    true,
    true,
    false,
    false,
  ])
  await buffer.close()
})

test('a buffer that vanished is told as well', async () => {
  await run(first, [1, 2], true)
  rmSync(path)
  const buffer = open(second)
  expect(['replay', 'poller', 'plain'].map(buffer.isPositionLost)).toEqual([true, true, false])
  await buffer.close()
})

test('a new position ends it', async () => {
  await run(first, [1, 2])
  zero(both)
  const buffer = open(second)
  buffer.register('poller', { intervalMs: 1_000, historical: false })
  expect(buffer.isPositionLost('poller')).toBe(true)
  await Promise.all([
    buffer.accept({ sensor: 'poller', entries: [], position: { newestMs: 9 } }),
    clock.pass(250),
  ])
  expect(buffer.isPositionLost('poller')).toBe(false)
  await buffer.close()
  const again = open('00000000000000a3')
  expect([again.position('poller'), again.isPositionLost('poller')]).toEqual([{ newestMs: 9 }, false])
  await again.close()
})

test('pages that went back to an older position are not believed', async () => {
  await run(first, [1, 2])
  const old = join(folder.path, 'old')
  copyFileSync(path, old)
  await run(second, [3])
  const bytes = readFileSync(old)
  for (const page of pagesOf(both))
    write((page - 1) * 4_096, bytes.subarray((page - 1) * 4_096, page * 4_096))
  const buffer = open('00000000000000a3')
  expect(['replay', 'poller', 'plain'].map(buffer.isPositionLost)).toEqual([true, true, false])
  await buffer.close()
})

test('a page of noise where boots stood makes their rows uncertain, never wrong', async () => {
  const unconfirmed = (seq: number): Entry => ({ ...entry(seq), isUnconfirmed: true })
  const buffer = openSqliteBuffer(
    bufferOptions(folder.path, {
      epoch: first,
      boot: 'old-boot',
      clock: Object.assign(clock, { isUnconfirmed: true }),
    }),
  )
  buffer.register('plain', { intervalMs: 1_000, historical: false })
  await Promise.all([buffer.accept({ sensor: 'plain', entries: [unconfirmed(1)] }), clock.pass(250)])
  await buffer.close()
  const [page = 0] = pagesOf(['boots'])
  const bytes = readFileSync(path)
  const at = bytes.indexOf('old-boot', (page - 1) * 4_096) + 'old-boot'.length
  // In the numbers behind its name.
  write(at + 3, Uint8Array.of((bytes[at + 3] as number) ^ 64))
  const again = openSqliteBuffer(bufferOptions(folder.path, { epoch: second, clock }))
  await clock.pass(60_000)
  again.synchronise({ source: 'collector', offsetMs: 1_763_800_000_000, errorMs: 10 })
  await clock.pass(1_000)
  const [stream] = again.streams()
  expect(stream?.rows).toEqual([1, 1])
  expect(stream?.uncertain).toEqual([1, 1])
  await again.close()
})
