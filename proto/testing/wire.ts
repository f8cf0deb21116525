// Protobuf by hand, for tests that send what our own encoder never would.
import { type Batch, makeBatch, type Run } from '../batch.ts'
import { type Metric, metricByName } from '../catalogue.ts'

const varint = (n: number): number[] => {
  const bytes: number[] = []
  let rest = n
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128)
  return [...bytes, rest]
}

const concat = (parts: readonly ArrayLike<number>[]): Uint8Array => {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

/** A field with a whole number. */
export const number = (field: number, value: number): Uint8Array => concat([varint(field * 8), varint(value)])

/** A field with bytes, a text or a message. */
export const bytes = (field: number, value: Uint8Array | string): Uint8Array => {
  const data = typeof value === 'string' ? new TextEncoder().encode(value) : value
  return concat([varint(field * 8 + 2), varint(data.length), data])
}

/** A message of these fields. */
export const message = (...fields: readonly Uint8Array[]): Uint8Array => concat(fields)

/** The same field many times over. */
export const repeat = (field: Uint8Array, times: number): Uint8Array => {
  const all = new Uint8Array(field.length * times)
  for (let i = 0; i < times; i++) all.set(field, i * field.length)
  return all
}

export const epochBytes = new Uint8Array(8).fill(7)
export const epoch = '0707070707070707'

/** The fields every batch begins with. */
export const batchHead = (version = 1): Uint8Array => message(number(1, version), bytes(2, 'balcony'))

/** The fields that name a stream, the same in every message that has them. */
export const streamHead = (sensor = 'a'): Uint8Array => message(bytes(1, sensor), bytes(2, epochBytes))

/** A run of this many entries, without columns but for what is given. */
export const run = (count: number, ...more: readonly Uint8Array[]): Uint8Array =>
  bytes(6, message(streamHead(), number(4, 1), number(5, count), ...more))

/** A small run as the codec sees it. */
export function smallRun(parts: Partial<Run> = {}): Run {
  const count = parts.times?.length ?? 3
  return {
    sensor: 'bme280',
    epoch,
    intervalMs: 1_000,
    firstSeq: 1,
    times: Float64Array.from({ length: count }, (_, i) => 1_700_000_000_000 + i * 1_000),
    columns: [
      {
        metric: metricByName('temperature') as Metric,
        values: new Float64Array(count).fill(21_500),
        flags: null,
      },
    ],
    marks: [],
    ...parts,
  }
}

/** A batch of one small run. */
export const smallBatch = (parts: Partial<Run> = {}): Batch =>
  makeBatch('balcony', { runs: [smallRun(parts)] })
