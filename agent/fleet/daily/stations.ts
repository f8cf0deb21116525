import { isId, limits } from '@barograph/proto'
import { InvalidArgumentError } from 'commander'
import type { SiteConfig } from '../../core/sensor-type.ts'
import { hashUnit } from '../../sensors/simulated/noise.ts'

/** A station that is asked for: its name as given, and the device that it becomes. */
export interface Station {
  readonly name: string
  readonly device: string
  /** Decides its weather: of the seed and its own name, so that it does not hang on which others there are. */
  readonly seed: number
  readonly site: SiteConfig
}

export const dayMs = 86_400_000
/** More connections than this need more than one process. */
const mostStations = 200

/** `A,B,C`: names whose small letters are device ids, each once. */
export function parseStations(text: string): readonly string[] {
  const names = text.split(',').map((name) => name.trim())
  const wrong = names.find((name) => !isId(name.toLowerCase()))
  if (wrong !== undefined)
    throw new InvalidArgumentError(
      `"${wrong}" is no name. Allowed: letters, digits and hyphens, not beginning with a hyphen, with commas between, such as A,B,C.`,
    )
  const devices = names.map((name) => name.toLowerCase())
  const double = names.find((_, i) => devices.indexOf(devices[i] ?? '') !== i)
  if (double !== undefined)
    throw new InvalidArgumentError(
      `"${double}" is there twice. Devices are called as their stations, in small letters.`,
    )
  if (names.length > mostStations)
    throw new InvalidArgumentError(`Allowed: at most ${mostStations} stations.`)
  return names
}

/** `1990-01-01` as noon of that day, UTC, ms since 1970. */
export function parseDay(text: string): number {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text)
  const noon = match ? Date.parse(`${text}T12:00:00Z`) : Number.NaN
  // Date.parse takes 31 February for 3 March.
  if (noon >= limits.earliestTimeMs && new Date(noon).toISOString().startsWith(text)) return noon
  throw new InvalidArgumentError('Allowed: a day such as 1990-01-01, from 0001-01-01 to 9999-12-31.')
}

/** As many days fit between the first and the last day that an event time may have. */
const mostDays = Math.floor((limits.latestTimeMs - limits.earliestTimeMs) / dayMs)

export function parseDays(text: string): number {
  const days = /^\d{1,9}$/.test(text) ? Number(text) : 0
  if (days >= 1 && days <= mostDays) return days
  throw new InvalidArgumentError(`Allowed: a whole number of days from 1 to ${mostDays}.`)
}

/** True when the last day is still one that an event time may have. */
export const fits = (fromMs: number, days: number): boolean =>
  fromMs + (days - 1) * dayMs <= limits.latestTimeMs

/** The station of a name: where it is and what its weather is like follow from name and seed alone. */
export function makeStation(name: string, seed: number): Station {
  const device = name.toLowerCase()
  const letters = Buffer.from(device).reduce((hash, letter) => Math.imul(hash ^ letter, 16_777_619), seed)
  const own = Math.floor(hashUnit(letters, 39, seed) * 2 ** 31)
  const part = (which: number): number => hashUnit(own, 40 + which, 0)
  const north = part(0) < 0.7 ? 1 : -1
  return {
    name,
    device,
    seed: own,
    site: {
      name: `Station ${name}`,
      latitude: Math.round(north * (25 + 40 * part(1)) * 100) / 100,
      longitude: Math.round((360 * part(2) - 180) * 100) / 100,
      altitudeM: Math.round(600 * part(3) ** 2),
      timeZone: 'UTC',
    },
  }
}
