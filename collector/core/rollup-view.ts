import { divideRounded, fromThousandths, meanAngle, roundHalfAwayFromZero } from '@barograph/proto'
import type {
  ApiDirectionFigures,
  ApiFigures,
  ApiLevelFigures,
  ApiMeanPart,
  ApiRollup,
  ApiSumPart,
  ApiTotalFigures,
} from '@barograph/proto/api'
import type { Level, RollupDocument, StoredFigures, StoredPart } from './documents.ts'
import { formatTime } from './iso-time.ts'
import type { MetricNames } from './metric-names.ts'

type Parts = readonly StoredPart[] | undefined
type Figures = RollupDocument['metrics'][string]

const partWord: Readonly<Partial<Record<Level, 'Hour' | 'Day' | 'Month'>>> = {
  day: 'Hour',
  week: 'Day',
  month: 'Day',
  year: 'Month',
}

/**
 * A rollup as outsiders see it. `now` is its stream's now, ms: a window that ends later is marked open; null: none is
 * marked.
 */
export function rollupView(rollup: RollupDocument, nameOf: MetricNames, now: number | null): ApiRollup {
  const { level, start, end, timeZone, revision, received, sealed } = rollup
  const expected = expectedOf(rollup)
  return {
    level,
    start: formatTime(start),
    end: formatTime(end),
    timeZone,
    revision,
    received,
    expected,
    coverage: expected === null ? null : coverageOf(received, expected),
    sealed,
    ...(now !== null && now < end ? { open: true as const } : {}),
    metrics: Object.fromEntries(
      Object.entries(rollup.metrics).map(([key, figures]) => [nameOf(key), figuresView(figures, level)]),
    ),
  }
}

/**
 * How many readings the schedule has inside the window; null when the sensor has none. With one interval throughout
 * it is the number of its multiples (the sampler's instants) from start on and before end; with several, the length
 * of the window by their mean.
 */
export function expectedOf({ start, end, received, coveredMs }: ExpectedInput): number | null {
  if (coveredMs <= 0 || received <= 0) return null
  if (coveredMs % received !== 0) return roundHalfAwayFromZero(((end - start) * received) / coveredMs)
  const interval = coveredMs / received
  return Math.ceil(end / interval) - Math.ceil(start / interval)
}

type ExpectedInput = Pick<RollupDocument, 'start' | 'end' | 'received' | 'coveredMs'>

/** received / expected, at most 1, to four decimals. */
export function coverageOf(received: number, expected: number): number {
  return received >= expected ? 1 : divideRounded(received * 10_000, expected) / 10_000
}

/** One metric of a window as outsiders see it. */
export function figuresView(figures: Figures, level: Level): ApiFigures {
  switch (figures.kind) {
    case 'direction':
      return directionView(figures)
    case 'total':
      return totalView(figures, level)
    case 'level':
      return levelView(figures, level)
  }
}

function levelView(figures: Figures, level: Level): ApiLevelFigures {
  return {
    ...countsView(figures),
    sum: fromThousandths(figures.sum),
    mean: figures.count === 0 ? null : meanOf(figures.sum, figures.count),
    ...extremesView(figures),
    ...endsView(figures),
    ...named(
      extremePart(figures.parts, compareMeans),
      level,
      ([start, count, sum]): ApiMeanPart => ({
        start: formatTime(start),
        mean: meanOf(sum, count),
      }),
    ),
  }
}

function totalView(figures: Figures, level: Level): ApiTotalFigures {
  return {
    ...countsView(figures),
    sum: fromThousandths(figures.sum),
    ...extremesView(figures),
    ...endsView(figures),
    ...named(
      extremePart(figures.parts, compareSums),
      level,
      ([start, , sum]): ApiSumPart => ({
        start: formatTime(start),
        sum: fromThousandths(sum),
      }),
    ),
  }
}

function directionView(figures: Figures): ApiDirectionFigures {
  const mean = figures.count === 0 ? null : meanAngle(figures.sine, figures.cosine)
  return {
    ...countsView(figures),
    mean: mean === null ? null : fromThousandths(mean),
    ...endsView(figures),
  }
}

function countsView({ unit, count, flagged, suspect }: StoredFigures) {
  return { unit, count, flagged, ...(suspect > 0 ? { suspect } : {}) }
}

function extremesView({ count, min, minAt, max, maxAt }: StoredFigures) {
  if (count === 0) return { min: null, minAt: null, max: null, maxAt: null }
  return {
    min: fromThousandths(min),
    minAt: formatTime(minAt),
    max: fromThousandths(max),
    maxAt: formatTime(maxAt),
  }
}

function endsView({ count, first, last }: StoredFigures) {
  return count === 0
    ? { first: null, last: null }
    : { first: fromThousandths(first), last: fromThousandths(last) }
}

/** The exact quotient in the unit, three decimals, halves away from zero. */
function meanOf(sum: number | bigint, count: number): number {
  return fromThousandths(divideRounded(sum, count))
}

type Compare = (a: StoredPart, b: StoredPart) => number

/** By exact quotients: a/n < b/m when a m < b n. */
const compareMeans: Compare = ([, n, a], [, m, b]) => compareProducts(a, m, b, n)

const compareSums: Compare = ([, , a], [, , b]) => (a < b ? -1 : a > b ? 1 : 0)

function compareProducts(a: number | bigint, m: number, b: number | bigint, n: number): number {
  const left = Number(a) * m
  const right = Number(b) * n
  const isExact = Number.isSafeInteger(left) && Number.isSafeInteger(right)
  if (isExact && typeof a === 'number' && typeof b === 'number') return left - right
  const difference = BigInt(a) * BigInt(m) - BigInt(b) * BigInt(n)
  return difference < 0n ? -1 : difference > 0n ? 1 : 0
}

/** Parts ascend by start, so that keeping the first of equals keeps the earliest. */
function extremePart(parts: Parts, compare: Compare): { highest: StoredPart; lowest: StoredPart } | null {
  const first = parts?.[0]
  if (!parts || !first) return null
  let highest = first
  let lowest = first
  for (const part of parts) {
    if (compare(part, highest) > 0) highest = part
    if (compare(part, lowest) < 0) lowest = part
  }
  return { highest, lowest }
}

type Named<T> = Partial<Record<`${'highest' | 'lowest'}${'Hour' | 'Day' | 'Month'}`, T>>

function named<T>(
  extremes: { highest: StoredPart; lowest: StoredPart } | null,
  level: Level,
  view: (part: StoredPart) => T,
): Named<T> {
  const word = partWord[level]
  if (!extremes || !word) return {}
  const result: Named<T> = {}
  result[`highest${word}`] = view(extremes.highest)
  result[`lowest${word}`] = view(extremes.lowest)
  return result
}
