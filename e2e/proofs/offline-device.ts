import { join } from 'node:path'
import { type Metric, metricByName } from '@barograph/proto'
import { openSqliteBuffer } from '../../agent/buffer/sqlite.ts'
import type { Entry } from '../../agent/core/buffer.ts'
import { createFakeClock } from '../../agent/core/fake-clock.ts'
import { silentLog } from '../../agent/core/log.ts'

/** A device that was offline, and samples on when it is back. */
export interface OfflineDevice {
  readonly device: string
  readonly sensors: readonly string[]
  /** Of the time offline: one reading of each sensor for each second. */
  readonly seconds: number
  /** Event time of the first reading. */
  readonly startMs: number
  /** The run of the agent that was offline. */
  readonly epoch: string
  readonly yaml: string
  readonly bufferPath: string
}

const site = {
  name: 'Far away',
  latitude: 40.69,
  longitude: -74.17,
  altitudeM: 5,
  timeZone: 'America/New_York',
}
const epoch = '0ff11e0ff11e0001'
/** Seconds that are committed together. */
const secondsPerCommit = 100

/** -20.000 to 40.000 degrees, in no order; the same for the same sensor and number. */
export function offlineThousandths(sensor: string, seq: number): number {
  let hash = 0
  for (const char of `${sensor} ${seq}`)
    hash = Math.imul(hash ^ char.charCodeAt(0), 0x9e3779b1) ^ (hash >>> 15)
  return ((hash >>> 0) % 60_000) - 20_000
}

/** Describes the device as it will be when it comes back at `nowMs`. */
export function offlineDevice(options: {
  readonly folder: string
  readonly seconds: number
  readonly sensors: number
  readonly backfillPerSecond: number
  readonly nowMs: number
}): OfflineDevice {
  const { folder, seconds, backfillPerSecond, nowMs } = options
  const sensors = Array.from({ length: options.sensors }, (_, i) => `sensor-${i + 1}`)
  const device = 'far-away'
  return {
    device,
    sensors,
    seconds,
    startMs: Math.floor(nowMs / 1000) * 1000 - (seconds + 2) * 1000,
    epoch,
    bufferPath: join(folder, `${device}.db`),
    yaml: `
device: ${device}
site: ${JSON.stringify(site)}
uplink: { backfillPerSecond: ${backfillPerSecond} }
sensors:
${sensors.map((id, i) => `  - { id: ${id}, type: simulated, intervalMs: 1000, seed: ${i + 1} }`).join('\n')}
`,
  }
}

/** Writes its buffer with the agent's own code and a clock that runs as fast as the disk can. */
export async function fillBuffer({
  device,
  sensors,
  seconds,
  startMs,
  bufferPath,
}: OfflineDevice): Promise<void> {
  const clock = createFakeClock(startMs)
  const metric = metricByName('temperature') as Metric
  const buffer = openSqliteBuffer({
    device,
    path: bufferPath,
    maxMb: 4_096,
    maxAgeDays: 90,
    commitIntervalMs: 200,
    whenFull: 'stop',
    epoch,
    boot: 'before-the-cut',
    site: JSON.stringify([site.name, site.latitude, site.longitude, site.altitudeM, site.timeZone]),
    clock,
    log: silentLog,
  })
  for (const sensor of sensors) buffer.register(sensor, { intervalMs: 1_000, historical: false })
  for (let second = 0; second < seconds; second += secondsPerCommit) {
    const count = Math.min(secondsPerCommit, seconds - second)
    const accepted = sensors.map((sensor) =>
      buffer.accept({
        sensor,
        entries: Array.from({ length: count }, (_, i): Entry => {
          const thousandths = offlineThousandths(sensor, second + i + 1)
          return {
            time: startMs + (second + i) * 1_000,
            monotonicMs: clock.monotonicMs() + i * 1_000,
            values: [{ metric, thousandths, flag: 0 }],
            mark: null,
          }
        }),
      }),
    )
    buffer.flush()
    await Promise.all(accepted)
    clock.stall(count * 1_000)
  }
  await buffer.close()
}
