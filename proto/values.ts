/**
 * Values are integer counts of thousandths of their metric's unit, so that sums are exact and aggregation does not
 * depend on order.
 */

/** The nearest integer, halves away from zero. */
export function roundHalfAwayFromZero(value: number): number {
  // Math.floor(|v| + 0.5) would lift 0.49999999999999994 to 1: compare the remainder instead.
  const size = Math.abs(value)
  const whole = Math.floor(size)
  const rounded = size - whole >= 0.5 ? whole + 1 : whole
  return value < 0 ? 0 - rounded : rounded
}

/** Thousandths of a value given in the metric's own unit; the one rounding that a value ever gets. */
export function toThousandths(value: number): number {
  return roundHalfAwayFromZero(value * 1000)
}

/** A number for people and JSON, at most three decimals. */
export function fromThousandths(thousandths: number | bigint): number {
  return Number(thousandths) / 1000
}

/** The exact quotient of two integers, rounded to the nearest integer, halves away from zero. */
export function divideRounded(sum: number | bigint, count: number): number {
  const s = BigInt(sum)
  const c = BigInt(count)
  const size = s < 0n ? -s : s
  const rounded = (2n * size + c) / (2n * c)
  return Number(s < 0n ? -rounded : rounded)
}

/** Exact sum of integers that stays a number while that is safe and becomes a bigint beyond 2^53. */
export function addExact(a: number | bigint, b: number | bigint): number | bigint {
  if (typeof a === 'number' && typeof b === 'number') {
    const sum = a + b
    if (sum >= Number.MIN_SAFE_INTEGER && sum <= Number.MAX_SAFE_INTEGER) return sum
  }
  return shrink(BigInt(a) + BigInt(b))
}

function shrink(value: bigint): number | bigint {
  const safe = value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)
  return safe ? Number(value) : value
}
