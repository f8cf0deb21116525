import { isKeptAt, type Level, partOf } from './calendar.ts'
import type { Documents, Kind, StoredFigures } from './schema.ts'
import type { Report } from './report.ts'

/** One value of a reading, thousandths. */
export interface Value {
  readonly key: string
  readonly unit: string
  readonly kind: Kind
  readonly value: number
  readonly flag: number
}

/** The figures of one metric in one window, added up value by value. */
interface MetricTally {
  readonly unit: string
  readonly kind: Kind
  count: number
  flagged: number
  suspect: number
  sum: bigint
  sine: number
  cosine: number
  min: readonly [value: number, at: number] | null
  max: readonly [value: number, at: number] | null
  first: readonly [value: number, at: number] | null
  last: readonly [value: number, at: number] | null
  readonly parts: Map<number, Part>
}

interface Part {
  count: number
  sum: bigint
  sine: number
  cosine: number
  min: number
  max: number
}

/** What a window must hold. */
export interface Tally {
  received: number
  coveredMs: number
  readonly metrics: Map<string, MetricTally>
}

export const newTally = (): Tally => ({ received: 0, coveredMs: 0, metrics: new Map() })

/** A millionth part of the circle's radius, halves away from zero; Math.round alone takes them upwards. */
function millionths(ratio: number): number {
  const size = Math.abs(ratio) * 1_000_000
  const whole = Math.trunc(size)
  const rounded = size - whole < 0.5 ? whole : whole + 1
  return ratio < 0 && rounded > 0 ? -rounded : rounded
}
const radians = (thousandths: number): number => (thousandths / 180_000) * Math.PI
export const sineOf = (thousandths: number): number => millionths(Math.sin(radians(thousandths)))
export const cosineOf = (thousandths: number): number => millionths(Math.cos(radians(thousandths)))

function metricOf(
  { metrics }: Tally,
  key: string,
  { unit, kind }: { unit: string; kind: Kind },
): MetricTally {
  let tally = metrics.get(key)
  if (!tally) {
    tally = {
      unit,
      kind,
      count: 0,
      flagged: 0,
      suspect: 0,
      sum: 0n,
      sine: 0,
      cosine: 0,
      min: null,
      max: null,
      first: null,
      last: null,
      parts: new Map(),
    }
    metrics.set(key, tally)
  }
  return tally
}

function partAt({ parts }: MetricTally, start: number): Part {
  let part = parts.get(start)
  if (!part) {
    part = { count: 0, sum: 0n, sine: 0, cosine: 0, min: Infinity, max: -Infinity }
    parts.set(start, part)
  }
  return part
}

/** `partStart`: of the shorter window that the longer one keeps figures of; null: it keeps none of this reading. */
export function addReading(
  tally: Tally,
  { time, intervalMs, values }: { time: number; intervalMs: number; values: readonly Value[] },
  partStart: number | null,
): void {
  tally.received++
  tally.coveredMs += intervalMs
  for (const { key, unit, kind, value, flag } of values) {
    const metric = metricOf(tally, key, { unit, kind })
    if (flag >= 128) {
      metric.flagged++
      continue
    }
    metric.count++
    if (flag > 0) metric.suspect++
    metric.sum += BigInt(value)
    if (kind === 'direction') {
      metric.sine += sineOf(value)
      metric.cosine += cosineOf(value)
    }
    takeExtremes(metric, value, time, value, time)
    takeEnds(metric, value, time, value, time)
    if (partStart === null) continue
    const part = partAt(metric, partStart)
    part.count++
    part.sum += BigInt(value)
    if (kind === 'direction') {
      part.sine += sineOf(value)
      part.cosine += cosineOf(value)
    }
    part.min = Math.min(part.min, value)
    part.max = Math.max(part.max, value)
  }
}

/** A minute of thinned readings. */
export function addMinute(
  tally: Tally,
  minute: { received: number; intervalMs: number; metrics: Readonly<Record<string, StoredFigures>> },
  partStart: number | null,
): void {
  tally.received += minute.received
  tally.coveredMs += minute.received * minute.intervalMs
  for (const [key, figures] of Object.entries(minute.metrics)) {
    const metric = metricOf(tally, key, figures)
    metric.flagged += figures.flagged
    if (figures.count === 0) continue
    metric.count += figures.count
    metric.suspect += figures.suspect
    metric.sum += figures.sum
    metric.sine += figures.sine
    metric.cosine += figures.cosine
    takeExtremes(metric, figures.min, figures.minAt, figures.max, figures.maxAt)
    takeEnds(metric, figures.first, figures.firstAt, figures.last, figures.lastAt)
    if (partStart === null) continue
    const part = partAt(metric, partStart)
    part.count += figures.count
    part.sum += figures.sum
    part.sine += figures.sine
    part.cosine += figures.cosine
    part.min = Math.min(part.min, figures.min)
    part.max = Math.max(part.max, figures.max)
  }
}

/** The earliest of equal extremes. */
function takeExtremes(metric: MetricTally, min: number, minAt: number, max: number, maxAt: number): void {
  const [low, high] = [metric.min, metric.max]
  if (!low || min < low[0] || (min === low[0] && minAt < low[1])) metric.min = [min, minAt]
  if (!high || max > high[0] || (max === high[0] && maxAt < high[1])) metric.max = [max, maxAt]
}

