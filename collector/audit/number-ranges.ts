/** Ranges of whole numbers, written for the audit alone: sorted and merged when asked, not while they come. */
export type Ranges = readonly (readonly [first: number, last: number])[]

/** Ascending, touching ones as one. */
export function mergeRanges(ranges: Ranges): Ranges {
  const merged: [number, number][] = []
  for (const [first, last] of [...ranges].sort((a, b) => a[0] - b[0])) {
    const before = merged[merged.length - 1]
    if (before && first <= before[1] + 1) before[1] = Math.max(before[1], last)
    else merged.push([first, last])
  }
  return merged
}

/** The ranges of a set as documents keep it: first, last, first, last. */
export function rangesOf(set: readonly number[]): Ranges {
  const ranges: [number, number][] = []
  for (let i = 0; i + 1 < set.length; i += 2) ranges.push([set[i] ?? 0, set[i + 1] ?? 0])
  return ranges
}

export const countOf = (ranges: Ranges): number =>
  ranges.reduce((sum, [first, last]) => sum + last - first + 1, 0)

/** What is in a and not in b; both merged. */
export function without(a: Ranges, b: Ranges): Ranges {
  const rest: [number, number][] = []
  let from = 0
  for (const [first, last] of a) {
    let next = first
    while (from < b.length && (b[from]?.[1] ?? 0) < first) from++
    for (let j = from; j < b.length; j++) {
      const [start, end] = b[j] ?? [Infinity, Infinity]
      if (start > last) break
      if (start > next) rest.push([next, start - 1])
      next = end + 1
    }
    if (next <= last) rest.push([next, last])
  }
  return rest
}

/** What is in both; both merged. */
export const inBoth = (a: Ranges, b: Ranges): Ranges => without(a, without(a, b))

/** For a line: 1-5, 9, 12-40 and 3 more. */
export function rangeWords(ranges: Ranges): string {
  const shown = ranges.slice(0, 6).map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`))
  const more = ranges.length - shown.length
  return shown.length === 0 ? 'none' : shown.join(', ') + (more > 0 ? ` and ${more} more` : '')
}
