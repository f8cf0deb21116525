import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import {
  customMetric,
  has,
  intersect,
  pairs,
  type RangeSet,
  rangeOf,
  sizeOf,
  subtract,
  union,
} from '@barograph/proto'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Buffer as AgentBuffer, BufferedStream, Entry } from '../../core/buffer.ts'
import { createFakeClock, type FakeClock } from '../../core/fake-clock.ts'
import { reportBuffer } from '../report.ts'
import { openSqliteBuffer } from '../sqlite.ts'
import { bufferOptions, temporaryFolder } from '../testing.ts'

// Hundreds of real commits each: a busy machine may take its time.
vi.setConfig({ testTimeout: 60_000 })

let folder: ReturnType<typeof temporaryFolder>
beforeEach(() => {
  folder = temporaryFolder()
})
afterEach(() => folder.remove())

const volts = customMetric('panelVoltage', 'V', 'level')
const firstTime = 1_763_700_000_000

/** A seeded generator (mulberry32), so that a failing case can be run again. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

/** Every entry tells by its content which number it has. */
const entryOf = (seq: number): Entry => ({
  time: firstTime + 1_000 * seq,
  monotonicMs: 1_000 * seq,
  values: seq % 50 === 0 ? [] : [{ metric: volts, thousandths: 7 * seq, flag: 0 }],
  mark: seq % 50 === 0 ? { kind: 'fault', code: 'no-answer', detail: `silence ${seq}` } : null,
})

/** One that takes more room. */
const largeOf = (seq: number): Entry => ({
  ...entryOf(seq),
  values: [],
  mark: { kind: 'fault', code: 'no-answer', detail: `silence ${seq} `.padEnd(190, '.') },
})

/** What one stream held when it was last whole. */
interface Held {
  readonly sensor: string
  readonly epoch: string
  readonly rows: RangeSet
  readonly thinned: RangeSet
  readonly lastSeq: number
}

const options = (clock: FakeClock, epoch: string) =>
  bufferOptions(folder.path, { clock, epoch, whenFull: 'thin', maxMb: 0.25 })

/** Two runs of two sensors, some settled, some sent, some condensed. `leave`: as a kill would, with its log. */
async function fill(
  clock: FakeClock,
  count: number,
  leave: (buffer: AgentBuffer) => Promise<void>,
): Promise<Held[]> {
  for (const epoch of ['00000000000000aa', '00000000000000bb']) {
    const buffer = openSqliteBuffer(options(clock, epoch))
    for (const sensor of ['attic', 'shed']) buffer.register(sensor, { intervalMs: 1_000, historical: false })
    for (let at = 1; at <= count; at += 100)
      for (const sensor of ['attic', 'shed']) {
        const entries = Array.from({ length: 100 }, (_, i) => entryOf(at + i))
        await Promise.all([buffer.accept({ sensor, entries, position: at }), clock.pass(250)])
        const stream = buffer.streams().find((one) => one.sensor === sensor && one.epoch === epoch)
        if (stream && at % 700 === 1) buffer.markSent(stream, [at, at + 99])
        if (at === 701)
          buffer.settle({ sensor, epoch, stored: [300, 340, 730, 790], refused: [], lost: [], ended: 0 })
      }
    await clock.pass(1_000)
    const held = buffer.streams().map(heldBy)
    if (epoch.endsWith('aa')) await buffer.close()
    else {
      await leave(buffer)
      return held
    }
  }
  return []
}

const heldBy = ({ sensor, epoch, rows, thinned, lastSeq }: BufferedStream): Held => ({
  sensor,
  epoch,
  rows,
  thinned,
  lastSeq,
})

/** The files as they are now, without the goodbye; the buffer goes on in the folder it is in. */
function copyTo(path: string): void {
  mkdirSync(path, { recursive: true })
  for (const name of readdirSync(folder.path))
    if (name.startsWith('buffer.db') && !name.endsWith('-shm') && !name.endsWith('.lock'))
      copyFileSync(join(folder.path, name), join(path, name))
}

/** Reads everything until nothing changes any more: damaged rows turn up when they are read. */
async function readAll(buffer: AgentBuffer, clock: FakeClock, makeEntry = entryOf): Promise<number> {
  let read = 0
  for (let i = 0; i < 3; i++) {
    read = 0
    for (const stream of buffer.streams())
      for (const [first, last] of pairs(stream.rows))
        for (const entry of buffer.read(stream, first, last)) {
          read++
          expect(entry).toEqual({ ...makeEntry(entry.seq), seq: entry.seq })
        }
    for (const stream of buffer.streams())
      for (const [first, last] of pairs(stream.thinned))
        for (let seq = first; seq <= last; ) {
          const summary = buffer.readSummary(stream, seq)
          if (!summary) break
          seq = summary.lastSeq + 1
        }
    await clock.pass(1_000)
  }
  return read
}

const lostOf = ({ lost }: BufferedStream): RangeSet =>
  lost.reduce<RangeSet>((set, { firstSeq, lastSeq }) => union(set, rangeOf(firstSeq, lastSeq)), [])

