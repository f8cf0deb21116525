import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { divideRounded, fromThousandths } from '@barograph/proto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openSqliteBuffer } from '../buffer/sqlite.ts'
import { createFakeClock, type FakeClock } from '../core/fake-clock.ts'
import { silentLog } from '../core/log.ts'
import { type FleetDeviceOptions, startFleetDevice } from './fleet-device.ts'
import { simulatedLoss } from './lossy-buffer.ts'
import { createFakeCollector, type FakeCollector } from './testing.ts'

const site = { name: 'Hall', latitude: 50, longitude: 8, altitudeM: 100, timeZone: 'UTC' }

let folder: string
let clock: FakeClock
let collector: FakeCollector
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'barograph-fleet-'))
  clock = createFakeClock()
  collector = createFakeCollector()
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function start(options: Partial<FleetDeviceOptions> = {}, database = 'buffer') {
  const buffer = openSqliteBuffer({
    device: 'sim-1',
    path: join(folder, `${database}.db`),
    maxMb: 100,
    maxAgeDays: 365,
    commitIntervalMs: 200,
    whenFull: 'stop',
    epoch: '0123456789abcdef',
    boot: 'x',
    site: 'x',
    clock,
    log: silentLog,
  })
  return startFleetDevice({
    device: 'sim-1',
    seed: 1,
    site,
    intervalMs: 500,
    latePercent: 0,
    duplicatePercent: 0,
    gapPercent: 0,
    keepWindows: true,
    buffer,
    uplink: collector,
    clock,
    log: silentLog,
    version: '0',
    ...options,
  })
}

type Device = ReturnType<typeof start>

/** Samples for a while, then drains. */
async function runFor(device: Device, ms: number): Promise<void> {
  await clock.pass(ms)
  device.finish()
  for (let i = 0; i < 60 && device.left() !== 0; i++) await clock.pass(500)
}

async function stop(device: Device): Promise<void> {
  const stopped = device.stop()
  await clock.pass(5_000)
  await stopped
}

/** The windows of 10 s, straight from what arrived. */
function windowsOf({ readings }: FakeCollector) {
  const groups = Map.groupBy(readings.values(), ({ timeMs }) => Math.floor(timeMs / 10_000) * 10_000)
  return [...groups]
    .sort(([a], [b]) => a - b)
    .map(([startMs, group]) => {
      const column = (name: string): number[] => group.map(({ values }) => values[name] ?? Number.NaN)
      const level = (name: string) => {
        const sumThousandths = column(name).reduce((a, b) => a + b, 0)
        return { sumThousandths, mean: fromThousandths(divideRounded(sumThousandths, group.length)) }
      }
      return {
        start: new Date(startMs).toISOString(),
        count: group.length,
        temperature: level('temperature'),
        humidity: level('humidity'),
        battery: {
          min: fromThousandths(Math.min(...column('battery'))),
          max: fromThousandths(Math.max(...column('battery'))),
        },
      }
    })
}

describe('a simulated device', () => {
  test('delivers a reading at every instant of its rate, and its ledger equals what arrived', async () => {
    const device = start()
    await runFor(device, 30_000)
    const ledger = device.ledger()
    await stop(device)
    expect(ledger).toMatchObject({
      accepted: 60,
      stored: 60,
      late: 0,
      doubled: 0,
      lost: 0,
      refused: 0,
      left: 0,
    })
    const times = [...collector.readings.values()].map(({ timeMs }) => timeMs).sort((a, b) => a - b)
    expect(times.every((time, i) => i === 0 || time - (times[i - 1] ?? 0) === 500)).toBe(true)
    expect(ledger.windows).toEqual(windowsOf(collector))
  })

  test('late, doubled and lost readings are in the ledger as the collector sees them', async () => {
    const device = start({ latePercent: 20, duplicatePercent: 30, gapPercent: 10 })
    await runFor(device, 60_000)
    const ledger = device.ledger()
    await stop(device)
    expect(ledger.accepted).toBe(120)
    expect(ledger.stored + ledger.lost).toBe(ledger.accepted)
    expect(ledger.left).toBe(0)
    for (const column of ['late', 'doubled', 'lost'] as const) expect(ledger[column]).toBeGreaterThan(0)
    expect(collector.repeats).toBe(ledger.doubled)
    const numbers = new Set(collector.lost.flatMap(({ firstSeq, lastSeq }) => [firstSeq, lastSeq]))
    expect([...numbers].every((seq) => !collector.readings.has(seq))).toBe(true)
    expect(new Set(collector.lost.map(({ cause }) => cause))).toEqual(new Set([simulatedLoss]))
    expect(ledger.windows).toEqual(windowsOf(collector))
  })

  test('late readings arrive after their window was over', async () => {
    const device = start({ latePercent: 100 })
    await clock.pass(14_000)
    expect(collector.readings.size).toBe(0)
    await runFor(device, 76_000)
    const { late, accepted } = device.ledger()
    await stop(device)
    expect(accepted).toBe(180)
    expect(late).toBeGreaterThan(120)
  })

  test('the same seed gives the same readings, another seed others', async () => {
    const readings = async (seed: number, database: string): Promise<unknown> => {
      collector = createFakeCollector()
      clock = createFakeClock()
      const device = start({ seed, latePercent: 10, gapPercent: 5 }, database)
      await runFor(device, 5_000)
      await stop(device)
      return [...collector.readings.values()].sort((a, b) => a.seq - b.seq)
    }
    const first = await readings(1, 'a')
    expect(await readings(1, 'b')).toEqual(first)
    expect(await readings(2, 'c')).not.toEqual(first)
  })

  test('what a silent collector did not store is left in the ledger', async () => {
    collector.silent = true
    const device = start()
    await runFor(device, 10_000)
    expect(device.left()).toBeGreaterThan(0)
    expect(device.ledger()).toMatchObject({ accepted: 20, stored: 0, left: 20 })
    await stop(device)
  })

  test('a machine that was asleep takes the missed instants too', async () => {
    const device = start()
    await clock.pass(2_000)
    clock.stall(10_000)
    await runFor(device, 2_000)
    const ledger = device.ledger()
    await stop(device)
    expect(ledger.accepted).toBe(28)
    expect(ledger.stored).toBe(28)
  })
})
