import { isId } from '@barograph/proto'
import { InvalidArgumentError } from 'commander'

/** What a fleet is asked to be. */
export interface FleetOptions {
  readonly devices: number
  /** Readings per second of each device. */
  readonly rate: number
  readonly seed: number
  /** Percent of readings, of batches, of readings. */
  readonly late: number
  readonly duplicate: number
  readonly gap: number
  readonly url: string
  /** Devices are called `PREFIX-1` and so on. */
  readonly prefix: string
  /** Null: until told to stop. */
  readonly durationMs: number | null
  readonly http: { readonly host: string; readonly port: number } | null
  readonly drainLimitMs: number
}

/** More connections than this need more than one process. */
const mostDevices = 2_000
/** Event times are whole milliseconds. */
const mostRate = 1_000

const numberIn =
  (least: number, most: number, whole: boolean) =>
  (text: string): number => {
    const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN
    if (value >= least && value <= most && (!whole || Number.isInteger(value))) return value
    throw new InvalidArgumentError(
      `Allowed: ${whole ? 'a whole number' : 'a number'} from ${least} to ${most}.`,
    )
  }

export const parseDevices = numberIn(1, mostDevices, true)
export const parseRate = numberIn(0.001, mostRate, false)
export const parseSeed = numberIn(0, 2 ** 31 - 1, true)
export const parsePercent = numberIn(0, 100, false)

const unitsMs: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }

/** A timer holds no more than 24 days. */
const longestDurationMs = 24 * 86_400_000

/** Milliseconds of a duration such as 60s, 5m, 1h. */
export function parseDuration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text)
  const ms = match ? Number(match[1]) * (unitsMs[match[2] ?? ''] ?? Number.NaN) : Number.NaN
  if (ms > 0 && ms <= longestDurationMs) return ms
  throw new InvalidArgumentError('Allowed: a duration such as 500ms, 60s, 5m or 1h.')
}

/** The two parts of HOST:PORT; port 0 is any free one. */
export function parseHostPort(text: string): { host: string; port: number } {
  const match = /^(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+):(\d{1,5})$/.exec(text)
  const port = Number(match?.[2])
  if (match?.[1] && port <= 65_535) return { host: match[1].replace(/^\[|\]$/g, ''), port }
  throw new InvalidArgumentError('Allowed: HOST:PORT, such as 127.0.0.1:8014.')
}

export function parsePrefix(text: string): string {
  if (isId(`${text}-${mostDevices}`)) return text
  throw new InvalidArgumentError('Allowed: small letters, digits and hyphens, not beginning with a hyphen.')
}

export function parseUrl(text: string): string {
  const url = URL.parse(text)
  if (url && /^mqtts?:$/.test(url.protocol) && url.hostname !== '') return text
  throw new InvalidArgumentError('Allowed: an address such as mqtt://127.0.0.1:1883.')
}
