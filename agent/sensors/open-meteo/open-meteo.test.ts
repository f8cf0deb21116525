import { readFileSync } from 'node:fs'
import { toThousandths } from '@barograph/proto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Sample, SensorPosition } from '../../core/sensor.ts'
import { describeSensorContract } from '../sensor-contract.ts'
import { createTestSensor, issuesOf, testNowMs } from '../testing/context.ts'
import { openMeteoService, stepTemperature } from '../testing/open-meteo-service.ts'
import { json, startTestServer, text, type TestServer } from '../testing/server.ts'
import { openMeteoType } from './index.ts'

const fixture = (name: string): Record<string, unknown> =>
  JSON.parse(readFileSync(new URL(`fixtures/${name}.json`, import.meta.url), 'utf8'))

const stepMs = 900_000
const lastStepMs = Math.floor(testNowMs / stepMs) * stepMs
const signal = new AbortController().signal

let server: TestServer
let nowMs: number
beforeEach(async () => {
  server = await startTestServer()
  nowMs = testNowMs
  server.answer = openMeteoService(() => nowMs)
})
afterEach(() => server.close())

const connect = (config: object = {}) =>
  createTestSensor(openMeteoType, { url: `${server.url}/v1/forecast`, ...config }, { now: () => nowMs })

async function read(config: object = {}, position: SensorPosition = null): Promise<Sample> {
  return connect(config).read({ position, signal })
}

function observationsOf(sample: Sample) {
  if (sample.kind !== 'observations') throw new Error(`expected observations, not ${JSON.stringify(sample)}`)
  return sample.observations
}

describeSensorContract('open-meteo', async () => {
  const own = await startTestServer()
  let now = testNowMs
  const answer = openMeteoService(() => now)
  own.answer = answer
  return {
    create: () => createTestSensor(openMeteoType, { url: own.url, pastDays: 1 }, { now: () => now }),
    advance: () => {
      now += stepMs
    },
    fail: async () => {
      own.answer = text('busy', 'text/plain', 503)
      return () => {
        own.answer = answer
      }
    },
    hang: () => {
      own.answer = () => undefined
    },
    dispose: () => own.close(),
  }
})

