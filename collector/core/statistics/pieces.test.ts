import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { RollupDocument, StoredPart } from '../documents.ts'
import { noFigures } from '../figures.ts'
import { origin } from '../position.ts'
import { windowAt } from '../windows.ts'
import { zoneOf } from '../zone.ts'
import { fits, type StatisticsOf, statisticsOf, usualOf } from './of.ts'
import { figuresOfPieces, type Piece, pieceOf } from './pieces.ts'
import { dateText, exactNumber } from './tally.ts'

const dayMs = 86_400_000

/** A month as the fold leaves it. */
function monthOf(timeZone: string, days: readonly StoredPart[]): RollupDocument {
  const window = windowAt('month', days[0]?.[0] ?? 0, zoneOf(timeZone))
  const sum = days.reduce((total, day) => total + BigInt(day[2]), 0n)
  const figures = { ...noFigures({ unit: 'degC', kind: 'level' }), count: days.length, sum, parts: days }
  return {
    id: `d/s/month/${window.start}`,
    o: origin,
    device: 'd',
    sensor: 's',
    level: 'month',
    ...window,
    timeZone,
    revision: 0,
    received: days.length,
    coveredMs: 0,
    sealed: false,
    metrics: { temperature: figures },
  }
}

/** Months of days that follow each other, one array of documents. */
function monthsOf(
  timeZone: string,
  firstDay: number,
  days: readonly Omit<StoredDay, 'start'>[],
): RollupDocument[] {
  const zone = zoneOf(timeZone)
  const parts = days.map(
    ({ count, sum, min, max }, i): StoredPart => [zone.startOfDay(firstDay + i), count, sum, min, max],
  )
  const months = Map.groupBy(parts, ([start]) => windowAt('month', start, zone).start)
  return [...months.values()].map((month) => monthOf(timeZone, month))
}

interface StoredDay {
  readonly start: number
  readonly count: number
  readonly sum: number | bigint
  readonly min: number
  readonly max: number
}

const piecesOf = (documents: readonly RollupDocument[], of: StatisticsOf): Piece[] =>
  documents.flatMap((one) => pieceOf(one, 'temperature', of) ?? [])

/** Half away from zero, by big integers alone. */
function quotient(sum: bigint, count: bigint): bigint {
  const size = sum < 0n ? -sum : sum
  const whole = size / count + ((size % count) * 2n >= count ? 1n : 0n)
  return sum < 0n ? -whole : whole
}

/** Thousandths as a JSON number with all its digits. */
function decimal(thousandths: bigint): string {
  const size = String(thousandths < 0n ? -thousandths : thousandths).padStart(4, '0')
  const fraction = size.slice(-3).replace(/0+$/, '')
  return `${thousandths < 0n ? '-' : ''}${size.slice(0, -3)}${fraction && `.${fraction}`}`
}

/** What a group of days must say, as text: the digits count. */
function expectedOf(days: readonly { date: string; value: bigint; count: bigint }[]): string {
  const sum = days.reduce((total, { value }) => total + value, 0n)
  const count = days.reduce((total, day) => total + day.count, 0n)
  const [start, end] = [days[0]?.date, days.at(-1)?.date]
  return `{"count":${count},"sum":${decimal(sum)},"avg":${decimal(quotient(sum, count))},"start":"${start}","end":"${end}"}`
}

function expectedFigures(
  firstDay: number,
  days: readonly Omit<StoredDay, 'start'>[],
  of: StatisticsOf,
): string {
  const values = days.map(({ count, sum, min, max }, i) => ({
    date: new Date((firstDay + i) * dayMs).toISOString().slice(0, 10),
    count: of === 'readings' ? BigInt(count) : 1n,
    value:
      of === 'daily-mean'
        ? quotient(BigInt(sum), BigInt(count))
        : BigInt(of === 'daily-max' ? max : of === 'daily-min' ? min : sum),
  }))
  const group = (length: number) =>
    [...Map.groupBy(values, ({ date }) => date.slice(0, length))]
      .map(([name, members]) => `"${name}":${expectedOf(members)}`)
      .join(',')
  return `${expectedOf(values).slice(0, -1)},"months":{${group(7)}},"years":{${group(4)}}}`
}

const value = fc.integer({ min: -(2 ** 40), max: 2 ** 40 })
const day = fc
  .record({
    count: fc.integer({ min: 1, max: 100_000 }),
    sum: fc.bigInt(-(2n ** 56n), 2n ** 56n),
    min: value,
    max: value,
  })
  .map((one) => ({ ...one, sum: exactOrBig(one.sum) }))

const exactOrBig = (sum: bigint): number | bigint =>
  sum >= -(2n ** 53n) && sum <= 2n ** 53n ? Number(sum) : sum

