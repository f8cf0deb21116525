import type { ApiStatus } from '@barograph/proto/api'
import { describe, expect, test } from 'vitest'
import type { DeviceDocument, StoredSensor, StreamDocument } from '../../core/documents.ts'
import { deviceView, finestLevel } from './devices.ts'

const now = Date.UTC(2025, 5, 2, 12)
const o = { g: 0, n: 1 }

const sensor = (more: Partial<StoredSensor> = {}): StoredSensor => ({
  sensor: 'bme280',
  type: 'bme280',
  intervalMs: 10_000,
  origin: 'measured',
  epoch: '00000000000000aa',
  accepted: 0,
  backlog: 0,
  fault: null,
  ...more,
})

const device = (more: Partial<DeviceDocument> = {}): DeviceDocument => ({
  id: 'balcony',
  o,
  device: 'balcony',
  partition: 0,
  sites: [],
  online: true,
  statusAt: now - 60_000,
  agentVersion: '',
  location: '',
  state: '',
  batteryPercent: null,
  sensors: [sensor()],
  primary: [],
  lastIngest: now - 1_000,
  clock: 'synced',
  sealedUntil: {},
  ...more,
})

/** A stream whose newest reading is so old. */
const stream = (ageMs: number, more: Partial<StreamDocument> = {}): StreamDocument => ({
  id: 'balcony/bme280',
  o,
  device: 'balcony',
  sensor: 'bme280',
  largestTime: now - ageMs,
  smallestTime: now - ageMs,
  intervalMs: 10_000,
  metrics: { temperature: { unit: 'degC', kind: 'level' } },
  latest: { time: now - ageMs, values: { temperature: [20_000, 0] } },
  mark: null,
  lateRecords: 0,
  expiredBefore: {},
  lags: [],
  ...more,
})

const fault = { code: 'bus', detail: 'no answer', since: now - 5_000 }
const mark = { time: now - 5_000, kind: 'fault', code: 'bus', detail: 'no answer' }

describe('the status of a device', () => {
  test.each<[string, ApiStatus, DeviceDocument, StreamDocument[]]>([
    ['fresh readings', 'live', device(), [stream(4_000)]],
    ['a reading three intervals old', 'live', device(), [stream(30_000)]],
    ['no reading for more than three intervals', 'silent', device(), [stream(30_001)]],
    ['one sensor of two silent', 'live', device(), [stream(99_000), stream(1_000, { sensor: 'attic' })]],
    ['its last will', 'offline', device({ online: false }), [stream(4_000)]],
    [
      'nothing heard but one batch, long ago',
      'silent',
      device({ statusAt: 0, online: false }),
      [stream(99_000)],
    ],
    ['a clock that is not set', 'time-uncertain', device({ clock: 'uncertain' }), [stream(4_000)]],
    ['a fault in its status', 'sensor-fault', device({ sensors: [sensor({ fault })] }), [stream(10_000)]],
    ['a fault that a reading has healed', 'live', device({ sensors: [sensor({ fault })] }), [stream(4_000)]],
    ['a fault as its newest entry', 'sensor-fault', device(), [stream(10_000, { mark })]],
    ['a start as its newest entry', 'live', device(), [stream(10_000, { mark: { ...mark, kind: 'start' } })]],
    ['an old fault entry', 'live', device(), [stream(1_000, { mark })]],
    ['a backlog', 'catching-up', device({ sensors: [sensor({ backlog: 500 })] }), [stream(4_000)]],
    ['a few readings under way', 'live', device({ sensors: [sensor({ backlog: 19 })] }), [stream(4_000)]],
    ['no reading yet, heard of just now', 'live', device(), []],
    [
      'a start just now',
      'live',
      device(),
      [stream(0, { latest: null, largestTime: null, mark: { ...mark, kind: 'start' } })],
    ],
    ['no reading ever', 'silent', device({ lastIngest: now - 60_000 }), []],
    ['replayed data', 'replayed', device({ sensors: [sensor({ origin: 'replayed' })] }), [stream(4e11)]],
  ])('%s: %s', (_, expected, document, streams) => {
    expect(deviceView(document, streams, now).status).toBe(expected)
  })

  test('a replayed device has its own newest reading as now, even after it went offline', () => {
    const replayed = device({ sensors: [sensor({ origin: 'replayed' })], online: false })
    const view = deviceView(replayed, [stream(86_400_000)], now)
    expect(view).toMatchObject({
      status: 'replayed',
      now: '2025-06-01T12:00:00Z',
      lagMs: null,
      clock: 'historical',
    })
    expect(view.sensors[0]).toMatchObject({ silent: false, origin: 'replayed' })
  })
})

test('a device stands where it stood last by its own now', () => {
  const site = { at: o, latitude: 0, longitude: 0, altitudeM: 0, timeZone: 'UTC' }
  const sites = [
    { ...site, version: 1, name: 'old', validFrom: 0 },
    { ...site, version: 2, name: 'here', validFrom: now - 1 },
    { ...site, version: 3, name: 'tomorrow', validFrom: now + 1 },
  ]
  expect(deviceView(device({ sites }), [], now).site?.name).toBe('here')
})

test('a custom metric that changed its unit has two names, and any other the plain one', () => {
  const metrics = {
    'tank|V|level': { unit: 'V', kind: 'level' },
    'tank|mV|level': { unit: 'mV', kind: 'level' },
    'soil|%|level': { unit: '%', kind: 'level' },
  } as const
  const latest = { time: now, values: { 'tank|mV|level': [1_000, 0], 'soil|%|level': [5_500, 2] } } as const
  const [view] = deviceView(device(), [stream(0, { metrics, latest })], now).sensors
  expect(Object.keys(view?.metrics ?? {})).toEqual(['tank|V|level', 'tank|mV|level', 'soil'])
  expect(view?.newest).toMatchObject({
    values: { 'tank|mV|level': 1, soil: 5.5 },
    flags: { soil: { invalid: false, reason: 'stuck' } },
  })
})

test('the finest level is the first whose windows hold a reading', () => {
  expect([0, 250, 10_000, 10_001, 60_000, 900_000, 3_600_000].map(finestLevel)).toEqual([
    '10s',
    '10s',
    '10s',
    '1m',
    '1m',
    'hour',
    'hour',
  ])
})

test('a battery that is read like a sensor is the device`s, unless its status tells one', () => {
  const metrics = { battery: { unit: '%', kind: 'level' } } as const
  const streams = [
    stream(1_000, { metrics, latest: { time: now - 1_000, values: { battery: [93_800, 0] } } }),
  ]
  expect(deviceView(device(), streams, now).batteryPercent).toBe(93.8)
  expect(deviceView(device({ batteryPercent: 41 }), streams, now).batteryPercent).toBe(41)
  expect(deviceView(device(), [stream(1_000)], now).batteryPercent).toBe(null)
})
