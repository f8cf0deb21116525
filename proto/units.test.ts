import { describe, expect, test } from 'vitest'
import { catalogue } from './catalogue.ts'
import { converter, unitsFor } from './units.ts'
import { toThousandths } from './values.ts'

describe('conversion of units', () => {
  test.each([
    [32, 'degF', 0, 'degC'],
    [212, 'degF', 100, 'degC'],
    [-40, 'degF', -40, 'degC'],
    [39.02, 'degF', 3.9, 'degC'],
    [273.15, 'K', 0, 'degC'],
    [101_325, 'Pa', 1013.25, 'hPa'],
    [101.325, 'kPa', 1013.25, 'hPa'],
    [1, 'atm', 1013.25, 'hPa'],
    [29.92, 'inHg', 1013.208, 'hPa'],
    [760, 'mmHg', 1013.25, 'hPa'],
    [14.7, 'psi', 1013.529, 'hPa'],
    [1048.36058, 'mph', 468.659, 'm/s'],
    [10, 'mph', 4.47, 'm/s'],
    [36, 'km/h', 10, 'm/s'],
    [10, 'kn', 5.144, 'm/s'],
    [100, 'ft/s', 30.48, 'm/s'],
    [1, 'in', 25.4, 'mm'],
    [1, 'in', 2.54, 'cm'],
    [10, 'mi', 16.093, 'km'],
    [10_000, 'ft', 3.048, 'km'],
    [0.5, '1', 50, '%RH'],
    [3_300, 'mV', 3.3, 'V'],
    [Math.PI, 'rad', 180, 'deg'],
    [0.025, 'mg/m3', 25, 'ug/m3'],
  ])('%d %s is %d %s', (value, from, expected, to) => {
    expect(toThousandths(converter(from, to)(value))).toBe(toThousandths(expected))
  })

  test('leaves a value in the right unit alone', () => {
    for (const { unit } of catalogue) expect(converter(unit, unit)(0.1 + 0.2)).toBe(0.1 + 0.2)
  })

  test.each([
    ['°F', 'degC'],
    ['C', 'degC'],
    ['knots', 'm/s'],
    ['kph', 'm/s'],
    ['µg/m³', 'ug/m3'],
    ['percent', '%'],
  ])('knows %s by its other names', (from, to) => {
    expect(Number.isFinite(converter(from, to)(1))).toBe(true)
  })

  test('of every unit that is offered for a metric is a straight line that rises', () => {
    for (const { unit } of catalogue)
      for (const from of unitsFor(unit)) {
        const convert = converter(from, unit)
        const [at0, at1, at2] = [convert(0), convert(1), convert(2)]
        expect(at1).toBeGreaterThan(at0)
        expect(Math.abs(at2 - 2 * at1 + at0)).toBeLessThan(1e-9 * Math.max(1, Math.abs(at2)))
      }
  })

  test('goes back to where it came from', () => {
    const pairs: [string, string, string][] = [
      ['in', 'mm', 'cm'],
      ['cm', 'mm', 'cm'],
      ['m', 'mm', 'cm'],
    ]
    for (const [unit, a, b] of pairs)
      expect(converter(unit, a)(7)).toBeCloseTo(converter(b, a)(converter(unit, b)(7)), 9)
    const back: [string, string][] = [
      ['cm', 'mm'],
      ['mm', 'cm'],
    ]
    for (const [from, to] of back)
      expect(converter(to, from)(converter(from, to)(12.3))).toBeCloseTo(12.3, 12)
  })

  test('of units that do not belong together is refused, and says what is allowed', () => {
    expect(() => converter('mph', 'degC')).toThrow(
      expect.objectContaining({
        code: 'unknown-unit',
        hint: 'allowed: degC, degF, K',
        retryable: false,
      }),
    )
  })
})
