/** What the reader chose to see; everything is stored and computed in base units. */
export interface UnitChoice {
  readonly temperature: 'degC' | 'degF'
  readonly pressure: 'hPa' | 'inHg'
  readonly speed: 'm/s' | 'km/h' | 'mph' | 'kn'
}

/** The choices there are, in the order they are shown. */
export const unitChoices = {
  temperature: ['degC', 'degF'],
  pressure: ['hPa', 'inHg'],
  speed: ['m/s', 'km/h', 'mph', 'kn'],
} as const satisfies { [K in keyof UnitChoice]: readonly UnitChoice[K][] }

/** How a base unit is shown. */
export interface ShownUnit {
  readonly label: string
  readonly factor: number
  readonly offset: number
}

const signs: Readonly<Record<string, string>> = {
  degC: '°C',
  degF: '°F',
  '%RH': '%',
  deg: '°',
  '1': '',
  'W/m2': 'W/m²',
  'ug/m3': 'µg/m³',
}

/** A unit as people write it: "°C" for degC. */
export function unitSign(unit: string): string {
  return signs[unit] ?? unit
}

const same = { factor: 1, offset: 0 }
// Exact by definition, except the conventional inch of mercury (NIST SP 811, B.8).
const conversions: Readonly<Record<string, Readonly<Record<string, { factor: number; offset: number }>>>> = {
  degC: { degF: { factor: 9 / 5, offset: 32 } },
  hPa: { inHg: { factor: 1 / 33.86389, offset: 0 } },
  'm/s': {
    'km/h': { factor: 3.6, offset: 0 },
    mph: { factor: 1 / 0.44704, offset: 0 },
    kn: { factor: 3600 / 1852, offset: 0 },
  },
}

/** How values of a base unit are shown under the reader's choice. */
export function shownUnit(base: string, choice: UnitChoice): ShownUnit {
  const target = { degC: choice.temperature, hPa: choice.pressure, 'm/s': choice.speed }[base] ?? base
  return { label: unitSign(target), ...(conversions[base]?.[target] ?? same) }
}

/** Decimals of a reading in that unit: inHg two, percent, degrees and large plain counts none, others one. */
export function decimalsOf(unitLabel: string): number {
  if (unitLabel === 'inHg') return 2
  return ['%', '°', 'lx', 'ppm', 'W/m²', 'dBm'].includes(unitLabel) ? 0 : 1
}
