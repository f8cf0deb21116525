import { addExact, meanAngle } from '@barograph/proto'
import type { Level, RollupDocument, StoredPart } from '../documents.ts'
import { type StatisticsOf, quotient, valueOfDay } from '../statistics/of.ts'
import { windowAt } from '../windows.ts'
import { zoneOf } from '../zone.ts'
import type { PlotOf } from './request.ts'

/** A window as it is drawn; values are thousandths. */
export interface Point {
  readonly start: number
  readonly end: number
  readonly value: number
  /** null: there is no band. */
  readonly low: number | null
  readonly high: number | null
  /** Readings, or days. */
  readonly count: number
}

/** Documents of `documentLevel` as points of a level. */
export function pointsOf(
  documents: readonly RollupDocument[],
  { key, of, level }: { readonly key: string; readonly of: PlotOf; readonly level: Level },
): Point[] {
  const daily = dailyOf(of)
  if (!daily) return documents.flatMap((one) => pointOfWindow(one, key, of) ?? [])
  const windows = new Map<string, { start: number; end: number; days: StoredPart[] }>()
  for (const document of documents) {
    const figures = document.metrics[key]
    if (!figures || figures.kind === 'direction') continue
    const { count, sum, min, max } = figures
    const days: readonly StoredPart[] =
      document.level === 'day' ? [[document.start, count, sum, min, max]] : (figures.parts ?? [])
    const { start, end } =
      document.level === level ? document : windowAt(level, document.start, zoneOf(document.timeZone))
    const window = windows.get(`${start}/${end}`) ?? { start, end, days: [] }
    window.days.push(...days.filter(([, readings]) => readings > 0))
    windows.set(`${start}/${end}`, window)
  }
  return [...windows.values()].flatMap((window) => pointOfDays(window, daily) ?? [])
}

/** The level whose documents tell the days apart. */
export const documentLevel = (of: PlotOf, level: Level): Level =>
  dailyOf(of) && level === 'year' ? 'month' : level

/** null: a figure of readings. */
export function dailyOf(of: PlotOf): Exclude<StatisticsOf, 'readings'> | null {
  return of === 'daily-mean' || of === 'daily-max' || of === 'daily-min' || of === 'daily-sum' ? of : null
}

function pointOfWindow({ start, end, metrics }: RollupDocument, key: string, of: PlotOf): Point | null {
  const figures = metrics[key]
  if (!figures || figures.count === 0) return null
  const { kind, count, sum, min, max } = figures
  if (kind === 'direction') {
    const angle = of === 'mean' ? meanAngle(figures.sine, figures.cosine) : null
    return angle === null ? null : { start, end, value: angle, low: null, high: null, count }
  }
  switch (of) {
    case 'mean':
      return { start, end, value: Number(quotient(sum, count)), low: min, high: max, count }
    case 'min':
      return { start, end, value: min, low: null, high: null, count }
    case 'max':
      return { start, end, value: max, low: null, high: null, count }
    default:
      return { start, end, value: Number(sum), low: null, high: null, count }
  }
}

/** The mean of a figure of the days, and from its lowest to its highest. */
function pointOfDays(
  { start, end, days }: { start: number; end: number; days: readonly StoredPart[] },
  of: StatisticsOf,
): Point | null {
  if (days.length === 0) return null
  const values = days.map((day) => valueOfDay(day, of)[1])
  const sum = values.reduce((total, value) => addExact(total, value), 0)
  const numbers = values.map(Number)
  return {
    start,
    end,
    value: Number(quotient(sum, days.length)),
    low: days.length > 1 ? Math.min(...numbers) : null,
    high: days.length > 1 ? Math.max(...numbers) : null,
    count: days.length,
  }
}
