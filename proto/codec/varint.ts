import { CodedError } from '../errors.ts'

/**
 * Zigzag varints (Protocol Buffers encoding, "signed integers") of whole numbers up to 2^52 in size, many at a time.
 * JavaScript's bit operations end at 32 bits, so what is longer than four bytes is put together by multiplication.
 */
const maxBytesPerNumber = 8

/** Appends the numbers to a growing byte buffer and returns a copy of the bytes. */
export function encodeVarints(numbers: ArrayLike<number>): Uint8Array {
  const needed = numbers.length * maxBytesPerNumber
  if (scratch.length < needed) scratch = new Uint8Array(2 * needed)
  const out = scratch
  let at = 0
  for (let i = 0; i < numbers.length; i++) {
    const n = numbers[i] as number
    if (n >= -0x40000000 && n < 0x40000000) {
      let z = ((n << 1) ^ (n >> 31)) >>> 0
      while (z > 127) {
        out[at++] = (z & 127) | 128
        z >>>= 7
      }
      out[at++] = z
      continue
    }
    let z = n < 0 ? -2 * n - 1 : 2 * n
    while (z > 127) {
      out[at++] = (z % 128) | 128
      z = Math.floor(z / 128)
    }
    out[at++] = z
  }
  return out.slice(0, at)
}

let scratch = new Uint8Array(4096)

/** Fills `into` from `bytes`. Throws `malformed` unless the bytes hold exactly that many numbers below 2^53. */
export function decodeVarints(bytes: Uint8Array, into: Float64Array): void {
  const end = bytes.length
  const count = into.length
  let at = 0
  for (let i = 0; i < count; i++) {
    if (at >= end) throw malformed('too few numbers')
    let byte = bytes[at++] as number
    if (byte < 128) {
      into[i] = (byte >>> 1) ^ -(byte & 1)
      continue
    }
    let z = byte & 127
    let shift = 7
    while (shift < 28 && byte >= 128) {
      if (at >= end) throw malformed('a number is cut off')
      byte = bytes[at++] as number
      z |= (byte & 127) << shift
      shift += 7
    }
    if (byte < 128) {
      into[i] = (z >>> 1) ^ -(z & 1)
      continue
    }
    let wide = z
    let factor = 2 ** 28
    while (byte >= 128) {
      if (at >= end) throw malformed('a number is cut off')
      if (factor > 2 ** 49) throw malformed('a number is beyond 2^53')
      byte = bytes[at++] as number
      wide += (byte & 127) * factor
      factor *= 128
    }
    if (wide > Number.MAX_SAFE_INTEGER) throw malformed('a number is beyond 2^53')
    into[i] = wide % 2 === 0 ? wide / 2 : -(wide + 1) / 2
  }
  if (at !== end) throw malformed('too many numbers')
}

function malformed(what: string): CodedError {
  return new CodedError('malformed', `packed numbers: ${what}`)
}
