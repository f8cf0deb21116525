import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ApiDevice, ApiEntry, ApiReading } from '@barograph/proto/api'
import { expect, onTestFinished, test } from 'vitest'
import { createAgent } from './harness/agent.ts'
import { type Collector, createCollector } from './harness/collector.ts'
import { comparableRollups } from './harness/documents.ts'
import { temporaryFolder } from './harness/folder.ts'
import { collectorProgram, run } from './harness/process.ts'
import { createShiftedClock } from './harness/shifted-clock.ts'
import { eventually } from './harness/wait.ts'

const dayMs = 86_400_000
/** A clock that agrees within 2 s counts as right; the rest is the way from the source to the stamp. */
const toleranceMs = 3_000

/** A source that counts its questions and knows when each was asked: a reading's value tells its true time. */
async function startSource(): Promise<{ url: string; timeOf(value: number): number }> {
  const times: number[] = []
  const server = createServer((_, answer) => {
    times.push(Date.now())
    answer.setHeader('content-type', 'application/json')
    answer.end(JSON.stringify({ count: times.length / 100 }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    timeOf: (value) => times[Math.round(value * 100) - 1] ?? Number.NaN,
  }
}

const yaml = (url: string): string => `
device: balcony
site: { name: Balcony, latitude: 40.69, longitude: -74.17, altitudeM: 5, timeZone: America/New_York }
sensors:
  - { id: lab, type: http, url: '${url}', intervalMs: 200, values: { temperature: { pointer: /count } } }
`

const isReading = (entry: ApiEntry): entry is ApiReading => entry.kind === 'reading'

async function entriesOf(collector: Collector): Promise<ApiEntry[]> {
  const path =
    '/api/v1/devices/balcony/sensors/lab/readings?limit=1000&from=2000-01-01T00:00:00Z&to=2100-01-01T00:00:00Z'
  return (await collector.get<{ readings: ApiEntry[] }>(path)).readings
}

async function countReadings(collector: Collector): Promise<number> {
  return (await entriesOf(collector)).filter(isReading).length
}

const deviceOf = (collector: Collector): Promise<ApiDevice> => collector.get('/api/v1/devices/balcony')

function expectRightTimes(entries: readonly ApiEntry[], timeOf: (value: number) => number): void {
  for (const reading of entries.filter(isReading)) {
    const truth = timeOf(reading.values.temperature ?? Number.NaN)
    expect(Math.abs(Date.parse(reading.time) - truth), JSON.stringify(reading)).toBeLessThan(toleranceMs)
    expect(reading.quarantined).toBeUndefined()
  }
}

test('a machine months off sends nothing wrong: before the first word, over leaps forward and back, and restarted', {
  timeout: 240_000,
}, async () => {
  const folder = temporaryFolder()
  const clock = createShiftedClock(folder, { wallMs: -47 * dayMs })
  const source = await startSource()
  const collector = await createCollector({ folder })
  const agent = createAgent({
    folder,
    name: 'balcony',
    yaml: yaml(source.url),
    broker: collector.broker,
    env: clock.env,
  })
  agent.start()
  await eventually('some readings wait', () => agent.rows() >= 10)
  // Set by hand, and wrong, before anybody said what time it is.
  clock.set({ wallMs: 200 * dayMs })
  await eventually('more readings wait', () => agent.rows() >= 20)
  await collector.start()
  await eventually('what waited is stored', async () => (await countReadings(collector)) >= 30)
  await eventually('the state tells of it', async () => {
    const { state, status, clockSource } = await deviceOf(collector)
    return (
      state === "the clock was set by the collector's time (off by 200 days)" &&
      status === 'live' &&
      clockSource === 'collector'
    )
  })
  for (const wallMs of [400 * dayMs, -100 * dayMs]) {
    const before = await countReadings(collector)
    clock.set({ wallMs })
    await eventually('readings go on', async () => (await countReadings(collector)) >= before + 10)
  }
  await agent.kill()
  const before = await countReadings(collector)
  agent.start()
  await eventually(
    'readings go on after a restart',
    async () => (await countReadings(collector)) >= before + 10,
  )
  clock.set({ wallMs: 0, synchronised: 'yes' })
  await eventually('the clock is right', async () => {
    const { clockSource, state } = await deviceOf(collector)
    return clockSource === 'system' && state === 'running'
  })
  await agent.stop()
  const accepted = agent.streams()
  expect(accepted).toHaveLength(1)
  agent.start()
  await eventually('everything is stored', () =>
    agent.streams().every(({ epoch, rows }) => epoch !== accepted[0]?.epoch || rows.length === 0),
  )
  await agent.stop()
  const entries = await entriesOf(collector)
  const numbers = entries.map(({ epoch, seq }) => `${epoch} ${seq}`)
  expect(new Set(numbers).size).toBe(numbers.length)
  expectRightTimes(entries, source.timeOf)
  expect(entries.filter((entry) => entry.quarantined)).toEqual([])
  const audit = await collector.audit()
  expect(audit.code, audit.stdout + audit.stderr).toBe(0)
  await collector.stop()
})

test('a boot that ended without anybody telling the time is stored as uncertain, in no window before its release', {
  timeout: 180_000,
}, async () => {
  const folder = temporaryFolder()
  const clock = createShiftedClock(folder, { wallMs: -300 * dayMs, boot: 'lost-boot', synchronised: 'no' })
  const source = await startSource()
  const collector = await createCollector({ folder })
  const agent = createAgent({
    folder,
    name: 'balcony',
    yaml: yaml(source.url),
    broker: collector.broker,
    env: clock.env,
  })
  agent.start()
  await eventually('some readings wait', () => agent.rows() >= 12)
  await agent.stop()
  const lost = agent.rows()
  clock.set({
    wallMs: -200 * dayMs,
    boot: 'next-boot',
    monotonicMs: 60_000 - Number(process.hrtime.bigint() / 1_000_000n),
  })
  agent.start()
  await eventually('new readings wait', () => agent.rows() >= lost + 5)
  await collector.start()
  await eventually('all of it is stored', async () => {
    const stored = await entriesOf(collector)
    return stored.filter(({ quarantined }) => quarantined).length >= lost && stored.length > lost + 10
  })
  await agent.stop()
  const entries = await entriesOf(collector)
  const uncertain = entries.filter(({ quarantined }) => quarantined !== undefined)
  expect(uncertain.map(({ quarantined }) => quarantined)).toEqual(
    Array.from({ length: lost }, () => 'time uncertain'),
  )
  expect(new Set(uncertain.map(({ epoch }) => epoch)).size).toBe(1)
  expectRightTimes(
    entries.filter(({ quarantined }) => quarantined === undefined),
    source.timeOf,
  )
  expect(await deviceOf(collector)).toMatchObject({ clock: 'synced', clockSource: 'collector' })

  const received = (): number =>
    [...comparableRollups(folder).values()]
      .filter(({ level }) => level === 'year')
      .reduce((sum, rollup) => sum + Number(rollup.received), 0)
  const readings = entries.filter(isReading)
  const uncertainReadings = uncertain.filter(isReading).length
  await eventually('windows hold what is certain', () => received() === readings.length - uncertainReadings)
  const released = await run(
    [
      collectorProgram,
      'release',
      '--device',
      'balcony',
      '--reason',
      'time uncertain',
      '--why',
      'a guess will do',
    ],
    collector.env,
  )
  expect(released.code, released.stdout + released.stderr).toBe(0)
  await eventually(
    'windows hold all of it',
    async () => received() === (await countReadings(collector)) && received() >= readings.length,
  )
  expect((await entriesOf(collector)).filter((entry) => entry.quarantined)).toEqual([])
  const audit = await collector.audit()
  expect(audit.code, audit.stdout + audit.stderr).toBe(0)
  await collector.stop()
})
