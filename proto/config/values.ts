import { z } from 'zod'
import { isTimeZone } from '../time-zone.ts'

const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const longestMs = 100 * 365 * 86_400_000

/** `7d`, `12h`, `500ms` as milliseconds; null when it is none. */
export function parseDuration(text: string): number | null {
  const match = /^(\d{1,15})(ms|s|m|h|d)$/.exec(text)
  if (!match) return null
  const ms = Number(match[1]) * (unitsMs[match[2] ?? ''] ?? Number.NaN)
  return ms > 0 && ms <= longestMs ? ms : null
}

/** A key that takes a duration and gives milliseconds. */
export const duration = () =>
  z
    .string()
    .refine((text) => parseDuration(text) !== null, { abort: true })
    .transform((text) => parseDuration(text) ?? 0)
    .describe('a duration such as 90d, 12h, 30m, 10s or 500ms')

/** A key that takes a duration, or `forever`, which gives null. */
export const durationOrForever = () =>
  z
    .string()
    .refine((text) => text === 'forever' || parseDuration(text) !== null, { abort: true })
    .transform((text) => (text === 'forever' ? null : (parseDuration(text) ?? 0)))
    .describe('a duration such as 90d, 12h, 30m or 10s, or forever')

export interface Address {
  readonly host: string
  readonly port: number
}

/** `127.0.0.1:8013`, `[::1]:8013`; null when it is no address. Port 0 takes any free one. */
export function parseAddress(text: string): Address | null {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s]+)):(\d{1,5})$/.exec(text)
  const host = match?.[1] ?? match?.[2]
  const port = Number(match?.[3])
  return host !== undefined && port <= 65_535 ? { host, port } : null
}

/** An address as it is written. */
export function formatAddress({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/** True when only this machine can reach it. */
export function isLoopback({ host }: Address): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)
}

/** A key that takes an address to listen on. */
export const address = () =>
  z
    .string()
    .refine((text) => parseAddress(text) !== null, { abort: true })
    .transform((text): Address => parseAddress(text) ?? { host: '', port: 0 })
    .describe('host:port, as in 127.0.0.1:8013')

/** A key that takes an IANA time zone. */
export const timeZone = () =>
  z
    .string()
    .refine((name) => isTimeZone(name))
    .describe('an IANA time zone such as Europe/Vienna or UTC')
