import type { Position } from './schema.ts'

/** a before b. */
export const isBefore = (a: Position, b: Position): boolean => a.g < b.g || (a.g === b.g && a.n < b.n)
export const later = (a: Position, b: Position): Position => (isBefore(a, b) ? b : a)
