import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Sample, SensorPosition } from '../../core/sensor.ts'
import { describeSensorContract } from '../sensor-contract.ts'
import { createTestSensor, issuesOf, testNowMs } from '../testing/context.ts'
import { json, startTestServer, type TestServer } from '../testing/server.ts'
import { httpType } from './index.ts'

const signal = new AbortController().signal
const reading = { device_id: 'a', ts: testNowMs - 500, temperature: 21.35, humidity: 48.2, battery: 91 }
const mapping = {
  time: { pointer: '/ts', unit: 'ms' },
  values: {
    temperature: { pointer: '/temperature' },
    humidity: { pointer: '/humidity' },
    battery: { pointer: '/battery' },
  },
}

let server: TestServer
beforeEach(async () => {
  server = await startTestServer()
  server.answer = json(reading)
})
afterEach(() => server.close())

const read = (config: object = {}, position: SensorPosition = null): Promise<Sample> =>
  createTestSensor(httpType, { url: server.url, ...mapping, ...config }).read({ position, signal })

function valuesOf(sample: Sample): unknown[] {
  if (sample.kind !== 'observations') throw new Error(JSON.stringify(sample))
  return (sample.observations[0]?.values ?? []).map(({ metric, thousandths }) => [
    metric.name,
    metric.unit,
    thousandths,
  ])
}