describe('statistics of the days of months', () => {
  test('equal a recomputation with big integers to the last digit, in every zone and order', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(
          'UTC',
          'America/New_York',
          'Asia/Kathmandu',
          'America/Sao_Paulo',
          'Australia/Lord_Howe',
        ),
        fc.integer({ min: -20_000, max: 170_000 }),
        fc.array(day, { minLength: 1, maxLength: 90 }),
        fc.constantFrom(...statisticsOf),
        fc.func(fc.integer()),
        (zone, firstDay, days, of, key) => {
          const pieces = piecesOf(monthsOf(zone, firstDay, days), of)
          const shuffled = [...pieces].sort((a, b) => key(a.start) - key(b.start))
          const figures = figuresOfPieces(shuffled)
          // As text: beyond 2^53 a parsed number would hide lost digits.
          expect(JSON.stringify(figures)).toBe(expectedFigures(firstDay, days, of))
        },
      ),
      { numRuns: 60 },
    )
  })

  test('a million daily values over 450 years stay exact', () => {
    let seed = 1
    const random = () => (seed = (seed * 48_271) % 2_147_483_647)
    let values = 0
    for (let device = 0; device < 7; device++) {
      const pieces: Piece[] = []
      const sums = new Map<string, bigint>()
      const add = (name: string, sum: bigint) => sums.set(name, (sums.get(name) ?? 0n) + sum)
      for (let month = 1987 * 12; month < 2437 * 12; month++) {
        const [year, index] = [Math.floor(month / 12), month % 12]
        const start = Date.UTC(year, index)
        const end = Date.UTC(year, index + 1)
        let sum = 0n
        const days: StoredPart[] = []
        for (let day = start; day < end; day += dayMs) {
          // Large, mostly of one sign, so that floating-point sums go astray; the rest is rounded away.
          const mean = (random() % 8 === 0 ? -1 : 1) * (2 ** 40 - (random() % 1_000_000))
          days.push([day, 7, mean * 7 + (random() % 7) - 3, mean, mean])
          sum += BigInt(mean)
          values++
        }
        const name = `${year}-${String(index + 1).padStart(2, '0')}`
        for (const group of [name, String(year), 'all']) add(group, sum)
        pieces.push(...piecesOf([monthOf('UTC', days)], 'daily-mean'))
      }
      const figures = figuresOfPieces(pieces)
      expect(figures).toMatchObject({ count: 164_360, start: '1987-01-01', end: '2436-12-31' })
      const shown = { all: figures, ...figures?.months, ...figures?.years }
      expect(Object.keys(shown)).toHaveLength(1 + 450 * 12 + 450)
      const wrong = Object.entries(shown).filter(
        ([name, one]) => JSON.stringify(one?.sum) !== decimal(sums.get(name) ?? 0n),
      )
      expect(wrong).toEqual([])
    }
    expect(values).toBeGreaterThan(1_000_000)
  })

  test('a day without a good value counts in nothing, and neither does an empty month', () => {
    const [month] = monthsOf('UTC', 0, [{ count: 0, sum: 0, min: 0, max: 0 }])
    expect(month && pieceOf(month, 'temperature', 'daily-mean')).toBeNull()
    expect(month && pieceOf(month, 'humidity', 'daily-mean')).toBeNull()
    expect(figuresOfPieces([])).toBeNull()
  })

  test('numbers in JSON keep every thousandth', () => {
    fc.assert(
      fc.property(fc.bigInt(-(10n ** 22n), 10n ** 22n), (thousandths) => {
        expect(JSON.stringify(exactNumber(thousandths))).toBe(decimal(thousandths))
      }),
    )
    expect([0, -1, 999, 1_000, -25_080].map(exactNumber)).toEqual([0, -0.001, 0.999, 1, -25.08])
    expect(JSON.stringify(exactNumber(10n ** 15n))).toBe('1000000000000')
  })

  test('dates have four digits of the year', () => {
    expect([0, -719_162, Date.UTC(2437, 0, 1) / dayMs].map(dateText)).toEqual([
      '1970-01-01',
      '0001-01-01',
      '2437-01-01',
    ])
  })

  test('sums are of totals, means of levels, and a direction has neither', () => {
    expect(statisticsOf.filter((of) => fits(of, 'level'))).toEqual([
      'daily-mean',
      'daily-max',
      'daily-min',
      'readings',
    ])
    expect(statisticsOf.filter((of) => fits(of, 'total'))).toEqual([
      'daily-max',
      'daily-min',
      'daily-sum',
      'readings',
    ])
    expect(statisticsOf.filter((of) => fits(of, 'direction'))).toEqual([])
    expect([usualOf('level'), usualOf('total')]).toEqual(['daily-mean', 'daily-sum'])
  })
})
