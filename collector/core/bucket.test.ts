import { type Metric, metricByName, type Run } from '@barograph/proto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createBucket } from './bucket.ts'

const temperature = metricByName('temperature') as Metric
const stream = { sensor: 'bme280', epoch: '00000000000000aa' }

function runOf(firstSeq: number, values: readonly number[], intervalMs = 1_000): Run {
  return {
    ...stream,
    intervalMs,
    firstSeq,
    times: Float64Array.from(values, (_, i) => (firstSeq + i) * 1_000),
    columns: [{ metric: temperature, values: Float64Array.from(values), flags: null }],
    marks: [],
  }
}

describe('a bucket', () => {
  test('from its document is the same bucket', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            seq: fc.integer({ min: 257, max: 512 }),
            value: fc.integer({ min: -100, max: 100 }),
            offset: fc.nat(3),
            isQuarantined: fc.boolean(),
            interval: fc.constantFrom(0, 1_000, 10_000),
            isFault: fc.boolean(),
          }),
          { maxLength: 60 },
        ),
        (entries) => {
          const bucket = createBucket('balcony', stream, 1, null)
          for (const { seq, value, offset, isQuarantined, interval, isFault } of entries) {
            const mark = isFault
              ? ({ index: 0, kind: 'fault', code: 'stuck', detail: 'x' } as const)
              : undefined
            const arrival = isQuarantined
              ? ({ what: 'quarantined', reason: 'in the future' } as const)
              : ({ what: 'arrived', reason: '' } as const)
            bucket.put(runOf(seq, [isFault ? Number.NaN : value], interval), 0, mark, {
              at: { g: 0, n: offset },
              ...arrival,
            })
          }
          const document = bucket.toDocument()
          const again = createBucket('balcony', stream, 1, structuredClone(document))
          expect(again.toDocument()).toEqual(document)
          for (let seq = 257; seq <= 512; seq++) expect(again.arrival(seq)).toEqual(bucket.arrival(seq))
        },
      ),
    )
  })

  test('tells which record brought a number, and joins neighbours of one record into one event', () => {
    const bucket = createBucket('balcony', stream, 0, null)
    const run = runOf(1, [1, 2, 3, 4])
    for (const i of [0, 1, 3])
      bucket.put(run, i, undefined, { at: { g: 0, n: 7 }, what: 'arrived', reason: '' })
    bucket.put(run, 2, undefined, { at: { g: 0, n: 9 }, what: 'arrived', reason: '' })
    expect(bucket.toDocument().events.map(({ first, last, at }) => [first, last, at.n])).toEqual([
      [1, 2, 7],
      [3, 3, 9],
      [4, 4, 7],
    ])
    expect(bucket.arrival(3)).toEqual({ g: 0, n: 9 })
    expect(bucket.arrival(5)).toBeNull()
    expect(bucket.toDocument()).toMatchObject({
      firstTime: 1_000,
      lastTime: 4_000,
      intervals: [[1, 4, 1_000]],
    })
  })
})
