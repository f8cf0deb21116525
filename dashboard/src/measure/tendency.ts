import { hourMs, minuteMs } from '../time/zone.ts'

/** How a metric moved over three hours. */
export interface Tendency {
  readonly words: string
  /** -4 to 4: how steep the arrow is. */
  readonly steepness: number
  /** In base units; null: no reading three hours ago. */
  readonly difference: number | null
}

// Pressure: the Met Office's terms in hPa. The others in their own base units.
const steps: Readonly<Record<string, readonly [number, number, number, number]>> = {
  pressure: [0.1, 1.5, 3.5, 6],
  temperature: [0.3, 1, 3, 6],
  dewPoint: [0.3, 1, 3, 6],
  apparentTemperature: [0.3, 1, 3, 6],
  humidity: [2, 6, 15, 30],
  windSpeed: [0.6, 1.5, 4, 8],
  windGust: [0.6, 1.5, 4, 8],
}

/** How long before now the other reading is taken. */
export const tendencySpanMs = 3 * hourMs

/** How far from three hours ago a reading may be. */
export const tendencyToleranceMs = 10 * minuteMs

const none: Tendency = { words: 'no tendency yet', steepness: 0, difference: null }

/** Metrics without published steps have no words: their tendency is null. */
export function tendencyOf(metric: string, now: number | null, before: number | null): Tendency | null {
  const limits = steps[metric]
  if (!limits) return null
  if (now === null || before === null) return none
  // Values have three decimals; their difference in binary does not.
  const difference = Math.round((now - before) * 1000) / 1000
  const size = Math.abs(difference)
  if (size < limits[0]) return { words: 'steady', steepness: 0, difference }
  const verb = difference > 0 ? 'rising' : 'falling'
  const grade = size <= limits[1] ? 1 : size <= limits[2] ? 2 : size <= limits[3] ? 3 : 4
  const words = [verb, `${verb} slowly`, verb, `${verb} quickly`, `${verb} very rapidly`][grade] ?? verb
  return { words, steepness: difference > 0 ? grade : -grade, difference }
}

/** Degrees by which a tendency's arrow is turned up from level. */
export function arrowDegrees(steepness: number): number {
  return ([0, 25, 45, 65, 90][Math.abs(steepness)] ?? 0) * Math.sign(steepness)
}
