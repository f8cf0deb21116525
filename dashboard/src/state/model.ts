import type {
  ApiAudit,
  ApiDelivery,
  ApiDevice,
  ApiEntry,
  ApiReadiness,
  ApiSession,
  LiveFrame,
} from '@barograph/proto/api'
import type { LiveState } from '../api/live.ts'

/** A request that failed and has not been repeated successfully. */
export interface Trouble {
  /** What could not be read: "the year", "the list of devices". */
  readonly what: string
  readonly detail: string
  readonly code: string
}

/** All that the page knows. */
export interface Model {
  live: LiveState
  /** When anything last came over the live connection, local clock; null: nothing yet. */
  heardAt: number | null
  /** The collector's clock minus the local one, ms. */
  aheadMs: number
  /** By id; null: not told yet. */
  devices: Map<string, ApiDevice> | null
  /** True once the list of all devices was read. */
  isListed: boolean
  /** Who is signed in; null: not told yet. */
  session: ApiSession | null
  readiness: ApiReadiness | null
  delivery: { readonly total: ApiDelivery; readonly devices: ReadonlyMap<string, ApiDelivery> } | null
  /** The last audit of the store; null: none is known. */
  audit: ApiAudit | null
  troubles: Map<string, Trouble>
}

/** A model before anything was heard. */
export function createModel(): Model {
  return {
    live: { phase: 'connecting' },
    heardAt: null,
    aheadMs: 0,
    devices: null,
    isListed: false,
    session: null,
    readiness: null,
    delivery: null,
    audit: null,
    troubles: new Map(),
  }
}

/** Forgets what only those may see who are signed in. */
export function forgetReadings(model: Model): void {
  const { live, aheadMs, session } = model
  Object.assign(model, createModel(), { live, aheadMs, session })
}

/** Takes a frame into the model. True: something may have been missed, so what was read before must be read again. */
export function takeFrame(model: Model, frame: LiveFrame, localNow: number): boolean {
  if (frame.type === 'error') return false
  model.heardAt = localNow
  model.aheadMs = Date.parse(frame.now) - localNow
  if (frame.type === 'snapshot' || frame.type === 'changes') takeDevices(model, frame.devices)
  if (frame.type === 'readings') for (const entry of frame.readings) takeEntry(model, entry)
  return frame.type === 'snapshot'
}

/** Takes devices as they are now. */
export function takeDevices(model: Model, devices: readonly ApiDevice[]): void {
  const known = (model.devices ??= new Map())
  for (const device of devices) known.set(device.id, keepNewest(device, known.get(device.id)))
}

/** Readings arrive before they are stored: what is stored may be older than what the pen has written. */
function keepNewest(device: ApiDevice, known: ApiDevice | undefined): ApiDevice {
  if (!known) return device
  const sensors = device.sensors.map((sensor) => {
    const before = known.sensors.find(({ id }) => id === sensor.id)?.newest
    const isNewer = before && (!sensor.newest || before.time > sensor.newest.time)
    return isNewer ? { ...sensor, newest: before } : sensor
  })
  return { ...device, sensors }
}

function takeEntry(model: Model, entry: { device: string; sensor: string } & ApiEntry): void {
  if (entry.kind !== 'reading' || entry.quarantined !== undefined) return
  const device = model.devices?.get(entry.device)
  const sensor = device?.sensors.find(({ id }) => id === entry.sensor)
  if (!device || !sensor) return
  if (sensor.newest && Date.parse(sensor.newest.time) >= Date.parse(entry.time)) return
  sensor.newest = { time: entry.time, values: entry.values, ...(entry.flags ? { flags: entry.flags } : {}) }
  device.newest = entry.time
}

/** A device's now: the collector's clock, or its own newest reading when it is replayed. */
export function nowOf(model: Model, device: ApiDevice | null, localNow: number): number {
  if (device && isReplayed(device)) {
    const newest = device.sensors.map(({ newest: reading }) => (reading ? Date.parse(reading.time) : 0))
    return Math.max(Date.parse(device.now), ...newest)
  }
  // Without a connection nothing is known of later than this.
  const until =
    model.live.phase === 'waiting' ? Math.min(localNow, model.heardAt ?? model.live.lostAt) : localNow
  return until + model.aheadMs
}

/** True when a device's data has its own now. */
export function isReplayed(device: ApiDevice): boolean {
  return device.status === 'replayed' || device.clock === 'historical'
}

/** "replayed" or "simulated" when a device's weather is not of here and now; null otherwise. */
export function originWord(device: ApiDevice): 'replayed' | 'simulated' | null {
  if (isReplayed(device)) return 'replayed'
  if (device.sensors.length > 0 && device.sensors.every(({ origin }) => origin === 'simulated'))
    return 'simulated'
  return null
}
