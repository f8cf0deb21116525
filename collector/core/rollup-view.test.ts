import { meanAngle } from '@barograph/proto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Level, RollupDocument, StoredFigures, StoredPart } from './documents.ts'
import { formatTime } from './iso-time.ts'
import { coverageOf, expectedOf, rollupView } from './rollup-view.ts'

const hourMs = 3_600_000
const at = (text: string): number => Date.parse(text)
const plainName = (key: string): string => key

const figures = (more: Partial<StoredFigures & { parts: readonly StoredPart[] }>) => ({
  unit: 'degC',
  kind: 'level' as const,
  count: 0,
  flagged: 0,
  suspect: 0,
  sum: 0,
  sine: 0,
  cosine: 0,
  min: 0,
  minAt: 0,
  max: 0,
  maxAt: 0,
  first: 0,
  firstAt: 0,
  last: 0,
  lastAt: 0,
  ...more,
})

const rollup = (more: Partial<RollupDocument>): RollupDocument => ({
  id: 'a/b/day/0',
  o: { g: 0, n: 1 },
  device: 'a',
  sensor: 'b',
  level: 'day',
  start: at('2013-03-10T05:00:00Z'),
  end: at('2013-03-11T04:00:00Z'),
  timeZone: 'America/New_York',
  revision: 0,
  received: 23,
  coveredMs: 23 * hourMs,
  sealed: false,
  metrics: {},
  ...more,
})

