import { rangeOf } from '@barograph/proto'
import Sqlite from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { reading } from '../core/buffer-contract.ts'
import type { Buffer, BufferedStream, Entry } from '../core/buffer.ts'
import { createFakeClock, type FakeClock } from '../core/fake-clock.ts'
import { bootChecksum } from './boot-table.ts'
import { exportBuffer } from './report.ts'
import { type BufferOptions, openSqliteBuffer } from './sqlite.ts'
import { bufferOptions, sqliteHarness, temporaryFolder } from './testing.ts'

const dayMs = 86_400_000
const truth = Date.UTC(2026, 2, 1)
const epochs = ['00000000000000aa', '00000000000000bb', '00000000000000cc'] as const

type LostClock = FakeClock & { isUnconfirmed: boolean }

/** Of a machine that runs since so long and takes it to be so late. */
const lostClock = (wall: number, bootedForMs: number): LostClock =>
  Object.assign(createFakeClock(wall, bootedForMs), { isUnconfirmed: true })

let folder: ReturnType<typeof temporaryFolder>
let openBuffers: Buffer[]
beforeEach(() => {
  folder = temporaryFolder()
  openBuffers = []
})
afterEach(async () => {
  for (const buffer of openBuffers) await buffer.close()
  folder.remove()
})

function open(clock: LostClock, more: Partial<BufferOptions> = {}): Buffer {
  const buffer = openSqliteBuffer(bufferOptions(folder.path, { clock, epoch: epochs[0], ...more }))
  buffer.register('attic', { intervalMs: 1_000, historical: false })
  openBuffers.push(buffer)
  return buffer
}

async function close(buffer: Buffer): Promise<void> {
  openBuffers = openBuffers.filter((one) => one !== buffer)
  await buffer.close()
}

/** As the sampler stamps it now. */
const stamped = (clock: LostClock): Entry => ({
  ...reading(clock.now()),
  monotonicMs: clock.monotonicMs(),
  ...(clock.isUnconfirmed ? { isUnconfirmed: true } : {}),
})

/** One reading a second. */
async function sample(buffer: Buffer, clock: LostClock, count: number): Promise<void> {
  const taken: Promise<void>[] = []
  for (let i = 0; i < count; i++) {
    taken.push(buffer.accept({ sensor: 'attic', entries: [stamped(clock)] }))
    clock.stall(1_000)
  }
  await Promise.all([...taken, clock.pass(200)])
}

const streamOf = (buffer: Buffer, epoch: string = epochs[0]): BufferedStream => {
  const stream = buffer.streams().find((one) => one.epoch === epoch)
  if (!stream) throw new Error(`no stream ${epoch}`)
  return stream
}

const timesOf = (buffer: Buffer, epoch?: string): number[] => {
  const stream = streamOf(buffer, epoch)
  return buffer.read(stream, 1, stream.lastSeq).map(({ time }) => time)
}

const found = (offsetMs: number) => ({ offsetMs, errorMs: 40, source: 'collector' as const })
const seconds = (from: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => from + 1_000 * i)

