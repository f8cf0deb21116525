import type { Kind } from '@barograph/proto'

/** Ends and rules of the value axis, thousandths. */
export interface ValueAxis {
  readonly low: number
  readonly high: number
  readonly major: number
  readonly minor: number
}

const pxPerMajor = 44
/** Units whose axis begins at 0: there is nothing below. */
const fromZero = new Set(['m/s', 'mm', 'cm', 'W/m2', 'lx', 'ppm', 'ug/m3', '1', 'km'])
/** The axis is never narrower, in the unit. */
const leastSpans: Readonly<Record<string, number>> = { hPa: 5, degC: 4, 'm/s': 5, '%RH': 20, '%': 20, mm: 1 }

/** An axis that holds these thousandths: rules at 1, 2 or 5 times a power of ten, ends on a rule. */
export function valueAxis(
  values: readonly number[],
  { unit, kind }: { readonly unit: string; readonly kind: Kind },
  heightPx: number,
): ValueAxis {
  if (kind === 'direction') return { low: 0, high: 360_000, major: 90_000, minor: 45_000 }
  let low = values.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY)
  let high = values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY)
  if (low > high) [low, high] = [0, 0]
  if ((fromZero.has(unit) || kind === 'total') && low >= 0) low = 0
  const lacking = (leastSpans[unit] ?? 0.01) * 1_000 - (high - low)
  if (lacking > 0) {
    high += low === 0 ? lacking : lacking / 2
    if (low !== 0) low -= lacking / 2
  }
  const major = niceStep(((high - low) * pxPerMajor) / heightPx)
  const minor = major / 2
  // Room for figures above a high and below a low.
  const margin = (high - low) * 0.04
  return {
    low: low === 0 ? 0 : Math.floor((low - margin) / minor) * minor,
    high:
      unit === '%RH' && high <= 100_000 && high > 90_000
        ? 100_000
        : Math.ceil((high + margin) / minor) * minor,
    major,
    minor,
  }
}

/** The smallest of 1, 2, 5 times a power of ten that is not below a size; never less than 2 thousandths. */
function niceStep(least: number): number {
  let power = 1
  while (power * 10 <= least) power *= 10
  return Math.max(2, ([1, 2, 5, 10].find((step) => step * power >= least) ?? 10) * power)
}

/** Multiples of a step from low to high. */
export function multiples(step: number, low: number, high: number): number[] {
  const found: number[] = []
  for (let i = Math.ceil(low / step); i * step <= high; i++) found.push(i * step)
  return found
}
