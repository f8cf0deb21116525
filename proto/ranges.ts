/**
 * A set of whole numbers as ascending, disjoint, non-touching ranges, flat: [first, last, first, last, ...].
 * Sets are values: every function returns a new one and leaves its arguments alone.
 */
export type RangeSet = readonly number[]

export const emptySet: RangeSet = []

/** Index of the first range whose last number is >= n. */
function seek(set: RangeSet, n: number): number {
  let low = 0
  let high = set.length / 2
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((set[2 * middle + 1] as number) < n) low = middle + 1
    else high = middle
  }
  return low
}

export function has(set: RangeSet, n: number): boolean {
  const at = seek(set, n)
  return 2 * at < set.length && (set[2 * at] as number) <= n
}

/** True when every number from first to last is in the set. */
export function hasAll(set: RangeSet, first: number, last: number): boolean {
  const at = seek(set, first)
  return 2 * at < set.length && (set[2 * at] as number) <= first && (set[2 * at + 1] as number) >= last
}

/** How many numbers are in the set. */
export function sizeOf(set: RangeSet): number {
  let size = 0
  for (let i = 0; i < set.length; i += 2) size += (set[i + 1] as number) - (set[i] as number) + 1
  return size
}

/** How many ranges the set has. */
export const rangeCount = (set: RangeSet): number => set.length / 2

export function addRange(set: RangeSet, first: number, last: number): RangeSet {
  if (first > last) return set
  const end = set.length
  // The usual case by far: the set grows at its end.
  if (end === 0 || first > (set[end - 1] as number) + 1) return [...set, first, last]
  if (first >= (set[end - 2] as number)) {
    if (last <= (set[end - 1] as number)) return set
    const grown = set.slice()
    grown[end - 1] = last
    return grown
  }
  const from = seek(set, first - 1)
  let to = from
  let low = first
  let high = last
  while (2 * to < end && (set[2 * to] as number) <= last + 1) {
    low = Math.min(low, set[2 * to] as number)
    high = Math.max(high, set[2 * to + 1] as number)
    to++
  }
  return [...set.slice(0, 2 * from), low, high, ...set.slice(2 * to)]
}

export function union(a: RangeSet, b: RangeSet): RangeSet {
  if (a.length < b.length) return union(b, a)
  if (b.length <= 8) {
    let set = a
    for (let i = 0; i < b.length; i += 2) set = addRange(set, b[i] as number, b[i + 1] as number)
    return set
  }
  const merged: number[] = []
  let i = 0
  let j = 0
  while (i < a.length || j < b.length) {
    const takeA = j >= b.length || (i < a.length && (a[i] as number) <= (b[j] as number))
    const first = (takeA ? a[i] : b[j]) as number
    const last = (takeA ? a[i + 1] : b[j + 1]) as number
    if (takeA) i += 2
    else j += 2
    const end = merged.length
    if (end > 0 && first <= (merged[end - 1] as number) + 1)
      merged[end - 1] = Math.max(merged[end - 1] as number, last)
    else merged.push(first, last)
  }
  return merged
}

/** The numbers of a that are not in b. */
export function subtract(a: RangeSet, b: RangeSet): RangeSet {
  if (a.length === 0 || b.length === 0) return a
  const rest: number[] = []
  let j = 0
  for (let i = 0; i < a.length; i += 2) {
    let first = a[i] as number
    const last = a[i + 1] as number
    while (j < b.length && (b[j + 1] as number) < first) j += 2
    for (let k = j; k < b.length && (b[k] as number) <= last; k += 2) {
      if ((b[k] as number) > first) rest.push(first, (b[k] as number) - 1)
      first = (b[k + 1] as number) + 1
    }
    if (first <= last) rest.push(first, last)
  }
  return rest
}

export function intersect(a: RangeSet, b: RangeSet): RangeSet {
  const both: number[] = []
  let i = 0
  let j = 0
  while (i < a.length && j < b.length) {
    const first = Math.max(a[i] as number, b[j] as number)
    const last = Math.min(a[i + 1] as number, b[j + 1] as number)
    if (first <= last) both.push(first, last)
    if ((a[i + 1] as number) < (b[j + 1] as number)) i += 2
    else j += 2
  }
  return both
}

/** The set of one range. */
export const rangeOf = (first: number, last: number): RangeSet => (first > last ? emptySet : [first, last])

/** The lowest `count` numbers of a set. */
export function lowest(set: RangeSet, count: number): RangeSet {
  let taken = emptySet
  let left = count
  for (const [first, last] of pairs(set)) {
    if (left <= 0) break
    const end = Math.min(last, first + left - 1)
    taken = addRange(taken, first, end)
    left -= end - first + 1
  }
  return taken
}

/** The ranges as pairs, for loops. */
export function* pairs(set: RangeSet): Generator<readonly [number, number]> {
  for (let i = 0; i < set.length; i += 2) yield [set[i] as number, set[i + 1] as number]
}

/** The largest number in the set; 0 for the empty set. */
export const lastOf = (set: RangeSet): number => set[set.length - 1] ?? 0

/** True for ascending, disjoint, non-touching ranges of safe numbers from 1 on: what a stranger's bytes must prove. */
export function isRangeSet(numbers: readonly number[]): boolean {
  if (numbers.length % 2 !== 0) return false
  let before = -1
  for (let i = 0; i < numbers.length; i += 2) {
    const first = numbers[i] as number
    const last = numbers[i + 1] as number
    if (!Number.isSafeInteger(first) || !Number.isSafeInteger(last) || first < 1) return false
    if (first > last || first <= before + 1) return false
    before = last
  }
  return true
}
