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
            isReleased: fc.boolean(),
          }),
          { maxLength: 60 },
        ),
        (entries) => {
          const bucket = createBucket('balcony', stream, 1, null)
          for (const { seq, value, offset, isQuarantined, interval, isFault, isReleased } of entries) {
            const mark = isFault
              ? ({ index: 0, kind: 'fault', code: 'stuck', detail: 'x' } as const)
              : undefined
            const arrival = isQuarantined
              ? ({ what: 'quarantined', reason: 'in the future' } as const)
              : ({ what: 'arrived', reason: '' } as const)
            bucket.put(runOf(seq, [isFault ? Number.NaN : value], interval), 0, mark, {
              at: { g: 0, n: offset },
              ingestMs: 1_000 + offset,
              ...arrival,
            })
            if (isReleased && isQuarantined) bucket.noteRelease(seq, { g: 0, n: offset + 4 })
            if (offset === 3) bucket.summarise(seq, seq - 5, { at: { g: 0, n: 3 }, ingestMs: 5 })
          }
          const document = bucket.toDocument()
          const again = createBucket('balcony', stream, 1, structuredClone(document))
          expect(again.toDocument()).toEqual(document)
          for (let seq = 257; seq <= 512; seq++) {
            expect(again.arrival(seq)).toEqual(bucket.arrival(seq))
            expect(again.countedSince(seq)).toEqual(bucket.countedSince(seq))
          }
          expect(again.runs(257, 512)).toEqual(bucket.runs(257, 512))
        },
      ),
    )
  })

  test('tells which record brought a number, and joins neighbours of one record into one event', () => {
    const bucket = createBucket('balcony', stream, 0, null)
    const run = runOf(1, [1, 2, 3, 4])
    for (const i of [0, 1, 3])
      bucket.put(run, i, undefined, { at: { g: 0, n: 7 }, what: 'arrived', reason: '', ingestMs: 5 })
    bucket.put(run, 2, undefined, { at: { g: 0, n: 9 }, what: 'arrived', reason: '', ingestMs: 9 })
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
      newestIngest: 9,
    })
  })

  test('tells since when a number counts: its arrival, its release, or never', () => {
    const bucket = createBucket('balcony', stream, 0, null)
    const run = runOf(1, [1, 2, 3, 4])
    const fault = { index: 0, kind: 'fault', code: 'stuck', detail: '' } as const
    const quarantined = {
      at: { g: 0, n: 7 },
      what: 'quarantined',
      reason: 'in the future',
      ingestMs: 5,
    } as const
    bucket.put(run, 0, undefined, { at: { g: 0, n: 6 }, what: 'arrived', reason: '', ingestMs: 5 })
    bucket.put(run, 1, undefined, quarantined)
    bucket.put(run, 2, undefined, quarantined)
    bucket.put(run, 3, fault, quarantined)
    bucket.summarise(5, 5, { at: { g: 0, n: 8 }, ingestMs: 6 })
    for (const seq of [2, 4]) bucket.noteRelease(seq, { g: 0, n: 9 })
    const since = [1, 2, 3, 4, 5, 6].map((seq) => bucket.countedSince(seq)?.n ?? null)
    expect(since).toEqual([6, 9, null, null, null, null])
    expect([...bucket.summaries]).toEqual([5])
    expect(bucket.toDocument().events.map(({ first, last, at, what }) => [what, first, last, at.n])).toEqual([
      ['arrived', 1, 1, 6],
      ['quarantined', 2, 4, 7],
      ['summarised', 5, 5, 8],
      ['released', 2, 2, 9],
      ['released', 4, 4, 9],
    ])
  })

  test('gives its entries back as they came, a run for each stretch of one interval', () => {
    const bucket = createBucket('balcony', stream, 0, null)
    const arrival = { at: { g: 0, n: 6 }, what: 'arrived', reason: '', ingestMs: 5 } as const
    const [slow, fast] = [runOf(2, [7, 8], 10_000), runOf(4, [9], 1_000)]
    const fault = { index: 0, kind: 'fault', code: 'stuck', detail: 'x' } as const
    bucket.put(slow, 0, undefined, arrival)
    bucket.put(slow, 1, undefined, arrival)
    bucket.put(fast, 0, fault, arrival)
    bucket.put(runOf(7, [3], 1_000), 0, undefined, arrival)
    const flags = (count: number) => new Uint8Array(count)
    const withFlags = (run: Run): Run => ({
      ...run,
      columns: run.columns.map((column) => ({ ...column, flags: flags(run.times.length) })),
    })
    expect(bucket.runs(1, 6)).toEqual([withFlags(slow), { ...withFlags(fast), marks: [fault] }])
    expect(bucket.runs(3, 3).map((run) => [run.firstSeq, [...run.times]])).toEqual([[3, [3_000]]])
  })
})
