import { CodedError, customMetric, limits, type Mark, type Metric, metricByNumber } from '@barograph/proto'
import type { Value } from '../core/sensor.ts'

/** Gives metrics that the catalogue does not know a number of this file's own. */
export interface MetricNumbers {
  numberOf(metric: Metric): number
  metricOf(number: number): Metric | undefined
}

/** What a row holds beside its number and time. */
export interface Payload {
  readonly values: readonly Value[]
  readonly mark: Omit<Mark, 'index'> | null
}

/** Custom metrics are numbered from here on, far above the catalogue. */
const firstCustomNumber = 10_000
const kinds = [null, 'fault', 'start', 'stop'] as const
const separator = '\n'

/**
 * The bytes of a row: its kind; for a mark code and detail; for a reading, per value, the metric's number with one bit
 * for "flagged", the value as a zigzag varint, the flag. Three values take about a dozen bytes.
 */
export function encodePayload({ values, mark }: Payload, numbers: MetricNumbers): Buffer {
  if (mark) {
    const text = mark.code || mark.detail ? `${mark.code}${separator}${mark.detail}` : ''
    return Buffer.concat([Buffer.from([kinds.indexOf(mark.kind)]), Buffer.from(text)])
  }
  const bytes = [0]
  for (const { metric, thousandths, flag } of values) {
    const number = metric.number || firstCustomNumber + numbers.numberOf(metric)
    writeVarint(bytes, number * 2 + (flag ? 1 : 0))
    writeVarint(bytes, thousandths < 0 ? -2 * thousandths - 1 : 2 * thousandths)
    if (flag) bytes.push(flag)
  }
  return Buffer.from(bytes)
}

/** What a row's bytes say. Throws `corrupt` when they say nothing sensible. */
export function decodePayload(bytes: Uint8Array, numbers: MetricNumbers): Payload {
  const kind = kinds[bytes[0] ?? kinds.length]
  if (kind === undefined) throw corrupt('kind')
  if (kind !== null) {
    const text = Buffer.from(bytes.subarray(1)).toString()
    const cut = text.indexOf(separator)
    const code = text.slice(0, Math.max(0, cut))
    if (!/^[a-z0-9-]{0,40}$/.test(code)) throw corrupt('code')
    return { values: [], mark: { kind, code, detail: text.slice(cut + 1) } }
  }
  const values: Value[] = []
  const cursor = { at: 1 }
  while (cursor.at < bytes.length) {
    const head = readVarint(bytes, cursor)
    const number = Math.floor(head / 2)
    const metric =
      number < firstCustomNumber ? metricByNumber(number) : numbers.metricOf(number - firstCustomNumber)
    if (!metric) throw corrupt(`metric ${number}`)
    const zigzag = readVarint(bytes, cursor)
    const thousandths = zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2
    if (Math.abs(thousandths) >= limits.value) throw corrupt('value')
    const flag = head % 2 === 1 ? bytes[cursor.at++] : 0
    if (flag === undefined) throw corrupt('flag')
    values.push({ metric, thousandths, flag })
  }
  return { values, mark: null }
}

/** A metric as its row in the table of custom metrics has it. */
export function metricFromRow(row: { name: string; unit: string; kind: string }): Metric {
  const { name, unit, kind } = row
  if (kind !== 'level' && kind !== 'total' && kind !== 'direction') throw corrupt(`kind ${kind}`)
  return customMetric(name, unit, kind)
}

function writeVarint(bytes: number[], value: number): void {
  let rest = value
  while (rest > 127) {
    bytes.push((rest % 128) | 128)
    rest = Math.floor(rest / 128)
  }
  bytes.push(rest)
}

function readVarint(bytes: Uint8Array, cursor: { at: number }): number {
  let value = 0
  for (let factor = 1; factor < 2 ** 50; factor *= 128) {
    const byte = bytes[cursor.at++]
    if (byte === undefined) throw corrupt('varint')
    value += (byte & 127) * factor
    if (byte < 128) return value
  }
  throw corrupt('varint')
}

function corrupt(what: string): CodedError {
  return new CodedError('corrupt', `a row of the buffer cannot be read (${what})`)
}
