import type { TimeScale } from './time-axis.ts'

/** Where the readings are drawn, px. */
export interface Frame {
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
  readonly scale: TimeScale
  /** Of thousandths. */
  y(value: number): number
}