describe('rows of a clock that nobody confirmed', () => {
  test('wait, and get their times when the boot is synchronised, over every jump of the clock', async () => {
    const clock = lostClock(truth - 47 * dayMs, 60_000)
    const buffer = open(clock)
    let timed = 0
    buffer.subscribe({ committed() {}, dropped() {}, troubled() {}, timed: () => timed++ })
    await sample(buffer, clock, 3)
    clock.step(200 * dayMs)
    await sample(buffer, clock, 2)
    // Right at last, within what counts as right: the times that were stamped stay.
    clock.step(-153 * dayMs + 1_500)
    await sample(buffer, clock, 1)
    expect(streamOf(buffer)).toMatchObject({ rows: [1, 6], untimed: [1, 6], uncertain: [] })
    expect(timed).toBe(0)
    buffer.synchronise(found(truth - 60_000))
    expect(timed).toBe(1)
    expect(streamOf(buffer)).toMatchObject({ rows: [1, 6], untimed: [], uncertain: [] })
    expect(timesOf(buffer)).toEqual([
      ...seconds(truth, 3),
      ...seconds(truth + 3_200, 2),
      truth + 5_400 + 1_500,
    ])
  })

  test('keep them after a kill at any point, written or not, and never get others', async () => {
    const harness = sqliteHarness()
    const clock = lostClock(truth - 47 * dayMs, 60_000)
    const options = { clock, boot: 'this-boot' }
    let buffer = harness.open({ ...options, epoch: epochs[0] })
    buffer.register('attic', { intervalMs: 1_000, historical: false })
    await sample(buffer, clock, 5_000)
    buffer.synchronise(found(truth - 60_000))
    const right = seconds(truth, 5_000)
    expect(timesOf(buffer)).toEqual(right)
    for (const epoch of [epochs[1], epochs[2]]) {
      harness.kill(buffer)
      buffer = harness.open({ ...options, epoch })
      expect(buffer.bootTime).toMatchObject({ source: 'collector', errorMs: 40 })
      expect(streamOf(buffer)).toMatchObject({ untimed: [], uncertain: [] })
      expect(timesOf(buffer)).toEqual(right)
      // What is known of a boot is known for good.
      buffer.synchronise(found(truth + dayMs))
      expect(timesOf(buffer)).toEqual(right)
      await clock.pass(200)
    }
    await clock.pass(2_000)
    expect(timesOf(buffer)).toEqual(right)
    await buffer.close()
    harness.cleanUp()
  })

  test('are exported with their times as soon as these are known', async () => {
    const clock = lostClock(0, 60_000)
    const buffer = open(clock)
    await sample(buffer, clock, 1)
    buffer.synchronise(found(truth - 60_000))
    const rows = [...exportBuffer(bufferOptions(folder.path).path)]
    expect(rows.map(({ time }) => Date.parse(time))).toEqual([truth])
  })

  test('are not those whose time is the data own, nor those of historical sensors', async () => {
    const clock = lostClock(truth - 47 * dayMs, 60_000)
    const buffer = open(clock)
    const entries = [reading(5), stamped(clock), reading(7)]
    await Promise.all([buffer.accept({ sensor: 'attic', entries }), clock.pass(200)])
    expect(streamOf(buffer)).toMatchObject({ rows: [1, 3], untimed: [2, 2] })
    buffer.synchronise(found(truth - 60_000))
    expect(timesOf(buffer)).toEqual([5, truth, 7])
  })

  test('that were on their way into the file when the time came get it too', async () => {
    const clock = lostClock(truth - 47 * dayMs, 60_000)
    const buffer = open(clock)
    await sample(buffer, clock, 1)
    const waiting = buffer.accept({ sensor: 'attic', entries: [stamped(clock)] })
    const late = stamped(clock)
    clock.isUnconfirmed = false
    buffer.synchronise(found(truth - 60_000))
    await waiting
    await Promise.all([buffer.accept({ sensor: 'attic', entries: [late] }), clock.pass(200)])
    expect(streamOf(buffer)).toMatchObject({ rows: [1, 3], untimed: [] })
    expect(timesOf(buffer)).toEqual([truth, truth + 1_200, truth + 1_200])
  })
})

describe('a boot that ended without anybody telling the time', () => {
  test('is uncertain, between the boot before and the one after, as soon as that one knows the time', async () => {
    // Synchronised until truth.
    const first = lostClock(truth - 10_000, 50_000)
    const known = open(first, { boot: 'known' })
    await sample(known, first, 10)
    known.synchronise(found(truth - 60_000))
    await close(known)
    // A day later, for a minute: its clock says 2020.
    const second = lostClock(Date.UTC(2020, 0, 1), 30_000)
    const lost = open(second, { boot: 'lost', epoch: epochs[1] })
    await sample(lost, second, 30)
    const before = timesOf(lost, epochs[1])
    await close(lost)
    // Two days after it.
    const third = lostClock(Date.UTC(2021, 0, 1), 5_000)
    const next = open(third, { boot: 'next', epoch: epochs[2] })
    expect(streamOf(next, epochs[1])).toMatchObject({ untimed: [1, 30], uncertain: [] })
    expect(timesOf(next, epochs[1])).toEqual(before)
    const began = truth + 3 * dayMs
    next.synchronise(found(began))
    const { uncertain, untimed, clockErrorMs } = streamOf(next, epochs[1])
    expect({ uncertain, untimed }).toEqual({ uncertain: rangeOf(1, 30), untimed: [] })
    const times = timesOf(next, epochs[1])
    const truths = seconds(truth + dayMs, 30)
    expect(times.every((time, i) => Math.abs(time - (truths[i] ?? 0)) <= clockErrorMs)).toBe(true)
    expect(clockErrorMs).toBeLessThan(3 * dayMs + 1_000)
    expect(times.map((time) => time - (times[0] ?? 0))).toEqual(seconds(0, 30))
    await third.pass(5_000)
    await close(next)
    const again = open(third, { boot: 'next', epoch: '00000000000000dd' })
    expect(streamOf(again, epochs[1])).toMatchObject({ uncertain: [1, 30], untimed: [], clockErrorMs })
    expect(timesOf(again, epochs[1])).toEqual(times)
    // The boot before it was right, and stays so.
    expect(streamOf(again, epochs[0])).toMatchObject({ uncertain: [], untimed: [] })
  })
})

