import { type Batch, partitionOf, type Site, type Status } from '@barograph/proto'
import { noteSpeaker } from './conflict.ts'
import type {
  DeviceDocument,
  Level,
  Position,
  SettingsDocument,
  StoredSettings,
  StoredSite,
} from './documents.ts'
import { isBefore } from './position.ts'
import { isRezoned, withSite } from './sites.ts'

/** A device's document in the form that the fold changes. */
export type Device = { -readonly [K in keyof DeviceDocument]: DeviceDocument[K] }

export function newDevice(device: string, partition: number, o: Position): Device {
  return {
    id: device,
    o,
    device,
    partition,
    sites: [],
    online: false,
    statusAt: 0,
    agentVersion: '',
    location: '',
    state: '',
    batteryPercent: null,
    sensors: [],
    primary: [],
    lastIngest: 0,
    clock: 'synced',
    sealedUntil: {},
    newestTime: null,
  }
}

/** See rollupFrom. */
export function deviceFrom(document: DeviceDocument): Device {
  return document as Device
}

/** A batch arrived: its site, its clock quality, and that the device is alive. */
export function noteBatch(
  device: Device,
  batch: Batch,
  { at, ingestMs, defaultTimeZone }: { at: Position; ingestMs: number; defaultTimeZone: string },
): void {
  if (batch.site) noteSite(device, batch.site, at, defaultTimeZone)
  for (const { times } of batch.runs) for (const time of times) noteTime(device, time)
  for (const { minutes } of batch.summaries) for (const { start } of minutes) noteTime(device, start)
  // A device that tells of its clock is believed: an uncertain batch may be of a boot that is long over.
  if (batch.runs.length > 0 && batch.clock !== 'historical' && !device.clockTold) device.clock = batch.clock
  if (isOfOperator(batch)) return
  device.lastIngest = ingestMs
  device.online = true
}

function noteTime(device: Device, time: number): void {
  if (device.newestTime !== undefined) device.newestTime = Math.max(device.newestTime ?? time, time)
}

/** A device says its site when it greets; a site alone was put into the log by a person. */
const isOfOperator = ({ site, hello, runs, summaries, lost, ended }: Batch): boolean =>
  site !== null && hello === null && runs.length + summaries.length + lost.length + ended.length === 0

function noteSite(device: Device, site: Site, at: Position, defaultTimeZone: string): void {
  const before = device.sites
  device.sites = withSite(before, site, at, device.sealedUntil)
  const newestTime = device.newestTime === undefined ? Number.MAX_SAFE_INTEGER : device.newestTime
  if (device.sites === before || newestTime === null) return
  if (isRezoned(before, device.sites, { defaultTimeZone, newestTime })) device.rezone = at
}

/** The last will says no more than that the device is gone; every other status replaces what was known. */
export function noteStatus(device: Device, status: Status, ingestMs: number): void {
  device.online = status.online
  device.statusAt = ingestMs
  noteSpeaker(device, status, ingestMs)
  if (status.sensors.length === 0 && !status.online) return
  device.agentVersion = status.agentVersion
  device.location = status.location
  device.state = status.state
  device.batteryPercent = status.batteryPercent
  device.sensors = status.sensors
  device.primary = status.primary
  device.clockTold = status.clock ?? null
  if (status.clock) device.clock = status.clock.source === 'none' ? 'uncertain' : 'synced'
  device.lastIngest = ingestMs
}

/** Windows of a level up to this end lost readings to retention: they keep the zone that they have. */
export function noteSealed(device: Device, level: Level, end: number): void {
  if ((device.sealedUntil[level] ?? Number.NEGATIVE_INFINITY) < end)
    device.sealedUntil = { ...device.sealedUntil, [level]: end }
}

/** Newest site that was known before this position or came with its record; 0: none. */
export function siteVersion(device: Device): number {
  return device.sites[device.sites.length - 1]?.version ?? 0
}

/** The sites that were known when the record at `at` was folded, with the one it brings: a document may be further. */
export function sitesAt(device: Device | null, brought: Site | null, at: Position): readonly StoredSite[] {
  const known = (device?.sites ?? []).filter((site) => !isBefore(at, site.at))
  const isHeld = device !== null && isBefore(at, device.o)
  return brought && !isHeld ? withSite(known, brought, at, device?.sealedUntil ?? {}) : known
}

/** What holds before any settings record. */
const builtIn = {
  defaultTimeZone: 'UTC',
  levels: ['10s', '1m', 'hour', 'day', 'week', 'month', 'year'],
} as const

/** What holds for a device; '': for the partition as it is now. */
export function settingsAt(
  settings: SettingsDocument | null,
  at: Position,
  device: string,
): { readonly defaultTimeZone: string; readonly levels: readonly string[] } {
  const known = settings?.history.filter((one) => !isBefore(at, one.at) && isOf(one, device))
  return known?.[known.length - 1] ?? builtIn
}

/** Positions of partitions that are no more say nothing of one another. */
const isOf = ({ of }: StoredSettings, device: string): boolean =>
  of === undefined || (device !== '' && partitionOf(device, of.partitions) === of.partition)
