import { CodedError } from './errors.ts'
import { flags } from './flags.ts'

/**
 * level: mean, min, max. total: sum over time (precipitation). direction: degrees on a circle, mean of angles, no
 * min or max.
 */
export type Kind = 'level' | 'total' | 'direction'

/** One measured quantity. Ranges are thousandths of the unit, bounds included. */
export interface Metric {
  readonly name: string
  /** Number on the wire; 0: custom. */
  readonly number: number
  readonly label: string
  readonly unit: string
  readonly kind: Kind
  /** Beyond it a value is invalid: no such sensor or weather exists. */
  readonly physical: readonly [number, number] | null
  /** Beyond it a value is suspect. */
  readonly plausible: readonly [number, number] | null
}

type Row = [
  number: number,
  name: string,
  label: string,
  unit: string,
  kind: Kind,
  physical: [number, number],
  plausible?: [number, number],
]

// Physical: what sensors of this quantity can report or the atmosphere can do. Plausible: the records of the WMO
// archive of weather and climate extremes (wmo.asu.edu), rounded outwards.
const rows: Row[] = [
  [1, 'temperature', 'Temperature', 'degC', 'level', [-100, 150], [-90, 60]],
  [2, 'humidity', 'Humidity', '%RH', 'level', [0, 105], [0, 100]],
  [3, 'pressure', 'Pressure', 'hPa', 'level', [300, 1250], [300, 1090]],
  [4, 'dewPoint', 'Dew point', 'degC', 'level', [-120, 100], [-100, 36]],
  [5, 'apparentTemperature', 'Feels like', 'degC', 'level', [-150, 150], [-100, 80]],
  [6, 'windSpeed', 'Wind', 'm/s', 'level', [0, 120], [0, 75]],
  [7, 'windGust', 'Gust', 'm/s', 'level', [0, 150], [0, 115]],
  [8, 'windDirection', 'Wind direction', 'deg', 'direction', [0, 360]],
  [9, 'precipitation', 'Precipitation', 'mm', 'total', [0, 2000], [0, 420]],
  [10, 'snowDepth', 'Snow depth', 'cm', 'level', [0, 3000], [0, 1200]],
  [11, 'visibility', 'Visibility', 'km', 'level', [0, 500], [0, 350]],
  [12, 'cloudCover', 'Cloud cover', '%', 'level', [0, 100]],
  [13, 'solarRadiation', 'Solar radiation', 'W/m2', 'level', [0, 2000], [0, 1500]],
  [14, 'uvIndex', 'UV index', '1', 'level', [0, 50], [0, 44]],
  [15, 'illuminance', 'Illuminance', 'lx', 'level', [0, 200_000], [0, 150_000]],
  [16, 'battery', 'Battery', '%', 'level', [0, 100]],
  [17, 'batteryVoltage', 'Battery voltage', 'V', 'level', [0, 100], [0, 60]],
  [18, 'co2', 'Carbon dioxide', 'ppm', 'level', [0, 100_000], [300, 40_000]],
  [19, 'pm25', 'Fine dust PM2.5', 'ug/m3', 'level', [0, 100_000], [0, 2000]],
  [20, 'pm10', 'Dust PM10', 'ug/m3', 'level', [0, 100_000], [0, 5000]],
  [21, 'soilMoisture', 'Soil moisture', '%', 'level', [0, 100]],
  [22, 'soilTemperature', 'Soil temperature', 'degC', 'level', [-100, 150], [-60, 90]],
  [23, 'signalStrength', 'Signal', 'dBm', 'level', [-200, 50], [-130, 0]],
]

const thousandths = (range: [number, number]): [number, number] => [range[0] * 1000, range[1] * 1000]

/** Every metric that needs no description on the wire. Numbers are never reused. */
export const catalogue: readonly Metric[] = rows.map(
  ([number, name, label, unit, kind, physical, plausible]) =>
    Object.freeze({
      name,
      number,
      label,
      unit,
      kind,
      physical: thousandths(physical),
      plausible: plausible ? thousandths(plausible) : null,
    }),
)

const byName = new Map(catalogue.map((metric) => [metric.name, metric]))
const byNumber = new Map(catalogue.map((metric) => [metric.number, metric]))

/** The catalogue's metric of this name, if there is one. */
export function metricByName(name: string): Metric | undefined {
  return byName.get(name)
}

/** The catalogue's metric of this number, if there is one. */
export function metricByNumber(number: number): Metric | undefined {
  return byNumber.get(number)
}

const namePattern = /^[a-z][a-zA-Z0-9]{0,31}$/
const unitPattern = /^[^\p{C}]{1,16}$/u

/**
 * A metric that the catalogue does not know. Throws `bad-metric` on a name that is not camelCase letters and digits,
 * that the catalogue has, or on an empty or long unit.
 */
export function customMetric(name: string, unit: string, kind: Kind): Metric {
  if (!namePattern.test(name))
    throw new CodedError(
      'bad-metric',
      `metric name "${name.slice(0, 40)}": 1 to 32 letters and digits, starting with a small letter`,
    )
  if (byName.has(name))
    throw new CodedError('bad-metric', `metric "${name}" is in the catalogue and cannot be defined again`)
  if (!unitPattern.test(unit))
    throw new CodedError('bad-metric', `metric "${name}": a unit has 1 to 16 characters`)
  return Object.freeze({ name, number: 0, label: name, unit, kind, physical: null, plausible: null })
}

/** The published rule: the flag that a value (thousandths) gets for its range alone. */
export function rangeFlag(metric: Metric, value: number): number {
  if (metric.physical && (value < metric.physical[0] || value > metric.physical[1]))
    return flags.outsidePhysical
  if (metric.plausible && (value < metric.plausible[0] || value > metric.plausible[1]))
    return flags.outsidePlausible
  return flags.none
}

/**
 * The key of a metric in documents. A custom metric's key holds its unit and kind, so that a sensor that changes them
 * starts a new column instead of adding volts to millivolts. `.` and `$` are not for keys of documents.
 */
export function metricKey(metric: Pick<Metric, 'name' | 'unit' | 'kind'>): string {
  if (byName.has(metric.name)) return metric.name
  return `${metric.name}|${metric.unit.replace(/[.$%]/g, (c) => `%${c.charCodeAt(0).toString(16)}`)}|${metric.kind}`
}

/** The metric's name in a document's key. */
export function metricNameOf(key: string): string {
  const end = key.indexOf('|')
  return end < 0 ? key : key.slice(0, end)
}
