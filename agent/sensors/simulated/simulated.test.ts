import { describe, expect, test } from 'vitest'
import { createTestSensor, parseConfig, testNowMs, testSite } from '../testing/context.ts'
import { describeSensorContract } from '../sensor-contract.ts'
import { conditionsAt, type Place } from './climate.ts'
import { simulatedType } from './index.ts'

const hourMs = 3_600_000
const dayMs = 24 * hourMs
const signal = new AbortController().signal

describeSensorContract('simulated', async () => ({
  create: () => createTestSensor(simulatedType, { battery: true }),
  advance: null,
  fail: null,
  hang: null,
  dispose: async () => undefined,
}))

const times = Array.from({ length: 400 }, (_, i) => Date.UTC(2026, 0, 1) + i * 23 * hourMs)
const mean = (numbers: number[]): number => numbers.reduce((a, b) => a + b, 0) / numbers.length

/** Mean temperature over many days at an hour of the sun. */
function meanAtSunHour(place: Place, hour: number, month: number): number {
  const start = Date.UTC(2026, month, 1) + (hour - place.longitude / 15) * hourMs
  return mean(
    Array.from({ length: 28 }, (_, day) => conditionsAt(7, start + day * dayMs, place).temperatureDegC),
  )
}

describe('simulated weather', () => {
  test('is a function of seed, time and place alone', () => {
    expect(times.map((time) => conditionsAt(3, time, testSite))).toEqual(
      times
        .toReversed()
        .map((time) => conditionsAt(3, time, testSite))
        .toReversed(),
    )
    expect(conditionsAt(3, testNowMs, testSite)).not.toEqual(conditionsAt(4, testNowMs, testSite))
  })

  test('stays within what a BME280 measures, from pole to pole and from the sea to the heights', () => {
    for (const latitude of [-90, -60, -33, 0, 40, 66, 90])
      for (const altitudeM of [-400, 0, 3000])
        for (const time of times) {
          const { temperatureDegC, humidityPercent, pressureHpa, batteryPercent } = conditionsAt(1, time, {
            latitude,
            longitude: 10,
            altitudeM,
          })
          expect(temperatureDegC > -85 && temperatureDegC < 60).toBe(true)
          expect(humidityPercent >= 8 && humidityPercent <= 100.01).toBe(true)
          expect(pressureHpa > 300 && pressureHpa < 1100).toBe(true)
          expect(batteryPercent >= 0 && batteryPercent <= 100).toBe(true)
        }
  })

  test('comes in the steps of the real sensor', () => {
    for (const time of times.slice(0, 50)) {
      const { temperatureDegC, humidityPercent, pressureHpa } = conditionsAt(1, time, testSite)
      for (const [value, step] of [
        [temperatureDegC, 0.01],
        [humidityPercent, 0.008],
        [pressureHpa, 0.0018],
      ] as const)
        expect(Math.abs(value / step - Math.round(value / step))).toBeLessThan(1e-3)
    }
  })

  test('is warmest in the afternoon of the place, wherever it lies', () => {
    for (const longitude of [-120, 0, 90]) {
      const place = { latitude: 45, longitude, altitudeM: 0 }
      expect(meanAtSunHour(place, 15, 4)).toBeGreaterThan(meanAtSunHour(place, 4, 4) + 3)
    }
  })

  test('has summer in July in the north and in January in the south', () => {
    const north = { latitude: 50, longitude: 0, altitudeM: 0 }
    const south = { latitude: -35, longitude: 0, altitudeM: 0 }
    expect(meanAtSunHour(north, 12, 6)).toBeGreaterThan(meanAtSunHour(north, 12, 0) + 8)
    expect(meanAtSunHour(south, 12, 0)).toBeGreaterThan(meanAtSunHour(south, 12, 6) + 8)
  })

  test('moves smoothly: a second changes little', () => {
    for (const time of times) {
      const before = conditionsAt(5, time, testSite)
      const after = conditionsAt(5, time + 1000, testSite)
      expect(Math.abs(after.temperatureDegC - before.temperatureDegC)).toBeLessThan(0.3)
      expect(Math.abs(after.pressureHpa - before.pressureHpa)).toBeLessThan(0.3)
    }
  })

  test('the pressure falls with the height of the site', () => {
    const low = conditionsAt(1, testNowMs, { ...testSite, altitudeM: 0 }).pressureHpa
    const high = conditionsAt(1, testNowMs, { ...testSite, altitudeM: 1500 }).pressureHpa
    expect(low / high).toBeCloseTo(1013.25 / 845.6, 2)
  })

  test('the sensor leaves the time to the sampler and shows a battery only when asked to', async () => {
    const plain = await createTestSensor(simulatedType, {}).read({ position: null, signal })
    expect(plain).toMatchObject({ kind: 'observations', observations: [{ time: null }] })
    const names = async (config: object): Promise<string[]> => {
      const sample = await createTestSensor(simulatedType, config).read({ position: null, signal })
      return sample.kind === 'observations'
        ? (sample.observations[0]?.values.map(({ metric }) => metric.name) ?? [])
        : []
    }
    expect(await names({})).toEqual(['temperature', 'humidity', 'pressure'])
    expect(await names({ battery: true })).toEqual(['temperature', 'humidity', 'pressure', 'battery'])
    expect(simulatedType.metrics(parseConfig(simulatedType, { battery: true }))).toEqual(
      await names({ battery: true }),
    )
  })
})
