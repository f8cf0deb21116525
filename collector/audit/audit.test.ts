import { afterEach, describe, expect, test, vi } from 'vitest'
import { rebuildAll } from '../core/rebuild/rebuild.ts'
import type { RollPoint } from '../core/roll.ts'
import {
  createWorld,
  fillWorld,
  lineOf,
  makeRun,
  november,
  operations,
  seeded,
  type World,
} from './testing/world.ts'

// Real files and processes on a machine that may be busy: patience, not a measure.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

const points: readonly RollPoint[] = [
  'folded',
  'reach-raised',
  'buckets-written',
  'windows-written',
  'streams-written',
  'checkpoint-advanced',
]

const worlds: World[] = []
function newWorld(options?: { partitions?: number }): World {
  const world = createWorld(options)
  worlds.push(world)
  return world
}
afterEach(async () => {
  for (const world of worlds.splice(0)) await world.close()
})

/** Makes all windows anew by what is known now. */
async function rebuild({ store, log }: World): Promise<void> {
  for await (const { state } of rebuildAll({
    store,
    log,
    device: null,
    isDry: false,
    makeToken: () => 'token',
    clock: { sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)) },
    signal: new AbortController().signal,
    progress: () => {},
  }))
    expect(state).toBe('swapped')
}

describe('an audit of what the roll made', () => {
  test.each([1, 2, 3])('finds it equal, whatever devices said (seed %i)', async (seed) => {
    const world = newWorld()
    await fillWorld(world, seed)
    await world.fold()
    const result = world.audit()
    expect(result.differences.map(lineOf)).toEqual([])
    expect(result.equal).toBe(true)
    expect(result.checked).toMatchObject({ devices: 2, streams: 5, epochs: 8, summaries: 2, summarised: 258 })
    expect(Object.values(result.checked.rollups).every((count) => count > 0)).toBe(true)
    expect(result.checked.quarantined).toBeGreaterThan(5)
    expect(result.recordsAhead).toBe(0)
  })

  test.each([11, 12])(
    'finds it equal at whatever moment of a flush the roll died (seed %i)',
    async (seed) => {
      const world = newWorld({ partitions: 1 })
      let deaths = 0
      let aheadOfCheckpoint = 0
      await fillWorld(world, seed, async (i) => {
        if (i % 3 !== 0) return
        const point = points[deaths++ % points.length]
        await world.fold({ diesAt: (here) => here === point })
        const result = world.audit()
        expect(result.differences.map(lineOf), point).toEqual([])
        if (result.recordsAhead > 0) aheadOfCheckpoint++
      })
      await world.fold()
      expect(world.differences()).toEqual([])
      expect(deaths).toBeGreaterThan(2 * points.length)
      expect(aheadOfCheckpoint).toBeGreaterThan(points.length)
    },
  )

  test.each([41, 42, 43, 44])(
    'finds it equal with releases, expiries and sealed windows, whenever they came and wherever the roll died (seed %i)',
    async (seed) => {
      const world = newWorld({ partitions: 1 })
      let deaths = 0
      await fillWorld(
        world,
        seed,
        async (i) => {
          if (i % 3 !== 0) return
          const point = points[deaths++ % points.length]
          await world.fold({ diesAt: (here) => here === point })
          expect(world.differences(), point).toEqual([])
        },
        { isOperated: true },
      )
      await world.fold()
      const result = world.audit()
      expect(result.differences.map(lineOf)).toEqual([])
      expect(result.findings).toEqual([])
      expect(Object.values(result.checked.sealed).reduce((sum, count) => sum + count, 0)).toBeGreaterThan(20)
    },
  )

  test.each([51, 52, 53])(
    'finds it equal after a change of zone back to a time whose readings have expired, rebuilt as the collector does (seed %i)',
    async (seed) => {
      const world = newWorld({ partitions: 1 })
      await fillWorld(world, seed)
      await world.fold()
      await rebuild(world)
      for (const operate of operations(world)) await operate()
      await world.fold()
      const before = world.audit()
      expect(before.differences.map(lineOf)).toEqual([])
      const site = { version: 3, name: 'Site', latitude: 1, longitude: 2, altitudeM: 3 }
      for (const device of ['balcony', 'cellar'])
        await world.send(device, {
          hello: [],
          site: { ...site, timeZone: 'Australia/Adelaide', validFrom: november - 60 * 86_400_000 },
        })
      await world.fold()
      await rebuild(world)
      const after = world.audit()
      expect(after.differences.map(lineOf)).toEqual([])
      expect(after.findings).toEqual([])
      expect(after.checked.sealed).toEqual(before.checked.sealed)
      expect(Object.values(after.checked.sealed).reduce((sum, count) => sum + count, 0)).toBeGreaterThan(20)
    },
  )

  test('finds it equal while a collector writes, as of one moment', async () => {
    const world = newWorld({ partitions: 1 })
    const audits: string[][] = []
    await fillWorld(world, 21, async (i) => {
      // Between any two steps of the roll, on another connection.
      if (i % 16 === 0)
        await world.fold({
          diesAt: () => {
            audits.push(world.differences())
            return false
          },
        })
    })
    expect(audits.length).toBeGreaterThan(10)
    expect(audits.flat()).toEqual([])
  })

  test('keeps the levels that the settings named when a record came, and no others', async () => {
    const world = newWorld({ partitions: 1 })
    const random = seeded(5)
    const run = (firstSeq: number) =>
      makeRun({ random, firstSeq, count: 50, start: november + firstSeq * 60_000 })
    await world.fold({ levels: ['day'] })
    await world.send('balcony', { runs: [run(1)] })
    await world.fold({ levels: ['day'] })
    expect(world.audit().checked.rollups).toMatchObject({ hour: 0, day: 1 })
    await world.fold({ levels: ['hour', 'day'] })
    await world.send('balcony', { runs: [run(51)] })
    await world.fold({ levels: ['hour', 'day'] })
    const result = world.audit()
    expect(result.differences.map(lineOf)).toEqual([])
    expect(result.checked.rollups).toMatchObject({ '1m': 0, hour: 2, day: 1, week: 0 })
  })

  test('of sums beyond 2^53 is exact', async () => {
    const world = newWorld({ partitions: 1 })
    await world.fold()
    const random = seeded(6)
    for (let firstSeq = 1; firstSeq < 40_000; firstSeq += 8_000)
      await world.send('balcony', {
        runs: [
          makeRun({ random, firstSeq, count: 8_000, intervalMs: 1_000, start: november + firstSeq * 1_000 }),
        ],
      })
    await world.fold()
    const result = world.audit()
    expect(result.differences.map(lineOf)).toEqual([])
    expect(result.checked.readings).toBe(40_000)
    const { items } = await world.store.rollups({
      device: 'balcony',
      sensor: 'bme280',
      level: 'month',
      from: -8e15,
      to: 8e15,
      limit: 9,
    })
    const sum = items[0]?.metrics['photons|quanta|total']?.sum
    expect(typeof sum).toBe('bigint')
  })

  test('of nothing at all is equal', async () => {
    const world = newWorld()
    expect(world.audit()).toMatchObject({ equal: true, checked: { devices: 0, streams: 0 } })
  })
})
