import { CodedError } from '@barograph/proto'
import type { Level } from '../documents.ts'
import { parseTime } from '../iso-time.ts'

/** What is drawn of each window: of its readings, or the mean of a figure of its days. */
export const plotsOf = [
  'mean',
  'min',
  'max',
  'sum',
  'daily-mean',
  'daily-max',
  'daily-min',
  'daily-sum',
] as const
export type PlotOf = (typeof plotsOf)[number]

export const plotThemes = ['auto', 'light', 'dark'] as const
export type PlotTheme = (typeof plotThemes)[number]

/** Levels that are made of days. */
export const levelsOfDays: readonly Level[] = ['day', 'week', 'month', 'year']

/** An instant, ms since 1970; `isDate`: the beginning of that date at the site, given as its midnight UTC. */
export interface PlotTime {
  readonly ms: number
  readonly isDate: boolean
}

/** A date, or a time with its zone; null: neither. */
export function plotTimeOf(text: string): PlotTime | null {
  const ms = parseTime(text)
  return ms === null ? null : { ms, isDate: !text.includes('T') }
}

/** What somebody wants to see. */
export interface PlotRequest {
  readonly metric: string
  /** null: every device that has the metric, the first `plotLimits.devices` of them. */
  readonly devices: readonly string[] | null
  /** null: the mean, of a total the sum. */
  readonly of: PlotOf | null
  /** null: the finest whose windows can be told apart. */
  readonly level: Level | null
  /** null: all there is. */
  readonly from: PlotTime | null
  readonly to: PlotTime | null
  /** 1 to 12; null: all. */
  readonly months: readonly number[] | null
  readonly years: readonly number[] | null
  readonly theme: PlotTheme
  /** From the lowest to the highest. */
  readonly band: boolean
  /** null: in the words of what is shown. */
  readonly title: string | null
}

export const plotLimits = {
  /** More cannot be told apart. */
  devices: 8,
  /** Windows of one device; a level with more is drawn as the next longer one. */
  windows: 1_100,
  titleCharacters: 120,
  /** Windows of one device that have a dot and tell all their digits. */
  marks: 60,
  /** Windows that have their figure beside them, if there is one device. */
  figures: 14,
} as const

/** `1,2,12`, each once and ascending. Throws `bad-plot`. */
export function numbersOf(name: string, text: string, from: number, to: number): number[] {
  const numbers = text.split(',').map((word) => (/^\d{1,4}$/.test(word.trim()) ? Number(word) : Number.NaN))
  if (numbers.every((one) => one >= from && one <= to)) return [...new Set(numbers)].sort((a, b) => a - b)
  throw badPlot(
    `${name} ${text.slice(0, 60)} is not understood.`,
    `Allowed: whole numbers from ${from} to ${to}, with commas between`,
  )
}

export const badPlot = (message: string, allowed: string): CodedError =>
  new CodedError('bad-plot', message, { hint: allowed })
