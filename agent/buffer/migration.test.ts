import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Sqlite from 'better-sqlite3'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createFakeClock } from '../core/fake-clock.ts'
import { exportBuffer, reportBuffer } from './report.ts'
import { openSqliteBuffer } from './sqlite.ts'
import { bufferOptions, temporaryFolder } from './testing.ts'

/** Written by version 0.1 of the agent (commit f44c714): two runs, settled, refused and lost numbers among them. */
const versionOne = fileURLToPath(new URL('./fixtures/version-1.db', import.meta.url))

let folder: ReturnType<typeof temporaryFolder>
let path: string
beforeEach(() => {
  folder = temporaryFolder()
  path = join(folder.path, 'buffer.db')
  copyFileSync(versionOne, path)
})
afterEach(() => folder.remove())

const first = { sensor: 'attic', epoch: '00000000000000aa' }
const rows = [8, 9, 13, 19, 23, 41]

test('a file of version 1 becomes one of this version, and every row is still there', async () => {
  const buffer = openSqliteBuffer(bufferOptions(folder.path, { epoch: '00000000000000cc' }))
  expect(
    buffer.streams().map(({ sensor, epoch, lastSeq, rows: held, lost, endPending }) => ({
      sensor,
      epoch,
      lastSeq,
      rows: held,
      lost,
      endPending,
    })),
  ).toEqual([
    {
      ...first,
      lastSeq: 41,
      rows,
      lost: [{ firstSeq: 20, lastSeq: 22, cause: 'unreadable' }],
      endPending: true,
    },
    { ...first, sensor: 'newark', lastSeq: 1, rows: [1, 1], lost: [], endPending: true },
    { sensor: 'attic', epoch: '00000000000000bb', lastSeq: 3, rows: [1, 3], lost: [], endPending: true },
  ])
  const entries = buffer.read(first, 13, 19)
  expect(entries.map(({ seq, time, values }) => [seq, time, values[0]?.thousandths])).toEqual(
    Array.from({ length: 7 }, (_, i) => [13 + i, 1_763_700_012_000 + 1_000 * i, 20_011 + i]),
  )
  expect(buffer.read(first, 40, 41)).toEqual([
    expect.objectContaining({ mark: { kind: 'fault', code: 'no-answer', detail: 'silence' } }),
    expect.objectContaining({ values: [expect.objectContaining({ thousandths: -5, flag: 129 })] }),
  ])
  expect(buffer.position('attic')).toBe('p')
  expect(buffer.position('newark')).toEqual({ row: 1 })
  await buffer.close()
  const db = new Sqlite(path, { readonly: true })
  expect(db.pragma('user_version', { simple: true })).toBe(2)
  // All of it may have been sent; numbers that are not in the file any more are accounted for.
  expect(db.prepare('SELECT * FROM sent ORDER BY stream').all()).toEqual([
    { stream: 1, first_seq: 1, last_seq: 41 },
    { stream: 2, first_seq: 1, last_seq: 1 },
    { stream: 3, first_seq: 1, last_seq: 3 },
  ])
  expect(db.prepare('SELECT gone FROM streams ORDER BY id').pluck().all()).toEqual([41 - 28, 0, 0])
  expect(db.prepare('SELECT DISTINCT synced FROM entries').pluck().all()).toEqual([1])
  db.close()
})

test('a migrated file goes on: new rows, settlements, another restart', async () => {
  const clock = createFakeClock()
  const buffer = openSqliteBuffer(bufferOptions(folder.path, { epoch: '00000000000000cc', clock }))
  buffer.settle({ ...first, stored: [1, 41], refused: [], lost: [20, 22], ended: 42 })
  await clock.pass(200)
  await buffer.close()
  const again = openSqliteBuffer(bufferOptions(folder.path, { epoch: '00000000000000dd', clock }))
  expect(again.streams().map(({ sensor, epoch }) => `${sensor} ${epoch}`)).toEqual([
    'newark 00000000000000aa',
    'attic 00000000000000bb',
  ])
  await again.close()
})

test('status and export read a file of version 1 as it is, and leave it so', () => {
  expect(reportBuffer(path)).toMatchObject({ device: 'balcony', rows: 32 })
  const exported = [...exportBuffer(path)]
  expect(exported).toHaveLength(32)
  expect(exported.filter(({ kind }) => kind === 'fault')).toHaveLength(1)
  const db = new Sqlite(path, { readonly: true })
  expect(db.pragma('user_version', { simple: true })).toBe(1)
  db.close()
})