/** Of equal times the smaller value is first, the larger last. */
function takeEnds(metric: MetricTally, first: number, firstAt: number, last: number, lastAt: number): void {
  const [early, late] = [metric.first, metric.last]
  if (!early || firstAt < early[1] || (firstAt === early[1] && first < early[0]))
    metric.first = [first, firstAt]
  if (!late || lastAt > late[1] || (lastAt === late[1] && last > late[0])) metric.last = [last, lastAt]
}

/** True when a window of this level keeps the parts of a reading that came at this interval. */
export const keepsPart = (level: Level, intervalMs: number): boolean => {
  const part = partOf[level]
  return part !== null && isKeptAt(part, intervalMs)
}

/** Names each field of a rollup that is not what its readings come to. */
export function compareRollup(report: Report, stored: Documents['rollups'], tally: Tally): void {
  const at = (field: string) => ({ collection: 'rollups' as const, id: stored.id, field })
  report.compare(at('received'), stored.received, tally.received)
  report.compare(at('coveredMs'), stored.coveredMs, tally.coveredMs)
  report.compare(at('sealed'), stored.sealed, false)
  for (const key of new Set([...Object.keys(stored.metrics), ...tally.metrics.keys()])) {
    const metric = tally.metrics.get(key)
    const its = stored.metrics[key]
    if (!its || !metric) {
      report.compare(at(`metrics.${key}`), its && 'stored', metric && `${metric.count} values`)
      continue
    }
    const { parts, ...plain } = its
    const wanted = figuresOf(metric)
    for (const name of Object.keys(wanted) as (keyof typeof wanted)[])
      report.compare(at(`metrics.${key}.${name}`), plain[name], wanted[name])
    compareParts(report, { id: stored.id, key }, parts ?? [], metric)
  }
}

/** Names each field of a sealed rollup that cannot hold the readings that are left of it. */
export function compareSealed(report: Report, stored: Documents['rollups'], left: Tally): void {
  const at = (field: string) => ({ collection: 'rollups' as const, id: stored.id, field })
  const atLeast = (field: string, value: number, bound: number): void =>
    report.compare(at(field), value, value < bound ? `at least ${bound}` : value)
  atLeast('received', stored.received, left.received)
  atLeast('coveredMs', stored.coveredMs, left.coveredMs)
  for (const [key, metric] of left.metrics) {
    const its = stored.metrics[key]
    if (!its) {
      report.compare(at(`metrics.${key}`), undefined, `at least ${metric.count} values`)
      continue
    }
    for (const name of ['count', 'flagged', 'suspect'] as const)
      atLeast(`metrics.${key}.${name}`, its[name], metric[name])
    if (metric.count === 0 || metric.kind === 'direction') continue
    const wanted = figuresOf(metric)
    if (its.min > wanted.min) report.compare(at(`metrics.${key}.min`), its.min, `at most ${wanted.min}`)
    atLeast(`metrics.${key}.max`, its.max, wanted.max)
    if (its.firstAt > wanted.firstAt)
      report.compare(at(`metrics.${key}.firstAt`), its.firstAt, `at most ${wanted.firstAt}`)
    atLeast(`metrics.${key}.lastAt`, its.lastAt, wanted.lastAt)
  }
}

/** In the stored form: what a direction or an empty metric does not have is 0. */
function figuresOf(metric: MetricTally): StoredFigures {
  const isDirection = metric.kind === 'direction'
  const nothing = [0, 0] as const
  const [min, minAt] = (isDirection ? null : metric.min) ?? nothing
  const [max, maxAt] = (isDirection ? null : metric.max) ?? nothing
  const [first, firstAt] = metric.first ?? nothing
  const [last, lastAt] = metric.last ?? nothing
  const { unit, kind, count, flagged, suspect } = metric
  return {
    unit,
    kind,
    count,
    flagged,
    suspect,
    sum: isDirection ? 0n : metric.sum,
    sine: metric.sine,
    cosine: metric.cosine,
    min,
    minAt,
    max,
    maxAt,
    first,
    firstAt,
    last,
    lastAt,
  }
}

type StoredParts = NonNullable<Documents['rollups']['metrics'][string]['parts']>

function compareParts(
  report: Report,
  { id, key }: { id: string; key: string },
  stored: StoredParts,
  metric: MetricTally,
): void {
  const at = (start: number, name: string) => ({
    collection: 'rollups' as const,
    id,
    field: `metrics.${key}.parts[${start}]${name}`,
  })
  let before = Number.NEGATIVE_INFINITY
  const met = new Set<number>()
  for (const [start, ...numbers] of stored) {
    if (start <= before) report.compare(at(start, ''), `after ${before}`, 'ascending')
    before = start
    met.add(start)
    const part = metric.parts.get(start)
    if (!part) {
      report.compare(at(start, ''), 'stored', undefined)
      continue
    }
    const isDirection = metric.kind === 'direction'
    const wanted = isDirection
      ? [part.count, BigInt(part.sine), part.cosine, 0]
      : [part.count, part.sum, part.min, part.max]
    const names = isDirection ? ['count', 'sine', 'cosine', 'last'] : ['count', 'sum', 'min', 'max']
    names.forEach((name, i) => report.compare(at(start, `.${name}`), numbers[i], wanted[i]))
  }
  for (const [start, part] of metric.parts)
    if (!met.has(start)) report.compare(at(start, ''), undefined, `${part.count} values`)
}
