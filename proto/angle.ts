import { roundHalfAwayFromZero } from './values.ts'

/**
 * Directions average as vectors. Each angle becomes two whole numbers, so that their sums are exact whatever the order.
 */
const scale = 1_000_000

/** round(10^6 sin) of an angle in thousandths of a degree. */
export function sineOf(thousandths: number): number {
  return roundHalfAwayFromZero(Math.sin(radians(thousandths)) * scale)
}

/** round(10^6 cos) of an angle in thousandths of a degree. */
export function cosineOf(thousandths: number): number {
  return roundHalfAwayFromZero(Math.cos(radians(thousandths)) * scale)
}

/** Mean direction in thousandths of a degree, 0 to 359999; null when the vectors cancel out. */
export function meanAngle(sine: number | bigint, cosine: number | bigint): number | null {
  const s = Number(sine)
  const c = Number(cosine)
  if (s === 0 && c === 0) return null
  const angle = roundHalfAwayFromZero((Math.atan2(s, c) * 180_000) / Math.PI)
  return ((angle % 360_000) + 360_000) % 360_000
}

const radians = (thousandths: number): number => (thousandths / 180_000) * Math.PI
