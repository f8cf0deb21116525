import fc from 'fast-check'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import type { Batch } from '../batch.ts'
import { isCoded } from '../errors.ts'
import { limits } from '../limits.ts'
import * as valid from '../testing/arbitraries.ts'
import { batchHead, bytes, message, number, repeat, run, streamHead } from '../testing/wire.ts'
import { decodeBatch, encodeBatch } from './batch.ts'
import {
  decodeExpire,
  decodeRefusal,
  decodeRelease,
  decodeSettings,
  encodeExpire,
  encodeRefusal,
  encodeRelease,
  encodeSettings,
} from './log-records.ts'
import { decodeReceipt, encodeReceipt } from './receipt.ts'
import { decodeStatus, encodeStatus } from './status.ts'

setFlagsFromString('--expose-gc')
const collect: unknown = runInNewContext('gc')

/** Bytes that are in use once everything dead is gone. */
function bytesInUse(): number {
  if (typeof collect === 'function') collect()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

/** A seeded generator (xorshift), so that a failing input can be made again. */
function seeded(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
}

type Mutate = (bytes: Uint8Array, random: (below: number) => number, other: Uint8Array) => Uint8Array

const spots: Mutate = (bytes, random) => {
  const damaged = bytes.slice()
  for (let i = random(4); i >= 0 && bytes.length > 0; i--) damaged[random(bytes.length)] = random(256)
  return damaged
}
const bits: Mutate = (bytes, random) => {
  const damaged = bytes.slice()
  const at = random(bytes.length || 1)
  damaged[at] = (damaged[at] ?? 0) ^ (1 << random(8))
  return damaged
}
const mutations: readonly Mutate[] = [
  spots,
  bits,
  (bytes, random) => bytes.subarray(0, random(bytes.length + 1)),
  (bytes, random) => bytes.subarray(random(bytes.length + 1)),
  (bytes, random, other) => message(bytes.subarray(0, random(bytes.length + 1)), other),
  (bytes, random, other) => message(bytes, other.subarray(random(other.length + 1))),
  (bytes, random) => {
    const at = random(bytes.length + 1)
    // The largest numbers there are, where a length or a count may stand.
    return message(bytes.subarray(0, at), new Uint8Array(1 + random(10)).fill(255), bytes.subarray(at))
  },
  (_, random) => Uint8Array.from({ length: random(200) }, () => random(256)),
  (_, random) =>
    message(
      batchHead(),
      Uint8Array.from({ length: random(200) }, () => random(256)),
    ),
]

/** Bytes of the typed arrays of a batch. */
function bytesOf({ runs }: Batch): number {
  let sum = 0
  for (const { times, columns } of runs) {
    sum += times.byteLength
    for (const { values, flags } of columns) sum += values.byteLength + (flags?.byteLength ?? 0)
  }
  return sum
}

const numbersHeld = (batch: Batch): number => batch.runs.reduce((sum, one) => sum + one.times.length, 0)

/** The most that the arrays of any batch may take: each entry with a time, and a value and a flag in each column. */
const mostBytes = limits.entriesPerBatch * (8 + limits.columnsPerRun * 9)

function tryDecode<T>(decode: (bytes: Uint8Array) => T, bytes: Uint8Array): T | null {
  try {
    return decode(bytes)
  } catch (error) {
    // Anything else is a bug: the test fails with it.
    if (!isCoded(error)) throw error
    if (error.message === '') throw new Error('an error without a reason', { cause: error })
    return null
  }
}

interface Codec<T> {
  readonly of: fc.Arbitrary<T>
  readonly encode: (message: T) => Uint8Array
  readonly decode: (bytes: Uint8Array) => T
}
const codecs = {
  batch: { of: valid.batch, encode: encodeBatch, decode: decodeBatch },
  status: { of: valid.status, encode: encodeStatus, decode: decodeStatus },
  receipt: { of: valid.receipt, encode: encodeReceipt, decode: decodeReceipt },
  refusal: { of: valid.refusal, encode: encodeRefusal, decode: decodeRefusal },
  settings: { of: valid.settings, encode: encodeSettings, decode: decodeSettings },
  release: { of: valid.release, encode: encodeRelease, decode: decodeRelease },
  expire: { of: valid.expire, encode: encodeExpire, decode: decodeExpire },
}

const samplesOf = <T>({ of, encode }: Codec<T>): Uint8Array[] =>
  // Copies: a slice of a Buffer would be the same bytes.
  fc.sample(of, { numRuns: 40, seed: 7 }).map((one) => new Uint8Array(encode(one)))
const foreign = [...samplesOf(codecs.batch), ...samplesOf(codecs.status), ...samplesOf(codecs.receipt)]

/** Feeds mutated samples to a decoder; returns how many it took. What it takes, it can say again, for ever the same. */
function feed<T>(
  codec: Codec<T>,
  count: number,
  seed: number,
  check: (decoded: T) => void = () => {},
): number {
  const { decode, encode } = codec
  const samples = samplesOf(codec)
  const random = seeded(seed)
  let taken = 0
  for (let i = 0; i < count; i++) {
    const [sample, other] = [samples[random(samples.length)], foreign[random(foreign.length)]]
    const mutate = mutations[random(mutations.length)]
    if (!sample || !other || !mutate) throw new Error('no sample')
    const decoded = tryDecode(decode, mutate(sample, random, other))
    if (decoded === null) continue
    taken++
    check(decoded)
    const again = encode(decoded)
    expect(Buffer.compare(encode(decode(again)), again)).toBe(0)
  }
  return taken
}

describe('bytes of strangers', () => {
  test('110,000 mutated and random inputs each give a checked message or a coded error, and leave nothing behind', () => {
    const before = bytesInUse()
    const taken = {
      batch: feed(codecs.batch, 60_000, 1, (batch) => {
        expect(numbersHeld(batch)).toBeLessThanOrEqual(limits.entriesPerBatch)
        expect(bytesOf(batch)).toBeLessThanOrEqual(mostBytes)
      }),
      status: feed(codecs.status, 15_000, 2),
      receipt: feed(codecs.receipt, 15_000, 3),
      refusal: feed(codecs.refusal, 5_000, 4),
      settings: feed(codecs.settings, 5_000, 5),
      release: feed(codecs.release, 5_000, 6),
      expire: feed(codecs.expire, 5_000, 7),
    }
    // Mutations must be mild enough to reach the checks behind the protobuf decoder.
    for (const count of Object.values(taken)) expect(count).toBeGreaterThan(100)
    expect(bytesInUse() - before).toBeLessThan(8 * 2 ** 20)
  }, 120_000)

  test('10,000 descriptions of metrics that nobody knows are not all remembered', () => {
    const custom = (i: number) =>
      run(
        1,
        bytes(
          8,
          message(bytes(2, message(bytes(1, `metric${i}`), bytes(2, 'V'))), bytes(5, Uint8Array.of(2))),
        ),
      )
    const before = bytesInUse()
    for (let i = 0; i < 10_000; i++) decodeBatch(message(batchHead(), custom(i)))
    expect(bytesInUse() - before).toBeLessThan(4 * 2 ** 20)
  })
})

describe('few bytes cannot ask for much memory', () => {
  const fits = (bytes: Uint8Array): Uint8Array => {
    expect(bytes.length).toBeLessThanOrEqual(limits.batchBytes)
    return bytes
  }
  /** As many copies as a message has room for. */
  const filled = (field: Uint8Array): Uint8Array =>
    fits(message(batchHead(), repeat(field, Math.floor((limits.batchBytes - 20) / field.length))))

  test('a count of four thousand million entries is refused before anything is made', () => {
    const before = bytesInUse()
    const error = () => decodeBatch(message(batchHead(), run(4_294_967_295)))
    expect(error).toThrow(/entries/)
    expect(bytesInUse() - before).toBeLessThan(2 ** 20)
  })

  test('counts are added up over the runs before anything is made', () => {
    expect(() => decodeBatch(message(batchHead(), repeat(run(8_000), 500)))).toThrow(/4000000 entries/)
  })

  test('columns without values take no more than one value for each entry', () => {
    const { entriesPerBatch, columnsPerRun } = limits
    const empty = bytes(3, new Uint8Array(entriesPerBatch / 8))
    const columns = Array.from({ length: columnsPerRun }, (_, i) =>
      bytes(8, message(bytes(2, message(bytes(1, `metric${i}`), bytes(2, 'V'))), empty)),
    )
    const batch = decodeBatch(fits(message(batchHead(), run(entriesPerBatch, ...columns))))
    expect(bytesOf(batch)).toBe(entriesPerBatch * 8 * (columnsPerRun + 1))
    expect(bytesOf(batch)).toBeLessThanOrEqual(mostBytes)
  })

  test('more columns than allowed are refused before their values are made', () => {
    const column = bytes(8, message(number(1, 1), bytes(3, new Uint8Array(limits.entriesPerBatch / 8))))
    const before = bytesInUse()
    expect(() =>
      decodeBatch(fits(message(batchHead(), run(limits.entriesPerBatch, repeat(column, 200))))),
    ).toThrow(/200 columns/)
    expect(bytesInUse() - before).toBeLessThan(2 ** 20)
  })

  test.each([
    ['runs', bytes(6, new Uint8Array())],
    ['ends', bytes(7, new Uint8Array())],
    ['losses', bytes(8, new Uint8Array())],
    ['summaries', bytes(9, new Uint8Array())],
  ])('a message full of empty %s is refused', (_name, field) => {
    expect(() => decodeBatch(filled(field))).toThrow(/at most 512/)
  })

  test.each([
    ['columns', 8],
    ['marks', 9],
  ])('a run full of empty %s is refused', (_name, field) => {
    const full = repeat(bytes(field, new Uint8Array()), 100_000)
    expect(() => decodeBatch(message(batchHead(), run(1, full)))).toThrow(/at most/)
  })

  test('a summary that stands for more numbers than it may is refused', () => {
    const minutes = repeat(bytes(6, message(number(2, 1))), 60_000)
    const summary = bytes(9, message(streamHead(), number(3, 1), number(4, 60_000), minutes))
    expect(() => decodeBatch(fits(message(batchHead(), summary)))).toThrow(/60000 minutes/)
  })

  test('sites and hellos sent over and over become one, and its streams are counted', () => {
    const site = bytes(10, message(number(1, 1), bytes(6, 'UTC')))
    expect(decodeBatch(filled(site)).site?.version).toBe(1)
    expect(() => decodeBatch(filled(bytes(11, bytes(1, streamHead()))))).toThrow(/streams/)
  })

  test('unknown fields take no more memory than a constant for each of their bytes', () => {
    const before = bytesInUse()
    const batch = decodeBatch(filled(number(15, 1)))
    expect(batch.unknowns?.length).toBeGreaterThan(100_000)
    expect(bytesInUse() - before).toBeLessThan(limits.batchBytes * 200)
  })

  test('messages nested a thousand deep are refused', () => {
    let nested = new Uint8Array()
    for (let i = 0; i < 1_000; i++) nested = Uint8Array.from(message(Uint8Array.of(0xfb, 0x07), nested))
    expect(tryDecode(decodeBatch, message(batchHead(), nested))).toBeNull()
  })
})
