import type {
  ApiClock,
  ApiConflict,
  ApiDevice,
  ApiFault,
  ApiOrigin,
  ApiSensor,
  ApiSite,
  ApiStatus,
} from '@barograph/proto/api'
import {
  type DeviceDocument,
  type Level,
  levels,
  type StoredSensor,
  type StreamDocument,
} from '../../core/documents.ts'
import { conflictAt } from '../../core/conflict.ts'
import { formatTime } from '../../core/iso-time.ts'
import { metricNames, metricsOf } from '../../core/metric-names.ts'
import { primaryOf, sensorIds } from '../../core/primary.ts'
import { isKept } from '../../core/windows.ts'
import { valuesView } from './entries.ts'

/** Intervals without a reading after which a sensor is silent, and the least time for it. */
const silentIntervals = 3
const silentAfterMs = 30_000

/** A device catches up when a sensor's backlog holds this many readings and lasts this long at its interval. */
const backlogReadings = 20
const backlogMs = 30_000

const origins: readonly ApiOrigin[] = ['measured', 'modelled', 'simulated', 'replayed']
const clockSources = ['none', 'system', 'collector'] as const
const clocks: readonly ApiClock[] = ['synced', 'uncertain', 'historical']

/** A device as outsiders see it. `now`: the collector's clock, ms. */
export function deviceView(
  device: DeviceDocument,
  streams: readonly StreamDocument[],
  now: number,
): ApiDevice {
  const own = nowOf(device, streams, now)
  const newest = newestOf(streams)
  const sensors = sensorIds(device, streams).map((id) =>
    sensorView(
      id,
      device.sensors.find((one) => one.sensor === id) ?? null,
      streams.find((one) => one.sensor === id) ?? null,
      device,
      own,
    ),
  )
  const primary = primaryOf(device, sensors)
  return {
    id: device.device,
    site: siteView(device, own),
    sensors,
    primary,
    status: statusOf(device, sensors, streams, now),
    state: device.state,
    lastSeen: device.lastIngest > 0 ? formatTime(device.lastIngest) : null,
    newest: newest === null ? null : formatTime(newest),
    now: formatTime(own),
    lagMs: newest === null || isReplayed(device, streams) ? null : Math.max(0, now - newest),
    clock: clockOf(device),
    ...clockToldOf(device),
    backlog: sensors.reduce((sum, sensor) => sum + sensor.backlog, 0),
    online: device.online,
    agentVersion: device.agentVersion,
    location: device.location,
    batteryPercent: device.batteryPercent ?? measuredBattery(primary, sensors),
    partition: device.partition,
    conflict: conflictView(device, now),
  }
}

/** Of a device that reads its battery like a sensor, instead of telling it in its status. */
function measuredBattery(
  primary: Readonly<Record<string, string>>,
  sensors: readonly ApiSensor[],
): number | null {
  return sensors.find(({ id }) => id === primary['battery'])?.newest?.values['battery'] ?? null
}

/** The device's now, ms: the collector's clock, or the newest reading of a replayed device. */
export function nowOf(device: DeviceDocument, streams: readonly StreamDocument[], now: number): number {
  return isReplayed(device, streams) ? (newestOf(streams) ?? now) : now
}

function conflictView(device: DeviceDocument, now: number): ApiConflict | null {
  const conflict = conflictAt(device, now)
  if (!conflict) return null
  const { since, last, epochs } = conflict
  return {
    since: formatTime(since),
    last: formatTime(last),
    epochs: [...epochs],
    words: conflictWords(device),
  }
}

/** What two agents with one name mean, and the way out. */
export function conflictWords({ device }: Pick<DeviceDocument, 'device'>): string {
  return (
    `More than one agent runs under the name ${device}. Nothing is lost or mixed: each run has its own numbers. ` +
    'Give one of them another device: name in its agent.yaml, or stop it.'
  )
}

/** Why a device is in the state it is; see ApiStatus. */
export function statusOf(
  device: DeviceDocument,
  sensors: readonly Pick<ApiSensor, 'fault' | 'silent' | 'backlog' | 'intervalMs'>[],
  streams: readonly StreamDocument[],
  now: number,
): ApiStatus {
  if (isReplayed(device, streams)) return 'replayed'
  if (!device.online && device.statusAt > 0) return 'offline'
  if (device.clock === 'uncertain') return 'time-uncertain'
  if (sensors.some((sensor) => sensor.fault)) return 'sensor-fault'
  if (streams.length === 0) return now - device.lastIngest > silentAfterMs ? 'silent' : 'live'
  if (sensors.every((sensor) => sensor.silent)) return 'silent'
  return sensors.some(isCatchingUp) ? 'catching-up' : 'live'
}

