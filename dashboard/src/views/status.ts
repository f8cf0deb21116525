import type { ApiDelivery, ApiDevice, ApiSensor, ApiStatus } from '@barograph/proto/api'
import type { LiveState } from '../api/live.ts'
import { count, counted, position, withUnit } from '../measure/format.ts'
import { isReplayed, originWord } from '../state/model.ts'
import { age, clock, fullDate, moment, span } from '../time/words.ts'
import type { Zone } from '../time/zone.ts'
import type { ShapeName } from './shapes.ts'

/** A status in words and its shape. */
export interface StatusWords {
  readonly word: string
  readonly shape: ShapeName
  /** Lower comes first in the fleet: needs a look. */
  readonly rank: number
}

/** Every status, in words. */
export const statusWords: Readonly<Record<ApiStatus, StatusWords>> = {
  'sensor-fault': { word: 'sensor fault', shape: 'triangle', rank: 0 },
  offline: { word: 'offline', shape: 'open', rank: 1 },
  silent: { word: 'silent', shape: 'open', rank: 2 },
  'time-uncertain': { word: 'time uncertain', shape: 'diamond', rank: 3 },
  'catching-up': { word: 'catching up', shape: 'half', rank: 4 },
  live: { word: 'live', shape: 'live', rank: 5 },
  replayed: { word: 'replayed', shape: 'live', rank: 5 },
}

/** What a device's row says: of two agents with one name before all else. */
export function statusOf({ status, conflict }: ApiDevice): StatusWords {
  return conflict ? { ...statusWords[status], word: 'two agents', rank: 0 } : statusWords[status]
}

/** The name a device goes by. */
export function nameOf(device: ApiDevice): string {
  return device.site?.name || device.id
}

const names = new Intl.Collator('en-GB', { numeric: true })

/** By name, Simulated 2 before Simulated 10. */
export const compareNames = (a: ApiDevice, b: ApiDevice): number => names.compare(nameOf(a), nameOf(b))

/** The state line: a shape, one bold word and a sentence. */
export interface StateLine {
  readonly shape: ShapeName | null
  readonly strong: string
  readonly rest: string
}

/** What a device's state line says. */
export function stateLine(device: ApiDevice, now: number, zone: Zone): StateLine {
  const newest = newestTime(device)
  const { shape } = statusWords[device.status]
  const tail = tailOf(device)
  const old = newest === null ? 'no reading yet' : `reading ${age(newest, now, zone)}`
  const line = (strong: string, rest: string): StateLine => ({ shape, strong, rest: rest + tail })
  if (isReplayed(device))
    return line(
      'Replayed',
      newest === null
        ? ', no reading yet.'
        : `, its newest reading is its now: ${fullDate(zone.dayOf(newest))}, ${clock(newest, zone)}.`,
    )
  switch (device.status) {
    case 'sensor-fault': {
      const broken = device.sensors.filter(({ fault }) => fault)
      const since = broken[0]?.fault ? ` since ${moment(Date.parse(broken[0].fault.since), now, zone)}` : ''
      return line(`Sensor fault: ${broken.map(({ id }) => id).join(', ')}`, `${since}. ${capital(old)}.`)
    }
    case 'offline':
      return line(
        'Offline',
        `, ${device.lastSeen ? `last heard of ${agoWords(Date.parse(device.lastSeen), now, zone)}` : 'never heard of'}.`,
      )
    case 'silent':
      return line(
        'Silent',
        `, ${old}, last heard of ${device.lastSeen ? agoWords(Date.parse(device.lastSeen), now, zone) : 'never'}.`,
      )
    case 'time-uncertain':
      return line(
        'Time uncertain',
        `, ${old}. Its clock has not been set since it started${device.clockSource === 'none' ? ': what it measures waits in it' : ''}.`,
      )
    case 'catching-up':
      return line('Catching up', `, ${old}. Sends its buffer: ${counted(device.backlog, 'reading')} to go.`)
    case 'replayed':
    case 'live':
      return line('Live', `, ${old}. ${sensorsWords(device)}.`)
  }
}

function agoWords(time: number, now: number, zone: Zone): string {
  return now - time >= 48 * 3_600_000 ? moment(time, now, zone) : `${span(now - time)} ago`
}

function sensorsWords(device: ApiDevice): string {
  const healthy = device.sensors.length === 1 ? 'Sensor healthy' : 'Sensors healthy'
  if (device.clock !== 'synced') return healthy
  const { clockSource, clockOffMs } = device
  if (clockOffMs === 0) return `${healthy}, clock synced`
  return clockSource === 'collector'
    ? `${healthy}, clock set by the collector's time (its own is ${span(Math.abs(clockOffMs))} off)`
    : `${healthy}, clock jumped by ${span(Math.abs(clockOffMs))}, its readings go on by the time before`
}

/** What an agent that is well says of itself. */
const plainStates: readonly string[] = ['', 'running', 'stopped']

/** How and where the source says that it is; an unset clock has a line of its own. */
function saidOf({ state, location, site, status }: ApiDevice): string {
  const isPlain = plainStates.includes(state) || status === 'time-uncertain'
  return [
    isPlain ? '' : ` State: ${ended(state)}`,
    location === '' || location === site?.name ? '' : ` Location: ${ended(location)}`,
  ].join('')
}

const ended = (words: string): string => (/[.!?]$/.test(words) ? words : `${words}.`)

function tailOf(device: ApiDevice): string {
  const { batteryPercent, site, sensors } = device
  const volts = sensors
    .map(({ newest }) => newest?.values['batteryVoltage'])
    .find((value) => value !== undefined)
  const battery =
    batteryPercent === null
      ? ''
      : ` Battery ${withUnit(String(Math.round(batteryPercent)), '%')}${volts ? ` (${withUnit(volts.toFixed(2), 'V')})` : ''}.`
  return `${battery}${saidOf(device)}${site ? ` ${position(site.latitude, site.longitude, site.altitudeM)}` : ''}`
}

