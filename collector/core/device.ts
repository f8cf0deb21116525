import type { Batch, Site, Status } from '@barograph/proto'
import { noteSpeaker } from './conflict.ts'
import type { DeviceDocument, Level, Position, SettingsDocument, StoredSite } from './documents.ts'
import { isBefore, isSame } from './position.ts'

/** A device's document in the form that the fold changes. */
export type Device = { -readonly [K in keyof DeviceDocument]: DeviceDocument[K] }

/** Sites that one device keeps: a station moves now and then, not daily. The oldest go first. */
const sitesPerDevice = 200

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
  }
}

/** See rollupFrom. */
export function deviceFrom(document: DeviceDocument): Device {
  return document as Device
}

/** A batch arrived: its site, its clock quality, and that the device is alive. */
export function noteBatch(device: Device, batch: Batch, at: Position, ingestMs: number): void {
  if (batch.site) addSite(device, batch.site, at)
  // A device that tells of its clock is believed: an uncertain batch may be of a boot that is long over.
  if (batch.runs.length > 0 && batch.clock !== 'historical' && !device.clockTold) device.clock = batch.clock
  device.lastIngest = ingestMs
  device.online = true
}

function addSite(device: Device, { unknowns: _, ...site }: Site, at: Position): void {
  if (device.sites.some((known) => known.version === site.version)) return
  device.sites = [...device.sites, { at, ...site }]
    .sort((a, b) => a.version - b.version)
    .slice(-sitesPerDevice)
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
export function sitesAt(
  device: Device | null,
  brought: Site | null,
  at: Position,
): readonly Pick<StoredSite, 'version' | 'validFrom' | 'timeZone'>[] {
  const known = (device?.sites ?? []).filter((site) => !isBefore(at, site.at))
  if (!brought || known.some((site) => site.version === brought.version)) return known
  return [...known, brought].sort((a, b) => a.version - b.version)
}

/** The zone that an event time is local to: of the newest site valid by then, or of the first; null without a site. */
export function timeZoneOf(sites: ReturnType<typeof sitesAt>, time: number): string | null {
  return (sites.findLast((site) => site.validFrom <= time) ?? sites[0])?.timeZone ?? null
}

/** What holds before any settings record. */
const builtIn = {
  defaultTimeZone: 'UTC',
  levels: ['10s', '1m', 'hour', 'day', 'week', 'month', 'year'],
} as const

export function settingsAt(
  settings: SettingsDocument | null,
  at: Position,
): { readonly defaultTimeZone: string; readonly levels: readonly string[] } {
  const known = settings?.history.filter((one) => isBefore(one.at, at) || isSame(one.at, at))
  return known?.[known.length - 1] ?? builtIn
}
