import type { ApiFigures, ApiRollup } from '@barograph/proto/api'
import { cityOf } from '../time/words.ts'
import type { Zone } from '../time/zone.ts'

/** Figures of one metric in one window, base units. */
export interface Figures {
  readonly count: number
  readonly flagged: number
  /** Mean of a level or direction, sum of a total. */
  readonly value: number | null
  readonly sum: number
  readonly low: number | null
  readonly lowAt: number | null
  readonly high: number | null
  readonly highAt: number | null
  readonly last: number | null
  readonly highestPart: number | null
  readonly lowestPart: number | null
}

/** One window of a stream. */
export interface Window {
  readonly start: number
  readonly end: number
  readonly revision: number
  readonly received: number
  readonly coverage: number | null
  readonly open: boolean
  /** Readings of it were removed by retention: late ones still count, but nobody can compute it again. */
  readonly sealed: boolean
  readonly timeZone: string
  readonly metrics: Readonly<Record<string, Figures>>
}

/** One window of one metric that has a value. */
export interface Point {
  readonly start: number
  readonly end: number
  readonly value: number
  readonly low: number
  readonly high: number
  /** Readings in it that count. */
  readonly count: number
  readonly revision: number
  readonly sealed: boolean
  readonly timeZone: string
}

const timeOrNull = (time: string | null | undefined): number | null => (time ? Date.parse(time) : null)

function figuresOf(api: ApiFigures): Figures {
  const part = 'highestHour' in api || 'highestDay' in api || 'highestMonth' in api ? api : null
  return {
    count: api.count,
    flagged: api.flagged,
    value: 'mean' in api ? api.mean : api.count > 0 ? api.sum : null,
    sum: 'sum' in api ? api.sum : 0,
    low: 'min' in api ? api.min : null,
    lowAt: 'min' in api ? timeOrNull(api.minAt) : null,
    high: 'max' in api ? api.max : null,
    highAt: 'max' in api ? timeOrNull(api.maxAt) : null,
    last: api.last,
    highestPart: timeOrNull((part?.highestHour ?? part?.highestDay ?? part?.highestMonth)?.start),
    lowestPart: timeOrNull((part?.lowestHour ?? part?.lowestDay ?? part?.lowestMonth)?.start),
  }
}

/** A window as the page keeps it. */
export function windowOf(api: ApiRollup): Window {
  const metrics: Record<string, Figures> = {}
  for (const [name, figures] of Object.entries(api.metrics)) metrics[name] = figuresOf(figures)
  return {
    start: Date.parse(api.start),
    end: Date.parse(api.end),
    revision: api.revision,
    received: api.received,
    coverage: api.coverage,
    open: api.open === true,
    sealed: api.sealed,
    timeZone: api.timeZone,
    metrics,
  }
}

/**
 * The date that a day's window is of, as a calendar in this zone has it. A window that was sealed before a site changed
 * its zone keeps the day of the old one, which begins at another instant: its middle tells.
 */
export function dateOf({ start, end }: Pick<Window, 'start' | 'end'>, zone: Pick<Zone, 'dayOf'>): number {
  return zone.dayOf((start + end) / 2)
}

/** What is to be said of windows that were sealed; empty: none was. `timeZone`: the one whose days are shown. */
export function sealedWords(
  windows: readonly Pick<Window, 'sealed' | 'timeZone'>[],
  timeZone: string,
): string {
  const sealed = windows.filter((each) => each.sealed)
  const other = sealed.find((each) => each.timeZone !== timeZone)
  if (sealed.length === 0) return ''
  return other ? `sealed, in the time of ${cityOf(other.timeZone)}` : 'sealed'
}

/** The windows in which a metric has a value; those of a total start their band at zero. */
export function pointsOf(windows: readonly Window[], metric: string, gust?: string): Point[] {
  const points: Point[] = []
  for (const { start, end, revision, sealed, timeZone, metrics } of windows) {
    const figures = metrics[metric]
    if (!figures || figures.value === null) continue
    const { value } = figures
    const gustHigh = gust ? metrics[gust]?.high : null
    points.push({
      start,
      end,
      revision,
      sealed,
      timeZone,
      count: figures.count,
      value,
      low: Math.min(figures.low ?? value, value),
      high: Math.max(figures.high ?? value, value, gustHigh ?? value),
    })
  }
  return points
}

/** A stretch without a value. */
export interface Gap {
  readonly start: number
  readonly end: number
}

/**
 * Where values are missing between `from` and `to`: between windows that do not touch, before the first one (when
 * the sensor had begun) and after the last one (when the next window is over and no reading of it can still come).
 */
export function gapsOf(
  points: readonly { readonly start: number; readonly end: number }[],
  range: {
    readonly from: number
    readonly to: number
    readonly begun: number | null
    readonly overdueMs: number
  },
): Gap[] {
  const { from, begun, to, overdueMs } = range
  if (begun === null) return []
  const gaps: Gap[] = []
  let reached = Math.max(from, begun)
  for (const { start, end } of points) {
    if (end <= from) continue
    if (start > reached && start <= to) gaps.push({ start: reached, end: Math.min(start, to) })
    reached = Math.max(reached, end)
  }
  if (to - reached > overdueMs) gaps.push({ start: reached, end: to })
  return gaps.filter(({ start, end }) => end > start)
}

/** Points in unbroken runs: a new one begins wherever a window is missing. */
export function runsOf<T extends { readonly start: number; readonly end: number }>(
  points: readonly T[],
): T[][] {
  const runs: T[][] = []
  let end = Number.NEGATIVE_INFINITY
  for (const point of points) {
    const run = runs.at(-1)
    if (run && point.start <= end) run.push(point)
    else runs.push([point])
    end = point.end
  }
  return runs
}

/** Compares two means exactly: thousandths over counts. */
export function compareMeans(
  a: { readonly sum: number; readonly count: number },
  b: { readonly sum: number; readonly count: number },
): number {
  const left = BigInt(Math.round(a.sum * 1000)) * BigInt(b.count)
  const right = BigInt(Math.round(b.sum * 1000)) * BigInt(a.count)
  return left < right ? -1 : left > right ? 1 : 0
}

/** The earliest of the largest by a comparison; null of none. */
export function largest<T>(items: readonly T[], compare: (a: T, b: T) => number): T | null {
  let found: T | null = null
  for (const item of items) if (found === null || compare(item, found) > 0) found = item
  return found
}
