import { divideRounded, type Kind } from '@barograph/proto'
import type { StoredPart } from '../documents.ts'

/** What statistics are made of: a figure of each day, or every reading. */
export const statisticsOf = ['daily-mean', 'daily-max', 'daily-min', 'daily-sum', 'readings'] as const
export type StatisticsOf = (typeof statisticsOf)[number]

/** A direction has neither sum nor extremes; sums of readings mean something only of a total, means only of a level. */
export function fits(of: StatisticsOf, kind: Kind): boolean {
  if (kind === 'direction') return false
  if (of === 'daily-mean') return kind === 'level'
  return of !== 'daily-sum' || kind === 'total'
}

/** What is taken when nobody said: of a total the sums of its days. */
export const usualOf = (kind: Kind): StatisticsOf => (kind === 'total' ? 'daily-sum' : 'daily-mean')

/** What a day adds to count and sum, thousandths. A mean counts as it is shown: rounded to three decimals. */
export function valueOfDay(
  [, count, sum, min, max]: StoredPart,
  of: StatisticsOf,
): readonly [count: number, sum: number | bigint] {
  switch (of) {
    case 'daily-mean':
      return [1, quotient(sum, count)]
    case 'daily-max':
      return [1, max]
    case 'daily-min':
      return [1, min]
    case 'daily-sum':
      return [1, sum]
    case 'readings':
      return [count, sum]
  }
}

/** The exact quotient, rounded half away from zero to a whole thousandth; of any size. */
export function quotient(sum: number | bigint, count: number): number | bigint {
  if (typeof sum === 'number') return divideRounded(sum, count)
  const size = sum < 0n ? -sum : sum
  const rounded = (2n * size + BigInt(count)) / (2n * BigInt(count))
  return sum < 0n ? -rounded : rounded
}
