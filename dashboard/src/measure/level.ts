import { dayMs, hourMs, minuteMs, secondMs } from '../time/zone.ts'

/** Lengths of tumbling windows, finest first; months and years by their shortest. */
export const levelsMs = {
  '10s': 10 * secondMs,
  '1m': minuteMs,
  hour: hourMs,
  day: dayMs,
  week: 7 * dayMs,
  month: 28 * dayMs,
  year: 365 * dayMs,
} as const

/** A level of windows. */
export type Level = keyof typeof levelsMs

/** Every level, finest first. */
export const levels = Object.keys(levelsMs) as readonly Level[]

/** More windows than this many per px of the plot are not told apart. */
const windowsPerPx = 1.5

/**
 * The finest level whose windows fit the plot; levels shorter than the sensor's interval are not kept, so they are
 * not asked for.
 */
export function chooseLevel(spanMs: number, plotWidthPx: number, intervalMs: number): Level {
  const room = windowsPerPx * plotWidthPx
  return levels.find((level) => levelsMs[level] >= intervalMs && spanMs / levelsMs[level] <= room) ?? 'year'
}

/** A level in words: what one window is. */
export const levelWords: Readonly<Record<Level, string>> = {
  '10s': '10 s mean',
  '1m': 'minute mean',
  hour: 'hourly mean',
  day: 'daily mean',
  week: 'weekly mean',
  month: 'monthly mean',
  year: 'yearly mean',
}
