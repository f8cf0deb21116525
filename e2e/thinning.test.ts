import {
  type Batch,
  customMetric,
  encodeBatch,
  encodeSettings,
  isRangeSet,
  makeBatch,
  type Metric,
  metricByName,
  pairs,
  sizeOf,
  type Summary,
} from '@barograph/proto'
import { expect, test } from 'vitest'
import { openSqliteBuffer } from '../agent/buffer/sqlite.ts'
import { bufferOptions } from '../agent/buffer/testing.ts'
import type { Buffer, BufferedStream, Entry, NumberedEntry } from '../agent/core/buffer.ts'
import { createFakeClock } from '../agent/core/fake-clock.ts'
import { makeRuns } from '../agent/core/shipping/runs.ts'
import { createMemoryLog } from '../collector/core/testing/memory-log.ts'
import { createMemoryStore, type MemoryStore } from '../collector/core/testing/memory-store.ts'
import { settings, settle } from '../collector/core/testing/owner.ts'
import { temporaryFolder } from './harness/folder.ts'
import { seeded, shuffled } from './harness/random.ts'

const metrics = [
  metricByName('temperature'),
  metricByName('precipitation'),
  metricByName('windDirection'),
  customMetric('panelVoltage', 'V', 'level'),
] as Metric[]
const intervalMs = 1_000

/** Readings with everything that figures have to get right, and some faults between them. */
function makeEntries(random: () => number, count: number): Entry[] {
  // Over midnight and the end of summer time at the site.
  let time = Date.UTC(2013, 10, 3, 3, 50) + Math.floor(random() * 60_000)
  return Array.from({ length: count }, () => {
    // Equal times, steps back, pauses over minutes.
    const step = random()
    time += step < 0.1 ? 0 : step < 0.15 ? -3_000 : step < 0.152 ? 400_000 : Math.floor(random() * 2_000)
    if (random() < 0.0015)
      return {
        time,
        monotonicMs: 5,
        values: [],
        mark: { kind: 'fault' as const, code: 'no-answer', detail: '' },
      }
    const values = metrics
      .filter(() => random() < 0.9)
      .map((metric) => ({
        metric,
        // Few different ones, so that extremes tie; now and then as large as they may be.
        thousandths:
          metric.kind === 'direction'
            ? Math.floor(random() * 360) * 1_000
            : random() < 0.02
              ? (random() < 0.5 ? -1 : 1) * (2 ** 40 - 1)
              : Math.floor(random() * 20) * 100 - 900,
        flag: random() < 0.05 ? 129 : random() < 0.1 ? 2 : 0,
      }))
    return { time, monotonicMs: 5, values, mark: null }
  })
}

/** Accepts in a room that is too small, so that most of it is condensed. */
async function thin(random: () => number, entries: readonly Entry[]): Promise<Buffer> {
  const clock = createFakeClock()
  const buffer = openSqliteBuffer(
    bufferOptions(temporaryFolder(), { clock, whenFull: 'thin', maxMb: 0.3, epoch: '00000000000000aa' }),
  )
  buffer.register('attic', { intervalMs, historical: false })
  for (let at = 0; at < entries.length; ) {
    const some = entries.slice(at, at + 1 + Math.floor(random() * 400))
    await Promise.all([buffer.accept({ sensor: 'attic', entries: some }), clock.pass(200)])
    at += some.length
    const [stream] = buffer.streams()
    // Some were sent: they stay.
    if (stream && random() < 0.05) buffer.markSent(stream, [at, at])
    await clock.pass(100)
  }
  return buffer
}

function summariesOf(buffer: Buffer, stream: BufferedStream): Summary[] {
  const summaries: Summary[] = []
  for (const [first, last] of pairs(stream.thinned))
    for (let seq = first; seq <= last; ) {
      const summary = buffer.readSummary(stream, seq)
      if (!summary) throw new Error(`no summary holds ${seq}`)
      summaries.push(summary)
      seq = summary.lastSeq + 1
    }
  return summaries
}

const batchesOf = (stream: BufferedStream, entries: readonly NumberedEntry[]): Batch[] =>
  makeRuns(stream, entries).map((run) => makeBatch('north', { runs: [run] }))

async function foldOf(batches: readonly Batch[]): Promise<MemoryStore> {
  const log = createMemoryLog()
  const common = { partition: 0, ingestMs: 0, quarantineAfterMs: null }
  await log.append([{ ...common, device: '', kind: 'settings', value: encodeSettings(settings) }])
  await log.append(
    batches.map((batch) => ({ ...common, device: 'north', kind: 'batch', value: encodeBatch(batch) })),
  )
  const store = createMemoryStore()
  await settle(log, store)
  return store
}

/** The windows of a minute and more, without what tells of the order of arrival. */
function windowsOf(store: MemoryStore) {
  return store
    .rollups()
    .filter(({ level }) => level !== '10s')
    .map(({ o: _, revision: __, revisedAt: ___, ...rest }) => rest)
    .sort((a, b) => (a.id < b.id ? -1 : 1))
}

test.each([1, 2, 3, 4, 5, 6])(
  'windows of a minute and more are the same from condensed minutes as from the readings (seed %i)',
  async (seed) => {
    const random = seeded(seed)
    const entries = makeEntries(random, 12_000)
    const buffer = await thin(random, entries)
    const [stream] = buffer.streams()
    if (!stream) throw new Error('nothing was accepted')
    const summaries = summariesOf(buffer, stream)
    expect(stream.lost).toEqual([])
    expect(isRangeSet(stream.thinned)).toBe(true)
    expect(sizeOf(stream.thinned) + sizeOf(stream.rows)).toBe(entries.length)
    // Much of it, or this proves nothing.
    expect(sizeOf(stream.thinned)).toBeGreaterThan(2_000)
    expect(summaries.length).toBeGreaterThan(5)

    const whole = entries.map((entry, i) => ({ ...entry, seq: i + 1 }))
    const raw = await foldOf(cut(whole).flatMap((some) => batchesOf(stream, some)))
    const held = [...pairs(stream.rows)].flatMap(([first, last]) => cut(buffer.read(stream, first, last)))
    const thinned = await foldOf(
      shuffled(
        [
          ...held.flatMap((some) => batchesOf(stream, some)),
          ...summaries.map((summary) => makeBatch('north', { summaries: [summary] })),
          // And once more: repeats.
          ...summaries.slice(0, 3).map((summary) => makeBatch('north', { summaries: [summary] })),
        ],
        random,
      ),
    )
    expect(windowsOf(raw).length).toBeGreaterThan(100)
    expect(windowsOf(thinned)).toEqual(windowsOf(raw))
    await buffer.close()
  },
)

function cut<T>(entries: readonly T[]): T[][] {
  const parts: T[][] = []
  for (let at = 0; at < entries.length; at += 500) parts.push(entries.slice(at, at + 500))
  return parts
}