/** Nothing of what was accepted is silently gone. Returns how many numbers were declared lost. */
function expectAccounted(buffer: AgentBuffer, before: readonly Held[]): number {
  let lost = 0
  for (const held of before) {
    const stream = buffer
      .streams()
      .find(({ sensor, epoch }) => sensor === held.sensor && epoch === held.epoch)
    expect(stream, `${held.sensor} ${held.epoch}`).toBeDefined()
    if (!stream) continue
    const known = union(union(stream.rows, stream.thinned), lostOf(stream))
    expect(subtract(union(held.rows, held.thinned), known)).toEqual([])
    // A number is held or lost, not both.
    expect(intersect(union(stream.rows, stream.thinned), lostOf(stream))).toEqual([])
    expect(intersect(stream.rows, stream.thinned)).toEqual([])
    lost += sizeOf(intersect(lostOf(stream), union(held.rows, held.thinned)))
  }
  return lost
}

/** Opens as the next run would, lets the salvage end, reads all. */
async function openAgain(clock: FakeClock): Promise<AgentBuffer> {
  const buffer = openSqliteBuffer(options(clock, '00000000000000ff'))
  await clock.pass(60_000)
  await readAll(buffer, clock)
  return buffer
}

type Harm = (random: () => number, bytes: Uint8Array) => Uint8Array

const at = (random: () => number, bytes: Uint8Array, length = 1): number =>
  Math.floor(random() * (bytes.length - length))

const harms: Record<string, Harm> = {
  'flipped bytes': (random, bytes) => {
    for (let i = 0; i < 8; i++) {
      const where = at(random, bytes)
      bytes[where] = (bytes[where] ?? 0) ^ (1 << Math.floor(random() * 8))
    }
    return bytes
  },
  'zeroed pages': (random, bytes) => {
    for (let i = 0; i < 3; i++) {
      const page = Math.floor(random() * (bytes.length / 4_096))
      bytes.fill(0, page * 4_096, (page + 1) * 4_096)
    }
    return bytes
  },
  'a stretch of noise': (random, bytes) => {
    const from = at(random, bytes, 6_000)
    for (let i = 0; i < 6_000; i++) bytes[from + i] = Math.floor(random() * 256)
    return bytes
  },
  'a header of zeros': (_, bytes) => bytes.fill(0, 0, 4_096),
}

test.each(Object.keys(harms).flatMap((name) => Array.from({ length: 4 }, (_, i) => [name, i + 1] as const)))(
  'a file with %s loses nothing silently (seed %i)',
  async (name, seed) => {
    const clock = createFakeClock()
    const random = seeded(seed * 7_919)
    const before = await fill(clock, 1_000, (buffer) => buffer.close())
    const path = join(folder.path, 'buffer.db')
    writeFileSync(path, harms[name]?.(random, readFileSync(path)) ?? '')
    const buffer = await openAgain(clock)
    expectAccounted(buffer, before)
    // And it goes on: what is accepted now is kept.
    buffer.register('attic', { intervalMs: 1_000, historical: false })
    await Promise.all([buffer.accept({ sensor: 'attic', entries: [entryOf(1)] }), clock.pass(250)])
    expect(buffer.streams().find(({ epoch }) => epoch.endsWith('ff'))?.rows).toEqual([1, 1])
    await buffer.close()
    // The next start finds a whole file.
    const files = readdirSync(folder.path).filter((one) => one.includes('.corrupt-')).length
    const again = await openAgain(clock)
    expectAccounted(again, before)
    expect(readdirSync(folder.path).filter((one) => one.includes('.corrupt-'))).toHaveLength(files)
    await again.close()
  },
)

test.each(Array.from({ length: 4 }, (_, i) => i + 1))(
  'a log with flipped bytes loses nothing that was committed (seed %i)',
  async (seed) => {
    const clock = createFakeClock()
    const random = seeded(seed * 104_729)
    const copy = join(folder.path, 'copy')
    let waiting: AgentBuffer | null = null
    const before = await fill(clock, 1_000, async (buffer) => {
      copyTo(copy)
      waiting = buffer
    })
    await (waiting as AgentBuffer | null)?.close()
    for (const name of readdirSync(copy)) copyFileSync(join(copy, name), join(folder.path, name))
    const path = join(folder.path, 'buffer.db-wal')
    const bytes = readFileSync(path)
    for (let i = 0; i < 3; i++) {
      // Not in the last transaction, which looks like one that was never finished.
      const where = Math.floor(random() * (bytes.length - 20_000))
      bytes[where] = (bytes[where] ?? 0) ^ (1 << Math.floor(random() * 8))
    }
    writeFileSync(path, bytes)
    const buffer = await openAgain(clock)
    expectAccounted(buffer, before)
    await buffer.close()
  },
)

test.each([0, 1_000, 40_000, 100_000])(
  'a file cut off after %i bytes loses nothing silently',
  async (left) => {
    const clock = createFakeClock()
    const before = await fill(clock, 1_000, (buffer) => buffer.close())
    truncateSync(join(folder.path, 'buffer.db'), left)
    const buffer = await openAgain(clock)
    const lost = expectAccounted(buffer, before)
    expect(lost).toBeGreaterThan(0)
    await buffer.close()
  },
)

