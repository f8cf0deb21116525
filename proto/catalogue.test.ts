import { describe, expect, test } from 'vitest'
import {
  catalogue,
  customMetric,
  metricByName,
  metricByNumber,
  metricKey,
  metricNameOf,
  rangeFlag,
} from './catalogue.ts'
import { flags, flagWords, isInvalid, isSuspect } from './flags.ts'
import { limits } from './limits.ts'
import { unitsFor } from './units.ts'

describe('the catalogue', () => {
  // Devices in the field and every stored document rely on these: add at the end, never change a line.
  test('keeps each number, name, unit and kind for ever', () => {
    const lines = catalogue.map(({ number, name, unit, kind }) => `${number} ${name} ${unit} ${kind}`)
    expect(lines.slice(0, 23)).toEqual([
      '1 temperature degC level',
      '2 humidity %RH level',
      '3 pressure hPa level',
      '4 dewPoint degC level',
      '5 apparentTemperature degC level',
      '6 windSpeed m/s level',
      '7 windGust m/s level',
      '8 windDirection deg direction',
      '9 precipitation mm total',
      '10 snowDepth cm level',
      '11 visibility km level',
      '12 cloudCover % level',
      '13 solarRadiation W/m2 level',
      '14 uvIndex 1 level',
      '15 illuminance lx level',
      '16 battery % level',
      '17 batteryVoltage V level',
      '18 co2 ppm level',
      '19 pm25 ug/m3 level',
      '20 pm10 ug/m3 level',
      '21 soilMoisture % level',
      '22 soilTemperature degC level',
      '23 signalStrength dBm level',
    ])
  })

  test('has each number and name once, and finds the metric by either', () => {
    expect(new Set(catalogue.map((metric) => metric.number)).size).toBe(catalogue.length)
    expect(new Set(catalogue.map((metric) => metric.name)).size).toBe(catalogue.length)
    for (const metric of catalogue) {
      expect(metric.number).toBeGreaterThan(0)
      expect(metricByNumber(metric.number)).toBe(metric)
      expect(metricByName(metric.name)).toBe(metric)
    }
  })

  test('has ranges that hold each other and fit on the wire', () => {
    for (const { physical, plausible } of catalogue) {
      expect(physical && physical[0] < physical[1]).toBe(true)
      for (const bound of physical ?? []) expect(Math.abs(bound)).toBeLessThan(limits.value)
      const [inner, outer] = [plausible ?? [0, 0], plausible && physical ? physical : [0, 0]]
      expect(inner[0]).toBeGreaterThanOrEqual(outer[0])
      expect(inner[1]).toBeLessThanOrEqual(outer[1])
    }
  })

  test('offers at least its own unit for each metric', () => {
    for (const { unit } of catalogue) expect(unitsFor(unit)[0]).toBe(unit)
  })
})

describe('the range rule', () => {
  const wind = metricByName('windSpeed')
  const temperature = metricByName('temperature')

  test('makes the impossible wind of Newark invalid', () => {
    expect(wind && rangeFlag(wind, 468_659)).toBe(flags.outsidePhysical)
  })

  test.each([
    [-100_001, flags.outsidePhysical],
    [-100_000, flags.outsidePlausible],
    [-90_001, flags.outsidePlausible],
    [-90_000, flags.none],
    [60_000, flags.none],
    [60_001, flags.outsidePlausible],
    [150_000, flags.outsidePlausible],
    [150_001, flags.outsidePhysical],
  ])('counts the bounds as inside: %d thousandths of a degree', (value, flag) => {
    expect(temperature && rangeFlag(temperature, value)).toBe(flag)
  })

  test('never doubts a metric that it knows nothing of', () => {
    expect(rangeFlag(customMetric('lightning', 'strikes', 'total'), -(10 ** 9))).toBe(flags.none)
  })
})

describe('flags', () => {
  test('below 128 say suspect, from 128 on invalid, and never both', () => {
    for (let flag = 0; flag < 256; flag++) {
      expect(isSuspect(flag)).toBe(flag > 0 && flag < 128)
      expect(isInvalid(flag)).toBe(flag >= 128)
    }
  })

  test('have words for people, numbers of a later version too', () => {
    for (const flag of Object.values(flags).slice(1)) expect(flagWords(flag)).not.toMatch(/\d/)
    expect([flagWords(77), flagWords(200)]).toEqual(['suspect (77)', 'invalid (200)'])
  })

  test('keep their numbers for ever', () => {
    expect(flags).toMatchObject({
      none: 0,
      outsidePlausible: 1,
      stuck: 2,
      rateOfChange: 3,
      interpolated: 4,
      outsidePhysical: 128,
      badChecksum: 129,
      powerOnValue: 130,
      skippedMeasurement: 131,
      badCalibration: 132,
    })
  })
})

describe('a custom metric', () => {
  test.each([
    ['', 'V'],
    ['Lamp', 'V'],
    ['lamp-1', 'V'],
    ['lamp.x', 'V'],
    ['l'.repeat(33), 'V'],
    ['temperature', 'degC'],
    ['lamp', ''],
    ['lamp', 'V'.repeat(17)],
    ['lamp', 'a\nb'],
    ['lamp', 'a\uD800'],
  ])('named %j in %j is refused', (name, unit) => {
    expect(() => customMetric(name, unit, 'level')).toThrow(expect.objectContaining({ code: 'bad-metric' }))
  })

  test('starts another column when its unit or kind changes', () => {
    const keys = [
      metricKey(customMetric('lamp', 'V', 'level')),
      metricKey(customMetric('lamp', 'mV', 'level')),
      metricKey(customMetric('lamp', 'V', 'total')),
    ]
    expect(new Set(keys).size).toBe(3)
    for (const key of keys) expect(metricNameOf(key)).toBe('lamp')
  })

  test('has a key that every store takes, and no two units share one', () => {
    const units = ['m.s', '$m', 'm%2es', 'm%', 'a|b']
    const keys = units.map((unit) => metricKey(customMetric('lamp', unit, 'level')))
    for (const key of keys) expect(key).not.toMatch(/[.$]/)
    expect(new Set(keys).size).toBe(units.length)
  })

  test('of the catalogue has its plain name as key', () => {
    for (const metric of catalogue) {
      expect(metricKey(metric)).toBe(metric.name)
      expect(metricNameOf(metric.name)).toBe(metric.name)
    }
  })
})
