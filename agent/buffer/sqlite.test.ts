import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { has, sizeOf } from '@barograph/proto'
import Sqlite from 'better-sqlite3'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Buffer } from '../core/buffer.ts'
import { reading, testBuffer } from '../core/buffer-contract.ts'
import { createFakeClock } from '../core/fake-clock.ts'
import { exportBuffer, reportBuffer } from './report.ts'
import { openSqliteBuffer } from './sqlite.ts'
import { bufferOptions, sqliteHarness, temporaryFolder } from './testing.ts'

// Hundreds of real commits each: a busy machine may take its time.
vi.setConfig({ testTimeout: 60_000 })

testBuffer('SQLite', sqliteHarness)

let folder: ReturnType<typeof temporaryFolder>
beforeEach(() => {
  folder = temporaryFolder()
})
afterEach(() => folder.remove())

test('a commit waits for the disk: WAL with synchronous=FULL', async () => {
  const buffer = openSqliteBuffer(bufferOptions(folder.path))
  const db = new Sqlite(join(folder.path, 'buffer.db'), { readonly: true })
  expect(db.pragma('journal_mode', { simple: true })).toBe('wal')
  db.close()
  await buffer.close()
})

test('entries of one interval share one commit, and a full group does not wait for the interval', async () => {
  const clock = createFakeClock()
  const buffer = openSqliteBuffer(bufferOptions(folder.path, { clock }))
  const path = join(folder.path, 'buffer.db')
  // data_version changes once for each commit of another connection.
  const watch = new Sqlite(path, { readonly: true })
  const version = (): number => Number(watch.pragma('data_version', { simple: true }))
  const before = version()
  const taken = Array.from({ length: 50 }, (_, i) =>
    buffer.accept({ sensor: `s${i % 5}`, entries: [reading(i)] }),
  )
  await clock.pass(199)
  expect(version()).toBe(before)
  await clock.pass(1)
  await Promise.all(taken)
  const after = version()
  expect(after).not.toBe(before)
  const group = buffer.accept({ sensor: 's0', entries: Array.from({ length: 500 }, (_, i) => reading(i)) })
  await clock.pass(0)
  await group
  expect(version()).not.toBe(after)
  watch.close()
  await buffer.close()
})

test('while the disk takes nothing, entries wait in bounded memory and are committed afterwards', async () => {
  const clock = createFakeClock()
  const buffer = openSqliteBuffer(bufferOptions(folder.path, { clock }))
  const troubles: (string | null)[] = []
  buffer.subscribe({ committed() {}, dropped() {}, troubled: (one) => troubles.push(one?.code ?? null) })
  const other = new Sqlite(join(folder.path, 'buffer.db'))
  other.exec('BEGIN IMMEDIATE')
  const entries = (count: number) => Array.from({ length: count }, (_, i) => reading(i))
  const first = buffer.accept({ sensor: 'attic', entries: entries(2) })
  await clock.pass(200)
  expect(troubles).toEqual(['disk-failing'])
  expect(buffer.trouble?.detail).toMatch(/: 2 entries of 0 s wait in memory, which a power cut would cost$/)
  const second = buffer.accept({ sensor: 'attic', entries: entries(19_998) })
  await expect(buffer.accept({ sensor: 'attic', entries: entries(1) })).rejects.toMatchObject({
    code: 'buffer-busy',
    retryable: true,
  })
  await clock.pass(11_000)
  expect(buffer.trouble?.detail).toMatch(/: 20000 entries of 1\d s wait in memory/)
  other.exec('ROLLBACK')
  other.close()
  await clock.pass(1_000)
  await Promise.all([first, second])
  expect(troubles).toEqual(['disk-failing', 'disk-failing', null])
  expect(buffer.streams()[0]?.rows).toEqual([1, 20_000])
  await buffer.close()
})

test('two agents never share one buffer', async () => {
  const buffer = openSqliteBuffer(bufferOptions(folder.path))
  expect(() => openSqliteBuffer(bufferOptions(folder.path))).toThrow(
    expect.objectContaining({ code: 'buffer-in-use' }),
  )
  await buffer.close()
  await openSqliteBuffer(bufferOptions(folder.path)).close()
})