for (const [name, time] of [
  ['http with a time', mapping.time],
  ['http without a time', undefined],
] as const)
  describeSensorContract(name, async () => {
    const own = await startTestServer()
    let ts = reading.ts
    const answer = () => json({ ...reading, ts })
    own.answer = answer()
    const config = { url: own.url, values: mapping.values, ...(time ? { time } : {}) }
    return {
      create: () => createTestSensor(httpType, config, { now: () => ts + 500 }),
      advance: time
        ? () => {
            ts += 1000
            own.answer = answer()
          }
        : null,
      fail: async () => {
        own.answer = json({ ...reading, temperature: 'broken' })
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

/** What the source says of itself after an answer. */
async function wordsAfter(body: object): Promise<{ said: unknown; kind: string }> {
  const pointers = { state: { pointer: '/status' }, location: { pointer: '/location' } }
  const sensor = createTestSensor(httpType, { url: server.url, ...mapping, ...pointers })
  expect(sensor.words?.()).toBe(null)
  server.answer = json(body)
  const { kind } = await sensor.read({ position: null, signal })
  return { said: sensor.words?.(), kind }
}

describe('words of the source', () => {
  test('are where the pointers point', async () => {
    expect(await wordsAfter({ ...reading, status: ' online ', location: 'Lab 3' })).toEqual({
      said: { state: 'online', location: 'Lab 3' },
      kind: 'observations',
    })
    expect(await wordsAfter({ ...reading, status: 7, location: true })).toMatchObject({
      said: { state: '7', location: 'true' },
    })
  })

  test('that are none say so, and cost no reading', async () => {
    expect(await wordsAfter({ ...reading, status: { ok: 1 }, location: null })).toEqual({
      said: {
        state: expect.stringMatching(/^not known: .*ok.* at \/status is no text$/) as string,
        location: 'not known: nothing at /location',
      },
      kind: 'observations',
    })
  })

  test('are as long as a status can hold', async () => {
    const { said } = await wordsAfter({ ...reading, status: 'x'.repeat(5_000), location: 'y' })
    expect(said).toEqual({ state: 'x'.repeat(200), location: 'y' })
  })

  test('are gone when the source does not answer, and none are asked for without a pointer', async () => {
    const sensor = createTestSensor(httpType, { url: server.url, ...mapping, state: { pointer: '/status' } })
    server.answer = json({ ...reading, status: 'online' })
    await sensor.read({ position: null, signal })
    expect(sensor.words?.()).toEqual({ state: 'online', location: null })
    await server.close()
    expect((await sensor.read({ position: null, signal })).kind).toBe('fault')
    expect(sensor.words?.()).toBe(null)
    expect(createTestSensor(httpType, { url: server.url, ...mapping }).words).toBe(undefined)
  })
})

describe('http', () => {
  test('takes values and time from where the pointers point', async () => {
    const sample = await read()
    expect(valuesOf(sample)).toEqual([
      ['temperature', 'degC', 21_350],
      ['humidity', '%RH', 48_200],
      ['battery', '%', 91_000],
    ])
    expect(sample).toMatchObject({ observations: [{ time: reading.ts }], position: { newestMs: reading.ts } })
  })

  test('a reading is taken only when its time is new', async () => {
    expect((await read({}, { newestMs: reading.ts })).kind).toBe('nothing')
    expect((await read({}, { newestMs: reading.ts - 1 })).kind).toBe('observations')
  })

  test('without a time every answer is an observation of the moment, and there is no position', async () => {
    const sample = await read({ time: undefined })
    expect(sample).toMatchObject({ kind: 'observations', observations: [{ time: null }] })
    expect(sample).not.toHaveProperty('position')
  })

  test('units are converted, and a metric of one’s own keeps its unit', async () => {
    server.answer = json({ now: { t: [{ f: '212' }], v: 3.3 } })
    const values = {
      temperature: { pointer: '/now/t/0/f', unit: 'degF' },
      lidAngle: { pointer: '/now/v', unit: 'rad', kind: 'level' },
    }
    expect(valuesOf(await read({ time: undefined, values }))).toEqual([
      ['temperature', 'degC', 100_000],
      ['lidAngle', 'rad', 3300],
    ])
  })

  test.each([
    ['s', 1_768_478_400, 1_768_478_400_000],
    ['s', '1768478400.25', 1_768_478_400_250],
    ['ms', 1_768_478_400_123, 1_768_478_400_123],
    ['iso', '2026-01-15T12:00:00Z', 1_768_478_400_000],
    ['iso', '2026-01-15T07:00:00.5-05:00', 1_768_478_400_500],
  ])('a time in %s as %s', async (unit, ts, expected) => {
    server.answer = json({ ...reading, ts })
    expect(await read({ time: { pointer: '/ts', unit } })).toMatchObject({
      observations: [{ time: expected }],
    })
  })

  test('a local time is read in the zone that is named', async () => {
    server.answer = json({ ...reading, ts: '2026-01-15 07:00' })
    const time = { pointer: '/ts', timeZone: 'America/New_York' }
    expect(await read({ time })).toMatchObject({ observations: [{ time: 1_768_478_400_000 }] })
    const without = await read({ time: { pointer: '/ts' } })
    expect(without).toMatchObject({ kind: 'fault', code: 'bad-value' })
    expect(without).toHaveProperty('detail', expect.stringContaining('timeZone'))
  })

  test.each([
    ['a pointer to nowhere', { ...reading, humidity: undefined }, 'missing-value', '/humidity'],
    ['no time', { ...reading, ts: undefined }, 'missing-value', '/ts'],
    ['a null time', { ...reading, ts: null }, 'missing-value', '/ts'],
    ['a time that is an object', { ...reading, ts: {} }, 'bad-value', '/ts'],
    ['a time that is words', { ...reading, ts: 'soon' }, 'bad-value', 'soon'],
    ['words for a number', { ...reading, temperature: 'warm' }, 'bad-value', 'warm'],
    ['a number beyond all', { ...reading, temperature: 1e300 }, 'bad-value', '/temperature'],
    ['an object for a number', { ...reading, temperature: { c: 1 } }, 'bad-value', '/temperature'],
    ['a list instead of an object', [1, 2], 'missing-value', '/ts'],
    ['only a number', 5, 'missing-value', '/ts'],
    ['__proto__ instead of own keys', '{"__proto__":{}}', 'missing-value', '/ts'],
    ['a time far ahead', { ...reading, ts: testNowMs + 3_600_000 }, 'future-time', 'clock'],
  ])('%s is a fault that names it', async (_name, body, code, words) => {
    server.answer = json(body)
    const sample = await read()
    expect(sample).toMatchObject({ kind: 'fault', code })
    expect(sample).toHaveProperty('detail', expect.stringContaining(words))
  })

  test('a device that went back to 1970 is a fault, not silence', async () => {
    server.answer = json({ ...reading, ts: 12_000 })
    expect(await read({}, { newestMs: reading.ts })).toMatchObject({
      kind: 'fault',
      code: 'older-observation',
    })
  })

  test('an old observation again is a fault, unless that is allowed', async () => {
    const ts = testNowMs - 4 * 3_600_000
    server.answer = json({ ...reading, ts })
    expect(await read({}, { newestMs: ts })).toMatchObject({ kind: 'fault', code: 'stale' })
    expect(await read({ staleAfterMs: 0 }, { newestMs: ts })).toEqual({ kind: 'nothing' })
  })

  test('a null is a value that is not there; so is an absent optional one', async () => {
    server.answer = json({ ts: reading.ts, temperature: 20, humidity: null })
    const values = { ...mapping.values, battery: { pointer: '/battery', optional: true } }
    expect(valuesOf(await read({ values }))).toEqual([['temperature', 'degC', 20_000]])
  })

  test('headers and token are sent', async () => {
    await read({ headers: { 'X-Room': 'lab' }, token: 't0k' })
    expect(server.headers[0]).toMatchObject({ 'x-room': 'lab', authorization: 'Bearer t0k' })
  })

  test.each([
    [{ url: 'ftp://x/y', values: mapping.values }, 'url'],
    [{ url: 'http://x/y', values: {} }, 'values'],
    [{ url: 'http://x/y', values: { temperature: { pointer: 'temp' } } }, 'values.temperature.pointer'],
    [
      { url: 'http://x/y', values: { temperature: { pointer: '/t', unit: 'furlong' } } },
      'values.temperature.unit',
    ],
    [{ url: 'http://x/y', values: { lidAngle: { pointer: '/t' } } }, 'values.lidAngle'],
    [{ url: 'http://x/y', values: { temperature: { pointer: '/t', kind: 'total' } } }, 'values.temperature'],
    [{ url: 'http://x/y', method: 'POST', values: mapping.values }, 'method'],
    [
      { url: 'http://x/y', values: mapping.values, time: { pointer: '/t', timeZone: 'Mars/Base' } },
      'time.timeZone',
    ],
  ])('configuration %j: the complaint is about %s', (config, path) => {
    expect(issuesOf(httpType, config).map((issue) => issue.split(':')[0])).toContain(path)
  })
})
