import { divideRounded } from '@barograph/proto'
import type { Level } from '../documents.ts'
import type { Zone } from '../zone.ts'
import { civilOf } from './calendar.ts'
import { dailyOf, type Point } from './points.ts'
import type { PlotData } from './read.ts'
import type { PlotOf } from './request.ts'
import { windowWords } from './time-axis.ts'

// As on the page; it cannot be imported from here.
const signs: Readonly<Record<string, string>> = {
  degC: '°C',
  '%RH': '%',
  deg: '°',
  '1': '',
  'W/m2': 'W/m²',
  'ug/m3': 'µg/m³',
}
const whole = new Set(['%RH', '%', 'deg', 'lx', 'ppm', 'W/m2', 'dBm'])
const adjectives: Readonly<Record<Level, string>> = {
  '10s': '10-second',
  '1m': 'Minute',
  hour: 'Hourly',
  day: 'Daily',
  week: 'Weekly',
  month: 'Monthly',
  year: 'Yearly',
}
const nouns: Readonly<Record<Level, string>> = {
  '10s': '10 seconds',
  '1m': 'minute',
  hour: 'hour',
  day: 'day',
  week: 'week',
  month: 'month',
  year: 'year',
}
const ofDay = {
  'daily-mean': 'daily mean',
  'daily-max': 'daily maximum',
  'daily-min': 'daily minimum',
  'daily-sum': 'daily sum',
} as const

/** "°C" for degC. */
export const unitSign = (unit: string): string => signs[unit] ?? unit

export const decimalsOf = (unit: string): number => (whole.has(unit) ? 0 : 1)

/** Decimals that a step of thousandths needs. */
export const decimalsOfStep = (step: number): number =>
  step % 1_000 === 0 ? 0 : step % 100 === 0 ? 1 : step % 10 === 0 ? 2 : 3

/** Thousandths with a true minus, halves away from zero, grouped from 10,000 on. */
export function figure(thousandths: number, decimals: number): string {
  const scaled = divideRounded(Math.round(thousandths), 10 ** (3 - decimals))
  const digits = String(Math.abs(scaled)).padStart(decimals + 1, '0')
  const units = digits.slice(0, digits.length - decimals)
  const grouped = units.length > 4 ? units.replaceAll(/\B(?=(\d{3})+$)/g, ',') : units
  const fraction = decimals > 0 ? `.${digits.slice(-decimals)}` : ''
  return `${scaled < 0 ? '\u2212' : ''}${grouped}${fraction}`
}

const withUnit = (text: string, unit: string): string => {
  const sign = unitSign(unit)
  return sign === '' ? text : sign === '°' ? `${text}°` : `${text}\u00a0${sign}`
}

export const figureAndUnit = (thousandths: number, unit: string, decimals = decimalsOf(unit)): string =>
  withUnit(figure(thousandths, decimals), unit)

/** What is drawn of each window: "Monthly mean of the daily maximum". */
export function ofWords(of: PlotOf, level: Level): string {
  const daily = dailyOf(of)
  if (daily) {
    if (level === 'day') return `${ofDay[daily].slice(0, 1).toUpperCase()}${ofDay[daily].slice(1)}`
    return `${adjectives[level]} mean of the ${ofDay[daily]}`
  }
  if (of === 'mean' || of === 'sum') return `${adjectives[level]} ${of}`
  return `${of === 'max' ? 'Highest' : 'Lowest'} reading of each ${nouns[level]}`
}

export function bandWords(of: PlotOf): string {
  const daily = dailyOf(of)
  return `lowest to highest ${daily ? ofDay[daily] : 'reading'}`
}

const one = ({ site, device }: { site: string; device: string }): string => (site === '' ? device : site)

export function titleOf({ metric, series }: PlotData): string {
  const label = /^[a-z]/.test(metric.label)
    ? metric.label.replace(/^./, (c) => c.toUpperCase())
    : metric.label
  const [first] = series
  if (!first) return label
  return series.length === 1 ? `${label} at ${one(first)}` : `${label} at ${series.length} stations`
}

const two = (n: number): string => String(n).padStart(2, '0')

export function dateWords(time: number, zone: Zone): string {
  const { year, month, day } = civilOf(time, zone)
  return `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}`
}

/** What, when and in whose days: under the title. */
export function subtitleOf({ of, level, spans, zone, series }: PlotData): string {
  const [first, last] = [spans[0], spans.at(-1)]
  const when = first && last ? `, ${dateWords(first.from, zone)} to ${dateWords(last.to - 1, zone)}` : ''
  const zones = new Set(series.map(({ timeZone }) => timeZone))
  const where = zones.size > 1 ? 'each in the time of its site' : `time zone ${zone.name}`
  return `${ofWords(of, level)}${when}, ${where}`
}

/** What a reader should know beside the picture; empty for most. */
export function remarksOf({ insteadOf, level, left, series }: PlotData): string[] {
  const remarks: string[] = []
  if (insteadOf)
    remarks.push(
      `Drawn by ${nouns[level]}: by ${nouns[insteadOf]} there would be more than can be told apart, or nothing is kept.`,
    )
  if (left > 0) remarks.push(`${series.length} of ${series.length + left} stations are shown.`)
  return remarks
}

/** What stands where nothing can be drawn. */
export function emptyWords({ metric, spans, zone, series, level }: PlotData): string {
  const [first, last] = [spans[0], spans.at(-1)]
  const name = /^[A-Z][a-z]/.test(metric.label)
    ? metric.label.replace(/^./, (c) => c.toLowerCase())
    : metric.label
  const who = series.length === 1 ? ` at ${series[0]?.device ?? ''}` : ''
  if (!first || !last) return `No ${name} has been measured${who} in the time that was asked for.`
  return `No ${name}${who} from ${dateWords(first.from, zone)} to ${dateWords(last.to - 1, zone)} by ${nouns[level]}.`
}

/** A window with all its digits: "Jul 2013: 30.452 °C, 31 days". */
export function pointWords({ start, end, value, count }: Point, { metric, of, zone }: PlotData): string {
  const what = dailyOf(of) ? 'day' : 'reading'
  const counted = `${count} ${what}${count === 1 ? '' : 's'}`
  return `${windowWords(start, end - start, zone)}: ${figureAndUnit(value, metric.unit, 3)}, ${counted}`
}

/** The picture in one sentence, for those who cannot see it. */
export function sentenceOf(data: PlotData): string {
  const { series, metric, zone } = data
  const points = series.flatMap((one) => one.points)
  const [first] = points
  if (!first) return emptyWords(data)
  const high = points.reduce((best, point) => (point.value > best.value ? point : best), first)
  const low = points.reduce((best, point) => (point.value < best.value ? point : best), first)
  const words = (point: Point) =>
    `${figureAndUnit(point.value, metric.unit)} (${windowWords(point.start, point.end - point.start, zone)})`
  const ends = metric.kind === 'direction' ? '' : ` Highest ${words(high)}, lowest ${words(low)}.`
  return `${subtitleOf(data)}.${ends}`
}
