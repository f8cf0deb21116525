/** Ends and rules of a value axis, in shown units. */
export interface ValueAxis {
  readonly low: number
  readonly high: number
  readonly major: number
  readonly minor: number
  readonly fine: number
}

const pxPerMajor = 28

/** The smallest of 1, 2, 5, 10 ... (and 0.5, 0.2 ...) that is not below a size. */
export function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least))
  const factor = [1, 2, 5, 10].find((step) => step * power >= least * (1 - 1e-9)) ?? 10
  return factor * power
}

/**
 * An axis that holds `low` to `high`. Rules at 1, 2 or 5 times a power of ten, halves and quarters between them; ends
 * on a half. `fixed` ends stay where they are.
 */
export function valueAxis(data: {
  readonly low: number
  readonly high: number
  readonly fixed: readonly [number, number | null] | null
  readonly leastSpan: number
  readonly heightPx: number
}): ValueAxis {
  const { fixed, heightPx } = data
  const [fixedLow, fixedHigh] = fixed ?? [null, null]
  const middle = (data.low + data.high) / 2
  const leastHalf = data.leastSpan / 2
  let low = fixedLow ?? Math.min(data.low, middle - leastHalf)
  let high =
    fixedHigh ?? Math.max(data.high, fixedLow === null ? middle + leastHalf : fixedLow + data.leastSpan)
  if (high <= low) high = low + 1
  const span = high - low
  const major = niceStep(span / Math.max(1.5, heightPx / pxPerMajor))
  const minor = major / 2
  const margin = span * 0.01
  if (fixedLow === null) low = Math.floor((low - margin) / minor) * minor
  if (fixedHigh === null) high = Math.ceil((high + margin) / minor) * minor
  return { low, high, major, minor, fine: major / 4 }
}

/** Multiples of a step from low to high. */
export function multiples(step: number, low: number, high: number): number[] {
  const first = Math.ceil(low / step - 1e-9)
  const last = Math.floor(high / step + 1e-9)
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => (first + i) * step)
}

/** True for a value on a rule of that step. */
export function isMultiple(value: number, step: number): boolean {
  return Math.abs(value / step - Math.round(value / step)) < 1e-6
}