test('a buffer of a newer version is refused in clear words', () => {
  const path = join(folder.path, 'buffer.db')
  const db = new Sqlite(path)
  db.exec('CREATE TABLE something (x)')
  db.pragma(`application_id = ${0x4261726f}`)
  db.pragma('user_version = 7')
  db.close()
  expect(() => openSqliteBuffer(bufferOptions(folder.path))).toThrow(
    /newer Barograph \(schema 7; this one knows 2\)/,
  )
  expect(() => reportBuffer(path)).toThrow(expect.objectContaining({ code: 'buffer-newer' }))
})

test('what is no buffer is left alone and named', () => {
  const path = join(folder.path, 'buffer.db')
  const db = new Sqlite(path)
  db.exec('CREATE TABLE recipes (x)')
  db.close()
  expect(() => openSqliteBuffer(bufferOptions(folder.path))).toThrow(
    expect.objectContaining({ code: 'buffer-foreign' }),
  )
  writeFileSync(join(folder.path, 'text.db'), 'this is a letter, not a database '.repeat(100))
  const text = bufferOptions(folder.path, { path: join(folder.path, 'text.db') })
  expect(() => openSqliteBuffer(text)).toThrow(expect.objectContaining({ code: 'buffer-corrupt' }))
  const inFile = bufferOptions(folder.path, { path: join(path, 'below', 'buffer.db') })
  expect(() => openSqliteBuffer(inFile)).toThrow(expect.objectContaining({ code: 'buffer-unwritable' }))
  mkdirSync(join(folder.path, 'folder.db'))
  const aFolder = bufferOptions(folder.path, { path: join(folder.path, 'folder.db') })
  expect(() => openSqliteBuffer(aFolder)).toThrow(expect.objectContaining({ code: 'buffer-unwritable' }))
})

test('unsent rows stay with the device that accepted them', async () => {
  const clock = createFakeClock()
  const buffer = openSqliteBuffer(bufferOptions(folder.path, { clock }))
  const taken = buffer.accept({ sensor: 'attic', entries: [reading(1)] })
  await clock.pass(200)
  await taken
  await buffer.close()
  expect(() => openSqliteBuffer(bufferOptions(folder.path, { device: 'cellar' }))).toThrow(
    expect.objectContaining({ code: 'buffer-other-device' }),
  )
  // And the refusal leaves no lock behind.
  await openSqliteBuffer(bufferOptions(folder.path)).close()
})

test('status and export look into a buffer that an agent has open', async () => {
  const clock = createFakeClock()
  const buffer = openSqliteBuffer(bufferOptions(folder.path, { clock }))
  const taken = buffer.accept({
    sensor: 'attic',
    entries: [
      { time: 0, monotonicMs: 0, values: [], mark: { kind: 'fault', code: 'no-answer', detail: 'silence' } },
      reading(1_000, 21_500),
    ],
  })
  await clock.pass(200)
  await taken
  const path = join(folder.path, 'buffer.db')
  expect(reportBuffer(path)).toMatchObject({
    device: 'balcony',
    rows: 2,
    streams: [{ sensor: 'attic', lastSeq: 2, rows: 2, oldest: '1970-01-01T00:00:00.000Z', lost: [] }],
  })
  expect([...exportBuffer(path)]).toEqual([
    expect.objectContaining({ seq: 1, kind: 'fault', metric: '', value: null, remark: 'no-answer: silence' }),
    expect.objectContaining({ seq: 2, kind: 'reading', metric: 'temperature', value: 21.5, unit: 'degC' }),
  ])
  await buffer.close()
})

