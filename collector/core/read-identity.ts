import { type Epoch, epochFromBytes, isId, limits } from '@barograph/proto'

/** Numbers of one stream. */
export interface NumberRange {
  readonly sensor: string
  readonly epoch: Epoch
  readonly firstSeq: number
  readonly lastSeq: number
}

export interface ReadIdentity {
  readonly device: string
  readonly ranges: readonly NumberRange[]
}

/** Numbers that one unreadable part may claim: more are not believed, since what is refused is deleted by its sender. */
const numbersPerRange = limits.numbersPerSummary

/**
 * Whose numbers a batch carries that cannot be taken: of another version, with a value out of bounds, cut off. Reads the
 * identities alone, as far as whole parts go; null when there is not even a device. Time and memory are bounded by the
 * bytes.
 */
export function readIdentity(bytes: Uint8Array): ReadIdentity | null {
  let device = ''
  const ranges: NumberRange[] = []
  for (const field of fieldsOf(bytes)) {
    if (field.bytes === null) continue
    if (field.number === batchFields.device) device = new TextDecoder().decode(field.bytes)
    const layout = layouts.get(field.number)
    const range = layout && ranges.length < limits.partsPerBatch ? rangeOf(field.bytes, layout) : null
    if (range) ranges.push(range)
  }
  return isId(device) ? { device, ranges } : null
}

// Field numbers of barograph.proto.
const batchFields = { device: 2, runs: 6, lost: 8, summaries: 9 }

interface Layout {
  readonly firstSeq: number
  readonly lastSeq: number | null
  readonly count: number | null
}

const layouts = new Map<number, Layout>([
  [batchFields.runs, { firstSeq: 4, lastSeq: null, count: 5 }],
  [batchFields.lost, { firstSeq: 3, lastSeq: 4, count: null }],
  [batchFields.summaries, { firstSeq: 3, lastSeq: 4, count: null }],
])

function rangeOf(bytes: Uint8Array, layout: Layout): NumberRange | null {
  let sensor = ''
  let epoch: Uint8Array = new Uint8Array()
  const numbers = new Map<number, number>()
  for (const field of fieldsOf(bytes)) {
    if (field.bytes === null) numbers.set(field.number, field.value)
    else if (field.number === 1) sensor = new TextDecoder().decode(field.bytes)
    else if (field.number === 2) epoch = field.bytes
  }
  const firstSeq = numbers.get(layout.firstSeq) ?? 0
  const lastSeq =
    layout.lastSeq === null
      ? firstSeq + (numbers.get(layout.count ?? 0) ?? 0) - 1
      : (numbers.get(layout.lastSeq) ?? 0)
  const isBelievable =
    isId(sensor) &&
    epoch.length === 8 &&
    firstSeq >= 1 &&
    lastSeq >= firstSeq &&
    lastSeq < limits.sequence &&
    lastSeq - firstSeq < numbersPerRange
  return isBelievable ? { sensor, epoch: epochFromBytes(epoch), firstSeq, lastSeq } : null
}

type Field =
  | { readonly number: number; readonly bytes: Uint8Array; readonly value: 0 }
  | { readonly number: number; readonly bytes: null; readonly value: number }

/** The whole fields of a protobuf message up to the first that is not one. */
function* fieldsOf(message: Uint8Array): Generator<Field> {
  const place = { at: 0 }
  while (place.at < message.length) {
    const tag = varint(message, place)
    if (tag === null) return
    const number = Math.floor(tag / 8)
    const skip = fixedSizes[tag % 8]
    switch (tag % 8) {
      case 0: {
        const value = varint(message, place)
        if (value === null) return
        yield { number, bytes: null, value }
        break
      }
      case 2: {
        const length = varint(message, place)
        if (length === null || place.at + length > message.length) return
        yield { number, bytes: message.subarray(place.at, place.at + length), value: 0 }
        place.at += length
        break
      }
      default:
        if (skip === undefined) return
        place.at += skip
    }
  }
}

const fixedSizes: Readonly<Record<number, number>> = { 1: 8, 5: 4 }

/** An unsigned varint up to 2^53; null when there is none. */
function varint(bytes: Uint8Array, place: { at: number }): number | null {
  let value = 0
  let factor = 1
  for (let i = 0; i < 8; i++) {
    const byte = bytes[place.at++]
    if (byte === undefined) return null
    value += (byte & 127) * factor
    if (byte < 128) return Number.isSafeInteger(value) ? value : null
    factor *= 128
  }
  return null
}
