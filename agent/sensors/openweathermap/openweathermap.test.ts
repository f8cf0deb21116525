import { readFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Sample, SensorPosition } from '../../core/sensor.ts'
import { describeSensorContract } from '../sensor-contract.ts'
import { createTestSensor, issuesOf } from '../testing/context.ts'
import { json, startTestServer, text, type TestServer } from '../testing/server.ts'
import { openWeatherMapType } from './index.ts'

const fixture = (name: string): Record<string, unknown> =>
  JSON.parse(readFileSync(new URL(`fixtures/${name}.json`, import.meta.url), 'utf8'))

const observedMs = 1_768_478_700_000
const signal = new AbortController().signal

let server: TestServer
beforeEach(async () => {
  server = await startTestServer()
  server.answer = json(fixture('current'))
})
afterEach(() => server.close())

const read = (position: SensorPosition = null): Promise<Sample> =>
  createTestSensor(openWeatherMapType, { key: 'secret-key', url: server.url }).read({ position, signal })

describeSensorContract('openweathermap', async () => {
  const own = await startTestServer()
  let dt = observedMs / 1000
  const answer = () => json({ ...fixture('current'), dt })
  own.answer = answer()
  return {
    create: () =>
      createTestSensor(openWeatherMapType, { key: 'k', url: own.url }, { now: () => dt * 1000 + 60_000 }),
    advance: () => {
      dt += 600
      own.answer = answer()
    },
    fail: async () => {
      own.answer = json(fixture('wrong-key'), 401)
      return () => {
        own.answer = answer()
      }
    },
    hang: () => {
      own.answer = () => undefined
    },
    dispose: () => own.close(),
  }
})

describe('openweathermap', () => {
  test('maps each field, at its own observation time', async () => {
    const sample = await read()
    if (sample.kind !== 'observations') throw new Error(JSON.stringify(sample))
    const [observation] = sample.observations
    expect(observation?.time).toBe(observedMs)
    expect(observation?.values.map(({ metric, thousandths }) => [metric.name, thousandths])).toEqual([
      ['temperature', 2480],
      ['humidity', 64_000],
      ['pressure', 1_015_000],
      ['apparentTemperature', -1740],
      ['windSpeed', 4620],
      ['windGust', 8180],
      ['windDirection', 349_000],
      ['visibility', 10_000],
      ['cloudCover', 100_000],
    ])
    expect(sample.position).toEqual({ newestMs: observedMs })
  })

  test('asks for the site in metric units with the key', async () => {
    await read()
    expect(Object.fromEntries(server.asked[0]?.searchParams ?? [])).toEqual({
      lat: '40.69',
      lon: '-74.17',
      units: 'metric',
      appid: 'secret-key',
    })
  })

  test('the same observation again is nothing', async () => {
    expect(await read({ newestMs: observedMs })).toEqual({ kind: 'nothing' })
  })

  test('a slightly older answer of another cache is nothing', async () => {
    expect(await read({ newestMs: observedMs + 600_000 })).toEqual({ kind: 'nothing' })
  })

  test('a rejected key says that it is wrong or not active yet, and never shows it', async () => {
    server.answer = json(fixture('wrong-key'), 401)
    const sample = await read()
    expect(sample).toMatchObject({ kind: 'fault', code: 'key-rejected' })
    const detail = sample.kind === 'fault' ? sample.detail : ''
    expect(detail).toContain('wrong, or new and not active yet')
    expect(detail).not.toContain('secret-key')
  })

  test('used-up calls wait as long as the service says', async () => {
    server.answer = json(fixture('used-up'), 429, { 'retry-after': '120' })
    expect(await read()).toMatchObject({ kind: 'fault', code: 'rate-limited', retryAfterMs: 120_000 })
  })

  test.each([
    ['no dt', { main: { temp: 1 } }],
    ['a text as dt', { dt: 'now', main: { temp: 1 } }],
    ['no known value', { dt: 1_768_478_700, main: {} }],
  ])('%s is a bad response', async (_name, body) => {
    server.answer = json(body)
    expect(await read()).toMatchObject({ kind: 'fault', code: 'bad-response' })
  })

  test('a page of a proxy is no weather', async () => {
    server.answer = text('<html>Please log in</html>', 'text/html')
    const sample = await read()
    expect(sample).toMatchObject({ kind: 'fault', code: 'bad-response' })
    expect(sample).toHaveProperty('detail', expect.stringContaining('web page'))
  })

  test('a key is needed', () => {
    expect(issuesOf(openWeatherMapType, {})[0]).toMatch(/^key/)
  })
})
