import { isTimeZone, limits } from '@barograph/proto'
import { z } from 'zod'
import { instantInUtc, instantOf, type Instant, type WallTime } from './local-time.ts'

/** How a time is written at the source. */
export interface TimeRule {
  readonly unit: 'iso' | 's' | 'ms'
  /** Where clocks show it, for a time without offset. */
  readonly timeZone?: string | undefined
  /** For a time in letters of one's own, such as `dd.MM.yyyy HH:mm`. */
  readonly pattern?: string | undefined
}

/** An IANA zone name. */
export const timeZoneSchema = z
  .string()
  .refine(isTimeZone, 'allowed: a time zone such as Europe/Berlin or UTC')

const isoPattern =
  /^([+-]\d{6}|\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)?\s*(Z|[+-]\d\d(?::?\d\d)?)?$/i

/** The instant that `text` means, or what is wrong with it as the end of a sentence. */
export function parseTime(text: string | number, rule: TimeRule, previousMs: number | null): Instant {
  const found =
    rule.pattern !== undefined ? parsePattern(`${text}`, rule, previousMs) : parseUnit(text, rule, previousMs)
  if ('problem' in found) return found
  const inBounds = found.ms >= limits.earliestTimeMs && found.ms <= limits.latestTimeMs
  return inBounds ? found : { problem: 'is outside the years 1 to 9999' }
}

function parseUnit(text: string | number, rule: TimeRule, previousMs: number | null): Instant {
  if (rule.unit === 'iso') return parseIso(`${text}`.trim(), rule, previousMs)
  const number =
    typeof text === 'number' ? text : /^\s*[+-]?\d+(\.\d+)?\s*$/.test(text) ? Number(text) : Number.NaN
  if (!Number.isFinite(number))
    return { problem: `is no number of ${rule.unit === 's' ? 'seconds' : 'milliseconds'} since 1970` }
  return { ms: Math.round(rule.unit === 's' ? number * 1000 : number) }
}

function parseIso(text: string, rule: TimeRule, previousMs: number | null): Instant {
  const match = isoPattern.exec(text)
  if (!match) return { problem: 'is no ISO 8601 time (2013-01-31T06:00:00Z)' }
  const [, year, month, day, hour, minute, second, fraction, offset] = match
  const wall = wallTime([year, month, day, hour, minute, second], fraction)
  if (offset === undefined) return resolveLocal(wall, rule, previousMs)
  const utc = instantInUtc(wall)
  return 'problem' in utc ? utc : { ms: utc.ms - offsetMs(offset) }
}

function resolveLocal(wall: WallTime, rule: TimeRule, previousMs: number | null): Instant {
  if (rule.timeZone === undefined)
    return { problem: 'has no offset from UTC: say in which timeZone its clock runs' }
  return rule.timeZone === 'UTC' ? instantInUtc(wall) : instantOf(wall, rule.timeZone, previousMs)
}

function offsetMs(offset: string): number {
  if (/^z$/i.test(offset)) return 0
  const digits = offset.slice(1).replace(':', '').padEnd(4, '0')
  const minutes = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2))
  return (offset.startsWith('-') ? -minutes : minutes) * 60_000
}

type Pieces = (string | undefined)[]

const wallTime = ([year, month, day, hour, minute, second]: Pieces, fraction?: string): WallTime => ({
  year: Number(year),
  month: Number(month ?? 1),
  day: Number(day ?? 1),
  hour: Number(hour ?? 0),
  minute: Number(minute ?? 0),
  second: Number(second ?? 0),
  millisecond: Number((fraction ?? '').padEnd(3, '0').slice(0, 3)),
})

const pieceNames = ['yyyy', 'MM', 'dd', 'HH', 'mm', 'ss'] as const

/** True for a pattern with a year, a month and a day, each piece at most once. */
export function isTimePattern(pattern: string): boolean {
  const counts = pieceNames.map((piece) => pattern.split(piece).length - 1)
  return counts.every((count, i) => (i < 3 ? count === 1 : count <= 1))
}

function parsePattern(text: string, rule: TimeRule, previousMs: number | null): Instant {
  const pattern = rule.pattern ?? ''
  const source = pattern
    .replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
    .replace(/yyyy/, '(?<yyyy>\\d{4})')
    .replace(/MM|dd|HH|mm|ss/g, (piece) => `(?<${piece}>\\d{1,2})`)
  const groups = new RegExp(`^${source}$`).exec(text.trim())?.groups
  if (!groups) return { problem: `does not match the pattern ${pattern}` }
  return resolveLocal(wallTime(pieceNames.map((piece) => groups[piece])), rule, previousMs)
}

/** The instant of year, month, day, hour, minute, second given apart; what is not given is the first of it. */
export function instantOfPieces(
  pieces: readonly (string | undefined)[],
  timeZone: string,
  previousMs: number | null,
): Instant {
  if (pieces.some((piece) => piece !== undefined && !/^\s*\d{1,4}\s*$/.test(piece)))
    return { problem: 'is no whole number' }
  return instantOf(wallTime([...pieces]), timeZone, previousMs)
}