test('a file that breaks while it is used is replaced at once, and what can be read follows', async () => {
  const clock = createFakeClock()
  const living = openSqliteBuffer({ ...options(clock, '00000000000000bb'), maxMb: 64 })
  living.register('attic', { intervalMs: 1_000, historical: false })
  // More than SQLite keeps in memory.
  const count = 100_000
  for (let first = 1; first <= count; first += 5_000) {
    const entries = Array.from({ length: 5_000 }, (_, i) => largeOf(first + i))
    await Promise.all([living.accept({ sensor: 'attic', entries, position: first }), clock.pass(250)])
  }
  const before = living.streams().map(heldBy)
  const path = join(folder.path, 'buffer.db')
  const file = openSync(path, 'r+')
  const pages = statSync(path).size / 4_096
  for (let page = 20; page < pages; page += 10) writeSync(file, new Uint8Array(4_096), 0, 4_096, page * 4_096)
  closeSync(file)
  const damaged = () => readdirSync(folder.path).filter((name) => /^buffer\.db\.corrupt-[0-9TZ]+$/.test(name))
  const stream = living.streams()[0] as BufferedStream
  for (let first = 1; first <= count && damaged().length === 0; first += 1_000)
    living.read(stream, first, first + 999)
  expect(damaged()).toHaveLength(1)
  // Sampling goes on, under the same epoch and the next number.
  await Promise.all([living.accept({ sensor: 'attic', entries: [largeOf(count + 1)] }), clock.pass(250)])
  expect(stream.lastSeq).toBe(count + 1)
  expect(has(stream.rows, count + 1)).toBe(true)
  expect(living.trouble).toBe(null)
  await clock.pass(60_000)
  expect(await readAll(living, clock, largeOf)).toBeGreaterThan(count / 2)
  expect(expectAccounted(living, before)).toBeGreaterThan(1_000)
  expect(stream.lost.every(({ cause }) => cause === 'corrupt buffer')).toBe(true)
  expect(living.position('attic')).toBe(count - 4_999)
  await living.close()
  const again = openSqliteBuffer({ ...options(clock, '00000000000000ff'), maxMb: 64 })
  expectAccounted(again, before)
  expect(again.position('attic')).toBe(count - 4_999)
  await again.close()
})

test('a kill in the middle of the salvage costs nothing: the next run goes on with it', async () => {
  const clock = createFakeClock()
  const before = await fill(clock, 1_000, (buffer) => buffer.close())
  const path = join(folder.path, 'buffer.db')
  const bytes = readFileSync(path)
  bytes.fill(0, 0, 4_096)
  writeFileSync(path, bytes)
  let copies = 0
  let counted: number[] = []
  // Killed after each few steps, again and again.
  for (let run = 0; run < 8; run++) {
    const buffer = openSqliteBuffer(options(clock, `00000000000000f${run}`))
    await clock.pass(30)
    counted.push(buffer.streams().reduce((sum, { rows }) => sum + sizeOf(rows), 0))
    const copy = join(folder.path, `copy-${run}`)
    copyTo(copy)
    await buffer.close()
    for (const name of ['buffer.db', 'buffer.db-wal', 'buffer.db.streams'])
      if (existsSync(join(copy, name))) {
        copyFileSync(join(copy, name), join(folder.path, name))
        copies++
      }
  }
  expect(copies).toBeGreaterThan(16)
  const buffer = await openAgain(clock)
  expectAccounted(buffer, before)
  counted = [...counted, buffer.streams().reduce((sum, { rows }) => sum + sizeOf(rows), 0)]
  expect(counted).toEqual([...counted].sort((a, b) => a - b))
  await buffer.close()
})

test('only so many damaged files are kept', async () => {
  const clock = createFakeClock()
  const path = join(folder.path, 'buffer.db')
  for (let i = 0; i < 5; i++) {
    const buffer = openSqliteBuffer(options(clock, `00000000000000a${i}`))
    buffer.register('attic', { intervalMs: 1_000, historical: false })
    await Promise.all([buffer.accept({ sensor: 'attic', entries: [entryOf(1)] }), clock.pass(60_000)])
    await buffer.close()
    const bytes = readFileSync(path)
    bytes.fill(0, 0, 100)
    writeFileSync(path, bytes)
  }
  const buffer = openSqliteBuffer(options(clock, '00000000000000af'))
  await clock.pass(60_000)
  expect(readdirSync(folder.path).filter((name) => name.includes('.corrupt-'))).toHaveLength(2)
  expect(reportBuffer(path).damagedFiles).toHaveLength(2)
  // Salvaged each time: the entry of every run is still there.
  expect(buffer.streams().map(({ epoch, rows }) => [epoch, rows])).toEqual(
    Array.from({ length: 5 }, (_, i) => [`00000000000000a${i}`, [1, 1]]),
  )
  await buffer.close()
})