describe('a boot whose time a damaged file did not give back', () => {
  test('does not keep its rows waiting for another boot', async () => {
    const first = lostClock(0, 30_000)
    const lost = open(first, { boot: 'lost' })
    await sample(lost, first, 3)
    await close(lost)
    const second = lostClock(truth, 5_000)
    const options = { boot: 'now', epoch: epochs[1] }
    await close(open(second, options))
    const db = new Sqlite(bufferOptions(folder.path).path)
    const now = { boot: 'now', offsetMs: truth - 5_000, errorMs: 10, source: 'system' } as const
    const last = { lastWall: truth, lastMonotonic: 5_000 }
    db.prepare('UPDATE boots SET offset_ms = ?, error_ms = 10, source = ?, crc = ? WHERE boot = ?').run(
      now.offsetMs,
      now.source,
      bootChecksum({ ...now, ...last }),
      now.boot,
    )
    db.prepare('UPDATE boots SET last_wall = ?, last_monotonic = ? WHERE boot = ?').run(
      last.lastWall,
      last.lastMonotonic,
      now.boot,
    )
    db.close()
    const buffer = open(second, options)
    expect(buffer.bootTime).toMatchObject({ source: 'system' })
    expect(streamOf(buffer)).toMatchObject({ untimed: [1, 3], uncertain: [] })
    // As the clock does at each start, with what an earlier run found.
    buffer.synchronise({ offsetMs: truth - 5_000, errorMs: 10, source: 'system' })
    expect(streamOf(buffer)).toMatchObject({ untimed: [], uncertain: [1, 3] })
  })
})

describe('age', () => {
  test('of rows is not fooled by a wall clock that is wrong, in this boot or the ones before', async () => {
    const first = lostClock(truth, 60_000)
    const old = open(first, { boot: 'first' })
    await sample(old, first, 2)
    old.synchronise(found(truth - 60_000))
    await close(old)
    // A year ahead, and nobody says so.
    const second = lostClock(truth + 365 * dayMs, 10_000)
    const buffer = open(second, { boot: 'second', epoch: epochs[1] })
    await second.pass(120_000)
    expect(streamOf(buffer).rows).toEqual([1, 2])
    // In truth it is 89 days later; then 91.
    const began = truth + 89 * dayMs - second.monotonicMs()
    second.step(truth + 89 * dayMs - second.now())
    second.isUnconfirmed = false
    buffer.synchronise(found(began))
    await second.pass(120_000)
    expect(streamOf(buffer).rows).toEqual([1, 2])
    second.stall(2 * dayMs)
    await second.pass(120_000)
    expect(streamOf(buffer)).toMatchObject({
      rows: [],
      lost: [{ firstSeq: 1, lastSeq: 2, cause: 'expired' }],
    })
  })
})

describe('another site', () => {
  test('has no number before the time is known, and then by the right time', async () => {
    const first = createFakeClock(truth)
    await openSqliteBuffer(bufferOptions(folder.path, { clock: first, site: 'here' })).close()
    const clock = lostClock(truth - 400 * dayMs, 10_000)
    const buffer = open(clock, { boot: 'next', epoch: epochs[1], site: 'there' })
    expect(buffer.site).toMatchObject({ version: 0, confirmed: false })
    buffer.confirmSite(9_999_999_999)
    expect(buffer.site.confirmed).toBe(false)
    clock.stall(60_000)
    const now = truth + 5 * dayMs
    clock.step(now - clock.now())
    clock.isUnconfirmed = false
    buffer.synchronise(found(now - clock.monotonicMs()))
    // From the start of this run on, not from when the time became known.
    expect(buffer.site).toEqual(
      expect.objectContaining({ version: now / 1_000, validFrom: now - 60_000, confirmed: false }),
    )
  })

  test('is valid from when the configuration says, so that changing back undoes', async () => {
    const clock = createFakeClock(truth)
    const from = (validFrom: number, site: string, epoch: string) =>
      openSqliteBuffer(bufferOptions(folder.path, { clock, epoch, site, siteValidFrom: validFrom }))
    const first = from(truth - dayMs, 'here, from then', epochs[0])
    expect(first.site.validFrom).toBe(truth - dayMs)
    await first.close()
    const moved = from(truth - 7 * dayMs, 'there, from then', epochs[1])
    expect(moved.site).toMatchObject({ validFrom: truth - 7 * dayMs, confirmed: false })
    expect(moved.site.version).toBeGreaterThan(first.site.version)
    await moved.close()
    const back = from(truth - 7 * dayMs, 'here, from then', epochs[2])
    expect(back.site).toMatchObject({ validFrom: truth - 7 * dayMs, confirmed: false })
    expect(back.site.version).toBeGreaterThan(moved.site.version)
    await back.close()
  })
})
