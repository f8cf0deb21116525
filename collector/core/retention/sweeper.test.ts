import { CodedError, decodeExpire, encodeBatch, encodeSettings, makeBatch } from '@barograph/proto'
import { describe, expect, test } from 'vitest'
import type { NewRecord } from '../log.ts'
import { runOf } from '../testing/messages.ts'
import { createMemoryLog } from '../testing/memory-log.ts'
import { createMemoryStore } from '../testing/memory-store.ts'
import { settings, settle } from '../testing/owner.ts'
import type { Retention } from './limits.ts'
import { createSweeper, keepSwept, type SweepCounts } from './sweeper.ts'

const day = 86_400_000
const came = Date.UTC(2026, 2, 1)
const retention: Retention = {
  raw: 90 * day,
  '10s': 7 * day,
  '1m': 90 * day,
  hour: null,
  day: null,
  week: null,
  month: null,
  year: null,
}
const noPause = async (): Promise<void> => {}

const batch = (parts: Parameters<typeof makeBatch>[1], ingestMs = came): NewRecord => ({
  device: 'north',
  kind: 'batch',
  ingestMs,
  quarantineAfterMs: null,
  value: encodeBatch(makeBatch('north', parts)),
})

/** A folded log, and a sweeper at a time that the test sets. */
async function rig(...records: NewRecord[]) {
  const log = createMemoryLog()
  const store = createMemoryStore()
  const value = encodeSettings(settings)
  await log.append([
    { device: '', partition: 0, kind: 'settings', ingestMs: 0, quarantineAfterMs: null, value },
    ...records,
  ])
  await settle(log, store)
  const clock = { time: came, now: () => clock.time, sleep: noPause }
  const sweeper = createSweeper({ log, store, retention, clock })
  return {
    log,
    store,
    clock,
    sweeper,
    sweep: () => sweeper.sweep(noPause),
    settle: () => settle(log, store),
    /** What the log holds of retention. */
    expiries: async () =>
      (await log.read(0, 0, 1_000))
        .filter(({ kind }) => kind === 'expire')
        .map(({ value: v }) => decodeExpire(v)),
    buckets: () => [...store.documents.readings.keys()].map((id) => id.split('/').at(-1)),
    levels: () => [...new Set(store.rollups().map(({ level }) => level))],
  }
}