describe('a rollup as outsiders see it', () => {
  test('a day of 23 hours reads as it is documented', () => {
    const start = at('2013-03-10T05:00:00Z')
    const hours = Array.from({ length: 23 }, (_, i): StoredPart => {
      const value = i === 5 ? 600 : i === 10 ? 7_200 : 4_000
      return [start + i * hourMs, 1, value, value, value]
    })
    const temperature = figures({
      count: 23,
      sum: 98_000,
      min: 600,
      minAt: start + 5 * hourMs,
      max: 7_200,
      maxAt: start + 10 * hourMs,
      first: 3_900,
      last: 3_900,
      parts: hours,
    })
    expect(rollupView(rollup({ metrics: { temperature } }), plainName, null)).toEqual({
      level: 'day',
      start: '2013-03-10T05:00:00Z',
      end: '2013-03-11T04:00:00Z',
      timeZone: 'America/New_York',
      revision: 0,
      received: 23,
      expected: 23,
      coverage: 1,
      sealed: false,
      metrics: {
        temperature: {
          unit: 'degC',
          count: 23,
          flagged: 0,
          sum: 98,
          mean: 4.261,
          min: 0.6,
          minAt: '2013-03-10T10:00:00Z',
          max: 7.2,
          maxAt: '2013-03-10T15:00:00Z',
          first: 3.9,
          last: 3.9,
          highestHour: { start: '2013-03-10T15:00:00Z', mean: 7.2 },
          lowestHour: { start: '2013-03-10T10:00:00Z', mean: 0.6 },
        },
      },
    })
  })

  test('24 readings in the 25 hours of 3 November cover 0.96', () => {
    const day = rollup({
      start: at('2013-11-03T04:00:00Z'),
      end: at('2013-11-04T05:00:00Z'),
      received: 24,
      coveredMs: 24 * hourMs,
    })
    expect(rollupView(day, plainName, null)).toMatchObject({ expected: 25, coverage: 0.96 })
  })

  test('a window without a schedule expects nothing and covers nothing', () => {
    expect(rollupView(rollup({ coveredMs: 0 }), plainName, null)).toMatchObject({
      expected: null,
      coverage: null,
    })
  })

  test('a window is open until its end', () => {
    const { start, end } = rollup({})
    expect(rollupView(rollup({}), plainName, end - 1).open).toBe(true)
    expect(rollupView(rollup({}), plainName, start).open).toBe(true)
    expect('open' in rollupView(rollup({}), plainName, end)).toBe(false)
  })

  test('the number expected is that of the multiples of the interval inside the window', () => {
    const interval = fc.integer({ min: 1, max: 50 })
    fc.assert(
      fc.property(
        fc.integer({ min: -500, max: 500 }),
        fc.integer({ min: 1, max: 300 }),
        interval,
        (start, length, i) => {
          let count = 0
          for (let t = start; t < start + length; t++) if (t % i === 0) count++
          const received = 3
          expect(expectedOf({ start, end: start + length, received, coveredMs: received * i })).toBe(count)
        },
      ),
    )
  })

  test('with several intervals the window is shared by their mean', () => {
    // 30 at 1 s and 1 at 30 s cover 60 s with 31.
    expect(expectedOf({ start: 0, end: 60_000, received: 31, coveredMs: 60_000 })).toBe(31)
    expect(expectedOf({ start: 0, end: 60_000, received: 4, coveredMs: 31_000 })).toBe(8)
  })

  test('coverage is at most 1 and has four decimals', () => {
    expect(coverageOf(7, 3)).toBe(1)
    expect(coverageOf(1, 3)).toBe(0.3333)
    expect(coverageOf(2, 3)).toBe(0.6667)
    expect(coverageOf(1, 0)).toBe(1)
  })

  test('highest and lowest compare exact means, and the earliest of equals is shown', () => {
    const listOf = (sum: fc.Arbitrary<bigint>) =>
      fc.array(fc.record({ count: fc.integer({ min: 1, max: 4 }), sum }), { minLength: 1, maxLength: 31 })
    // Small ones are often equal, huge ones differ beyond what a double holds.
    const lists = fc.oneof(listOf(fc.bigInt(-9n, 9n)), listOf(fc.bigInt(2n ** 60n, 2n ** 60n + 99n)))
    fc.assert(
      fc.property(lists, (list) => {
        const parts = list.map(({ count, sum }, i): StoredPart => {
          const isSafe = BigInt(Number(sum)) === sum && Number.isSafeInteger(Number(sum))
          return [i * hourMs, count, isSafe ? Number(sum) : sum, 0, 0]
        })
        // 12 is a multiple of every count, so that sums of it compare as the means do.
        const scaled = list.map(({ count, sum }) => sum * BigInt(12 / count))
        const highest = scaled.indexOf(scaled.reduce((a, b) => (b > a ? b : a)))
        const lowest = scaled.indexOf(scaled.reduce((a, b) => (b < a ? b : a)))
        const view = rollupView(rollup({ metrics: { x: figures({ count: 1, parts }) } }), plainName, null)
        expect(view.metrics['x']).toMatchObject({
          highestHour: { start: formatTime(highest * hourMs) },
          lowestHour: { start: formatTime(lowest * hourMs) },
        })
      }),
    )
  })

  test.each([
    ['day', 'highestHour'],
    ['week', 'highestDay'],
    ['month', 'highestDay'],
    ['year', 'highestMonth'],
  ] as const)('a %s tells its %s', (level: Level, name) => {
    const x = figures({ count: 2, sum: 3, parts: [[0, 2, 3, 1, 2]] })
    const view = rollupView(rollup({ level, metrics: { x } }), plainName, null)
    // 3 / 2 thousandths: halves away from zero.
    expect(view.metrics['x']).toMatchObject({ [name]: { start: '1970-01-01T00:00:00Z', mean: 0.002 } })
  })

  test('a total has a sum and no mean, and its highest part is the one with the largest sum', () => {
    const rain = figures({
      unit: 'mm',
      kind: 'total',
      count: 5,
      sum: 2_500,
      parts: [
        [0, 1, 1_000, 1_000, 1_000],
        [hourMs, 4, 1_500, 0, 900],
      ],
    })
    const view = rollupView(rollup({ metrics: { rain } }), plainName, null)
    expect(view.metrics['rain']).toMatchObject({
      sum: 2.5,
      highestHour: { start: '1970-01-01T01:00:00Z', sum: 1.5 },
      lowestHour: { start: '1970-01-01T00:00:00Z', sum: 1 },
    })
    expect(view.metrics['rain']).not.toHaveProperty('mean')
  })

  test('a direction has the mean of its vectors and no sum or extremes; opposite winds have no mean', () => {
    const wind = figures({
      unit: 'deg',
      kind: 'direction',
      count: 2,
      sine: 0,
      cosine: -2_000_000,
      first: 170_000,
      last: 190_000,
    })
    const still = { ...wind, cosine: 0 }
    const view = rollupView(rollup({ metrics: { wind, still } }), plainName, null)
    expect(meanAngle(0, -2_000_000)).toBe(180_000)
    expect(view.metrics['wind']).toEqual({
      unit: 'deg',
      count: 2,
      flagged: 0,
      mean: 180,
      first: 170,
      last: 190,
    })
    expect(view.metrics['still']).toMatchObject({ mean: null })
  })

  test('a window with nothing but flagged values has counts and no figures', () => {
    const view = rollupView(rollup({ metrics: { x: figures({ flagged: 3 }) } }), plainName, null)
    expect(view.metrics['x']).toEqual({
      unit: 'degC',
      count: 0,
      flagged: 3,
      sum: 0,
      mean: null,
      min: null,
      minAt: null,
      max: null,
      maxAt: null,
      first: null,
      last: null,
    })
  })

  test('sums beyond 2^53 keep their mean exact', () => {
    const sum = 2n ** 60n
    const x = figures({ count: 2 ** 30, sum })
    const view = rollupView(rollup({ metrics: { x } }), plainName, null)
    expect(view.metrics['x']).toMatchObject({ mean: 2 ** 30 / 1000 })
  })
})
