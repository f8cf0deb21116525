import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createTestSensor } from '../sensors/testing/context.ts'
import { httpType } from '../sensors/http/index.ts'
import type { FleetDevice } from './fleet-device.ts'
import type { FleetReading } from './fleet-sensor.ts'
import { sourceOf } from './serve-only.ts'
import { type FleetHttp, serveFleet } from './http-server.ts'

let reading: FleetReading | null
const device: FleetDevice = {
  device: 'sim-1',
  location: 'Hall',
  latest: () => reading,
  finish() {},
  left: () => 0,
  ledger: () => {
    throw new Error('not asked for')
  },
  async stop() {},
}

let http: FleetHttp
beforeEach(async () => {
  reading = { timeMs: 1_768_478_400_000, temperature: 21_350, humidity: 48_200, battery: 91_000 }
  http = await serveFleet([device], { host: '127.0.0.1', port: 0 })
})
afterEach(() => http.close())

const ask = async (path: string, init?: RequestInit) => {
  const response = await fetch(`${http.url}${path}`, init)
  const text = await response.text()
  return { status: response.status, headers: response.headers, body: text === '' ? null : JSON.parse(text) }
}

test('devices that send nothing have the readings of their seed, place and instant', async () => {
  let now = 1_768_478_400_700
  const options = { rate: 1, seed: 1, prefix: 'sim' }
  const source = sourceOf(2, options, { now: () => now })
  const first = source.latest()
  expect([source.device, source.location, first?.timeMs]).toEqual(['sim-2', 'Simulated 2', 1_768_478_400_000])
  now += 200
  expect(source.latest()).toEqual(first)
  now += 200
  expect(source.latest()?.timeMs).toBe(1_768_478_401_000)
  expect(sourceOf(2, { ...options, seed: 2 }, { now: () => now }).latest()).not.toEqual(source.latest())
})

describe('the web service of a fleet', () => {
  test('lists its devices', async () => {
    const { status, body } = await ask('/devices')
    expect(status).toBe(200)
    expect(body).toEqual([
      { device_id: 'sim-1', status: 'online', location: 'Hall', reading: '/devices/sim-1/reading' },
    ])
  })

  test('gives the newest reading of a device', async () => {
    expect((await ask('/devices/sim-1/reading')).body).toEqual({
      device_id: 'sim-1',
      ts: 1_768_478_400_000,
      temperature: 21.35,
      humidity: 48.2,
      battery: 91,
      status: 'online',
      location: 'Hall',
    })
  })

  test.each([
    ['/', 404],
    ['/devices/sim-2/reading', 404],
    ['/devices/sim-1', 404],
    ['/devices/%00/reading', 404],
    ['//', 404],
  ])('%s is a JSON error', async (path, expected) => {
    const { status, body, headers } = await ask(path)
    expect(status).toBe(expected)
    expect(headers.get('content-type')).toContain('application/json')
    expect(body).toMatchObject({ error: 'not-found' })
  })

  test('only GET and HEAD are allowed', async () => {
    const { status, headers, body } = await ask('/devices', { method: 'POST' })
    expect(status).toBe(405)
    expect(headers.get('allow')).toBe('GET, HEAD')
    expect(body).toMatchObject({ error: 'method-not-allowed' })
    expect((await ask('/devices', { method: 'HEAD' })).status).toBe(200)
  })

  test('before the first reading it says so', async () => {
    reading = null
    expect(await ask('/devices/sim-1/reading')).toMatchObject({ status: 503, body: { error: 'no-reading' } })
  })

  test('a busy port is named', async () => {
    const port = Number(new URL(http.url).port)
    await expect(serveFleet([device], { host: '127.0.0.1', port })).rejects.toMatchObject({
      code: 'port-in-use',
    })
  })

  test('an http sensor reads it as its documentation says', async () => {
    const sensor = createTestSensor(httpType, {
      url: `${http.url}/devices/sim-1/reading`,
      time: { pointer: '/ts', unit: 'ms' },
      values: {
        temperature: { pointer: '/temperature' },
        humidity: { pointer: '/humidity' },
        battery: { pointer: '/battery' },
      },
    })
    const sample = await sensor.read({ position: null, signal: new AbortController().signal })
    expect(sample).toMatchObject({ kind: 'observations', observations: [{ time: 1_768_478_400_000 }] })
  })
})
