import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { type RangeSet, rangeOf, subtract, union } from '@barograph/proto'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Buffer as AgentBuffer } from '../../core/buffer.ts'
import { reading, settlement } from '../../core/buffer-contract.ts'
import { createFakeClock } from '../../core/fake-clock.ts'
import { readWal } from '../salvage/wal.ts'
import { openSqliteBuffer, type BufferOptions } from '../sqlite.ts'
import { bufferOptions, temporaryFolder } from '../testing.ts'
import { bytesFor, numberRange, readTail, writeHeader, writeName, writeNumber } from './layout.ts'

// Hundreds of real commits: a busy machine may take its time.
vi.setConfig({ testTimeout: 60_000 })

let folder: ReturnType<typeof temporaryFolder>
beforeEach(() => {
  folder = temporaryFolder()
})
afterEach(() => folder.remove())

const first = '00000000000000aa'
const second = '00000000000000bb'
const last = '00000000000000ff'
const frameBytes = 24 + 4_096

/** Opens it, and lets it read whatever was set aside. */
async function open(path: string, more: Partial<BufferOptions> = {}): Promise<AgentBuffer> {
  const clock = createFakeClock()
  const buffer = openSqliteBuffer(bufferOptions(path, { ...more, clock }))
  for (const sensor of ['attic', 'cellar']) buffer.register(sensor, { intervalMs: 1_000, historical: false })
  await clock.pass(1_000)
  return buffer
}

async function accept(buffer: AgentBuffer, sensor: string, count: number, position?: number): Promise<void> {
  const entries = Array.from({ length: count }, (_, i) => reading(1_000 * i))
  const accepted = buffer.accept({ sensor, entries, ...(position === undefined ? {} : { position }) })
  buffer.flush()
  await accepted
}

/** What a kill leaves now, in a folder of its own; the log of writes is cut off, null: it is whole. */
function killed(from: string, to: string, walBytes: number | null, without: readonly string[] = []): string {
  mkdirSync(to)
  for (const name of ['buffer.db', 'buffer.db-wal', 'buffer.db.streams', 'buffer.db.tail'])
    if (existsSync(join(from, name)) && !without.includes(name))
      copyFileSync(join(from, name), join(to, name))
  if (walBytes !== null) truncateSync(join(to, 'buffer.db-wal'), walBytes)
  return to
}

const lostOf = (buffer: AgentBuffer, sensor: string, epoch: string): RangeSet =>
  (streamOf(buffer, sensor, epoch)?.lost ?? []).reduce<RangeSet>((set, one) => {
    expect(one.cause).toBe('corrupt buffer')
    return union(set, rangeOf(one.firstSeq, one.lastSeq))
  }, [])

const streamOf = (buffer: AgentBuffer, sensor: string, epoch: string) =>
  buffer.streams().find((one) => one.sensor === sensor && one.epoch === epoch)

/** Numbers that are neither there nor declared lost. */
function silent(buffer: AgentBuffer, accepted: Readonly<Record<string, number>>): Record<string, RangeSet> {
  const found = Object.entries(accepted).map(([key, count]) => {
    const [sensor = '', epoch = ''] = key.split(' ')
    const there = union(streamOf(buffer, sensor, epoch)?.rows ?? [], lostOf(buffer, sensor, epoch))
    return [key, subtract(rangeOf(1, count), there)] as const
  })
  return Object.fromEntries(found.filter(([, set]) => set.length > 0))
}

/** Two runs, none of which was closed, and what they accepted. */
async function twoRuns(): Promise<{ path: string; accepted: Record<string, number>; walBytes: number }> {
  const earlier = join(folder.path, 'earlier')
  mkdirSync(earlier)
  const one = await open(earlier, { epoch: first })
  for (let i = 0; i < 4; i++) await accept(one, 'attic', 2)
  const path = killed(earlier, join(folder.path, 'living'), null)
  await one.close()
  const two = await open(path, { epoch: second })
  for (let i = 0; i < 4; i++) {
    await accept(two, 'attic', 3)
    await accept(two, 'cellar', 1)
  }
  const living = killed(path, join(folder.path, 'left'), null)
  await two.close()
  const accepted = { [`attic ${first}`]: 8, [`attic ${second}`]: 12, [`cellar ${second}`]: 4 }
  return { path: living, accepted, walBytes: readFileSync(join(living, 'buffer.db-wal')).length }
}