function isCatchingUp({ backlog, intervalMs }: Pick<ApiSensor, 'backlog' | 'intervalMs'>): boolean {
  return backlog >= backlogReadings && (intervalMs === 0 || backlog * intervalMs >= backlogMs)
}

function isReplayed(device: DeviceDocument, streams: readonly StreamDocument[]): boolean {
  if (device.clock === 'historical') return true
  return (
    device.sensors.length > 0 &&
    device.sensors.every((sensor) => sensor.origin === 'replayed') &&
    streams.length > 0
  )
}

function newestOf(streams: readonly StreamDocument[]): number | null {
  let newest: number | null = null
  for (const { largestTime } of streams)
    if (largestTime !== null && (newest === null || largestTime > newest)) newest = largestTime
  return newest
}

function clockOf(device: DeviceDocument): ApiClock {
  const known = clocks.find((clock) => clock === device.clock) ?? 'synced'
  const isHistorical = device.sensors.length > 0 && device.sensors.every((s) => s.origin === 'replayed')
  return isHistorical ? 'historical' : known
}

function clockToldOf({
  clockTold,
}: DeviceDocument): Pick<ApiDevice, 'clockSource' | 'clockErrorMs' | 'clockOffMs'> {
  const source = clockSources.find((one) => one === clockTold?.source) ?? null
  if (!clockTold || source === null) return { clockSource: null, clockErrorMs: null, clockOffMs: 0 }
  return {
    clockSource: source,
    clockErrorMs: source === 'none' ? null : clockTold.errorMs,
    clockOffMs: clockTold.offMs,
  }
}

function sensorView(
  id: string,
  said: StoredSensor | null,
  stream: StreamDocument | null,
  device: DeviceDocument,
  now: number,
): ApiSensor {
  const intervalMs = stream?.intervalMs || said?.intervalMs || 0
  const latest = stream?.latest ?? null
  return {
    id,
    type: said?.type ?? '',
    origin: originOf(said, device),
    intervalMs,
    metrics: stream ? metricsOf(stream) : {},
    finestLevel: finestLevel(intervalMs),
    newest:
      stream && latest
        ? {
            time: formatTime(latest.time),
            ...valuesView(latest.values, metricNames(Object.keys(stream.metrics))),
          }
        : null,
    oldest: stream && stream.smallestTime !== null ? formatTime(stream.smallestTime) : null,
    fault: faultOf(said, stream),
    // Before its first reading it is as old as its start, or as what was last heard of its device.
    silent: isSilent(latest?.time ?? stream?.mark?.time ?? device.lastIngest, intervalMs, now),
    backlog: said?.backlog ?? 0,
    expiredBefore: Object.fromEntries(
      Object.entries(stream?.expiredBefore ?? {}).map(([level, time]) => [level, formatTime(time)]),
    ),
  }
}

function originOf(said: StoredSensor | null, device: DeviceDocument): ApiOrigin {
  return (
    origins.find((origin) => origin === said?.origin) ??
    (device.clock === 'historical' ? 'replayed' : 'measured')
  )
}

function isSilent(newest: number, intervalMs: number, now: number): boolean {
  return now - newest > Math.max(silentIntervals * intervalMs, silentAfterMs)
}

/** The fault that lasts: told by an entry or by the status, and no reading since. */
function faultOf(said: StoredSensor | null, stream: StreamDocument | null): ApiFault | null {
  const newest = stream?.latest?.time ?? Number.NEGATIVE_INFINITY
  const mark = stream?.mark
  if (mark && mark.kind === 'fault' && mark.time > newest)
    return { code: mark.code, detail: mark.detail, since: formatTime(mark.time) }
  const fault = said?.fault
  if (!fault || newest > fault.since) return null
  return { code: fault.code, detail: fault.detail, since: formatTime(fault.since) }
}

/** The finest level whose windows hold a reading at this interval. */
export function finestLevel(intervalMs: number): Level {
  return levels.find((level) => isKept(level, intervalMs)) ?? 'year'
}

function siteView(device: DeviceDocument, now: number): ApiSite | null {
  const site = device.sites.findLast((one) => one.validFrom <= now) ?? device.sites[0]
  if (!site) return null
  const { name, latitude, longitude, altitudeM, timeZone } = site
  return { name, latitude, longitude, altitudeM, timeZone }
}
