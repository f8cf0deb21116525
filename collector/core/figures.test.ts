import { type Column, cosineOf, type Metric, metricByName, sineOf } from '@barograph/proto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { StoredFigures, StoredPart } from './documents.ts'
import { addFigures, addPart, figuresOf, noFigures } from './figures.ts'

const metricNamed = (name: string): Metric => metricByName(name) as Metric

interface Sample {
  readonly time: number
  readonly value: number
  readonly flag: number
}

const sample = fc.record({
  time: fc.integer({ min: 0, max: 20 }),
  value: fc.integer({ min: -3, max: 3 }),
  flag: fc.constantFrom(0, 0, 0, 1, 128),
})

function figuresFor(metric: Metric, samples: readonly Sample[]): StoredFigures {
  const column: Column = {
    metric,
    values: Float64Array.from(samples, ({ value }) => value),
    flags: Uint8Array.from(samples, ({ flag }) => flag),
  }
  const times = Float64Array.from(samples, ({ time }) => time)
  return (
    figuresOf(column, times, 0, samples.length, new Uint8Array(samples.length).fill(1)) ?? noFigures(metric)
  )
}

describe('figures', () => {
  test.each(['temperature', 'precipitation', 'windDirection'])(
    'of %s do not depend on order or on how they are cut',
    (name) => {
      const metric = metricNamed(name)
      fc.assert(
        fc.property(
          fc.array(sample, { maxLength: 30 }),
          fc.array(fc.nat(29)),
          fc.func(fc.integer()),
          (samples, cuts, shuffle) => {
            const whole = figuresFor(metric, samples)
            const shuffled = [...samples].sort((a, b) => shuffle(a) - shuffle(b))
            const pieces = noFigures(metric)
            let from = 0
            for (const to of [...cuts.sort((a, b) => a - b), shuffled.length]) {
              addFigures(pieces, figuresFor(metric, shuffled.slice(from, to)))
              from = Math.max(from, to)
            }
            expect(pieces).toEqual(whole)
          },
        ),
        { seed: 7, numRuns: 1_000 },
      )
    },
  )

  test('ties go to the earliest extreme, the smaller first and the larger last', () => {
    const figures = figuresFor(metricNamed('temperature'), [
      { time: 5, value: 2, flag: 0 },
      { time: 1, value: 2, flag: 0 },
      { time: 1, value: -2, flag: 0 },
      { time: 9, value: -2, flag: 0 },
      { time: 9, value: 1, flag: 0 },
    ])
    expect(figures).toMatchObject({
      min: -2,
      minAt: 1,
      max: 2,
      maxAt: 1,
      first: -2,
      firstAt: 1,
      last: 1,
      lastAt: 9,
      sum: 1,
    })
  })

  test('an invalid value is counted and left out, a suspect one is counted twice', () => {
    const figures = figuresFor(metricNamed('temperature'), [
      { time: 1, value: 3, flag: 128 },
      { time: 2, value: 1, flag: 1 },
      { time: 3, value: 2, flag: 0 },
    ])
    expect(figures).toMatchObject({ count: 2, flagged: 1, suspect: 1, sum: 3, max: 2 })
  })

  test('a direction has vector sums and neither sum nor extremes', () => {
    const figures = figuresFor(metricNamed('windDirection'), [{ time: 1, value: 90_000, flag: 0 }])
    expect(figures).toMatchObject({
      sine: sineOf(90_000),
      cosine: cosineOf(90_000),
      sum: 0,
      min: 0,
      max: 0,
      first: 90_000,
    })
  })

  test('a sum beyond 2^53 stays exact', () => {
    const metric = metricNamed('temperature')
    const large = { ...noFigures(metric), count: 1, sum: Number.MAX_SAFE_INTEGER, min: 1, max: 1 }
    const into = noFigures(metric)
    addFigures(into, large)
    addFigures(into, large)
    expect(into.sum).toBe(BigInt(Number.MAX_SAFE_INTEGER) * 2n)
  })

  test('parts ascend by start whatever the order in which they come', () => {
    const metric = metricNamed('temperature')
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(5), fc.integer({ min: -9, max: 9 })), { minLength: 1 }),
        (pieces) => {
          const parts: StoredPart[] = []
          for (const [start, value] of pieces)
            addPart(parts, start, figuresFor(metric, [{ time: start, value, flag: 0 }]))
          const starts = [...new Set(pieces.map(([start]) => start))].sort((a, b) => a - b)
          expect(parts).toEqual(
            starts.map((start) => {
              const values = pieces.filter(([other]) => other === start).map(([, value]) => value)
              return [
                start,
                values.length,
                values.reduce((a, b) => a + b, 0),
                Math.min(...values),
                Math.max(...values),
              ]
            }),
          )
        },
      ),
    )
  })
})
