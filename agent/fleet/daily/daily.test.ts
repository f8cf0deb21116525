import { limits } from '@barograph/proto'
import { describe, expect, test } from 'vitest'
import { createFakeClock } from '../../core/fake-clock.ts'
import type { Observation, SensorPosition } from '../../core/sensor.ts'
import { systemClock } from '../../system-clock.ts'
import { describeSensorContract } from '../../sensors/sensor-contract.ts'
import { progressWords } from './run-daily.ts'
import { createDailySensor, type DailySensorOptions } from './sensor.ts'
import { dayMs, fits, makeStation, parseDay } from './stations.ts'
import { valuesOf } from './weather.ts'

const signal = new AbortController().signal
const options: DailySensorOptions = {
  station: makeStation('A', 1),
  fromMs: parseDay('1990-01-01'),
  days: 10_000,
  rate: null,
  clock: systemClock,
  waiting: () => 0,
}

describeSensorContract('a daily station', async () => ({
  create: () => createDailySensor({ ...options, days: 5_000 }),
  advance: null,
  fail: null,
  hang: null,
  dispose: async () => undefined,
}))

/** Reads to the end, with another sensor for each sample: a restart after every commit. */
async function readAll(given: DailySensorOptions): Promise<Observation[]> {
  const observations: Observation[] = []
  let position: SensorPosition = null
  for (;;) {
    const sample = await createDailySensor(given).read({ position, signal })
    if (sample.kind !== 'observations') return observations
    observations.push(...sample.observations)
    position = sample.position ?? null
  }
}

describe('a daily station', () => {
  test('gives each day once, at noon, also through restarts', async () => {
    const observations = await readAll(options)
    expect(observations.map(({ time }) => time)).toEqual(
      Array.from({ length: options.days }, (_, day) => options.fromMs + day * dayMs),
    )
  })

  test('goes on when more days are asked for, with the days that it would have had anyway', async () => {
    const all = await readAll({ ...options, days: 9_000 })
    const first = await createDailySensor({ ...options, days: 100 }).read({ position: null, signal })
    const position = first.kind === 'observations' ? (first.position ?? null) : null
    const rest = await createDailySensor({ ...options, days: 9_000 }).read({ position, signal })
    expect(first.kind === 'observations' && first.observations).toEqual(all.slice(0, 100))
    expect(rest.kind === 'observations' && rest.observations[0]).toEqual(all[100])
  })

  test.each([{ fromMs: parseDay('1990-01-02') }, { station: makeStation('A', 2) }])(
    'refuses to go on where another one began: %j',
    async (other) => {
      const first = await createDailySensor(options).read({ position: null, signal })
      const position = first.kind === 'observations' ? (first.position ?? null) : null
      await expect(createDailySensor({ ...options, ...other }).read({ position, signal })).rejects.toThrow(
        /begun with another --seed or --from \(1990-01-01\)/,
      )
    },
  )

  test('makes nothing while much of it waits to be stored', async () => {
    const read = (waiting: number) =>
      createDailySensor({ ...options, waiting: () => waiting }).read({ position: null, signal })
    expect((await read(50_001)).kind).toBe('nothing')
    expect((await read(50_000)).kind).toBe('observations')
  })

  test('keeps to its rate', async () => {
    const clock = createFakeClock()
    const sensor = createDailySensor({ ...options, rate: 100, clock })
    const reading = sensor.read({ position: null, signal })
    await clock.pass(250)
    const sample = await reading
    expect(sample.kind === 'observations' && sample.observations.length).toBe(25)
  })
})

describe('its weather', () => {
  const mean = (numbers: number[]): number => numbers.reduce((a, b) => a + b, 0) / numbers.length
  const year = Array.from({ length: 365 }, (_, day) => options.fromMs + day * dayMs)

  test('is a function of seed, name and day, and differs from station to station', () => {
    const of = (name: string, seed: number) => year.map((time) => valuesOf(makeStation(name, seed), time))
    expect(of('A', 1)).toEqual(of('a', 1))
    const others = [of('A', 1), of('B', 1), of('C', 1), of('A', 2)].map((values) => JSON.stringify(values))
    expect(new Set(others).size).toBe(4)
  })

  test.each(['A', 'B', 'C', 'vienna', 'x-17'])('of %s has seasons, noise, dry and wet days', (name) => {
    const station = makeStation(name, 1)
    const values = year.map((time) => valuesOf(station, time))
    const month = (from: number) => mean(values.slice(from, from + 30).map(({ temperature }) => temperature))
    const [january, july] = [month(0), month(182)]
    expect(Math.sign(july - january)).toBe(Math.sign(station.site.latitude))
    expect(Math.abs(july - january)).toBeGreaterThan(5_000)
    const wet = values.filter(({ precipitation }) => precipitation > 0).length
    expect(wet > 40 && wet < 250, `${wet} wet days`).toBe(true)
    for (const { temperature, precipitation } of values) {
      expect([temperature % 100, precipitation % 100].map(Math.abs)).toEqual([0, 0])
      expect(temperature > -60_000 && temperature < 55_000 && precipitation >= 0).toBe(true)
    }
  })

  test('reaches the last day that an event time may have', () => {
    const last = parseDay('9999-12-31')
    expect(fits(last, 1) && !fits(last, 2) && last <= limits.latestTimeMs).toBe(true)
    expect(valuesOf(options.station, last).temperature).toEqual(expect.any(Number))
  })
})

test('progress tells how much is stored, how fast, and how long it takes', () => {
  expect(progressWords({ done: 60_000, total: 493_077, sinceBegin: 60_000, elapsedMs: 6_000 })).toBe(
    '60,000 of 493,077 days stored (12 %), 10,000/s, about 44 s left',
  )
  expect(progressWords({ done: 5, total: 10, sinceBegin: 0, elapsedMs: 2_000 })).toBe(
    '5 of 10 days stored (50 %), waiting for the collector',
  )
})
