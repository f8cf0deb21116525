import {
  addRange,
  type Batch,
  CodedError,
  decodeBatch,
  emptySet,
  encodeReceipt,
  hasAll,
  type Metric,
  metricByName,
  type RangeSet,
  sizeOf,
} from '@barograph/proto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { openSqliteBuffer } from '../../buffer/sqlite.ts'
import { bufferOptions, temporaryFolder } from '../../buffer/testing.ts'
import { type Agent, startAgent } from '../agent.ts'
import type { Buffer } from '../buffer.ts'
import { createFakeClock, type FakeClock } from '../fake-clock.ts'
import { silentLog } from '../log.ts'
import type { Sensor } from '../sensor.ts'
import type { UplinkListener } from '../uplink.ts'
import { createTimekeeper, type SystemSync } from './timekeeper.ts'

const temperature = metricByName('temperature') as Metric
const dayMs = 86_400_000
const longestWayMs = 1_500
/**
 * What a right time may be off by: an answer is worth half its round trip, a clock that agrees with it within 2 s counts
 * as right, it may wander by 1 s before that counts as a jump, and a row that agrees within 2 s keeps its time.
 */
const boundMs = longestWayMs + 2_000 + 1_000 + 2_000

type Step =
  | { readonly do: 'pass'; readonly ms: number }
  /** The wall clock is set, by hand or by accident. */
  | { readonly do: 'step'; readonly ms: number }
  /** NTP sets it right, and the machine says so; or says that it does not know any more. */
  | { readonly do: 'ntp'; readonly wrongMs: number }
  | { readonly do: 'ntpLost' | 'connect' | 'disconnect' | 'restart' }
  /** Messages arrive after so long and are answered after so long. */
  | { readonly do: 'deliver'; readonly wayMs: number; readonly backMs: number }
  /** The machine was off, and starts with a clock so far off. */
  | { readonly do: 'reboot'; readonly offForMs: number; readonly aheadMs: number }

const leap = fc.oneof(
  fc.integer({ min: -100, max: 100 }),
  fc.integer({ min: -30_000, max: 30_000 }),
  fc.integer({ min: -400 * dayMs, max: 400 * dayMs }),
)
const way = fc.integer({ min: 0, max: longestWayMs })
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.integer({ min: 0, max: 8_000 }) }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('step' as const), ms: leap }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('ntp' as const), wrongMs: fc.integer({ min: -400, max: 400 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom('connect' as const, 'connect' as const, 'disconnect' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('ntpLost' as const, 'restart' as const) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('deliver' as const), wayMs: way, backMs: way }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('reboot' as const),
      offForMs: fc.integer({ min: 0, max: 3 * dayMs }),
      aheadMs: leap,
    }),
  },
)

interface Sent {
  readonly time: number
  readonly clock: string
  readonly clockErrorMs: number
}

