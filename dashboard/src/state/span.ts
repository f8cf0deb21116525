import type { Span } from '../chart/layout.ts'
import { dayMs, hourMs, minuteMs } from '../time/zone.ts'
import type { RangeName } from './address.ts'

/** Lengths of the range bar; `all` has none of its own. */
export const rangesMs: Readonly<Record<Exclude<RangeName, 'all'>, number>> = {
  '5min': 5 * minuteMs,
  hour: hourMs,
  day: dayMs,
  week: 7 * dayMs,
  month: 30 * dayMs,
  year: 365 * dayMs,
}

/** Room for the pen right of now, as a part of the span. */
const penRoom = 0.024

/** What the drum shows: the range up to now, or turned back to end at `to`. */
export function spanOf(options: {
  range: RangeName
  to: number | null
  now: number
  oldest: number | null
  nowLabel: string
}): Span {
  const { range, to, now, oldest, nowLabel } = options
  const end = to === null || to >= now ? now : to
  const length = range === 'all' ? Math.max(hourMs, now - (oldest ?? now - dayMs)) : rangesMs[range]
  const isLive = end === now || range === 'all'
  const from = (range === 'all' ? now : end) - length
  if (!isLive) return { from, to: end, now: null, nowLabel }
  return { from, to: now + length * penRoom, now, nowLabel }
}

/** Where the drum ends after one step back or forward; null: at now. */
export function turned(range: RangeName, to: number | null, now: number, direction: 1 | -1): number | null {
  if (range === 'all') return null
  const end = (to ?? now) + direction * rangesMs[range]
  return end >= now ? null : end
}

/** The shortest range that holds all there is, at most a week: what suits a device whose range nobody chose. */
export function suitingRange(oldest: number | null, now: number): RangeName {
  if (oldest === null) return 'week'
  const age = now - oldest
  return (['5min', 'hour', 'day'] as const).find((range) => age <= rangesMs[range]) ?? 'week'
}
