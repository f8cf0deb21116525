import { copyFileSync, readFileSync, readSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { reading } from '../../core/buffer-contract.ts'
import { createFakeClock } from '../../core/fake-clock.ts'
import { openSqliteBuffer } from '../sqlite.ts'
import { bufferOptions, temporaryFolder } from '../testing.ts'
import { type ReadBytes, readWal } from './wal.ts'

const headerBytes = 32
const frameBytes = 24 + 4_096

let folder: ReturnType<typeof temporaryFolder>
let path: string
beforeEach(() => {
  folder = temporaryFolder()
  path = join(folder.path, 'copy.db-wal')
})
afterEach(() => folder.remove())

/** The log of a database that was committed to so often; returns the count of its frames. */
function write(commits: number): number {
  const db = new Sqlite(join(folder.path, 'living.db'))
  db.pragma('journal_mode = WAL')
  db.exec('CREATE TABLE numbers (n INTEGER, text TEXT)')
  const insert = db.prepare('INSERT INTO numbers VALUES (?, ?)')
  for (let n = 0; n < commits; n++) insert.run(n, 'text '.repeat(400))
  copyFileSync(join(folder.path, 'living.db-wal'), path)
  db.close()
  return (statSync(path).size - headerBytes) / frameBytes
}

/** A disk that does not give the bytes from a place of the file to another. */
const withoutBytes =
  (from: number, to: number): ReadBytes =>
  (file, bytes, offset, length, at) => {
    if (at < to && at + length > from)
      throw Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO', syscall: 'read' })
    return readSync(file, bytes, offset, length, at)
  }

const startOf = (frame: number): number => headerBytes + frame * frameBytes
const pageOf = (frame: number): number => readFileSync(path).readUInt32BE(startOf(frame))

test('a whole log is read whole', () => {
  const frames = write(20)
  const wal = readWal(path)
  expect(wal).toMatchObject({ isDamaged: false })
  expect(Math.max(...(wal?.offsets.values() ?? []))).toBe(startOf(frames - 1) + 24)
})

test('behind a sector that cannot be read the log goes on, and is damaged', () => {
  const frames = write(20)
  const wal = readWal(path, withoutBytes(startOf(6) + 100, startOf(6) + 612))
  expect(wal).toMatchObject({ isDamaged: true })
  expect(wal?.offsets).toEqual(readWal(path)?.offsets)
  expect(Math.max(...(wal?.offsets.values() ?? []))).toBe(startOf(frames - 1) + 24)
})

test('a frame whose own header cannot be read is damage too', () => {
  write(20)
  expect(readWal(path, withoutBytes(startOf(6), startOf(6) + 512))).toMatchObject({ isDamaged: true })
})

test('a last frame that cannot be read may have been a commit: what stands before it counts', () => {
  const frames = write(20)
  const last = frames - 1
  const wal = readWal(path, withoutBytes(startOf(last), startOf(last) + 512))
  expect(wal).toMatchObject({ isDamaged: true })
  expect(wal?.offsets.get(pageOf(last - 1))).toBe(startOf(last - 1) + 24)
})

test('in a damaged log a last frame that is no commit any more may have been one', () => {
  const frames = write(20)
  const last = frames - 1
  const bytes = readFileSync(path)
  for (const at of [startOf(3) + 300, startOf(last) + 8]) bytes[at] = (bytes[at] ?? 0) ^ 1
  writeFileSync(path, bytes)
  const wal = readWal(path)
  expect(wal).toMatchObject({ isDamaged: true })
  expect(wal?.offsets.get(pageOf(last - 1))).toBe(startOf(last - 1) + 24)
})

test('a log that gives nothing at all is damaged', () => {
  write(20)
  expect(readWal(path, withoutBytes(0, Number.MAX_SAFE_INTEGER))).toMatchObject({ isDamaged: true })
})

test('a frame that seems to be of another log hides no end of a run', async () => {
  const clock = createFakeClock()
  const copy = temporaryFolder()
  const buffer = openSqliteBuffer(bufferOptions(folder.path, { clock }))
  buffer.register('attic', { intervalMs: 1_000, historical: false })
  for (let i = 0; i < 12; i++) {
    const entries = Array.from({ length: 10 }, (_, k) => reading(clock.now() + k, 10 * i + k))
    await Promise.all([buffer.accept({ sensor: 'attic', entries }), clock.pass(250)])
  }
  for (const name of ['buffer.db', 'buffer.db-wal', 'buffer.db.streams'])
    copyFileSync(join(folder.path, name), join(copy.path, name))
  await buffer.close()
  // The newest forms of the page of streams get another salt, and a last commit stands behind them.
  const log = join(copy.path, 'buffer.db-wal')
  const bytes = readFileSync(log)
  const file = new Sqlite(join(folder.path, 'buffer.db'), { readonly: true })
  const root = Number(file.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'streams'").pluck().get())
  file.close()
  const frames = Array.from({ length: (bytes.length - headerBytes) / frameBytes }, (_, i) => i)
  const ofStreams = frames.filter((frame) => bytes.readUInt32BE(startOf(frame)) === root)
  expect(ofStreams.length).toBeGreaterThan(8)
  for (const frame of ofStreams.slice(-4)) bytes[startOf(frame) + 8] = (bytes[startOf(frame) + 8] ?? 0) ^ 1
  writeFileSync(log, bytes)
  const next = openSqliteBuffer(bufferOptions(copy.path, { clock, epoch: '00000000000000bb' }))
  await clock.pass(30_000)
  const [stream] = next.streams()
  expect(stream).toMatchObject({ epoch: '00000000000000aa', lastSeq: 120, rows: [1, 120], lost: [] })
  await next.close()
  copy.remove()
})