/** A machine whose clock is set at will, with a real agent on it, and a collector that knows the time. */
function makeWorld(folder: string) {
  const begin = Date.UTC(2026, 5, 1)
  let clock: FakeClock = createFakeClock(begin, 30_000)
  /** True time minus monotonic time of this boot. */
  let truthMs = begin - 30_000
  let boots = 1
  let system: SystemSync = 'unknown'
  let runs = 0
  let agent: Agent
  let buffer: Buffer
  let listener: UplinkListener
  let online = false
  let wire: { batch: Batch | null; settle(error?: CodedError): void }[] = []
  /** By value of a reading: when it was taken. */
  const taken: number[] = []
  const sent = new Map<string, Sent>()
  const stored = new Map<string, RangeSet>()
  const ends = new Map<string, number>()
  let site = 0
  const violations: string[] = []

  const truth = (): number => clock.monotonicMs() + truthMs

  const sensor = (): Sensor => ({
    pace: 'scheduled',
    origin: 'simulated',
    historical: false,
    read() {
      taken.push(truth())
      const values = [{ metric: temperature, thousandths: taken.length - 1, flag: 0 }]
      return Promise.resolve({ kind: 'observations' as const, observations: [{ time: null, values }] })
    },
    close: () => Promise.resolve(),
  })

  function start(): void {
    runs++
    const keeper = createTimekeeper({ clock, log: silentLog })
    buffer = openSqliteBuffer(
      bufferOptions(folder, { clock: keeper, boot: `boot-${boots}`, epoch: String(runs).padStart(16, '0') }),
    )
    const post = (batch: Batch | null): Promise<void> =>
      new Promise((resolve, reject) => {
        if (batch) note(batch)
        wire.push({ batch, settle: (error) => (error ? reject(error) : resolve()) })
      })
    agent = startAgent({
      device: 'balcony',
      site: { name: 'Here', latitude: 0, longitude: 0, altitudeM: 0, timeZone: 'UTC' },
      sensors: [{ id: 'attic', type: 'test', intervalMs: 1_000, sensor: sensor() }],
      primary: [],
      shipping: { lingerMs: 0, maxBatchEntries: 50, backfillPerSecond: 100_000, creditEntries: 10_000 },
      buffer,
      uplink: {
        start: (given) => {
          listener = given
        },
        send: (bytes) => post(decodeBatch(bytes)),
        sendStatus: () => post(null),
        close: () => Promise.resolve(),
      },
      clock,
      time: { keeper, system: () => system },
      log: silentLog,
      version: '0',
    })
  }

  /** What is handed to the uplink must be right, and never change. */
  function note(batch: Batch): void {
    for (const run of batch.runs)
      run.times.forEach((time, i) => {
        const key = `${run.epoch} ${run.firstSeq + i}`
        const now = { time, clock: batch.clock, clockErrorMs: batch.clockErrorMs }
        const before = sent.get(key)
        if (before && JSON.stringify(before) !== JSON.stringify(now))
          violations.push(`${key} changed from ${JSON.stringify(before)} to ${JSON.stringify(now)}`)
        sent.set(key, now)
        const value = run.columns[0]?.values[i] ?? Number.NaN
        if (Number.isNaN(value)) return
        const wrongMs = time - (taken[value] ?? Number.NaN)
        const allowedMs = batch.clock === 'uncertain' ? batch.clockErrorMs : boundMs
        if (!(Math.abs(wrongMs) <= allowedMs)) violations.push(`${key} ${batch.clock} is ${wrongMs} ms off`)
      })
  }

  function disconnect(): void {
    if (online) listener.disconnected({ code: 'offline', hint: '', message: 'gone' } as never)
    online = false
    for (const { settle } of wire.splice(0)) settle(new CodedError('offline', 'gone', { retryable: true }))
  }

  async function deliver(wayMs: number, backMs: number): Promise<void> {
    const arriving = wire
    wire = []
    if (arriving.length === 0) return
    await clock.pass(wayMs)
    const collectorTime = Math.round(truth())
    const tokens: number[] = []
    for (const { batch, settle } of arriving) {
      settle()
      if (!batch) continue
      if (batch.timeToken) tokens.push(batch.timeToken)
      if (batch.site) site = batch.site.version
      for (const { epoch, lastSeq } of batch.ended) ends.set(epoch, lastSeq)
      for (const { epoch, firstSeq, times } of batch.runs)
        stored.set(epoch, addRange(stored.get(epoch) ?? emptySet, firstSeq, firstSeq + times.length - 1))
    }
    const epochs = new Set([...stored.keys(), ...ends.keys()])
    const streams = [...epochs].map((epoch) => ({
      sensor: 'attic',
      epoch,
      logged: emptySet,
      stored: stored.get(epoch) ?? emptySet,
      lost: emptySet,
      refused: [],
      ended: (ends.get(epoch) ?? -1) + 1,
    }))
    await clock.pass(backMs)
    if (!online) return
    for (const timeToken of tokens)
      listener.received(encodeReceipt({ collectorTime, siteVersion: 0, streams: [], timeToken }))
    listener.received(encodeReceipt({ collectorTime, siteVersion: site, streams }))
    await clock.pass(0)
  }

  async function act(one: Step): Promise<void> {
    switch (one.do) {
      case 'pass':
        return clock.pass(one.ms)
      case 'step':
        clock.step(one.ms)
        return
      case 'ntp':
        clock.step(truth() + one.wrongMs - clock.now())
        system = 'yes'
        // The agent looks each second.
        return clock.pass(1_100)
      case 'ntpLost':
        system = 'no'
        return clock.pass(1_100)
      case 'connect':
        if (!online) {
          online = true
          listener.connected()
        }
        return clock.pass(0)
      case 'disconnect':
        disconnect()
        return clock.pass(0)
      case 'deliver':
        return deliver(one.wayMs, one.backMs)
      case 'restart':
        disconnect()
        await Promise.all([agent.stop(), clock.pass(3_500)])
        start()
        return clock.pass(0)
      case 'reboot': {
        disconnect()
        await Promise.all([agent.stop(), clock.pass(3_500)])
        // Until the agent runs the machine takes a while.
        const now = truth() + one.offForMs + 20_000
        boots++
        system = 'unknown'
        clock = createFakeClock(now + one.aheadMs, 20_000)
        truthMs = now - clock.monotonicMs()
        start()
        return clock.pass(0)
      }
    }
  }

  start()
  return {
    act,
    violations,
    /** Readings that were sent, by what was said of their clock. */
    count: (kind: Batch['clock']): number => [...sent.values()].filter((one) => one.clock === kind).length,
    async drain(): Promise<void> {
      await act({ do: 'disconnect' })
      await act({ do: 'connect' })
      for (let i = 0; i < 200 && left() > 5; i++) {
        await deliver(10, 10)
        await clock.pass(500)
      }
    },
    /** Numbers of runs that are over and neither stored nor here; and how many are still here of those. */
    missing: (): string[] =>
      [...ends]
        .filter(([epoch, last]) => last > 0 && !hasAll(stored.get(epoch) ?? emptySet, 1, last))
        .map(String),
    left,
    close: async (): Promise<void> => {
      disconnect()
      await Promise.all([agent.stop(), clock.pass(3_500)])
    },
  }

  function left(): number {
    return buffer.streams().reduce((sum, { rows }) => sum + sizeOf(rows), 0)
  }
}

test('whatever happens to the clock, a reading is sent with its right time or with bounds that hold, and never changes', async () => {
  const seen = { synced: 0, uncertain: 0 }
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 8, maxLength: 40 }), async (steps) => {
      const folder = temporaryFolder()
      const world = makeWorld(folder.path)
      try {
        for (const one of steps) {
          await world.act(one)
          expect(world.violations).toEqual([])
        }
        await world.drain()
        expect(world.violations).toEqual([])
        expect(world.missing()).toEqual([])
        expect(world.left()).toBeLessThanOrEqual(5)
        seen.synced += world.count('synced')
        seen.uncertain += world.count('uncertain')
      } finally {
        await world.close()
        folder.remove()
      }
    }),
    { numRuns: Number(process.env.BAROGRAPH_TEST_RUNS ?? 40) },
  )
  // Otherwise this proves nothing.
  expect(seen.synced).toBeGreaterThan(100)
  expect(seen.uncertain).toBeGreaterThan(10)
}, 300_000)
