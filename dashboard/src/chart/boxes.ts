import type { StripData } from './strip-data.ts'
import type { ValueAxis } from './value-axis.ts'

/** What the layer of words above a strip is drawn from. */
export interface OverParts {
  readonly data: StripData
  readonly axis: ValueAxis
  readonly crosshair: number | null
  toX(time: number): number
  toY(value: number): number
}

/** Room that words take, px. */
export interface Box {
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
}

/** True where two words would touch. */
export const touches = (a: Box, b: Box): boolean =>
  a.left < b.right + 4 && b.left < a.right + 4 && a.top < b.bottom + 2 && b.top < a.bottom + 2

/** True where the trace or its band passes behind words. */
export function isWritten({ data, toX, toY }: OverParts, box: Box): boolean {
  const { metric, points } = data
  return points.some(
    ({ start, end, low, high }) =>
      toX(end) > box.left &&
      toX(start) < box.right &&
      toY(metric.convert(high)) < box.bottom + 2 &&
      toY(metric.convert(low)) > box.top - 2,
  )
}
