import type Fs from 'node:fs'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { isCoded } from '@barograph/proto'
import Sqlite from 'better-sqlite3'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { reading } from '../core/buffer-contract.ts'
import type { Buffer as AgentBuffer } from '../core/buffer.ts'
import { createFakeClock, type FakeClock } from '../core/fake-clock.ts'
import type { OwnDatabase } from './open.ts'
import { openSqliteBuffer } from './sqlite.ts'
import { bufferOptions, temporaryFolder } from './testing.ts'

/** What the system refuses to open, and why; SQLite itself opens its files without asking here. */
const refusal = vi.hoisted(() => ({ errno: '', of: /^$/, times: 0 }))

vi.mock('node:fs', async (importOriginal) => {
  const fs = await importOriginal<typeof Fs>()
  const openSync: typeof fs.openSync = (path, ...more) => {
    if (refusal.times > 0 && refusal.of.test(String(path))) {
      refusal.times--
      const { errno: code } = refusal
      throw Object.assign(new Error(`${code}: open`), { code, path, syscall: 'open' })
    }
    return fs.openSync(path, ...more)
  }
  return { ...fs, openSync }
})

function refuse(errno: string, of: RegExp, times: number): void {
  Object.assign(refusal, { errno, of, times })
}

let folder: ReturnType<typeof temporaryFolder>
let path: string
let clock: FakeClock
const said: string[] = []
beforeEach(() => {
  folder = temporaryFolder()
  path = join(folder.path, 'buffer.db')
  clock = createFakeClock()
  said.length = 0
})
afterEach(() => {
  refuse('', /^$/, 0)
  folder.remove()
})

const log = {
  debug() {},
  info() {},
  warn() {},
  error: (_: object, message: string) => void said.push(message),
}

const open = (epoch: string): AgentBuffer =>
  openSqliteBuffer(bufferOptions(folder.path, { clock, epoch, log }))

/** A run that accepted 300 readings and was killed: the newest of them stand in the log only. */
async function fill(): Promise<void> {
  const buffer = open('00000000000000aa')
  buffer.register('attic', { intervalMs: 1_000, historical: false })
  const entries = Array.from({ length: 300 }, (_, i) => reading(clock.now() + i, i))
  await Promise.all([buffer.accept({ sensor: 'attic', entries }), clock.pass(250)])
  await buffer.close()
}

function failureOf(act: () => AgentBuffer): unknown {
  try {
    void act().close()
  } catch (error) {
    return error
  }
  return null
}

const moved = (): string[] => readdirSync(folder.path).filter((name) => name.includes('.corrupt-'))

test.each([
  ['EACCES', 'buffer-unwritable', false, /buffer\.db$/],
  ['EPERM', 'buffer-unwritable', false, /buffer\.db$/],
  ['EMFILE', 'buffer-unusable', true, /buffer\.db$/],
  ['ENFILE', 'buffer-unusable', true, /buffer\.db-wal$/],
  ['EACCES', 'buffer-unwritable', false, /buffer\.db-wal$/],
  ['EIO', 'buffer-unusable', true, /buffer\.db-wal$/],
] as const)(
  'a whole buffer that %s keeps from being opened stays where it is: %s',
  async (errno, code, retryable, of) => {
    await fill()
    refuse(errno, of, 1)
    const error = failureOf(() => open('00000000000000bb'))
    expect(isCoded(error, code)).toBe(true)
    expect(error).toMatchObject({ retryable, message: expect.stringContaining('buffer.db') })
    const who = code === 'buffer-unwritable' ? userInfo().username : ''
    expect(error).toMatchObject({ message: expect.stringContaining(who) })
    expect(moved()).toEqual([])
    // The next start has it all.
    const buffer = open('00000000000000cc')
    expect(buffer.streams().map(({ epoch, rows }) => [epoch, rows])).toEqual([['00000000000000aa', [1, 300]]])
    await buffer.close()
  },
)

test.each(['EMFILE', 'EACCES', 'EIO'])(
  'a damaged buffer that %s keeps from being read is read later, and nothing of it is lost',
  async (errno) => {
    await fill()
    const bytes = readFileSync(path)
    bytes.fill(0, 0, 100)
    writeFileSync(path, bytes)
    const buffer = open('00000000000000bb')
    expect(moved()).toHaveLength(1)
    refuse(errno, /\.corrupt-/, 3)
    await clock.pass(10_000)
    expect(buffer.streams().map(({ rows, lost }) => [rows, lost])).toEqual([[[], []]])
    await clock.pass(20_000)
    expect(buffer.streams().map(({ rows, lost }) => [rows, lost])).toEqual([[[1, 300], []]])
    expect(said.filter((line) => line.includes('tried again'))).toHaveLength(1)
    await buffer.close()
  },
)

test('a file system that became read-only is told in words, not as a bug', async () => {
  await fill()
  const readOnly = new Sqlite(path, { readonly: true })
  const own: OwnDatabase = { db: readOnly, unlock() {} }
  // Another boot is written down at once.
  const options = bufferOptions(folder.path, { clock, boot: 'another-boot', log, open: () => own })
  const error = failureOf(() => openSqliteBuffer(options))
  expect(isCoded(error, 'buffer-unwritable')).toBe(true)
  expect(readOnly.open).toBe(false)
})

test('a start that cannot read a damaged buffer says so, and the next one takes all out of it', async () => {
  await fill()
  const bytes = readFileSync(path)
  bytes.fill(0, 0, 100)
  writeFileSync(path, bytes)
  refuse('EMFILE', /\.corrupt-/, 1)
  expect(
    isCoded(
      failureOf(() => open('00000000000000bb')),
      'buffer-unusable',
    ),
  ).toBe(true)
  const buffer = open('00000000000000cc')
  await clock.pass(10_000)
  expect(buffer.streams().map(({ epoch, rows }) => [epoch, rows])).toEqual([['00000000000000aa', [1, 300]]])
  await buffer.close()
})
