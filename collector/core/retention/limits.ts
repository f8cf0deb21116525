import { limits } from '@barograph/proto'
import type { Level } from '../documents.ts'

/** Bounds of retention's work. What does not fit into a step comes with the next. */
export const sweepLimits = {
  /** Old buckets looked at in one step. */
  bucketsPerStep: 64,
  /** Windows deleted in one step. */
  windowsPerStep: 500,
  /** Numbers that one expiry covers. */
  numbersPerRecord: limits.numbersPerOperation,
  /** Ranges and levels that one expiry names, each. */
  partsPerRecord: limits.partsPerBatch,
  /** Buckets whose expiry is awaited; of more than these all are forgotten, and told again. */
  awaited: 10_000,
  /** Between two steps, so that the roll has the store for itself most of the time. */
  pauseMs: 20,
} as const

/** How long retention keeps what. null: for ever. Counted from ingest. */
export type Retention = { readonly [K in 'raw' | Level]: number | null }

/** Between two sweeps: often enough for the shortest retention, and never all the time. */
export function sweepIntervalMs(retention: Retention): number {
  const shortest = Math.min(...Object.values(retention).map((ms) => ms ?? Number.POSITIVE_INFINITY))
  return Math.min(600_000, Math.max(1_000, shortest / 16))
}