/** Time of the newest reading of any sensor. */
export function newestTime(device: ApiDevice): number | null {
  const times = device.sensors.flatMap(({ newest }) => (newest ? [Date.parse(newest.time)] : []))
  return times.length ? Math.max(...times) : null
}

/** Time of the first reading of any sensor. */
export function oldestTime(device: ApiDevice): number | null {
  const times = device.sensors.flatMap(({ oldest }) => (oldest ? [Date.parse(oldest)] : []))
  return times.length ? Math.min(...times) : null
}

/** No reading for three intervals: the words for the notice; null: all is well or there is nothing to wait for. */
export function staleWords(
  device: ApiDevice,
  now: number,
  zone: Zone,
): { mark: string; rest: string } | null {
  if (isReplayed(device) || device.status === 'sensor-fault' || device.status === 'catching-up') return null
  const newest = newestTime(device)
  const intervals = device.sensors.map(({ intervalMs }) => intervalMs).filter((ms) => ms > 0)
  if (newest === null || intervals.length === 0) return null
  const shortest = Math.min(...intervals)
  if (now - newest <= Math.max(3 * shortest, 30_000)) return null
  const expected = `Expected every ${span(shortest)}.`
  const why = device.online
    ? 'The device is connected, its sensor is not answering.'
    : 'The device is not connected: it keeps what it measures and sends it when it is back.'
  return {
    mark: `Last reading ${agoWords(newest, now, zone)}`,
    rest: `${expected} ${why} Figures below are as of ${moment(newest, now, zone)}.`,
  }
}

/** Two agents with one name, as a notice says it; null: there is one. */
export function conflictWords(
  { id, conflict }: ApiDevice,
  now: number,
  zone: Zone,
): { mark: string; rest: string } | null {
  if (!conflict) return null
  const since = moment(Date.parse(conflict.since), now, zone)
  return {
    mark: `Two agents run as ${id}`,
    rest: `Since ${since} they take the connection from each other. Nothing is lost or mixed: each run has its own numbers. Give one of them another device: name in its agent.yaml, or stop it.`,
  }
}

/** Readings that wait for an operator, as a notice says it; null: none do. */
export function quarantineWords(delivery: ApiDelivery | null): { mark: string; rest: string } | null {
  if (!delivery || delivery.quarantined === 0) return null
  return {
    mark: `${counted(delivery.quarantined, 'reading')} in quarantine`,
    rest: `${capital(quarantineReasons(delivery))}. Stored and counted, but in no figure until released: barograph-collector release.`,
  }
}

/** Why readings are in quarantine: "time uncertain", or with counts where there is more than one reason. */
export function quarantineReasons({ quarantine }: Pick<ApiDelivery, 'quarantine'>): string {
  const reasons = Object.entries(quarantine).filter(([, number]) => number > 0)
  const words = (reason: string) => (reason === 'in the future' ? 'time in the future' : reason)
  if (reasons.length <= 1) return reasons.map(([reason]) => words(reason)).join('')
  return reasons.map(([reason, number]) => `${count(number)} ${words(reason)}`).join(', ')
}

/** The faults of a device, as a notice says them. */
export function faultWords(
  device: ApiDevice,
  now: number,
  zone: Zone,
): { mark: string; rest: string } | null {
  const broken = device.sensors.find(({ fault }) => fault !== null)
  if (!broken?.fault) return null
  const { code, detail, since } = broken.fault
  const start = Date.parse(since)
  const reason = detail || code.replaceAll('-', ' ')
  return {
    mark: `Sensor ${broken.id}: fault`,
    rest: `${capital(reason)}${/[.!?]$/.test(reason) ? '' : '.'} Since ${moment(start, now, zone)}; nothing is drawn that was not measured.`,
  }
}

/** With a capital first letter, unless it begins with a name such as api.example.org. */
export function capital(text: string): string {
  return /^\S*[a-z][.:_/]\S/.test(text) ? text : text.charAt(0).toUpperCase() + text.slice(1)
}

/** Replayed or simulated, in the hand beside the name. */
export function originWords(device: ApiDevice): string {
  return originWord(device) ?? ''
}

/** "now", or the clock of the last word when the connection is lost. */
export function nowLabel(isLost: boolean, now: number, zone: Zone): string {
  return isLost ? clock(now, zone) : 'now'
}

/** True while a sensor's pens write: connected, and a reading came within three intervals. */
export function isWriting(
  live: LiveState,
  device: ApiDevice,
  { newest, intervalMs }: ApiSensor,
  now: number,
): boolean {
  if (live.phase === 'waiting') return false
  if (isReplayed(device)) return true
  return newest !== null && now - Date.parse(newest.time) <= Math.max(30_000, 3 * intervalMs)
}

const originRank = { measured: 0, modelled: 1, simulated: 2, replayed: 3 } as const

/** Order in which devices are shown to who named none: those with readings, real before simulated before replayed. */
export function byInterest(a: ApiDevice, b: ApiDevice): number {
  const rank = (device: ApiDevice) =>
    (newestTime(device) === null ? 10 : 0) +
    Math.min(9, ...device.sensors.map(({ origin }) => originRank[origin]))
  return rank(a) - rank(b) || compareNames(a, b)
}

/** True when another device goes by the same name, so that the id must tell them apart. */
export function isNamesake(device: ApiDevice, devices: readonly ApiDevice[]): boolean {
  return devices.some((other) => other !== device && nameOf(other) === nameOf(device))
}