describe('the sweeper', () => {
  test('waits with the raw readings of a device whose windows are about to be cut in another way', async () => {
    const place = { version: 1, name: 'Roof', latitude: 1, longitude: 2, altitudeM: 3, unknowns: [] }
    const site = { ...place, timeZone: 'Asia/Tokyo', validFrom: came - day }
    const { store, clock, sweep, expiries } = await rig(
      batch({ runs: [runOf(1, 600, came)] }),
      batch({ hello: [], site }),
    )
    const raw = async () => (await expiries()).filter((one) => one.raw.length > 0)
    clock.time = came + 90 * day + 1
    await sweep()
    expect(await raw()).toEqual([])
    store.currentSets = async () => [{ device: 'north', set: 1, at: { g: 0, n: 3 } }]
    await sweep()
    expect(await raw()).toHaveLength(1)
  })

  test('tells the log what is old, and deletes it when that is folded', async () => {
    const {
      clock,
      sweep,
      settle: fold,
      expiries,
      buckets,
      sweeper,
    } = await rig(batch({ runs: [runOf(1, 600, came)] }))
    await sweep()
    expect(await expiries()).toEqual([])
    clock.time = came + 90 * day + 1
    await sweep()
    expect((await expiries()).flatMap(({ raw }) => raw.map(({ ranges }) => ranges))).toEqual([[1, 512]])
    expect(buckets()).toEqual(['0', '1', '2'])
    await sweep()
    expect((await expiries()).filter(({ raw }) => raw.length > 0)).toHaveLength(1)
    await fold()
    await sweep()
    // The last bucket waits for the end of its epoch.
    expect(buckets()).toEqual(['2'])
    expect(sweeper.counts).toMatchObject({ expired: 512, bucketsDeleted: 2, sweeps: 4 })
  })

  test('deletes again what an owner that lagged wrote back', async () => {
    const { clock, store, sweep, settle: fold, buckets } = await rig(batch({ runs: [runOf(1, 256, came)] }))
    const [bucket] = [...store.documents.readings.values()]
    clock.time = came + 91 * day
    await sweep()
    await fold()
    await sweep()
    expect(buckets()).toEqual([])
    await store.write('readings', [bucket as never])
    expect(buckets()).toEqual(['0'])
    await sweep()
    expect(buckets()).toEqual([])
  })

  test('counts from ingest: old readings that came now stay', async () => {
    const { clock, sweep, expiries } = await rig(
      batch({ runs: [runOf(1, 256, came - 400 * day)] }),
      batch({ runs: [runOf(257, 256, came - 300 * day)] }, came + 30 * day),
    )
    clock.time = came + 89 * day
    await sweep()
    expect((await expiries()).filter(({ raw }) => raw.length > 0)).toEqual([])
    clock.time = came + 91 * day
    await sweep()
    expect((await expiries()).flatMap(({ raw }) => raw.map(({ ranges }) => ranges))).toEqual([[1, 256]])
  })

  test('takes the windows of a level when they got nothing for as long as it is kept', async () => {
    const {
      clock,
      sweep,
      settle: fold,
      levels,
      store,
      sweeper,
    } = await rig(batch({ runs: [runOf(1, 60, came - 3 * day)] }))
    const step = async (time: number) => {
      clock.time = time
      await sweep()
      await fold()
      await sweep()
    }
    await step(came + 6 * day)
    expect(levels()).toContain('10s')
    await step(came + 8 * day)
    expect(levels()).toEqual(['1m', 'hour', 'day', 'week', 'month', 'year'])
    await step(came + 95 * day)
    expect(levels()).toEqual(['hour', 'day', 'week', 'month', 'year'])
    expect(sweeper.counts.windowsDeleted).toBe(7)
    const said = (await store.streams('north'))[0]?.expiredBefore
    expect(Object.keys(said ?? {})).toEqual(['10s', '1m'])
  })

  test('deletes a summary with the last of its buckets', async () => {
    const minute = { start: came, received: 100, figures: [] }
    const summary = { sensor: 'bme280', epoch: '00000000000000aa', intervalMs: 1_000, minutes: [minute] }
    const {
      clock,
      log,
      store,
      sweep,
      settle: fold,
      buckets,
    } = await rig(
      batch({ runs: [runOf(1, 199, came)], summaries: [{ ...summary, firstSeq: 200, lastSeq: 299 }] }),
      batch({ ended: [{ sensor: 'bme280', epoch: '00000000000000aa', lastSeq: 300 }] }),
    )
    const step = async () => {
      clock.time += 91 * day
      await sweep()
      await fold()
      await sweep()
    }
    await step()
    expect([buckets(), store.documents.summaries.size]).toEqual([['1'], 1])
    // Number 300 comes: now the second bucket is whole, and with it goes the summary.
    await log.append([batch({ runs: [runOf(300, 1, came + 400_000)] }, clock.time)])
    await fold()
    await step()
    expect([buckets(), store.documents.summaries.size]).toEqual([[], 0])
  })

  test('leaves a partition alone while its documents go over to another log', async () => {
    const { clock, store, sweep, expiries } = await rig(batch({ runs: [runOf(1, 256, came)] }))
    clock.time = came + 91 * day
    await store.changePhase(0, null, 'new-log:1')
    await sweep()
    expect(await expiries()).toEqual([])
    await store.changePhase(0, 'new-log:1', null)
    await sweep()
    expect((await expiries()).length).toBeGreaterThan(0)
  })

  test('goes on after a log without room, and says so', async () => {
    const { clock, store, log } = await rig(batch({ runs: [runOf(1, 256, came)] }))
    clock.time = came + 91 * day
    const ending = new AbortController()
    const outcomes: (SweepCounts | string)[] = []
    let isFull = true
    const full = new CodedError('log-full', 'the log has no room', { retryable: true })
    await keepSwept({
      log: { ...log, append: (records) => (isFull ? Promise.reject(full) : log.append(records)) },
      store,
      retention,
      clock,
      signal: ending.signal,
      report(outcome) {
        outcomes.push(outcome)
        if (typeof outcome !== 'string') ending.abort()
        isFull = false
      },
    })
    expect(outcomes).toEqual(['the log has no room', expect.objectContaining({ expired: 256, sweeps: 1 })])
  })
})
