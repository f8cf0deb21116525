import type { Position } from './documents.ts'

/** Before the first record of every log. */
export const origin: Position = { g: 0, n: 0 }

/** a < b: generation first, then offset. */
export function isBefore(a: Position, b: Position): boolean {
  return a.g < b.g || (a.g === b.g && a.n < b.n)
}

export function isSame(a: Position, b: Position): boolean {
  return a.g === b.g && a.n === b.n
}
