import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cosineOf, meanAngle, sineOf } from './angle.ts'

const meanOf = (...degrees: number[]): number | null => {
  const sum = (of: (thousandths: number) => number) =>
    degrees.reduce((total, angle) => total + of(angle * 1000), 0)
  return meanAngle(sum(sineOf), sum(cosineOf))
}

describe('the mean of directions', () => {
  test.each<[number[], number | null]>([
    [[350, 10], 0],
    [[359, 0, 1], 0],
    [[90], 90_000],
    [[0, 90], 45_000],
    [[170, 190], 180_000],
    [[270, 350], 310_000],
    [[0, 180], null],
    [[0, 90, 180, 270], null],
    [[360], 0],
  ])('of %j is %s', (degrees, mean) => {
    expect(meanOf(...degrees)).toBe(mean)
  })

  test('of one direction is that direction, to a thousandth of a degree', () =>
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 359_999 }), (angle) => {
        const mean = meanAngle(sineOf(angle), cosineOf(angle))
        const apart = Math.abs((mean ?? Number.NaN) - angle)
        expect(Math.min(apart, 360_000 - apart)).toBeLessThanOrEqual(1)
      }),
      { seed: 1, numRuns: 1_000 },
    ))

  test('does not change with the size of the sums, beyond 2^53 too', () => {
    const few = meanAngle(sineOf(123_456), cosineOf(123_456))
    const many = 10n ** 12n
    expect(meanAngle(BigInt(sineOf(123_456)) * many, BigInt(cosineOf(123_456)) * many)).toBe(few)
  })

  test('is made of whole numbers with a sign that is never a negative zero', () => {
    expect([sineOf(0), cosineOf(0), sineOf(90_000), sineOf(30_000), cosineOf(180_000)]).toEqual([
      0, 1_000_000, 1_000_000, 500_000, -1_000_000,
    ])
    for (const angle of [0, 90_000, 180_000, 270_000, 360_000])
      for (const part of [sineOf(angle), cosineOf(angle)]) expect(Object.is(part, -0)).toBe(false)
  })
})
