import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { epochFromBytes, sizeOf } from '@barograph/proto'
import { openSqliteBuffer } from '../../buffer/sqlite.ts'
import { startAgent } from '../../core/agent.ts'
import type { Clock } from '../../core/clock.ts'
import type { Log } from '../../core/log.ts'
import { createMqttUplink } from '../../uplink/mqtt.ts'
import { createDailySensor, dailyMetrics, daysDone } from './sensor.ts'
import { dayMs, type Station } from './stations.ts'

/** One station: an agent of its own, with its own connection, whose buffer stays when the program ends. */
export interface StationAgent {
  readonly station: Station
  /** Days in the buffer of this folder when it was opened, whether they are stored or wait. */
  readonly before: number
  /** Days that the buffer has taken, of these. */
  taken(): number
  /** Entries that the collector has not stored. */
  left(): number
  /** All days are taken and stored. */
  isDone(): boolean
  /** Connects and begins. */
  start(): void
  /** Leaves everything so that another run goes on. */
  stop(): Promise<void>
}

export interface StationOptions {
  readonly station: Station
  readonly folder: string
  readonly url: string
  readonly fromMs: number
  readonly days: number
  readonly rate: number | null
  readonly clock: Clock
  readonly log: Log
  readonly version: string
}

const sensorId = 'daily'

/** History in large batches: nobody looks at it live, so a commit and a message take as much as they can. */
const commitIntervalMs = 50
const shipping = {
  lingerMs: 0,
  maxBatchEntries: 2_000,
  backfillPerSecond: 1_000_000,
  creditEntries: 100_000,
}

/** Opens the station's buffer. Throws coded errors: the folder is not usable, in use, or of another simulation. */
export function openStation(options: StationOptions): StationAgent {
  const { station, folder, url, days, clock, log, version } = options
  const { device, site } = station
  const buffer = openSqliteBuffer({
    device,
    path: join(folder, `${device}.db`),
    maxMb: 4_096,
    maxAgeDays: 365,
    commitIntervalMs,
    whenFull: 'stop',
    epoch: epochFromBytes(randomBytes(8)),
    boot: folder,
    site: JSON.stringify(site),
    clock,
    log,
  })
  let agent: ReturnType<typeof startAgent> | null = null
  let hasStopped = false
  const taken = (): number => daysDone(buffer.position(sensorId), options)
  const before = closeOnError(taken, () => void buffer.close())
  const isBegun = before < days
  buffer.subscribe({
    committed(stream, _first, last) {
      hasStopped ||= buffer.read(stream, last, last)[0]?.mark?.kind === 'stop'
    },
    dropped() {},
    troubled() {},
  })
  const left = (): number =>
    buffer.streams().reduce((sum, { rows, lost }) => sum + sizeOf(rows) + lost.length, 0)

  return {
    station,
    before: Math.min(before, days),
    taken: () => Math.min(taken(), days),
    left,
    isDone: () => taken() >= days && left() === 0 && (hasStopped || !isBegun),
    start() {
      agent ??= startAgent({
        device,
        site,
        sensors: [
          {
            id: sensorId,
            type: 'simulated',
            intervalMs: dayMs,
            sensor: createDailySensor({ ...options, waiting: left }),
          },
        ],
        primary: dailyMetrics.map((metric) => ({ metric, sensor: sensorId })),
        shipping,
        buffer,
        uplink: createMqttUplink({ device, url, token: null, clock, random: Math.random }),
        clock,
        log,
        version,
      })
    },
    stop: async () => (agent ? agent.stop() : buffer.close()),
  }
}

function closeOnError<T>(work: () => T, close: () => void): T {
  try {
    return work()
  } catch (error) {
    close()
    throw error
  }
}
