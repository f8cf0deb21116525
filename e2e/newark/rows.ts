import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../harness/process.ts'

/**
 * Newark's year straight from the CSV: nothing of Barograph is used but the metric names and the published range rule,
 * written down here a second time.
 */
export interface Row {
  /** ms since 1970. */
  readonly time: number
  /** Thousandths by metric; only what is not missing. */
  readonly values: Readonly<Record<string, bigint>>
  /** Metrics whose value is out of the physical range. */
  readonly flagged: ReadonlySet<string>
}

export type Kind = 'level' | 'total' | 'direction'

interface Source {
  readonly metric: string
  readonly unit: string
  readonly kind: Kind
  /** value * numerator / denominator, after `minus` was taken off: exact by definition of the units. */
  readonly minus?: bigint
  readonly numerator: bigint
  readonly denominator: bigint
  /** The published physical range, in the unit. */
  readonly range: readonly [number, number]
}

export const sources: Readonly<Record<string, Source>> = {
  temp: {
    metric: 'temperature',
    unit: 'degC',
    kind: 'level',
    minus: 32n,
    numerator: 5n,
    denominator: 9n,
    range: [-100, 150],
  },
  dewp: {
    metric: 'dewPoint',
    unit: 'degC',
    kind: 'level',
    minus: 32n,
    numerator: 5n,
    denominator: 9n,
    range: [-120, 100],
  },
  humid: { metric: 'humidity', unit: '%RH', kind: 'level', numerator: 1n, denominator: 1n, range: [0, 105] },
  wind_dir: {
    metric: 'windDirection',
    unit: 'deg',
    kind: 'direction',
    numerator: 1n,
    denominator: 1n,
    range: [0, 360],
  },
  wind_speed: {
    metric: 'windSpeed',
    unit: 'm/s',
    kind: 'level',
    numerator: 44_704n,
    denominator: 100_000n,
    range: [0, 120],
  },
  wind_gust: {
    metric: 'windGust',
    unit: 'm/s',
    kind: 'level',
    numerator: 44_704n,
    denominator: 100_000n,
    range: [0, 150],
  },
  precip: {
    metric: 'precipitation',
    unit: 'mm',
    kind: 'total',
    numerator: 254n,
    denominator: 10n,
    range: [0, 2_000],
  },
  pressure: {
    metric: 'pressure',
    unit: 'hPa',
    kind: 'level',
    numerator: 1n,
    denominator: 1n,
    range: [300, 1_250],
  },
  visib: {
    metric: 'visibility',
    unit: 'km',
    kind: 'level',
    numerator: 1_609_344n,
    denominator: 1_000_000n,
    range: [0, 500],
  },
}

export const csvPath: string = join(root, 'agent/demo/ewr-2013-hourly.csv')

export function readRows(): Row[] {
  const [head = '', ...lines] = readFileSync(csvPath, 'utf8').trim().split('\n')
  const names = head.split(',')
  return lines.map((line) => {
    const cells = Object.fromEntries(line.split(',').map((cell, i) => [names[i], cell]))
    const values: Record<string, bigint> = {}
    const flagged = new Set<string>()
    for (const [column, source] of Object.entries(sources)) {
      const cell = cells[column]
      if (cell === undefined || cell === 'NA') continue
      const value = thousandths(cell, source)
      values[source.metric] = value
      if (value < BigInt(source.range[0]) * 1000n || value > BigInt(source.range[1]) * 1000n)
        flagged.add(source.metric)
    }
    return { time: Date.parse(cells.time_hour ?? ''), values, flagged }
  })
}

/** Exact: the decimal text as a fraction, the unit's factor, one rounding, halves away from zero. */
function thousandths(text: string, { minus = 0n, numerator, denominator }: Source): bigint {
  const [mantissa = '0', exponent = '0'] = text.toLowerCase().split('e') // the file has a pressure of "1e3"
  const [whole = '0', decimals = ''] = mantissa.split('.')
  const shift = 10n ** BigInt(exponent)
  const scale = 10n ** BigInt(decimals.length)
  const size = (BigInt(whole.replace('-', '')) * scale + BigInt(decimals || '0')) * shift
  const value = text.startsWith('-') ? -size : size
  return roundedQuotient((value - minus * scale) * numerator * 1000n, scale * denominator)
}

export function roundedQuotient(dividend: bigint, divisor: bigint): bigint {
  const size = dividend < 0n ? -dividend : dividend
  const rounded = (2n * size + divisor) / (2n * divisor)
  return dividend < 0n ? -rounded : rounded
}
