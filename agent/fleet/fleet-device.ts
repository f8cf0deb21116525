import { emptySet, rangeOf, type RangeSet, sizeOf, union } from '@barograph/proto'
import { startAgent } from '../core/agent.ts'
import type { Buffer } from '../core/buffer.ts'
import type { Clock } from '../core/clock.ts'
import type { Log } from '../core/log.ts'
import type { SiteConfig } from '../core/sensor-type.ts'
import type { Uplink } from '../core/uplink.ts'
import { hashUnit } from '../sensors/simulated/noise.ts'
import { createDoublingUplink } from './doubling-uplink.ts'
import { createFleetSensor, type FleetReading, fleetMetrics } from './fleet-sensor.ts'
import { createLedger, type DeviceLedger, windowMs } from './ledger.ts'
import { createLossyBuffer } from './lossy-buffer.ts'

/** One simulated device: an agent of its own, with its own connection. */
export interface FleetDevice {
  readonly device: string
  readonly location: string
  latest(): FleetReading | null
  /** No new readings from now on; what is there is still sent. */
  finish(): void
  /** Entries and losses that the collector has not stored; null: it has not finished sampling. */
  left(): number | null
  ledger(): DeviceLedger
  stop(): Promise<void>
}

export interface FleetDeviceOptions {
  readonly device: string
  readonly seed: number
  readonly site: SiteConfig
  readonly intervalMs: number
  readonly latePercent: number
  readonly duplicatePercent: number
  readonly gapPercent: number
  readonly keepWindows: boolean
  readonly buffer: Buffer
  readonly uplink: Uplink
  readonly clock: Clock
  readonly log: Log
  readonly version: string
}

const sensorId = 'sim'
const channel = { gap: 21, duplicate: 22 }

/** What the agent of a simulated device does not get from a configuration: the defaults of one. */
const shipping = { lingerMs: 0, maxBatchEntries: 500, backfillPerSecond: 5_000, creditEntries: 10_000 }

/** Starts a device on the parts of a real agent; losses and doubles happen in layers around buffer and uplink. */
export function startFleetDevice(options: FleetDeviceOptions): FleetDevice {
  const { device, seed, site, clock, intervalMs } = options
  const source = createFleetSensor({ seed, place: site, intervalMs, latePercent: options.latePercent, clock })
  const lossy = createLossyBuffer(
    options.buffer,
    (_stream, seq) => hashUnit(seed, channel.gap, seq) * 100 < options.gapPercent,
  )
  const ledger = createLedger({ keepWindows: options.keepWindows })
  let isFinished = false
  const buffer: Buffer = {
    ...lossy,
    get site() {
      return lossy.site
    },
    get trouble() {
      return lossy.trouble
    },
    settle(settlement) {
      const refused = settlement.refused.reduce<RangeSet>(
        (set, { firstSeq, lastSeq }) => union(set, rangeOf(firstSeq, lastSeq)),
        emptySet,
      )
      ledger.settle(settlement.stored, refused)
      lossy.settle(settlement)
    },
  }
  const isLate = (timeMs: number): boolean =>
    source.isHeldBack(timeMs) && (Math.floor(timeMs / windowMs) + 1) * windowMs <= clock.now()
  lossy.subscribe({
    committed(stream, firstSeq, lastSeq) {
      const entries = options.buffer.read(stream, firstSeq, lastSeq)
      ledger.accept(entries, lossy.lost(stream), isLate)
      if (entries.some(({ mark }) => mark?.kind === 'stop')) isFinished = true
    },
    dropped() {},
    troubled() {},
  })
  const uplink = createDoublingUplink(
    options.uplink,
    (batch) => hashUnit(seed, channel.duplicate, batch) * 100 < options.duplicatePercent,
  )
  const agent = startAgent({
    device,
    site,
    sensors: [{ id: sensorId, type: 'simulated', intervalMs, sensor: source.sensor }],
    primary: fleetMetrics.map((metric) => ({ metric, sensor: sensorId })),
    shipping,
    buffer,
    uplink,
    clock,
    log: options.log,
    version: options.version,
  })
  return {
    device,
    location: site.name,
    latest: source.latest,
    finish: source.finish,
    left: () => (isFinished ? countLeft(lossy) : null),
    ledger: () => ledger.report({ device, epoch: options.buffer.epoch, doubled: uplink.doubled() }),
    stop: () => agent.stop(),
  }
}

const countLeft = (buffer: Buffer): number =>
  buffer.streams().reduce((sum, { rows, lost }) => sum + sizeOf(rows) + lost.length, 0)