test('wherever the log of writes is cut off, each number is there or declared lost', async () => {
  const { path, accepted, walBytes } = await twoRuns()
  const frames = Math.floor((walBytes - 32) / frameBytes)
  expect(frames).toBeGreaterThan(30)
  let declared = 0
  for (let frame = 0; frame <= frames; frame++)
    for (const more of [0, 1_000]) {
      const cut = killed(
        path,
        join(folder.path, `cut-${frame}-${more}`),
        Math.min(walBytes, 32 + frame * frameBytes + more),
      )
      const buffer = await open(cut, { epoch: last })
      const lost = Object.keys(accepted).flatMap((key) => {
        const [sensor = '', epoch = ''] = key.split(' ')
        expect(streamOf(buffer, sensor, epoch)).toMatchObject({ lastSeq: accepted[key], endPending: true })
        return lostOf(buffer, sensor, epoch)
      })
      expect(silent(buffer, accepted), `${frame} frames and ${more} bytes`).toEqual({})
      // What is there can be read, and counts as handed out.
      for (const stream of buffer.streams()) {
        expect(buffer.read(stream, 1, stream.lastSeq)).toHaveLength(
          stream.rows.reduce((sum, seq, i) => sum + (i % 2 === 0 ? 1 - seq : seq), 0),
        )
        expect(lost.length > 0 ? subtract(stream.rows, stream.sent) : []).toEqual([])
      }
      if (lost.length > 0) declared++
      await buffer.close()
      // Said once: the next run finds all of it in the file.
      const again = await open(cut, { epoch: 'eeeeeeeeeeeeeeee' })
      expect(silent(again, accepted)).toEqual({})
      await again.close()
    }
  expect(declared).toBeGreaterThan(frames)
})

test('without the tail a log that was cut off says nothing: that is what it is there for', async () => {
  const { path, accepted, walBytes } = await twoRuns()
  expect(readWal(join(path, 'buffer.db-wal'))?.isDamaged).toBe(false)
  const cut = killed(
    path,
    join(folder.path, 'cut'),
    32 + Math.floor(walBytes / frameBytes / 2) * frameBytes,
    ['buffer.db.tail'],
  )
  const buffer = await open(cut, { epoch: last })
  expect(Object.keys(silent(buffer, accepted)).length).toBeGreaterThan(0)
  await buffer.close()
})

test('a run that the file does not know at all is declared lost whole, and so is its end', async () => {
  const { path } = await twoRuns()
  const cut = killed(path, join(folder.path, 'cut'), 0, ['buffer.db.streams'])
  const buffer = await open(cut, { epoch: last })
  expect(lostOf(buffer, 'cellar', second)).toEqual([1, 4])
  expect(streamOf(buffer, 'cellar', second)?.endPending).toBe(true)
  // Those that are stored are stored, and the rest is known to be lost: nothing is left to be told.
  buffer.settle(settlement('cellar', second, { stored: [1, 2], lost: [3, 4], ended: 5 }))
  buffer.flush()
  expect(streamOf(buffer, 'cellar', second)).toBeUndefined()
  await buffer.close()
  // The tail of then is gone too: it is not said again.
  const again = await open(cut, { epoch: 'eeeeeeeeeeeeeeee' })
  expect(streamOf(again, 'cellar', second)).toBeUndefined()
  await again.close()
})

test('what went because all of it was settled is not declared lost', async () => {
  const one = await open(folder.path, { epoch: first })
  await accept(one, 'attic', 5)
  await one.close()
  const two = await open(folder.path, { epoch: second })
  two.settle(settlement('attic', first, { stored: [1, 5], ended: 6 }))
  await accept(two, 'cellar', 1)
  const left = killed(folder.path, join(folder.path, 'left'), null, ['buffer.db.streams'])
  await two.close()
  const three = await open(left, { epoch: last })
  expect(three.streams().map(({ sensor, epoch, lost }) => ({ sensor, epoch, lost }))).toEqual([
    { sensor: 'cellar', epoch: second, lost: [] },
  ])
  await three.close()
})

test('a position that went back is lost: it would hand out again what may be stored', async () => {
  const one = await open(folder.path, { epoch: first })
  await accept(one, 'attic', 1, 10)
  await accept(one, 'cellar', 1, 10)
  const wal = readFileSync(join(folder.path, 'buffer.db-wal')).length
  await accept(one, 'attic', 1, 20)
  const left = killed(folder.path, join(folder.path, 'left'), wal)
  await one.close()
  const two = await open(left, { epoch: second })
  expect([two.isPositionLost('attic'), two.isPositionLost('cellar')]).toEqual([true, false])
  expect(two.position('cellar')).toBe(10)
  await two.close()
})

test('an older copy of the database beside a newer tail declares what came after it', async () => {
  const one = await open(folder.path, { epoch: first })
  await accept(one, 'attic', 3)
  await one.close()
  const copy = readFileSync(join(folder.path, 'buffer.db'))
  const two = await open(folder.path, { epoch: second })
  await accept(two, 'attic', 4)
  await two.close()
  writeFileSync(join(folder.path, 'buffer.db'), copy)
  const three = await open(folder.path, { epoch: last })
  expect(streamOf(three, 'attic', first)?.rows).toEqual([1, 3])
  expect(lostOf(three, 'attic', second)).toEqual([1, 4])
  await three.close()
})

