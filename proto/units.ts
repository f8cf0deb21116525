import { CodedError } from './errors.ts'

/**
 * Conversion to a catalogue unit is value * factor + offset, factors exact by definition: the inch, the foot, the
 * mile, the pound-force and the degree Fahrenheit are defined in SI (NIST SP 811, appendix B); inHg and mmHg are the
 * conventional ones at 0 degC (NIST SP 811, B.8).
 */
interface Conversion {
  readonly factor: number
  readonly offset: number
}

const linear = (factor: number, offset = 0): Conversion => ({ factor, offset })

const tables: Record<string, Record<string, Conversion>> = {
  degC: { degF: linear(5 / 9, -160 / 9), K: linear(1, -273.15) },
  hPa: {
    Pa: linear(0.01),
    kPa: linear(10),
    mbar: linear(1),
    bar: linear(1000),
    inHg: linear(33.86389),
    mmHg: linear(1.333224),
    psi: linear(68.94757293168361),
    atm: linear(1013.25),
  },
  'm/s': { 'km/h': linear(1 / 3.6), mph: linear(0.44704), kn: linear(1852 / 3600), 'ft/s': linear(0.3048) },
  mm: { in: linear(25.4), cm: linear(10), m: linear(1000) },
  cm: { in: linear(2.54), mm: linear(0.1), m: linear(100) },
  km: { mi: linear(1.609344), m: linear(0.001), nmi: linear(1.852), ft: linear(0.0003048) },
  '%RH': { '%': linear(1), '1': linear(100) },
  '%': { '1': linear(100) },
  V: { mV: linear(0.001) },
  deg: { rad: linear(180 / Math.PI) },
  'ug/m3': { 'mg/m3': linear(1000) },
}

const aliases: Record<string, string> = {
  '°C': 'degC',
  C: 'degC',
  celsius: 'degC',
  '°F': 'degF',
  F: 'degF',
  fahrenheit: 'degF',
  kelvin: 'K',
  mb: 'mbar',
  kmh: 'km/h',
  kph: 'km/h',
  mps: 'm/s',
  knots: 'kn',
  kt: 'kn',
  kts: 'kn',
  inch: 'in',
  inches: 'in',
  '"': 'in',
  mile: 'mi',
  miles: 'mi',
  '°': 'deg',
  degrees: 'deg',
  'µg/m3': 'ug/m3',
  'µg/m³': 'ug/m3',
  'W/m²': 'W/m2',
  percent: '%',
}

const canonical = (unit: string): string => aliases[unit] ?? unit

/** Units that a value of `target` may be given in. */
export function unitsFor(target: string): string[] {
  return [target, ...Object.keys(tables[target] ?? {})]
}

/**
 * A function from values in unit `from` to values in unit `to`. Throws `unknown-unit` naming what is allowed.
 * Fahrenheit is computed as (v - 32) * 5 / 9 so that 32 degF is exactly 0 degC.
 */
export function converter(from: string, to: string): (value: number) => number {
  const source = canonical(from)
  const target = canonical(to)
  if (source === target) return (value) => value
  if (source === 'degF' && target === 'degC') return (value) => ((value - 32) * 5) / 9
  const conversion = tables[target]?.[source]
  if (!conversion)
    throw new CodedError('unknown-unit', `unit "${from}" cannot be converted to ${to}`, {
      hint: `allowed: ${unitsFor(target).join(', ')}`,
    })
  const { factor, offset } = conversion
  return (value) => value * factor + offset
}
