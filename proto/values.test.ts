import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { addExact, divideRounded, fromThousandths, roundHalfAwayFromZero, toThousandths } from './values.ts'

const anyInteger = fc.oneof(
  fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }),
  fc.bigInt({ min: -(2n ** 54n), max: 2n ** 54n }),
  fc.bigInt({ min: -50n, max: 50n }),
)
/** As figures hold it: a number while that is exact. */
const held = (n: bigint): number | bigint => (Number.isSafeInteger(Number(n)) ? Number(n) : n)
const size = (n: bigint): bigint => (n < 0n ? -n : n)

describe('rounding', () => {
  test.each([
    [0.5, 1],
    [-0.5, -1],
    [1.5, 2],
    [2.5, 3],
    [-2.5, -3],
    [0.49999999999999994, 0],
    [-0.49999999999999994, 0],
    [4503599627370495.5, 4503599627370496],
    [9007199254740991, 9007199254740991],
    [0.4, 0],
  ])('takes %d to %d, halves away from zero', (value, rounded) => {
    expect(roundHalfAwayFromZero(value) === rounded).toBe(true)
  })

  test('never gives a negative zero, which JSON and databases do not keep', () => {
    for (const value of [-0, -0.1, -0.49999999999999994, 0])
      expect(Object.is(roundHalfAwayFromZero(value), 0)).toBe(true)
  })

  test('is at most half away and symmetric', () =>
    fc.assert(
      fc.property(fc.double({ min: -1e9, max: 1e9, noNaN: true }), (value) => {
        const rounded = roundHalfAwayFromZero(value)
        expect(Number.isInteger(rounded)).toBe(true)
        expect(Math.abs(rounded - value)).toBeLessThanOrEqual(0.5)
        expect(roundHalfAwayFromZero(-value) + rounded).toBe(0)
      }),
      { seed: 1, numRuns: 2_000 },
    ))

  test.each([
    [25.08, 25_080],
    [1006.533, 1_006_533],
    [-0.0005, -1],
    [-10.1, -10_100],
  ])('makes %d into thousandths', (value, thousandths) => {
    expect(toThousandths(value)).toBe(thousandths)
  })
})

test('thousandths are shown with at most three decimals', () => {
  expect([25_080, -1, 1_006_533, 98n].map(fromThousandths)).toEqual([25.08, -0.001, 1006.533, 0.098])
})

describe('exact arithmetic', () => {
  test('adds as big integers do, and stays a number while that is exact', () =>
    fc.assert(
      fc.property(anyInteger, anyInteger, (a, b) => {
        const sum = addExact(held(a), held(b))
        expect(BigInt(sum)).toBe(a + b)
        expect(typeof sum).toBe(Number.isSafeInteger(Number(a + b)) ? 'number' : 'bigint')
      }),
      { seed: 2, numRuns: 3_000 },
    ))

  test('leaves and enters the safe integers without a step lost', () => {
    const edge = Number.MAX_SAFE_INTEGER
    expect(addExact(edge, 1)).toBe(9007199254740992n)
    expect(addExact(9007199254740992n, -1)).toBe(edge)
    expect(addExact(-edge, -1)).toBe(-9007199254740992n)
    expect(addExact(edge, 0)).toBe(edge)
  })

  test('divides to the nearest integer, halves away from zero', () =>
    fc.assert(
      fc.property(anyInteger, fc.integer({ min: 1, max: 2 ** 31 }), (sum, count) => {
        const quotient = BigInt(divideRounded(held(sum), count))
        // Beyond 2^53 the answer is a double: the nearest one there is.
        fc.pre(Number.isSafeInteger(Number(quotient)))
        const c = BigInt(count)
        const twice = size(2n * (sum - quotient * c))
        expect(twice <= c).toBe(true)
        // Exactly between two: the one further from zero.
        expect(twice < c || size(quotient) * c > size(sum)).toBe(true)
      }),
      { seed: 3, numRuns: 3_000 },
    ))

  test.each([
    [98_000, 23, 4_261],
    [5, 2, 3],
    [-5, 2, -3],
    [-1, 3, 0],
    [2n ** 60n + 1n, 2 ** 20, 2 ** 40],
  ])('%s over %d is %d', (sum, count, quotient) => {
    expect(divideRounded(sum, count)).toBe(quotient)
  })
})
