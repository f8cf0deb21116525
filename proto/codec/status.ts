import type { Unknowns } from '../batch.ts'
import type { barograph } from '../generated/barograph.js'
import { CodedError } from '../errors.ts'
import { type Epoch, epochFromBytes, epochToBytes } from '../identity.ts'
import { limits } from '../limits.ts'
import {
  atMost,
  cut,
  giveUnknowns,
  id,
  keepUnknowns,
  readMessage,
  text,
  time,
  v1,
  whole,
  writeMessage,
} from './wire.ts'

/** Where a sensor's readings come from: the page says so wherever it shows them. */
export type Origin = 'measured' | 'modelled' | 'simulated' | 'replayed'

const origins: readonly string[] = ['measured', 'modelled', 'simulated', 'replayed'] satisfies Origin[]

/** What a device says of itself; the last will of its connection says only that it is offline. */
export interface Status extends Unknowns {
  readonly online: boolean
  /** When it was said, ms since 1970 by the device's clock. */
  readonly time: number
  readonly agentVersion: string
  readonly location: string
  /** In words for a person. */
  readonly state: string
  readonly batteryPercent: number | null
  readonly sensors: readonly SensorStatus[]
  /** For each metric the sensor that speaks for the device. */
  readonly primary: readonly { readonly metric: string; readonly sensor: string }[]
  /** What the device knows of the time; absent: it does not tell. */
  readonly clock?: ClockStatus | undefined
}

/** Who set a device's clock, and how well. */
export interface ClockStatus {
  /** none: what the clock stamps waits in the device. system: the machine itself, by NTP. collector: a receipt. */
  readonly source: 'none' | 'system' | 'collector'
  /** Times are right within plus or minus this, ms. */
  readonly errorMs: number
  /** How far the machine's own clock is ahead of the times that the device stamps, ms; 0: that clock is used. */
  readonly offMs: number
}

const clockSources: readonly ClockStatus['source'][] = ['none', 'system', 'collector']

export interface SensorStatus {
  readonly sensor: string
  readonly type: string
  readonly intervalMs: number
  readonly origin: Origin
  readonly epoch: Epoch
  /** Last sequence number accepted in this epoch; 0: none yet. */
  readonly accepted: number
  /** Rows not yet stored, all epochs. */
  readonly backlog: number
  readonly fault: { readonly code: string; readonly detail: string; readonly since: number } | null
}

type Wire = barograph.v1.Status.$Properties

export const offlineStatus: Status = {
  online: false,
  time: 0,
  agentVersion: '',
  location: '',
  state: '',
  batteryPercent: null,
  sensors: [],
  primary: [],
}

export function decodeStatus(bytes: Uint8Array): Status {
  const wire = readMessage<Wire>(v1.Status, bytes, 'status')
  atMost(wire.sensors?.length ?? 0, limits.partsPerBatch, 'sensors')
  atMost(wire.primary?.length ?? 0, limits.columnsPerRun, 'primary sensors')
  const battery = wire.batteryPercent ?? 0
  if (battery < 0 || battery > 101) throw new CodedError('malformed', `a battery of ${battery - 1} %`)
  return {
    online: wire.online ?? false,
    time: time(wire.time, 'time'),
    agentVersion: text(wire.agentVersion, 'agent version'),
    location: text(wire.location, 'location'),
    state: text(wire.state, 'state'),
    batteryPercent: battery > 0 ? battery - 1 : null,
    sensors: (wire.sensors ?? []).map(readSensor),
    primary: (wire.primary ?? []).map((one) => ({
      metric: text(one.metric, 'metric'),
      sensor: id(one.sensor, 'sensor'),
    })),
    ...(wire.clock ? { clock: readClock(wire.clock) } : {}),
    ...keepUnknowns(wire),
  }
}

export function encodeStatus(status: Status): Uint8Array {
  const { batteryPercent, clock, unknowns: _, ...plain } = status
  return writeMessage<Wire>(v1.Status, {
    ...plain,
    version: limits.version,
    location: cut(status.location),
    state: cut(status.state),
    batteryPercent: batteryPercent === null ? 0 : Math.round(batteryPercent) + 1,
    sensors: status.sensors.map(({ fault, epoch, ...sensor }) => ({
      ...sensor,
      epoch: epochToBytes(epoch),
      ...(fault ? { faultCode: fault.code, faultDetail: cut(fault.detail), faultSince: fault.since } : {}),
    })),
    primary: status.primary.map((one) => ({ ...one })),
    ...(clock
      ? {
          clock: {
            source: clockSources.indexOf(clock.source),
            errorMs: Math.round(clock.errorMs),
            offMs: Math.round(clock.offMs),
          },
        }
      : {}),
    ...giveUnknowns(status),
  })
}

function readClock(wire: barograph.v1.ClockStatus.$Properties): ClockStatus {
  const errorMs = whole(wire.errorMs, 'clock error')
  const offMs = whole(wire.offMs, 'clock difference')
  // A source that only a newer device knows is one.
  return { source: clockSources[wire.source ?? 0] ?? 'system', errorMs, offMs }
}

function readSensor(wire: barograph.v1.SensorStatus.$Properties): SensorStatus {
  const origin = wire.origin ?? ''
  const accepted = whole(wire.accepted, 'accepted')
  const backlog = whole(wire.backlog, 'backlog')
  if (accepted < 0 || backlog < 0 || accepted >= limits.sequence)
    throw new CodedError('malformed', 'a status with impossible counts')
  const since = time(wire.faultSince, 'fault since')
  return {
    sensor: id(wire.sensor, 'sensor'),
    type: text(wire.type, 'sensor type'),
    intervalMs: wire.intervalMs ?? 0,
    origin: origins.includes(origin) ? (origin as Origin) : 'measured',
    epoch: epochFromBytes(wire.epoch ?? new Uint8Array()),
    accepted,
    backlog,
    fault: wire.faultCode
      ? { code: text(wire.faultCode, 'fault'), detail: text(wire.faultDetail, 'fault'), since }
      : null,
  }
}
