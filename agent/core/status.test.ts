import { decodeStatus, type Status } from '@barograph/proto'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openSqliteBuffer } from '../buffer/sqlite.ts'
import { bufferOptions, temporaryFolder } from '../buffer/testing.ts'
import type { Buffer } from './buffer.ts'
import { reading } from './buffer-contract.ts'
import { createFakeClock, type FakeClock } from './fake-clock.ts'
import { silentLog } from './log.ts'
import type { SourceWords } from './sensor.ts'
import type { SensorFault } from './sampling/sampler.ts'
import { createStatusReporter, type StatusReporter } from './status.ts'
import { createTimekeeper } from './time/timekeeper.ts'

let folder: ReturnType<typeof temporaryFolder>
let clock: FakeClock
let buffer: Buffer
let reporter: StatusReporter
let fault: SensorFault | null
let said: Status[]
let words: SourceWords | null

beforeEach(() => {
  folder = temporaryFolder()
  clock = createFakeClock()
  buffer = openSqliteBuffer(bufferOptions(folder.path, { clock }))
  fault = null
  said = []
  words = null
  reporter = createStatusReporter({
    agentVersion: '1.2.3',
    location: 'Balcony',
    words: () => words,
    primary: [{ metric: 'temperature', sensor: 'attic' }],
    sensors: () => [{ id: 'attic', type: 'simulated', intervalMs: 1_000, origin: 'simulated', fault }],
    buffer,
    clock,
    send: async (bytes) => {
      said.push(decodeStatus(bytes))
    },
  })
})
afterEach(async () => {
  reporter.stop()
  await buffer.close()
  folder.remove()
})

const accept = (count: number): Promise<unknown> =>
  Promise.all([
    buffer.accept({ sensor: 'attic', entries: Array.from({ length: count }, (_, i) => reading(i)) }),
    clock.pass(200),
  ])

test('a connect says everything at once', async () => {
  await accept(3)
  reporter.connected()
  expect(said).toEqual([
    {
      online: true,
      time: clock.now(),
      agentVersion: '1.2.3',
      location: 'Balcony',
      state: 'running',
      batteryPercent: null,
      primary: [{ metric: 'temperature', sensor: 'attic' }],
      sensors: [
        {
          sensor: 'attic',
          type: 'simulated',
          intervalMs: 1_000,
          origin: 'simulated',
          epoch: buffer.epoch,
          accepted: 3,
          backlog: 3,
          fault: null,
        },
      ],
    },
  ])
})

test('growing numbers are said every ten seconds, nothing new is not said at all', async () => {
  reporter.connected()
  for (let i = 0; i < 30; i++) {
    await accept(1)
    await clock.pass(800)
  }
  expect(said.length).toBeGreaterThanOrEqual(3)
  expect(said.length).toBeLessThanOrEqual(4)
  await clock.pass(15_000)
  const count = said.length
  expect(said.at(-1)?.sensors[0]?.accepted).toBe(30)
  await clock.pass(60_000)
  expect(said).toHaveLength(count)
})

test('a fault is said soon, and a flood of changes is conflated', async () => {
  reporter.connected()
  await clock.pass(5_000)
  for (let i = 0; i < 100; i++) {
    fault = i % 2 ? null : { code: 'no-answer', detail: 'silence', since: clock.now() }
    reporter.changed()
    await clock.pass(10)
  }
  fault = { code: 'no-answer', detail: 'silence', since: clock.now() }
  reporter.changed()
  await clock.pass(1_000)
  expect(said.length).toBeLessThanOrEqual(5)
  expect(said.at(-1)?.sensors[0]?.fault?.code).toBe('no-answer')
})

test('a backlog that grows tenfold is news', async () => {
  reporter.connected()
  await accept(999)
  await clock.pass(1_500)
  const before = said.length
  await accept(1)
  await clock.pass(1_500)
  expect(said.length).toBe(before + 1)
  expect(said.at(-1)?.sensors[0]?.backlog).toBe(1_000)
})

test('a stop says offline, with the last numbers', async () => {
  reporter.connected()
  await accept(5)
  await reporter.sayOffline()
  expect(said.at(-1)).toMatchObject({ online: false, state: 'stopped', sensors: [{ accepted: 5 }] })
  await clock.pass(60_000)
  expect(said.at(-1)?.online).toBe(false)
})

test('what a source says of itself is the state and the location, and changes at once', async () => {
  words = { state: 'online', location: 'Lab 3' }
  reporter.connected()
  expect(said.at(-1)).toMatchObject({ state: 'online', location: 'Lab 3' })
  words = { state: 'charging', location: null }
  await clock.pass(2_000)
  expect(said.at(-1)).toMatchObject({ state: 'charging', location: 'Balcony' })
  await reporter.sayOffline()
  expect(said.at(-1)).toMatchObject({ state: 'stopped', location: 'Balcony' })
})

test('the state tells of the clock, and that changes at once', async () => {
  const keeper = createTimekeeper({ clock, log: silentLog })
  const own = createStatusReporter({
    agentVersion: '1.2.3',
    location: 'Balcony',
    words: () => null,
    primary: [],
    sensors: () => [],
    buffer,
    clock: keeper,
    time: keeper,
    send: async (bytes) => {
      said.push(decodeStatus(bytes))
    },
  })
  own.connected()
  expect(said.at(-1)).toMatchObject({
    state: 'the clock is not synchronised: readings wait',
    clock: { source: 'none' },
  })
  const nowMs = clock.monotonicMs()
  keeper.answered({ askedAtMs: nowMs, heardAtMs: nowMs + 60, collectorTime: clock.now() + 3_600_000 })
  await clock.pass(1_000)
  expect(said.at(-1)).toMatchObject({
    state: "the clock was set by the collector's time (off by 1 hour)",
    clock: { source: 'collector', errorMs: 30, offMs: -3_600_000 },
  })
  clock.step(3_600_000)
  keeper.look('yes')
  await clock.pass(1_000)
  expect(said.at(-1)).toMatchObject({ state: 'running', clock: { source: 'system', offMs: 0 } })
  own.stop()
})
