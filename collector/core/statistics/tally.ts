import { addExact } from '@barograph/proto'
import type { ApiStatistics } from '@barograph/proto/api'
import type { StoredPart } from '../documents.ts'
import type { Zone } from '../zone.ts'
import { quotient, type StatisticsOf, valueOfDay } from './of.ts'

/** Figures of some days: whole thousandths, so that they are exact and the order of the days leaves no trace. */
export interface Tally {
  readonly count: number
  readonly sum: number | bigint
  /** Local dates as days since 1970-01-01. */
  readonly first: number
  readonly last: number
}

const dayMs = 86_400_000

/** The local date of a day that starts then. */
export const dateOf = (start: number, zone: Zone): number =>
  Math.floor((start + zone.segmentAt(start).offsetMs) / dayMs)

/** YYYY-MM-DD */
export function dateText(day: number): string {
  const date = new Date(day * dayMs)
  const two = (n: number): string => String(n).padStart(2, '0')
  return `${String(date.getUTCFullYear()).padStart(4, '0')}-${two(date.getUTCMonth() + 1)}-${two(date.getUTCDate())}`
}

/** Days that lie in one month; null: none has a value. */
export function tallyDays(days: readonly StoredPart[], of: StatisticsOf, zone: Zone): Tally | null {
  let tally: Tally | null = null
  for (const day of days) {
    if (day[1] === 0) continue
    const [count, sum] = valueOfDay(day, of)
    const date = dateOf(day[0], zone)
    tally = addTallies(tally, { count, sum, first: date, last: date })
  }
  return tally
}

export function addTallies(a: Tally | null, b: Tally): Tally {
  if (!a) return b
  return {
    count: a.count + b.count,
    sum: addExact(a.sum, b.sum),
    first: Math.min(a.first, b.first),
    last: Math.max(a.last, b.last),
  }
}

/** More digits than this, and two sums of thousandths may be one floating-point number. */
const exactDigits = 10 ** 15

/** Thousandths in the unit, as a number that JSON writes with every digit. */
export function exactNumber(thousandths: number | bigint): number {
  if (thousandths > -exactDigits && thousandths < exactDigits) return Number(thousandths) / 1_000
  const digits = String(thousandths < 0 ? -BigInt(thousandths) : thousandths).padStart(4, '0')
  const text = `${thousandths < 0 ? '-' : ''}${digits.slice(0, -3)}.${digits.slice(-3)}`
  return rawJson(text.replace(/\.?0+$/, ''))
}

/** To JSON.stringify it is the number with these digits. The language's own way; its types do not know it yet. */
const { rawJSON: rawJson } = JSON as typeof JSON & { rawJSON(text: string): number }

/** Figures for outsiders. */
export function tallyView({ count, sum, first, last }: Tally): ApiStatistics {
  return {
    count,
    sum: exactNumber(sum),
    avg: exactNumber(quotient(sum, count)),
    start: dateText(first),
    end: dateText(last),
  }
}
