import {
  addExact,
  type Column,
  cosineOf,
  isInvalid,
  isSuspect,
  type Metric,
  sineOf,
  type SummaryFigures,
} from '@barograph/proto'
import type { StoredFigures, StoredPart } from './documents.ts'

/** Figures that are being added to; the stored form is the same, read-only. */
export type Figures = { -readonly [K in keyof StoredFigures]: StoredFigures[K] }

export function noFigures({ unit, kind }: Pick<Metric, 'unit' | 'kind'>): Figures {
  return {
    unit,
    kind,
    count: 0,
    flagged: 0,
    suspect: 0,
    sum: 0,
    sine: 0,
    cosine: 0,
    min: 0,
    minAt: 0,
    max: 0,
    maxAt: 0,
    first: 0,
    firstAt: 0,
    last: 0,
    lastAt: 0,
  }
}

/**
 * Figures of the entries from <= i < to that `counts` admits; null when none has a value. At most a batch of them, so
 * that the sum stays a safe integer.
 */
export function figuresOf(
  column: Column,
  times: Float64Array,
  from: number,
  to: number,
  counts: Uint8Array,
): Figures | null {
  const { metric, values, flags } = column
  const isDirection = metric.kind === 'direction'
  const figures = noFigures(metric)
  let sum = 0
  for (let i = from; i < to; i++) {
    const value = values[i] as number
    if (counts[i] === 0 || Number.isNaN(value)) continue
    const flag = flags === null ? 0 : (flags[i] as number)
    if (isInvalid(flag)) {
      figures.flagged++
      continue
    }
    if (isSuspect(flag)) figures.suspect++
    const time = times[i] as number
    if (isDirection) {
      figures.sine += sineOf(value)
      figures.cosine += cosineOf(value)
    } else {
      sum += value
      if (figures.count === 0 || value < figures.min || (value === figures.min && time < figures.minAt)) {
        figures.min = value
        figures.minAt = time
      }
      if (figures.count === 0 || value > figures.max || (value === figures.max && time < figures.maxAt)) {
        figures.max = value
        figures.maxAt = time
      }
    }
    addEnds(figures, value, time, value, time)
    figures.count++
  }
  figures.sum = sum
  return figures.count + figures.flagged > 0 ? figures : null
}

/** First and last by event time; at equal times the smaller value is first, the larger last. */
function addEnds(into: Figures, first: number, firstAt: number, last: number, lastAt: number): void {
  if (into.count === 0 || firstAt < into.firstAt || (firstAt === into.firstAt && first < into.first)) {
    into.first = first
    into.firstAt = firstAt
  }
  if (into.count === 0 || lastAt > into.lastAt || (lastAt === into.lastAt && last > into.last)) {
    into.last = last
    into.lastAt = lastAt
  }
}

/** Adds the figures of disjoint readings: associative and commutative, so the order of arrival leaves no trace. */
export function addFigures(into: Figures, more: StoredFigures): void {
  into.flagged += more.flagged
  if (more.count === 0) return
  if (into.kind === 'direction') {
    into.sine += more.sine
    into.cosine += more.cosine
  } else {
    into.sum = addExact(into.sum, more.sum)
    if (into.count === 0 || more.min < into.min || (more.min === into.min && more.minAt < into.minAt)) {
      into.min = more.min
      into.minAt = more.minAt
    }
    if (into.count === 0 || more.max > into.max || (more.max === into.max && more.maxAt < into.maxAt)) {
      into.max = more.max
      into.maxAt = more.maxAt
    }
  }
  addEnds(into, more.first, more.firstAt, more.last, more.lastAt)
  into.suspect += more.suspect
  into.count += more.count
}

/** A summary's figures in the stored form. */
export function figuresOfSummary(figures: SummaryFigures): Figures {
  const { metric, ...plain } = figures
  const empty = noFigures(metric)
  const wanted =
    metric.kind === 'direction' ? { sum: 0, min: 0, minAt: 0, max: 0, maxAt: 0 } : { sine: 0, cosine: 0 }
  return plain.count === 0 ? { ...empty, flagged: plain.flagged } : { ...empty, ...plain, ...wanted }
}

/** Adds figures to the part of a longer window that starts at `start`; the list ascends. */
export function addPart(parts: StoredPart[], start: number, figures: StoredFigures): void {
  if (figures.count === 0) return
  let at = parts.length
  while (at > 0 && (parts[at - 1] as StoredPart)[0] > start) at--
  const before = parts[at - 1]
  const known = before !== undefined && before[0] === start
  const part = known ? mergePart(before, figures) : newPart(start, figures)
  if (known) parts[at - 1] = part
  else parts.splice(at, 0, part)
}

function newPart(start: number, f: StoredFigures): StoredPart {
  return f.kind === 'direction'
    ? [start, f.count, f.sine, f.cosine, 0]
    : [start, f.count, f.sum, f.min, f.max]
}

function mergePart([start, count, sum, min, max]: StoredPart, f: StoredFigures): StoredPart {
  if (f.kind === 'direction') return [start, count + f.count, addExact(sum, f.sine), min + f.cosine, 0]
  return [start, count + f.count, addExact(sum, f.sum), Math.min(min, f.min), Math.max(max, f.max)]
}
