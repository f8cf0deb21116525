import { converter } from '@barograph/proto'
import { describe, expect, it } from 'vitest'
import { decimalsOf, shownUnit, type UnitChoice } from './units.ts'

const metric: UnitChoice = { temperature: 'degC', pressure: 'hPa', speed: 'm/s' }

const show = (base: string, value: number, choice: Partial<UnitChoice>) => {
  const { factor, offset } = shownUnit(base, { ...metric, ...choice })
  return value * factor + offset
}

describe('units', () => {
  it('base units stay as they are', () => {
    expect(shownUnit('degC', metric)).toEqual({ label: '°C', factor: 1, offset: 0 })
    expect(shownUnit('%RH', metric).label).toBe('%')
    expect(shownUnit('1', metric).label).toBe('')
  })

  it.each([
    ['degC', 'degF', { temperature: 'degF' }],
    ['hPa', 'inHg', { pressure: 'inHg' }],
    ['m/s', 'km/h', { speed: 'km/h' }],
    ['m/s', 'mph', { speed: 'mph' }],
    ['m/s', 'kn', { speed: 'kn' }],
  ] as const)('%s is shown in %s by the published conversion, backwards', (base, unit, choice) => {
    const back = converter(unit, base)
    for (const value of [-40, 0, 1, 18.4, 1013.25])
      expect(back(show(base, value, choice))).toBeCloseTo(value, 9)
  })

  it('inches of mercury have two decimals, percent and degrees none', () => {
    expect(['inHg', '%', '°', 'hPa', '°F', 'kn'].map(decimalsOf)).toEqual([2, 0, 0, 1, 1, 1])
  })
})
