import type { Zone } from '../zone.ts'

/** A stretch of time: from <= t < to, ms since 1970. */
export interface Span {
  readonly from: number
  readonly to: number
}

export const dayMs = 86_400_000

/** A local date and time. */
export interface Civil {
  readonly year: number
  /** 1 to 12 */
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
}

export function civilOf(time: number, zone: Zone): Civil {
  const date = new Date(time + zone.segmentAt(time).offsetMs)
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
  }
}

/** First instant of a local date; months and days beyond their ends are those of the next. */
export function startOf(year: number, month: number, day: number, zone: Zone): number {
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  return zone.startOfDay(Math.round(date.getTime() / dayMs))
}

/** The beginning of a date, given as its midnight UTC, in that zone. */
export function startOfDate(midnightUtc: number, zone: Zone): number {
  return zone.startOfDay(Math.floor(midnightUtc / dayMs))
}

/** The parts of a span that lie in these months and years; neighbours are one. */
export function chosenSpans(
  span: Span,
  { months, years }: { readonly months: readonly number[] | null; readonly years: readonly number[] | null },
  zone: Zone,
): Span[] {
  if (!months && !years) return [span]
  const spans: { from: number; to: number }[] = []
  const first = civilOf(span.from, zone).year
  const last = civilOf(span.to - 1, zone).year
  for (const year of years ?? Array.from({ length: last - first + 1 }, (_, i) => first + i)) {
    if (year < first || year > last) continue
    for (const month of months ?? Array.from({ length: 12 }, (_, i) => i + 1)) {
      const from = Math.max(span.from, startOf(year, month, 1, zone))
      const to = Math.min(span.to, startOf(year, month + 1, 1, zone))
      if (from >= to) continue
      const before = spans.at(-1)
      if (before && before.to === from) before.to = to
      else spans.push({ from, to })
    }
  }
  return spans
}
