import type { ApiDeviceStatistics } from '@barograph/proto/api'
import type { Level, RollupDocument, StoredPart } from '../documents.ts'
import { zoneOf } from '../zone.ts'
import type { StatisticsOf } from './of.ts'
import { addTallies, dateText, type Tally, tallyDays, tallyView } from './tally.ts'

/** Windows that days are taken from: a month keeps the figures of its days. */
export type Source = Extract<Level, 'month' | 'day'>

/** What one window gives: days of one month. */
export interface Piece extends Tally {
  readonly start: number
  readonly windowEnd: number
}

/** null: the window has no value of the metric, or only of days that it does not tell apart. */
export function pieceOf(
  { level, start, end, timeZone, metrics }: RollupDocument,
  key: string,
  of: StatisticsOf,
): Piece | null {
  const figures = metrics[key]
  if (!figures || figures.kind === 'direction') return null
  const whole: StoredPart = [start, figures.count, figures.sum, figures.min, figures.max]
  const tally = tallyDays(level === 'day' ? [whole] : (figures.parts ?? []), of, zoneOf(timeZone))
  return tally && { ...tally, start, windowEnd: end }
}

export const isSamePiece = (a: Piece | undefined, b: Piece | null): boolean =>
  a === undefined || b === null
    ? a === undefined && b === null
    : a.count === b.count && a.sum === b.sum && a.first === b.first && a.last === b.last

/** Months, years and all, from the pieces in any order; null: there are none. */
export function figuresOfPieces(
  pieces: Iterable<Piece>,
): Pick<ApiDeviceStatistics, 'months' | 'years' | 'count' | 'sum' | 'avg' | 'start' | 'end'> | null {
  const months = new Map<string, Tally>()
  const years = new Map<string, Tally>()
  let all: Tally | null = null
  const add = (into: Map<string, Tally>, name: string, tally: Tally): void => {
    into.set(name, addTallies(into.get(name) ?? null, tally))
  }
  for (const { count, sum, first, last } of [...pieces].sort((a, b) => a.start - b.start)) {
    const tally = { count, sum, first, last }
    const date = dateText(first)
    add(months, date.slice(0, -3), tally)
    add(years, date.slice(0, -6), tally)
    all = addTallies(all, tally)
  }
  const views = (tallies: ReadonlyMap<string, Tally>) =>
    Object.fromEntries([...tallies].map(([name, tally]) => [name, tallyView(tally)]))
  return all && { ...tallyView(all), months: views(months), years: views(years) }
}
