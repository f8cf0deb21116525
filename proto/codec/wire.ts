import protobuf from 'protobufjs/minimal.js'
import { customMetric, type Kind, type Metric, metricByNumber } from '../catalogue.ts'
import type { Unknowns } from '../batch.ts'
import { CodedError, isCoded } from '../errors.ts'
import { barograph } from '../generated/barograph.js'
import { isId } from '../identity.ts'
import { limits } from '../limits.ts'

export const v1 = barograph.v1

/** What every message type of the generated code offers. */
interface MessageType<T> {
  decode(reader: protobuf.Reader): T
  encode(message: T): protobuf.Writer
}

/** Decodes a message whose bytes came from a stranger: every failure is `malformed` or `too-large`. */
export function readMessage<T extends { version?: number | null }>(
  type: MessageType<T>,
  bytes: Uint8Array,
  name: string,
): T {
  if (bytes.length > limits.batchBytes)
    throw new CodedError('too-large', `${name} of ${bytes.length} bytes: at most ${limits.batchBytes}`)
  const message = decode(type, bytes, name)
  if (message.version !== limits.version)
    throw new CodedError(
      'unknown-version',
      `${name} of protocol version ${message.version ?? 0}: this program speaks ${limits.version}`,
    )
  return message
}

function decode<T>(type: MessageType<T>, bytes: Uint8Array, name: string): T {
  try {
    const reader = protobuf.Reader.create(bytes)
    reader.discardUnknown = false
    return type.decode(reader)
  } catch (cause) {
    if (isCoded(cause)) throw cause
    throw new CodedError(
      'malformed',
      `${name} is not readable as protobuf: ${String(cause instanceof Error ? cause.message : cause)}`,
      { cause },
    )
  }
}

export function writeMessage<T>(type: MessageType<T>, message: T): Uint8Array {
  return type.encode(message).finish()
}

/** A 64-bit field as a number: protobufjs hands out Long objects for them. */
export function whole(value: number | { toNumber(): number } | null | undefined, name: string): number {
  if (value === null || value === undefined) return 0
  const number = typeof value === 'number' ? value : value.toNumber()
  if (!Number.isSafeInteger(number)) throw new CodedError('malformed', `${name} is beyond 2^53`)
  return number
}

export function sequence(value: number | { toNumber(): number } | null | undefined, name: string): number {
  const number = whole(value, name)
  if (number < 1 || number >= limits.sequence)
    throw new CodedError('malformed', `${name} is ${number}: sequence numbers count from 1 to 2^48`)
  return number
}

export function time(value: number | { toNumber(): number } | null | undefined, name: string): number {
  const number = whole(value, name)
  checkTime(number, name)
  return number
}

export function checkTime(ms: number, name: string): void {
  if (ms < limits.earliestTimeMs || ms > limits.latestTimeMs)
    throw new CodedError('time-out-of-bounds', `${name} ${ms} is not within the years 1 to 9999`)
}

export function thousandths(value: number | { toNumber(): number } | null | undefined, name: string): number {
  const number = whole(value, name)
  if (Math.abs(number) >= limits.value)
    throw new CodedError('value-out-of-bounds', `${name} ${number}: below 2^40 thousandths`)
  return number
}

export function id(value: string | null | undefined, name: string): string {
  const text = value ?? ''
  if (!isId(text))
    throw new CodedError(
      'bad-id',
      `${name} id "${text.slice(0, 80)}": small letters, digits and hyphens, 1 to 63 of them`,
    )
  return text
}

export function text(value: string | null | undefined, name: string): string {
  const words = value ?? ''
  if (words.length > limits.textCharacters)
    throw new CodedError(
      'too-large',
      `${name} of ${words.length} characters: at most ${limits.textCharacters}`,
    )
  return words
}

/**
 * Cuts what a sender says to what a receiver takes. Half a surrogate pair has no UTF-8: other protobuf libraries refuse
 * the whole message for it.
 */
export const cut = (words: string): string =>
  words
    .slice(0, limits.textCharacters)
    .replace(/[\uD800-\uDBFF]$/, '')
    .toWellFormed()

export function atMost(count: number, limit: number, name: string): void {
  if (count > limit) throw new CodedError('too-large', `${count} ${name} in one message: at most ${limit}`)
}

const kinds: readonly Kind[] = ['level', 'total', 'direction']
const customCache = new Map<string, Metric>()
const customCacheSize = 1_000

interface WireMetric {
  metric?: number | null
  custom?: { name?: string | null; unit?: string | null; kind?: number | null } | null
}

/** The metric that a column or a figure names. Custom metrics of the same description are the same object. */
export function readMetric({ metric, custom }: WireMetric): Metric {
  if (metric) {
    const known = metricByNumber(metric)
    if (!known) throw new CodedError('unknown-metric', `metric number ${metric} is not in the catalogue`)
    return known
  }
  const kind = kinds[custom?.kind ?? 0]
  if (!custom || !kind) throw new CodedError('malformed', 'a metric has neither a number nor a description')
  const { name, unit } = { name: custom.name ?? '', unit: custom.unit ?? '' }
  // A character that neither may hold: what is not valid must not find what is under the same key.
  const key = `${kind}\0${name}\0${unit}`
  const cached = customCache.get(key)
  if (cached) return cached
  const made = customMetric(name, unit, kind)
  if (customCache.size >= customCacheSize) customCache.clear()
  customCache.set(key, made)
  return made
}

export function writeMetric(metric: Metric): WireMetric {
  if (metric.number > 0) return { metric: metric.number }
  return { custom: { name: metric.name, unit: metric.unit, kind: kinds.indexOf(metric.kind) } }
}

/** Unknown fields as a property to spread: absent where there are none. */
export function keepUnknowns(message: { $unknowns?: Uint8Array[] }): Unknowns {
  return message.$unknowns && message.$unknowns.length > 0 ? { unknowns: message.$unknowns } : {}
}

export function giveUnknowns({ unknowns }: Unknowns): { $unknowns?: Uint8Array[] } {
  return unknowns ? { $unknowns: [...unknowns] } : {}
}
