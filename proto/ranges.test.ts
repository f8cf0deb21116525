import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  addRange,
  emptySet,
  has,
  hasAll,
  intersect,
  isRangeSet,
  lastOf,
  pairs,
  type RangeSet,
  rangeCount,
  rangeOf,
  sizeOf,
  subtract,
  union,
} from './ranges.ts'

// Small numbers, so that ranges meet, touch and overlap all the time.
const range = fc.tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 0, max: 8 }))
const ranges = fc.array(range, { maxLength: 24 })

const rangesToSet = (list: readonly (readonly [number, number])[]): RangeSet =>
  list.reduce<RangeSet>((set, [first, more]) => addRange(set, first, first + more), emptySet)
const rangesToModel = (list: readonly (readonly [number, number])[]): Set<number> =>
  new Set(list.flatMap(([first, more]) => Array.from({ length: more + 1 }, (_, i) => first + i)))
const numbersOf = (set: RangeSet): number[] =>
  [...pairs(set)].flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, i) => first + i))
const sorted = (model: ReadonlySet<number>): number[] => [...model].sort((a, b) => a - b)

/** The numbers of a set in the form that it promises: ascending, disjoint, not touching. */
function checked(set: RangeSet): number[] {
  if (!isRangeSet(set)) throw new Error(`[${set.join()}] is not in form`)
  return numbersOf(set)
}

const check = (property: (a: [number, number][], b: [number, number][]) => void): void =>
  fc.assert(fc.property(ranges, ranges, property), { numRuns: 2_000, seed: 5 })

describe('a set of ranges', () => {
  test('holds what was added, in the fewest ranges', () =>
    check((a) => {
      const set = rangesToSet(a)
      const model = rangesToModel(a)
      expect(checked(set)).toEqual(sorted(model))
      expect(sizeOf(set)).toBe(model.size)
      expect(lastOf(set)).toBe(Math.max(0, ...model))
      expect(rangeCount(set)).toBe(sorted(model).filter((n) => !model.has(n - 1)).length)
    }))

  test('tells which numbers it holds', () =>
    check((a, [question = [1, 0]]) => {
      const set = rangesToSet(a)
      const model = rangesToModel(a)
      for (let n = 0; n <= 70; n++) expect(has(set, n)).toBe(model.has(n))
      const [first, more] = question
      const wanted = rangesToModel([question])
      expect(hasAll(set, first, first + more)).toBe([...wanted].every((n) => model.has(n)))
    }))

  test('unites, subtracts and intersects as sets do', () =>
    check((a, b) => {
      const [x, y, mx, my] = [rangesToSet(a), rangesToSet(b), rangesToModel(a), rangesToModel(b)]
      expect(checked(union(x, y))).toEqual(sorted(new Set([...mx, ...my])))
      expect(checked(subtract(x, y))).toEqual(sorted(new Set([...mx].filter((n) => !my.has(n)))))
      expect(checked(intersect(x, y))).toEqual(sorted(new Set([...mx].filter((n) => my.has(n)))))
    }))

  test('is a value: no function changes its arguments', () =>
    check((a, b) => {
      const [x, y] = [Object.freeze([...rangesToSet(a)]), Object.freeze([...rangesToSet(b)])]
      const before = [[...x], [...y]]
      for (const [first, more] of b) addRange(x, first, first + more)
      union(x, y)
      subtract(x, y)
      intersect(x, y)
      expect([x, y]).toEqual(before)
    }))

  test('unites large sets as small ones', () =>
    fc.assert(
      fc.property(fc.array(range, { minLength: 12, maxLength: 200 }), ranges, (a, b) => {
        const spread = a.map(([first, more], i): [number, number] => [first + i * 100, more])
        expect(checked(union(rangesToSet(spread), rangesToSet(b)))).toEqual(
          sorted(rangesToModel([...spread, ...b])),
        )
      }),
      { numRuns: 200, seed: 6 },
    ))

  test('does not grow with a range that holds nothing', () => {
    expect(addRange([1, 5], 9, 8)).toEqual([1, 5])
    expect(rangeOf(3, 2)).toEqual(emptySet)
    expect(rangeOf(3, 3)).toEqual([3, 3])
  })

  test('works at the largest sequence numbers', () => {
    const last = 2 ** 48 - 1
    const set = addRange(addRange(emptySet, 1, last - 1), last, last)
    expect(set).toEqual([1, last])
    expect(sizeOf(set)).toBe(last)
    expect(subtract(set, [2, last - 1])).toEqual([1, 1, last, last])
  })

  test('is told from numbers that only look like one', () => {
    for (const numbers of [
      [1],
      [2, 1],
      [1, 2, 3, 4],
      [5, 6, 1, 2],
      [0, 1],
      [1.5, 2],
      [1, 2 ** 53],
      [1, Number.NaN],
    ])
      expect(isRangeSet(numbers)).toBe(false)
    for (const numbers of [[], [1, 1], [1, 2, 4, 4]]) expect(isRangeSet(numbers)).toBe(true)
  })
})