test('a row that cannot be read is declared lost, and those around it are read', async () => {
  const clock = createFakeClock()
  const buffer = openSqliteBuffer(bufferOptions(folder.path, { clock }))
  const entries = Array.from({ length: 4 }, (_, i) => reading(i))
  await Promise.all([buffer.accept({ sensor: 'attic', entries }), clock.pass(200)])
  const other = new Sqlite(join(folder.path, 'buffer.db'))
  // A metric that only a newer agent knows, and bytes that are none of ours.
  other.prepare('UPDATE entries SET payload = ? WHERE seq = 2').run(Buffer.from([0, 200, 100, 2]))
  other.prepare('UPDATE entries SET payload = ? WHERE seq = 3').run(Buffer.from([9]))
  other.close()
  const [stream] = buffer.streams()
  if (!stream) throw new Error('no stream')
  expect(buffer.read(stream, 1, 4).map(({ seq }) => seq)).toEqual([1, 4])
  await clock.pass(200)
  expect(stream.rows).toEqual([1, 1, 4, 4])
  expect(stream.lost).toEqual([{ firstSeq: 2, lastSeq: 3, cause: 'corrupt buffer' }])
  await buffer.close()
  const again = openSqliteBuffer(bufferOptions(folder.path, { clock, epoch: '00000000000000bb' }))
  expect(again.streams().map(({ rows, lost }) => [rows, lost])).toEqual([[stream.rows, stream.lost]])
  await again.close()
})

/** A buffer that has condensed most of its 6,000 readings, ten to a minute. */
async function condensedBuffer(): Promise<Buffer> {
  const clock = createFakeClock()
  const buffer = openSqliteBuffer(bufferOptions(folder.path, { clock, whenFull: 'thin', maxMb: 0.15 }))
  buffer.register('attic', { intervalMs: 6_000, historical: false })
  for (let i = 0; i < 30; i++) {
    const entries = Array.from({ length: 200 }, (_, k) =>
      reading(1_763_700_000_000 + 6_000 * (200 * i + k), k % 10),
    )
    await Promise.all([buffer.accept({ sensor: 'attic', entries }), clock.pass(400)])
  }
  return buffer
}

test('status and export show what was condensed, by numbers, minutes and means', async () => {
  const buffer = await condensedBuffer()
  const path = join(folder.path, 'buffer.db')
  const report = reportBuffer(path)
  const [stream] = buffer.streams()
  const readings = sizeOf(stream?.thinned ?? [])
  expect(readings).toBeGreaterThan(1_000)
  expect(report).toMatchObject({ rows: 6_000 - readings, lost: {}, streams: [{ condensed: readings }] })
  expect(report.condensed.readings).toBe(readings)
  const exported = [...exportBuffer(path)]
  const minutes = exported.filter(({ kind }) => kind === 'minute')
  expect(minutes).toHaveLength(readings / 10)
  expect(minutes[1]).toMatchObject({
    seq: 1,
    time: '2025-11-21T04:41:00.000Z',
    metric: 'temperature',
    value: 0.005,
    unit: 'degC',
    remark: expect.stringContaining('mean of 10, 0 to 0.009; of numbers 1-'),
  })
  expect(exported.filter(({ kind }) => kind === 'reading')).toHaveLength(6_000 - readings)
  await buffer.close()
})

test('a summary goes when the collector can take no part of it any more: some of it stored, the rest known as lost', async () => {
  const buffer = await condensedBuffer()
  const [stream] = buffer.streams()
  if (!stream) throw new Error('nothing was accepted')
  const { sensor, epoch } = stream
  const one = buffer.readSummary(stream, stream.thinned[0] ?? 0)
  const two = buffer.readSummary(stream, (one?.lastSeq ?? 0) + 1)
  if (!one || !two) throw new Error('nothing was condensed')
  const held = (): number => sizeOf(buffer.streams()[0]?.thinned ?? [])
  const before = held()
  const settle = (stored: number[], lost: number[]): void =>
    buffer.settle({ sensor, epoch, stored, refused: [], lost, ended: 0 })
  // All of it known as lost: it may still come, and heals.
  settle([], [one.firstSeq, one.lastSeq])
  expect(held()).toBe(before)
  // A part of it is neither: it is sent again.
  settle([two.firstSeq, two.lastSeq - 1], [])
  expect(has(buffer.streams()[0]?.thinned ?? [], two.lastSeq)).toBe(true)
  settle([two.firstSeq, two.lastSeq - 1], [two.lastSeq, two.lastSeq])
  expect(held()).toBe(before - (two.lastSeq - two.firstSeq + 1))
  await buffer.close()
})
