import type { ApiDevice } from '@barograph/proto/api'
import type { Span } from '../chart/layout.ts'
import { type Level, levelWords } from '../measure/level.ts'
import { compassPoint } from '../measure/format.ts'
import type { ShownMetric } from '../measure/metrics.ts'
import type { Point, Window } from '../measure/series.ts'
import { isPresent } from '../present.ts'
import { clock, clockSeconds, fullDate, longDate, moment, preciseSpan, weekdayAndDay } from '../time/words.ts'
import { dayMs, hourMs, minuteMs, type Zone } from '../time/zone.ts'
import type { DrumModel } from './drum.ts'
import { capital, nameOf } from './status.ts'

/** One metric with the windows it is drawn from. */
export interface Drawn {
  readonly metric: ShownMetric
  readonly points: readonly Point[]
  readonly windows: readonly Window[]
  readonly level: Level
  readonly levelMs: number
}

/** What line and band are. */
export function legendOf([first]: readonly Drawn[]): string {
  return first ? `line: ${levelWords[first.level]}; band: lowest to highest` : ''
}

/** What the table is of. */
export function captionOf(device: ApiDevice, drawn: readonly Drawn[], span: Span, zone: Zone): string {
  const end = span.now ?? span.to
  return `${nameOf(device)}, ${legendOf(drawn).split(';')[0]?.replace('line: ', '')}s from ${fullDate(zone.dayOf(span.from))}, ${clock(span.from, zone)} to ${fullDate(zone.dayOf(end))}, ${clock(end, zone)}, newest first`
}

/** What a reading needs said beside its name. */
export function qualifierOf({ name, sensor }: ShownMetric): string {
  const direction = name === 'windSpeed' ? sensor.newest?.values['windDirection'] : undefined
  return direction === undefined ? '' : `from ${compassPoint(direction)}, ${Math.round(direction)}°`
}

/** What is said in place of low and high; empty: nothing. */
export function remarkOf(
  metric: ShownMetric,
  newest: { time: number; value: number; isNewest: boolean } | null,
  isFaulty: boolean,
  now: number,
  zone: Zone,
): string {
  if (!newest) return isFaulty ? 'no reading yet' : 'waiting for the first reading'
  if (isFaulty)
    return `last good ${metric.figureAndUnit(newest.value)} at ${moment(newest.time, now, zone)}, ${preciseSpan(now - newest.time)} ago`
  return newest.isNewest ? '' : `last measured ${moment(newest.time, now, zone)}`
}

/** What a total came to today; empty: it is none. */
export function totalOf(metric: ShownMetric, sum: number | null | undefined): string {
  return metric.kind === 'total' && isPresent(sum) ? `${metric.figureAndUnit(sum)} since midnight` : ''
}

/** What a strip shows, for who does not see it. */
export function sentenceOf(metric: ShownMetric, points: readonly Point[], span: Span, zone: Zone): string {
  const end = span.now ?? span.to
  const stretch = `${metric.label} from ${fullDate(zone.dayOf(span.from))}, ${clock(span.from, zone)} to ${fullDate(zone.dayOf(end))}, ${clock(end, zone)}`
  if (points.length === 0) return `${stretch}: no readings.`
  const low = Math.min(...points.map((point) => point.low))
  const high = Math.max(...points.map((point) => point.high))
  return `${stretch}: lowest ${metric.figureAndUnit(low)}, highest ${metric.figureAndUnit(high)}. The table has every figure.`
}

/** Gaps and remarks as sentences, newest first, for pages too narrow for the margin. */
export function causeSentences(
  strips: DrumModel['strips'],
  remarks: DrumModel['remarks'],
  zone: Zone,
  now: number,
): string[] {
  const stretch = (start: number, end: number) =>
    `${moment(start, now - dayMs * 3, zone)} to ${clock(end, zone)}`
  const ofStrips = strips.flatMap(({ metric, gaps }) =>
    gaps
      .filter(({ cause, isFaint }) => cause && !isFaint)
      .map(({ start, end, cause }) => ({
        start,
        text: `${stretch(start, end)}: ${metric.label.toLowerCase()}, ${cause}.`,
      })),
  )
  const ofDevice = remarks.map(({ start, end, text }) => ({
    start,
    text: `${stretch(start, end)}: ${text}.`,
  }))
  return [...ofStrips, ...ofDevice]
    .toSorted((a, b) => b.start - a.start)
    .slice(0, 12)
    .map(({ text }) => capital(text))
}

/** A window as the crosshair's flag names it. */
export function windowWords(start: number, end: number, zone: Zone): string {
  const [first, last] = [zone.dayOf(start), zone.dayOf(end - 1)]
  if (end - start < minuteMs)
    return `${weekdayAndDay(first)}, ${clockSeconds(start, zone)} to ${clockSeconds(end, zone)}`
  if (end - start < 20 * hourMs)
    return `${weekdayAndDay(first)}, ${clock(start, zone)} to ${clock(end, zone)}`
  return first === last ? longDate(first) : `${fullDate(first)} to ${fullDate(last)}`
}
