import type { ShownMetric } from '../measure/metrics.ts'
import type { Point } from '../measure/series.ts'
import type { Zone } from '../time/zone.ts'
import type { Layout, Span } from './layout.ts'
import type { Tip } from './samples.ts'

/** A stretch without values and why, as far as it is known. */
export interface HatchedGap {
  readonly start: number
  readonly end: number
  /** In words; empty: not known, or said in the margin. */
  readonly cause: string
  /** One missing window among others is hatched lightly. */
  readonly isFaint: boolean
}

/** Everything one strip shows; values in base units. */
export interface StripData {
  readonly metric: ShownMetric
  /** Has gusts in its band. */
  readonly hasGusts: boolean
  readonly points: readonly Point[]
  readonly gaps: readonly HatchedGap[]
  /** The newest reading: where the pen stands. */
  readonly tip: Tip | null
  readonly isLifted: boolean
  readonly isBlank: boolean
  readonly span: Span
  readonly layout: Layout
  readonly heightPx: number
  /** px of the strips above: hatching goes on across strips. */
  readonly abovePx: number
  readonly zone: Zone
  /** The value axis shrinks only when this changes. */
  readonly rangeKey: string
  readonly sentence: string
}
