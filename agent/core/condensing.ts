import {
  cosineOf,
  isInvalid,
  isSuspect,
  limits,
  type Metric,
  metricKey,
  sineOf,
  type SummaryFigures,
  type SummaryMinute,
} from '@barograph/proto'
import type { NumberedEntry } from './buffer.ts'
import type { Value } from './sensor.ts'

/** Consecutive entries of one UTC minute. */
export interface Minute {
  /** ms since 1970. */
  readonly start: number
  readonly entries: readonly NumberedEntry[]
}

/** Whole minutes with consecutive numbers, condensed: what a summary says beside whose it is. */
export interface Condensed {
  readonly firstSeq: number
  readonly lastSeq: number
  readonly minutes: readonly SummaryMinute[]
}

/** Fewer readings take no more room than the figures of their minute. */
export const leastReadings = 4
/** Readings of one minute, so that a sum of them stays exact; more stay as they are. */
const mostReadings = 8_192
/** Figures of one summary: some 50 bytes each on the wire, so that it fits a batch with room to spare. */
const figuresPerSummary = 2_000

const minuteMs = 60_000

if (mostReadings * limits.value > Number.MAX_SAFE_INTEGER + 1)
  throw new Error('condensing: a sum could exceed')

/** Entries, ascending by number, cut where the minute changes or a number is missing. */
export function cutMinutes(entries: readonly NumberedEntry[]): Minute[] {
  const minutes: Minute[] = []
  let from = 0
  for (let i = 1; i <= entries.length; i++) {
    const before = entries[i - 1] as NumberedEntry
    const next = entries[i]
    if (next && next.seq === before.seq + 1 && minuteOf(next) === minuteOf(before)) continue
    minutes.push({ start: minuteOf(before), entries: entries.slice(from, i) })
    from = i
  }
  return minutes
}

/** True when the figures of the minute say what windows of a minute and more need to know of its entries, in less room. */
export function isCondensable({ entries }: Minute): boolean {
  if (entries.length < leastReadings || entries.length > mostReadings) return false
  const metrics = new Map<string, Metric>()
  for (const { mark, values } of entries) {
    if (mark) return false
    for (const { metric } of values) {
      const before = metrics.get(metric.name)
      if (before && metricKey(before) !== metricKey(metric)) return false
      metrics.set(metric.name, metric)
    }
  }
  return metrics.size <= limits.columnsPerRun
}

/** Condensable minutes, ascending by number, as summaries within the bounds of the wire. */
export function condense(minutes: readonly Minute[]): Condensed[] {
  const condensed: { firstSeq: number; lastSeq: number; minutes: SummaryMinute[] }[] = []
  let figures = 0
  for (const minute of minutes) {
    const made = condenseMinute(minute)
    const firstSeq = minute.entries[0]?.seq ?? 0
    const lastSeq = firstSeq + made.received - 1
    const into = condensed.at(-1)
    if (
      into &&
      into.lastSeq + 1 === firstSeq &&
      (into.minutes.at(-1)?.start ?? 0) < made.start &&
      into.minutes.length < limits.minutesPerSummary &&
      lastSeq - into.firstSeq < limits.numbersPerSummary &&
      figures + made.figures.length <= figuresPerSummary
    ) {
      into.minutes.push(made)
      into.lastSeq = lastSeq
      figures += made.figures.length
    } else {
      condensed.push({ firstSeq, lastSeq, minutes: [made] })
      figures = made.figures.length
    }
  }
  return condensed
}

function condenseMinute({ start, entries }: Minute): SummaryMinute {
  const byMetric = new Map<string, Writable>()
  for (const { time, values } of entries)
    for (const value of values) {
      const key = metricKey(value.metric)
      let figures = byMetric.get(key)
      if (!figures) {
        figures = noFigures(value.metric, start)
        byMetric.set(key, figures)
      }
      add(figures, value, time)
    }
  return { start, received: entries.length, figures: [...byMetric.values()] }
}

type Writable = { -readonly [K in keyof SummaryFigures]: SummaryFigures[K] }

function noFigures(metric: Metric, start: number): Writable {
  return {
    metric,
    count: 0,
    flagged: 0,
    suspect: 0,
    sum: 0,
    sine: 0,
    cosine: 0,
    min: 0,
    minAt: start,
    max: 0,
    maxAt: start,
    first: 0,
    firstAt: start,
    last: 0,
    lastAt: start,
  }
}

/**
 * The collector's own rule: an invalid value is counted as flagged and nothing else; extremes take the earliest time; at
 * equal times the smaller value is first, the larger last.
 */
function add(into: Writable, { thousandths: value, flag }: Value, time: number): void {
  if (isInvalid(flag)) {
    into.flagged++
    return
  }
  if (isSuspect(flag)) into.suspect++
  const isFirst = into.count === 0
  if (into.metric.kind === 'direction') {
    into.sine += sineOf(value)
    into.cosine += cosineOf(value)
  } else {
    into.sum += value
    if (isFirst || value < into.min || (value === into.min && time < into.minAt)) {
      into.min = value
      into.minAt = time
    }
    if (isFirst || value > into.max || (value === into.max && time < into.maxAt)) {
      into.max = value
      into.maxAt = time
    }
  }
  if (isFirst || time < into.firstAt || (time === into.firstAt && value < into.first)) {
    into.first = value
    into.firstAt = time
  }
  if (isFirst || time > into.lastAt || (time === into.lastAt && value > into.last)) {
    into.last = value
    into.lastAt = time
  }
  into.count++
}

const minuteOf = ({ time }: NumberedEntry): number => Math.floor(time / minuteMs) * minuteMs
