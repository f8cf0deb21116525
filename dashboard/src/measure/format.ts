const minus = '\u2212'
const space = '\u00a0'
const byDecimals = new Map<number, Intl.NumberFormat>()

function formatOf(decimals: number): Intl.NumberFormat {
  let format = byDecimals.get(decimals)
  if (!format) {
    format = new Intl.NumberFormat('en-GB', {
      minimumFractionDigits: decimals,
      maximumFractionDigits: decimals,
      useGrouping: 'min2',
      signDisplay: 'negative',
    })
    byDecimals.set(decimals, format)
  }
  return format
}

/** A figure with a true minus and no grouping below 10,000; a dash when there is none. */
export function figure(value: number | null | undefined, decimals: number): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '\u2013'
  return formatOf(decimals).format(value).replace('-', minus)
}

/** A difference: always with its sign, except for zero. */
export function difference(value: number, decimals: number): string {
  const text = figure(value, decimals)
  return text.startsWith(minus) || Number(text) === 0 ? text : `+${text}`
}

const counts = new Intl.NumberFormat('en-GB')

/** A count, grouped. */
export function count(value: number): string {
  return counts.format(value).replace('-', minus)
}

/** A count with its noun: "1 gap", "2 gaps". */
export function counted(value: number, noun: string): string {
  return `${count(value)}${space}${noun}${value === 1 ? '' : 's'}`
}

/** A figure and its unit, which do not part at the end of a line. */
export function withUnit(text: string, unit: string): string {
  return unit ? `${text}${space}${unit}` : text
}

const compass = [
  'N',
  'NNE',
  'NE',
  'ENE',
  'E',
  'ESE',
  'SE',
  'SSE',
  'S',
  'SSW',
  'SW',
  'WSW',
  'W',
  'WNW',
  'NW',
  'NNW',
]

/** Where a wind comes from: "NW". */
export function compassPoint(degrees: number): string {
  return compass[Math.round((((degrees % 360) + 360) % 360) / 22.5) % 16] ?? 'N'
}

/** "40.69° N 74.17° W, 5 m". */
export function position(latitude: number, longitude: number, altitudeM: number): string {
  const side = (value: number, plus: string, less: string) =>
    `${figure(Math.abs(value), 2)}°${space}${value < 0 ? less : plus}`
  return `${side(latitude, 'N', 'S')} ${side(longitude, 'E', 'W')}, ${withUnit(figure(altitudeM, 0), 'm')}`
}