test.each([[['buffer.db', 'buffer.db-wal']], [['buffer.db', 'buffer.db-wal', 'buffer.db.streams']]])(
  'with %j removed, what the tail tells of is declared lost, with its end',
  async (removed) => {
    const one = await open(folder.path, { epoch: first })
    await accept(one, 'attic', 3)
    await accept(one, 'attic', 3)
    const left = killed(folder.path, join(folder.path, 'left'), null, removed)
    await one.close()
    const two = await open(left, { epoch: second })
    expect(lostOf(two, 'attic', first)).toEqual([1, 6])
    expect(streamOf(two, 'attic', first)?.endPending).toBe(true)
    await two.close()
  },
)

test('the tail of another device says nothing', async () => {
  const one = await open(folder.path, { epoch: first, device: 'garden' })
  await accept(one, 'attic', 3)
  const left = killed(folder.path, join(folder.path, 'left'), null, [
    'buffer.db',
    'buffer.db-wal',
    'buffer.db.streams',
  ])
  await one.close()
  const two = await open(left, { epoch: second })
  expect(two.streams()).toEqual([])
  await two.close()
})

test('where no tail can be written, readings are accepted all the same, and it follows when it can', async () => {
  const { path } = bufferOptions(folder.path)
  mkdirSync(`${path}.tail.new`)
  const one = await open(folder.path, { epoch: first })
  await accept(one, 'attic', 3)
  expect(existsSync(`${path}.tail`)).toBe(false)
  rmSync(`${path}.tail.new`, { recursive: true })
  await accept(one, 'attic', 1)
  expect(readTail(readFileSync(`${path}.tail`))?.streams).toMatchObject([{ sensor: 'attic', lastSeq: 4 }])
  await one.close()
})

test('a thousand streams are kept, also those that begin later', async () => {
  const buffer = openSqliteBuffer(bufferOptions(folder.path))
  for (const round of [1, 2, 3]) {
    const accepted = Array.from({ length: 400 * round }, (_, i) =>
      buffer.accept({ sensor: `s${i}`, entries: [reading(round)] }),
    )
    buffer.flush()
    await Promise.all(accepted)
  }
  const tail = readTail(readFileSync(join(folder.path, 'buffer.db.tail')))
  const told = Object.fromEntries(tail?.streams.map(({ sensor, lastSeq }) => [sensor, lastSeq]) ?? [])
  expect(told).toEqual(Object.fromEntries(buffer.streams().map(({ sensor, lastSeq }) => [sensor, lastSeq])))
  expect([told.s0, told.s400, told.s1199]).toEqual([3, 2, 1])
  await buffer.close()
})

test('wherever a write is torn, the number before it or the new one is there', () => {
  const bytes = Buffer.alloc(bytesFor(1))
  const traits = { id: 7, sensor: 'attic', epoch: first, boot: 'b', intervalMs: 1_000, historical: false }
  expect(writeHeader(bytes, 'balcony', first)).toBe(true)
  expect(writeName(bytes, 0, traits)).toBe(true)
  writeNumber(bytes, 0, 0, 300)
  writeNumber(bytes, 0, 1, 70_000)
  const next = Buffer.from(bytes)
  writeNumber(next, 0, 0, 70_001)
  const [start, end] = numberRange(0)
  const found = new Set<number>()
  for (let at = start; at <= end; at++)
    for (const torn of [
      Buffer.concat([next.subarray(0, at), bytes.subarray(at)]),
      Buffer.concat([bytes.subarray(0, at), next.subarray(at)]),
    ]) {
      const [stream, ...more] = readTail(torn)?.streams ?? []
      expect(more).toEqual([])
      found.add(stream?.lastSeq ?? 0)
    }
  expect(found).toEqual(new Set([70_000, 70_001]))
})

test('a tail that is damaged says nothing, and nothing wrong', () => {
  const bytes = Buffer.alloc(bytesFor(2))
  writeHeader(bytes, 'balcony', first)
  for (const place of [0, 1]) {
    const sensor = place === 0 ? 'attic' : 'cellar'
    writeName(bytes, place, {
      id: place + 1,
      sensor,
      epoch: first,
      boot: 'b',
      intervalMs: 1,
      historical: false,
    })
    writeNumber(bytes, place, 0, 40 + place)
  }
  const told = readTail(bytes)?.streams.map(({ sensor, lastSeq }) => `${sensor} ${lastSeq}`)
  expect(told).toEqual(['attic 40', 'cellar 41'])
  for (let at = 0; at < bytes.length; at += 3) {
    const damaged = Buffer.from(bytes)
    damaged[at] = (damaged[at] ?? 0) ^ 0x41
    const tail = readTail(damaged)
    for (const { sensor, lastSeq } of tail?.streams ?? []) expect(told).toContain(`${sensor} ${lastSeq}`)
    expect([undefined, 'balcony']).toContain(tail?.device)
  }
  expect(readTail(bytes.subarray(0, 100))).toBeNull()
  expect(readTail(Buffer.alloc(0))).toBeNull()
})
