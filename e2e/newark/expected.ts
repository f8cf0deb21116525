import { createCalendar, type Level, type Span } from './calendar.ts'
import { type Kind, roundedQuotient, type Row, sources } from './rows.ts'

/** A window as GET .../rollups must show it, without revision. */
export type Expected = Record<string, unknown>

const hourMs = 3_600_000
const partOf: Partial<Record<Level, { level: Level; suffix: string }>> = {
  day: { level: 'hour', suffix: 'Hour' },
  week: { level: 'day', suffix: 'Day' },
  month: { level: 'day', suffix: 'Day' },
  year: { level: 'month', suffix: 'Month' },
}

const iso = (time: number): string => new Date(time).toISOString().replace('.000Z', 'Z')
const number = (thousandths: bigint): number => Number(thousandths) / 1000
const calendar = createCalendar()

/** Every window of a level that the rows make, ascending. */
export function expectedRollups(rows: readonly Row[], level: Level): Expected[] {
  const windows = groupBy(rows, (row) => calendar(level, row.time).start)
  return [...windows]
    .sort(([a], [b]) => a - b)
    .map(([start, members]) => {
      const span = calendar(level, start)
      const expected = (span.end - span.start) / hourMs
      return {
        level,
        start: iso(span.start),
        end: iso(span.end),
        timeZone: 'America/New_York',
        received: members.length,
        expected,
        coverage: Math.min(
          1,
          Number(roundedQuotient(BigInt(members.length) * 10_000n, BigInt(expected))) / 10_000,
        ),
        sealed: false,
        metrics: metricsOf(members, level),
      }
    })
}

function metricsOf(rows: readonly Row[], level: Level): Record<string, unknown> {
  const metrics: Record<string, unknown> = {}
  for (const { metric, unit, kind } of Object.values(sources)) {
    const given = rows.filter((row) => row.values[metric] !== undefined).sort((a, b) => a.time - b.time)
    if (given.length === 0) continue
    const good = given.filter((row) => !row.flagged.has(metric))
    metrics[metric] = {
      unit,
      count: good.length,
      flagged: given.length - good.length,
      ...figuresOf(good, metric, kind, level),
    }
  }
  return metrics
}

const valueOf = (row: Row, metric: string): bigint => row.values[metric] ?? 0n

function figuresOf(rows: readonly Row[], metric: string, kind: Kind, level: Level): Record<string, unknown> {
  const first = rows[0]
  const last = rows[rows.length - 1]
  const ends = {
    first: first ? number(valueOf(first, metric)) : null,
    last: last ? number(valueOf(last, metric)) : null,
  }
  if (kind === 'direction') return { mean: meanDirection(rows.map((row) => valueOf(row, metric))), ...ends }
  const sum = sumOf(rows, metric)
  const low = extreme(rows, (a, b) => valueOf(a, metric) < valueOf(b, metric))
  const high = extreme(rows, (a, b) => valueOf(a, metric) > valueOf(b, metric))
  return {
    sum: number(sum),
    ...(kind === 'level'
      ? { mean: rows.length > 0 ? number(roundedQuotient(sum, BigInt(rows.length))) : null }
      : {}),
    min: low ? number(valueOf(low, metric)) : null,
    minAt: low ? iso(low.time) : null,
    max: high ? number(valueOf(high, metric)) : null,
    maxAt: high ? iso(high.time) : null,
    ...ends,
    ...partsOf(rows, metric, kind, level),
  }
}

const sumOf = (rows: readonly Row[], metric: string): bigint =>
  rows.reduce((sum, row) => sum + valueOf(row, metric), 0n)

/** The first row that no other beats: rows ascend by time, so ties go to the earliest. */
function extreme<T>(items: readonly T[], beats: (a: T, b: T) => boolean): T | undefined {
  return items.reduce<T | undefined>(
    (best, item) => (best === undefined || beats(item, best) ? item : best),
    undefined,
  )
}

interface Part {
  readonly span: Span
  readonly sum: bigint
  readonly count: bigint
}

function partsOf(rows: readonly Row[], metric: string, kind: Kind, level: Level): Record<string, unknown> {
  const part = partOf[level]
  if (!part || rows.length === 0) return {}
  const parts: Part[] = [...groupBy(rows, (row) => calendar(part.level, row.time).start)]
    .sort(([a], [b]) => a - b)
    .map(([start, members]) => ({
      span: calendar(part.level, start),
      sum: sumOf(members, metric),
      count: BigInt(members.length),
    }))
  // Means are compared as fractions: sum a / count a < sum b / count b.
  const isLess = (a: Part, b: Part): boolean =>
    kind === 'total' ? a.sum < b.sum : a.sum * b.count < b.sum * a.count
  const shown = (one: Part | undefined): Record<string, unknown> =>
    one === undefined
      ? {}
      : kind === 'total'
        ? { start: iso(one.span.start), sum: number(one.sum) }
        : { start: iso(one.span.start), mean: number(roundedQuotient(one.sum, one.count)) }
  return {
    [`highest${part.suffix}`]: shown(extreme(parts, (a, b) => isLess(b, a))),
    [`lowest${part.suffix}`]: shown(extreme(parts, isLess)),
  }
}

/** Vector mean: each angle counts round(10^6 sin), round(10^6 cos). */
function meanDirection(angles: readonly bigint[]): number | null {
  let sine = 0
  let cosine = 0
  for (const angle of angles) {
    const radians = (Number(angle) / 180_000) * Math.PI
    sine += Math.round(Math.abs(Math.sin(radians)) * 1e6) * Math.sign(Math.sin(radians))
    cosine += Math.round(Math.abs(Math.cos(radians)) * 1e6) * Math.sign(Math.cos(radians))
  }
  if (sine === 0 && cosine === 0) return null
  const degrees = (Math.atan2(sine, cosine) * 180) / Math.PI
  return (Math.round(((degrees + 360) % 360) * 1000) % 360_000) / 1000
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => number): Map<number, T[]> {
  return Map.groupBy(items, keyOf)
}
