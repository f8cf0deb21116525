import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Batch, makeBatch, type Run } from '../batch.ts'
import { catalogue, type Metric, metricByName } from '../catalogue.ts'
import { limits } from '../limits.ts'
import { batch, expire, receipt, refusal, release, settings, status } from '../testing/arbitraries.ts'
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
import { decodeStatus, encodeStatus, offlineStatus } from './status.ts'

/** What is decoded is what was encoded, and encoding it again gives the same bytes. Returns how many were tried. */
function tryRoundTrips<T>(
  arbitrary: fc.Arbitrary<T>,
  encode: (message: T) => Uint8Array,
  decode: (bytes: Uint8Array) => T,
  numRuns: number,
): number {
  let tried = 0
  fc.assert(
    fc.property(arbitrary, (message) => {
      const bytes = encode(message)
      tried++
      const decoded = decode(bytes)
      expect(decoded).toEqual(message)
      expect(Buffer.compare(encode(decoded), bytes)).toBe(0)
    }),
    { numRuns, seed: 20130310 },
  )
  return tried
}

describe('what is encoded and decoded is the same again', () => {
  test('for batches of every kind', () =>
    expect(tryRoundTrips(batch, encodeBatch, decodeBatch, 500)).toBe(500))
  test('for status', () => expect(tryRoundTrips(status, encodeStatus, decodeStatus, 500)).toBe(500))
  test('for receipts', () => expect(tryRoundTrips(receipt, encodeReceipt, decodeReceipt, 300)).toBe(300))
  test('for refusals', () => expect(tryRoundTrips(refusal, encodeRefusal, decodeRefusal, 300)).toBe(300))
  test('for settings', () => expect(tryRoundTrips(settings, encodeSettings, decodeSettings, 100)).toBe(100))
  test('for releases', () => expect(tryRoundTrips(release, encodeRelease, decodeRelease, 300)).toBe(300))
  test('for expiries', () => expect(tryRoundTrips(expire, encodeExpire, decodeExpire, 300)).toBe(300))
  test('for the last will', () => expect(decodeStatus(encodeStatus(offlineStatus))).toEqual(offlineStatus))
  test('for a hello that names no stream, which is not the same as none', () => {
    const asks = makeBatch('balcony', { hello: [] })
    expect(decodeBatch(encodeBatch(asks)).hello).toEqual([])
    expect(decodeBatch(encodeBatch(makeBatch('balcony'))).hello).toBeNull()
  })
})

const metricOf = (name: string): Metric => metricByName(name) as Metric
const walk = (random: () => number): number => random() + random() + random() + random() - 2

/**
 * A BME280 outdoors read every ten seconds, in the steps that its datasheet gives: 0.01 degC, 1/1024 %RH,
 * 1/256 Pa, with the noise of 16-fold oversampling (0.002 degC, 0.02 %RH, 0.2 Pa).
 */
function bme280Run(count: number, jitterMs: number): Run {
  let state = 42
  const random = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    return (state >>> 0) / 2 ** 32
  }
  const column = (name: string, start: number, drift: number, noise: number, step: number) => {
    let truth = start
    const values = Float64Array.from({ length: count }, () => {
      truth += walk(random) * drift
      return Math.round(Math.round((truth + walk(random) * noise) / step) * step * 1000)
    })
    return { metric: metricOf(name), values, flags: null }
  }
  return {
    sensor: 'bme280',
    epoch: '0123456789abcdef',
    intervalMs: 10_000,
    firstSeq: 123_457,
    times: Float64Array.from(
      { length: count },
      (_, i) => 1_700_000_000_000 + i * 10_000 + Math.round(random() * jitterMs),
    ),
    columns: [
      column('temperature', 17.34, 0.004, 0.0035, 0.01),
      column('humidity', 61.2, 0.02, 0.035, 1 / 1024),
      column('pressure', 1013.62, 0.002, 0.0035, 1 / 25_600),
    ],
    marks: [],
  }
}

describe('the size of a batch', () => {
  const bytesPerReading = (run: Run): number => encodeBatch(makeBatch('balcony', { runs: [run] })).length / 60

  test('of 60 readings of a BME280 is at most 5 bytes per reading', () => {
    expect(bytesPerReading(bme280Run(60, 0))).toBeLessThanOrEqual(5)
  })

  test('grows by at most a byte and the schedule per reading when the clock stamps each reading', () => {
    expect(bytesPerReading(bme280Run(60, 40)) - bytesPerReading(bme280Run(60, 0))).toBeLessThan(1.1)
  })

  test('does not grow with readings on schedule that repeat their values beyond a byte per value', () => {
    const still = { ...bme280Run(60, 0), columns: [] }
    const values = new Float64Array(60).fill(20_000)
    const columns = [{ metric: metricOf('temperature'), values, flags: null }]
    expect(
      encodeBatch(makeBatch('balcony', { runs: [{ ...still, columns }] })).length -
        encodeBatch(makeBatch('balcony', { runs: [still] })).length,
    ).toBeLessThan(60 + 12)
  })
})

describe('a text', () => {
  const cause = (text: string): Batch =>
    makeBatch('balcony', {
      lost: [{ sensor: 'a', epoch: '0000000000000001', firstSeq: 1, lastSeq: 2, cause: text }],
    })
  const sent = (text: string): string | undefined => decodeBatch(encodeBatch(cause(text))).lost[0]?.cause

  test('is cut by its sender to what a receiver takes', () => {
    expect(sent('x'.repeat(300))).toBe('x'.repeat(limits.textCharacters))
  })

  test('is not cut through a character of two halves', () => {
    expect(sent(`${'x'.repeat(limits.textCharacters - 1)}\u{1F326}`)).toBe('x'.repeat(199))
  })

  test('is made readable for every protobuf library', () => {
    expect(sent('a\uD83Cb')).toBe('a\uFFFDb')
  })
})

describe('every metric of the catalogue', () => {
  test.each(catalogue.map((metric) => [metric.name, metric] as const))('travels: %s', (_name, metric) => {
    const run: Run = { ...bme280Run(1, 0), columns: [{ metric, values: Float64Array.of(1), flags: null }] }
    expect(decodeBatch(encodeBatch(makeBatch('a', { runs: [run] }))).runs[0]?.columns[0]?.metric).toBe(metric)
  })
})