describe('open-meteo', () => {
  test('maps each variable to its metric and unit', async () => {
    server.answer = json(fixture('current'))
    const [observation] = observationsOf(await read())
    expect(observation?.time).toBe(1_768_478_400_000)
    const values = observation?.values.map(({ metric, thousandths }) => [
      metric.name,
      metric.unit,
      thousandths,
    ])
    expect(values).toEqual([
      ['temperature', 'degC', 2400],
      ['humidity', '%RH', 71_000],
      ['pressure', 'hPa', 1_018_300],
      ['dewPoint', 'degC', -2300],
      ['apparentTemperature', 'degC', -1900],
      ['windSpeed', 'm/s', 4310],
      ['windGust', 'm/s', 9200],
      ['windDirection', 'deg', 292_000],
      ['precipitation', 'mm', 100],
      ['cloudCover', '%', 88_000],
      ['visibility', 'km', 24_140],
      ['solarRadiation', 'W/m2', 12_000],
    ])
  })

  test('asks for the site, metres per second and unix times', async () => {
    await read()
    const query = server.asked[0]?.searchParams
    expect(query?.get('latitude')).toBe('40.69')
    expect(query?.get('longitude')).toBe('-74.17')
    expect(query?.get('wind_speed_unit')).toBe('ms')
    expect(query?.get('timeformat')).toBe('unixtime')
    expect(query?.get('current')?.split(',')).toContain('pressure_msl')
    expect(query?.has('minutely_15')).toBe(false)
    expect(query?.has('apikey')).toBe(false)
  })

  test('the first start fills in the past days, each quarter of an hour once, oldest first', async () => {
    const observations = observationsOf(await read({ pastDays: 7 }))
    expect(server.asked[0]?.searchParams.get('past_minutely_15')).toBe('672')
    expect(observations.map(({ time }) => time)).toEqual(
      Array.from({ length: 673 }, (_, i) => lastStepMs - (672 - i) * stepMs),
    )
    for (const { time, values } of observations)
      expect(values[0]?.thousandths).toBe(toThousandths(stepTemperature((time ?? 0) / 1000)))
  })

  test('a restart after three hours fills in what was missed, and only that', async () => {
    const first = await read({ pastDays: 1 })
    const position = first.kind === 'observations' ? (first.position ?? null) : null
    nowMs += 12 * stepMs
    const missed = observationsOf(await read({ pastDays: 1 }, position))
    expect(missed.map(({ time }) => time)).toEqual(
      Array.from({ length: 12 }, (_, i) => lastStepMs + (i + 1) * stepMs),
    )
  })

  test('the usual next step asks for the current weather only', async () => {
    const first = await read()
    const position = first.kind === 'observations' ? (first.position ?? null) : null
    nowMs += stepMs
    expect(observationsOf(await read({}, position))).toHaveLength(1)
    expect(server.asked.at(-1)?.searchParams.has('minutely_15')).toBe(false)
  })

  test('the same observation again is nothing', async () => {
    expect(await read({}, { newestMs: lastStepMs })).toEqual({ kind: 'nothing' })
  })

  test('nulls of a model leave the value out, not the reading', async () => {
    const body = fixture('current')
    server.answer = json({
      ...body,
      current: { ...(body.current as object), visibility: null, wind_gusts_10m: null },
    })
    const names = observationsOf(await read())[0]?.values.map(({ metric }) => metric.name)
    expect(names).toHaveLength(10)
    expect(names).not.toContain('visibility')
  })

  test('the used-up limit is told in the words of the service, and waited out', async () => {
    server.answer = json(fixture('limit'), 429)
    const sample = await read()
    expect(sample).toMatchObject({ kind: 'fault', code: 'rate-limited', retryAfterMs: 60_000 })
    expect(sample).toHaveProperty('detail', expect.stringContaining('Minutely API request limit exceeded'))
  })

  test('a refused question tells the reason', async () => {
    server.answer = json(
      { error: true, reason: 'Latitude must be in range of -90 to 90°. Given: 200.0.' },
      400,
    )
    const sample = await read()
    expect(sample).toMatchObject({ kind: 'fault', code: 'bad-request' })
    expect(sample).toHaveProperty('detail', expect.stringContaining('Latitude must be in range'))
  })

  test.each([
    ['no current block', { latitude: 1 }],
    ['a list', []],
    ['a text as time', { current: { time: '2026-01-15T12:00' } }],
    ['current weather without values', { current: { time: 1_768_478_400 } }],
    ['past weather without times', { ...fixture('current'), minutely_15: { temperature_2m: [1] } }],
    ['past weather with a bad time', { ...fixture('current'), minutely_15: { time: [null] } }],
  ])('%s is a bad response', async (_name, body) => {
    server.answer = json(body)
    expect(await read()).toMatchObject({ kind: 'fault', code: 'bad-response' })
  })

  test('columns shorter than the times leave values out', async () => {
    const times = [1_768_476_600, 1_768_477_500]
    server.answer = json({ ...fixture('current'), minutely_15: { time: times, temperature_2m: [1.5] } })
    const observations = observationsOf(await read({ pastDays: 1 }))
    expect(observations.map(({ time }) => time)).toEqual([1_768_476_600_000, 1_768_478_400_000])
  })

  test('weather of tomorrow is a fault about clocks', async () => {
    nowMs -= 86_400_000
    server.answer = json(fixture('current'))
    expect(await read()).toMatchObject({ kind: 'fault', code: 'future-time' })
  })

  test('a service that is stuck for hours is a fault', async () => {
    nowMs += 4 * 3_600_000
    server.answer = json(fixture('current'))
    expect(await read({}, { newestMs: 1_768_478_400_000 })).toMatchObject({ kind: 'fault', code: 'stale' })
  })

  test('the configuration names what is wrong', () => {
    expect(issuesOf(openMeteoType, { pastDays: 93 })[0]).toMatch(/^pastDays/)
    expect(issuesOf(openMeteoType, { days: 3 })).toHaveLength(1)
    expect(issuesOf(openMeteoType, {})).toEqual([])
  })
})
