import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CodedError, epochFromBytes } from '@barograph/proto'
import { openSqliteBuffer } from '../buffer/sqlite.ts'
import { type Clock, sleep } from '../core/clock.ts'
import type { Log } from '../core/log.ts'
import { createMqttUplink } from '../uplink/mqtt.ts'
import { withDevice } from './device-log.ts'
import { type FleetDevice, startFleetDevice } from './fleet-device.ts'
import type { FleetOptions } from './fleet-options.ts'
import { intervalOf, seedOf, siteOf } from './fleet-place.ts'
import { serveFleet } from './http-server.ts'
import type { DeviceLedger } from './ledger.ts'

export interface FleetRun {
  readonly options: FleetOptions
  readonly keepWindows: boolean
  readonly version: string
  readonly clock: Clock
  readonly log: Log
  /** Progress for people. */
  say(line: string): void
  /** Aborts: no new readings, drain. */
  readonly stopSampling: AbortSignal
  /** Aborts: leave at once. */
  readonly giveUp: AbortSignal
}

/** Between looks at what is left, and between lines about it. */
const lookMs = 100
const sayMs = 2_000
/** Devices stopped at a time: each may say goodbye to the broker. */
const stopTogether = 100
const dayMs = 86_400_000

/** Runs a fleet until it is told to stop, then until all is stored; resolves to what each device did. */
export async function runFleet(run: FleetRun): Promise<DeviceLedger[]> {
  const { options, say } = run
  const folder = mkdtempSync(join(tmpdir(), 'barograph-fleet-'))
  const devices: FleetDevice[] = []
  try {
    for (let i = 1; i <= options.devices; i++) devices.push(startOne(run, folder, i))
    const http = options.http ? await serveFleet(devices, options.http) : null
    say(
      `${counted(options.devices, 'device')}, ${options.rate} readings/s each, to ${new URL(options.url).host}; Ctrl-C ends`,
    )
    if (http) say(`readings on ${http.url}/devices`)
    await waitForEnd(run)
    for (const device of devices) device.finish()
    await drain(run, devices)
    await http?.close()
    return devices.map((device) => device.ledger())
  } finally {
    for (let i = 0; i < devices.length; i += stopTogether)
      await Promise.all(devices.slice(i, i + stopTogether).map((device) => device.stop()))
    rmSync(folder, { recursive: true, force: true })
  }
}

async function waitForEnd({ options, clock, stopSampling }: FleetRun): Promise<void> {
  // A timer holds no more than 24 days.
  do await sleep(clock, options.durationMs ?? dayMs, stopSampling)
  while (options.durationMs === null && !stopSampling.aborted)
}

function startOne(
  { options, keepWindows, clock, log, version }: FleetRun,
  folder: string,
  number: number,
): FleetDevice {
  const device = `${options.prefix}-${number}`
  const site = siteOf(number)
  const intervalMs = intervalOf(options.rate)
  const own = withDevice(log, device)
  const buffer = openSqliteBuffer({
    device,
    path: join(folder, `${device}.db`),
    maxMb: 1_024,
    maxAgeDays: 365,
    commitIntervalMs: 200,
    whenFull: 'stop',
    epoch: epochFromBytes(randomBytes(8)),
    boot: folder,
    site: JSON.stringify(site),
    clock,
    log: own,
  })
  return startFleetDevice({
    device,
    seed: seedOf(options.seed, number),
    site,
    intervalMs,
    latePercent: options.late,
    duplicatePercent: options.duplicate,
    gapPercent: options.gap,
    keepWindows,
    buffer,
    uplink: createMqttUplink({ device, url: options.url, token: null, clock, random: Math.random }),
    clock,
    log: own,
    version,
  })
}

/** Waits until the collector has stored everything, at most as long as allowed. */
async function drain(
  { options, clock, say, giveUp }: FleetRun,
  devices: readonly FleetDevice[],
): Promise<void> {
  const startMs = clock.monotonicMs()
  let saidMs = startMs
  for (;;) {
    const lefts = devices.map((device) => device.left())
    if (lefts.every((left) => left === 0)) return
    const nowMs = clock.monotonicMs()
    if (giveUp.aborted || nowMs - startMs >= options.drainLimitMs) return
    if (nowMs - saidMs >= sayMs) {
      saidMs = nowMs
      const left = lefts.reduce<number>((sum, one) => sum + (one ?? 0), 0)
      say(`waiting until all is stored: ${left} entries left`)
    }
    await sleep(clock, lookMs, giveUp)
  }
}

/** Throws `not-stored` when some readings are not accounted for. */
export function assertStored(ledgers: readonly DeviceLedger[], { url, drainLimitMs }: FleetOptions): void {
  const behind = ledgers.filter(({ left }) => left > 0)
  if (behind.length === 0) return
  const left = behind.reduce((sum, one) => sum + one.left, 0)
  throw new CodedError(
    'not-stored',
    `not known to be stored: ${counted(left, 'reading')} of ${counted(behind.length, 'device')} (${behind
      .slice(0, 3)
      .map(({ device }) => device)
      .join(', ')}${behind.length > 3 ? ', ...' : ''})`,
    {
      hint: `is a collector storing what arrives at ${new URL(url).host}? --drain-limit waits longer than ${drainLimitMs / 1000} s`,
    },
  )
}

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`
