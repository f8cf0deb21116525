import type { ApiDevice, ApiKind, ApiMetric, ApiSensor } from '@barograph/proto/api'
import { isPresent } from '../present.ts'
import { difference, figure, withUnit } from './format.ts'
import { decimalsOf, shownUnit, type UnitChoice } from './units.ts'

/** A metric of a device with all that its strip, reading and registers need to be drawn. */
export interface ShownMetric {
  readonly name: string
  readonly label: string
  readonly kind: ApiKind
  readonly sensor: ApiSensor
  /** Class of its ink. */
  readonly ink: string
  readonly size: 'large' | 'middle' | 'small'
  readonly unit: string
  readonly decimals: number
  /** From base units to the shown ones. */
  convert(value: number): number
  convertDifference(value: number): number
  /** The value in shown units, without the unit. */
  figure(value: number | null | undefined): string
  figureAndUnit(value: number | null | undefined): string
  difference(value: number): string
  /** Fixed ends of the value axis, base units; null: by the data. */
  readonly fixed: readonly [number, number | null] | null
  /** The axis is never narrower than this, base units. */
  readonly leastSpan: number
}

const order = ['pressure', 'temperature', 'humidity', 'windSpeed']
const inks: Readonly<Record<string, string>> = {
  pressure: 'ink-pressure',
  temperature: 'ink-temperature',
  humidity: 'ink-humidity',
  windSpeed: 'ink-wind',
}
const fixedEnds: Readonly<Record<string, readonly [number, number | null]>> = {
  '%RH': [0, 100],
  'm/s': [0, null],
  mm: [0, null],
  deg: [0, 360],
}
const leastSpans: Readonly<Record<string, number>> = { hPa: 5, degC: 4, 'm/s': 5, '%': 20, mm: 1 }

/** The metrics of a device in the order of its strips. What belongs to the wind is drawn in the wind's strip. */
export function metricsOf(device: ApiDevice, choice: UnitChoice): readonly ShownMetric[] {
  const found = new Map<string, ApiSensor>()
  for (const sensor of device.sensors)
    for (const name of Object.keys(sensor.metrics)) {
      const primary = device.primary[name]
      if (primary === sensor.id || (!primary && !found.has(name))) found.set(name, sensor)
    }
  const inWind = found.has('windSpeed') ? ['windGust', 'windDirection'] : []
  return [...found]
    .filter(([name]) => !inWind.includes(name))
    .toSorted(([a], [b]) => rank(a) - rank(b))
    .flatMap(([name, sensor]) => {
      const metric = sensor.metrics[name]
      return metric ? [shownMetric(name, metric, sensor, choice)] : []
    })
}

const rank = (name: string): number => (order.includes(name) ? order.indexOf(name) : order.length)

/** One metric as it is shown under the reader's choice of units. */
export function shownMetric(
  name: string,
  metric: ApiMetric,
  sensor: ApiSensor,
  choice: UnitChoice,
): ShownMetric {
  const { label: unit, factor, offset } = shownUnit(metric.unit, choice)
  const decimals = decimalsOf(unit)
  const convert = (value: number) => value * factor + offset
  const text = (value: number | null | undefined) =>
    figure(isPresent(value) ? convert(value) : null, decimals)
  return {
    name,
    label: metric.label || name,
    kind: metric.kind,
    sensor,
    ink: inks[name] ?? 'ink',
    size: name === 'pressure' ? 'large' : name === 'temperature' ? 'middle' : 'small',
    unit,
    decimals,
    convert,
    convertDifference: (value) => value * factor,
    figure: text,
    figureAndUnit: (value) => withUnit(text(value), unit),
    difference: (value) => difference(value * factor, decimals),
    fixed: fixedEnds[metric.unit] ?? null,
    leastSpan: leastSpans[metric.unit] ?? 0,
  }
}

/** Decimals of means in a table: all that there are. */
export const tableDecimals = 3

/** The metric of the registers where nobody picked one. */
export function defaultMetric(metrics: readonly ShownMetric[]): string | undefined {
  return (metrics.find(({ name }) => name === 'temperature') ?? metrics[0])?.name
}
