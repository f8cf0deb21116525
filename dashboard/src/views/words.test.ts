import type { ApiAudit, ApiDelivery, ApiDevice, ApiSensor } from '@barograph/proto/api'
import { describe, expect, it } from 'vitest'
import { createModel, nowOf, originWord, takeFrame } from '../state/model.ts'
import { dateOf, type Point } from '../measure/series.ts'
import { causeOf, deviceGaps, remarksOf } from '../state/station.ts'
import { zoneOf } from '../time/zone.ts'
import { auditWords, firstWords, lateWords } from './delivery.ts'
import {
  capital,
  compareNames,
  conflictWords,
  faultWords,
  isWriting,
  quarantineReasons,
  quarantineWords,
  staleWords,
  stateLine,
  statusOf,
} from './status.ts'

const noon = Date.parse('2025-06-02T12:00:00Z')
const iso = (time: number) => new Date(time).toISOString()
const zone = zoneOf('UTC')
const plain = (text: string | undefined) => text?.replaceAll('\u00a0', ' ')

const sensor = (more: Partial<ApiSensor> = {}): ApiSensor => ({
  id: 'bme280',
  type: 'bme280',
  origin: 'measured',
  intervalMs: 10_000,
  metrics: {},
  finestLevel: '10s',
  newest: { time: iso(noon - 4_000), values: { temperature: 20 } },
  oldest: iso(noon - 1e8),
  fault: null,
  silent: false,
  backlog: 0,
  expiredBefore: {},
  ...more,
})

const device = (more: Partial<ApiDevice> = {}): ApiDevice => ({
  id: 'balcony',
  site: { name: 'Balcony', latitude: 40.69, longitude: -74.17, altitudeM: 5, timeZone: 'America/New_York' },
  sensors: [sensor()],
  primary: {},
  status: 'live',
  state: '',
  lastSeen: iso(noon - 2_000),
  newest: iso(noon - 4_000),
  now: iso(noon),
  lagMs: 4_000,
  clock: 'synced',
  clockSource: 'system',
  clockErrorMs: 1_000,
  clockOffMs: 0,
  backlog: 0,
  online: true,
  agentVersion: '0.1.0',
  location: '',
  batteryPercent: 87,
  partition: 0,
  conflict: null,
  ...more,
})

const sentence = (shown: ApiDevice) => {
  const { strong, rest } = stateLine(shown, noon, zone)
  return plain(strong + rest)
}

describe('state line', () => {
  it('says who set the clock, and that readings wait until somebody does', () => {
    expect(sentence(device({ clockSource: 'collector' }))).toContain('Sensor healthy, clock synced.')
    expect(sentence(device({ clockSource: 'collector', clockOffMs: -47 * 86_400_000 }))).toContain(
      "Sensor healthy, clock set by the collector's time (its own is 47 days off).",
    )
    expect(sentence(device({ clockSource: 'system', clockOffMs: 3_600_000 }))).toContain(
      'clock jumped by 60 min, its readings go on by the time before.',
    )
    const unset = device({ status: 'time-uncertain', clock: 'uncertain', clockSource: 'none' })
    expect(sentence(unset)).toContain(
      'Time uncertain, reading 4 s old. Its clock has not been set since it started: what it measures waits in it.',
    )
  })

  it('says how it is, how old, and where', () => {
    expect(sentence(device())).toBe(
      'Live, reading 4 s old. Sensor healthy, clock synced. Battery 87 %. 40.69° N 74.17° W, 5 m',
    )
  })

  it('says what a source says of itself, and not what every agent says', () => {
    expect(sentence(device({ state: 'charging', location: 'Lab 3' }))).toContain(
      'Battery 87 %. State: charging. Location: Lab 3. 40.69° N',
    )
    expect(sentence(device({ state: 'running', location: 'Balcony' }))).not.toMatch(/State|Location/)
    const unset = { state: 'the clock is not synchronised: readings wait', location: 'Balcony' }
    expect(sentence(device({ ...unset, status: 'time-uncertain' }))).not.toMatch(/State|Location/)
  })

  it('a replayed device has its own now', () => {
    const replayed = device({ status: 'replayed', batteryPercent: null, site: null })
    expect(sentence(replayed)).toBe('Replayed, its newest reading is its now: 2 June 2025, 11:59.')
  })

  it('names the sensor that fails and since when', () => {
    const fault = { code: 'no-answer', detail: 'no answer on bus 1', since: iso(noon - 3_600_000) }
    const broken = device({ status: 'sensor-fault', sensors: [sensor({ fault })] })
    expect(sentence(broken)).toContain('Sensor fault: bme280 since 11:00.')
    expect(faultWords(broken, noon, zone)).toMatchObject({ mark: 'Sensor bme280: fault' })
    expect(faultWords(broken, noon, zone)?.rest).toContain('No answer on bus 1. Since 11:00')
  })
})

describe('stale', () => {
  const quiet = (age: number, more: Partial<ApiDevice> = {}) =>
    device({ sensors: [sensor({ newest: { time: iso(noon - age), values: {} } })], ...more })

  const writes = (shown: ApiDevice) => isWriting({ phase: 'open' }, shown, shown.sensors[0] ?? sensor(), noon)

  it('begins after three intervals, at least half a minute', () => {
    expect(staleWords(quiet(29_000), noon, zone)).toBeNull()
    expect(plain(staleWords(quiet(360_000), noon, zone)?.mark)).toBe('Last reading 6 min ago')
    expect(writes(quiet(29_000))).toBe(true)
    expect(writes(quiet(360_000))).toBe(false)
  })

  it('tells a silent sensor from a device that is gone', () => {
    expect(staleWords(quiet(360_000), noon, zone)?.rest).toContain(
      'The device is connected, its sensor is not answering.',
    )
    expect(staleWords(quiet(360_000, { online: false }), noon, zone)?.rest).toContain(
      'The device is not connected',
    )
  })

  it('never befalls a replay', () => {
    expect(staleWords(quiet(1e10, { status: 'replayed' }), noon, zone)).toBeNull()
  })
})

describe('model', () => {
  it('a reading moves the pen at once, an older one does not move it back', () => {
    const model = createModel()
    takeFrame(
      model,
      { type: 'snapshot', cursor: '1', now: iso(noon), version: '', devices: [device()] },
      noon,
    )
    const entry = (time: number, temperature: number) => ({
      kind: 'reading' as const,
      device: 'balcony',
      sensor: 'bme280',
      epoch: 'aa',
      seq: 1,
      time: iso(time),
      values: { temperature },
    })
    const readings = [entry(noon, 21), entry(noon - 2_000, 5)]
    takeFrame(model, { type: 'readings', now: iso(noon), readings, skipped: 0 }, noon)
    expect(model.devices?.get('balcony')?.sensors[0]?.newest?.values).toEqual({ temperature: 21 })
    takeFrame(model, { type: 'changes', cursor: '2', now: iso(noon), devices: [device()], rollups: [] }, noon)
    expect(model.devices?.get('balcony')?.sensors[0]?.newest?.values).toEqual({ temperature: 21 })
  })

  it('now is the collector\u2019s, stands still without a connection, and is its own in a replay', () => {
    const model = createModel()
    takeFrame(model, { type: 'heartbeat', cursor: '1', now: iso(noon) }, noon - 5_000)
    expect(nowOf(model, device(), noon)).toBe(noon + 5_000)
    expect(nowOf(model, device({ status: 'replayed' }), noon + 1e9)).toBe(noon)
    model.live = { phase: 'waiting', lostAt: noon, tries: 1, nextAt: noon }
    expect(nowOf(model, device(), noon + 1e9)).toBe(noon)
  })

  it('only a snapshot means that something may have been missed', () => {
    const model = createModel()
    expect(takeFrame(model, { type: 'heartbeat', cursor: '1', now: iso(noon) }, noon)).toBe(false)
    expect(
      takeFrame(model, { type: 'snapshot', cursor: '1', now: iso(noon), version: '', devices: [] }, noon),
    ).toBe(true)
  })

  it('says what is replayed and what is simulated', () => {
    expect(originWord(device())).toBeNull()
    expect(originWord(device({ sensors: [sensor({ origin: 'simulated' })] }))).toBe('simulated')
    expect(originWord(device({ status: 'replayed' }))).toBe('replayed')
  })
})

describe('causes', () => {
  const gap = { start: noon - 3_600_000, end: noon }
  const gaps = (more: object) =>
    new Map([
      [
        'bme280',
        {
          gaps: [],
          healed: [],
          healedTotal: 0,
          ahead: [],
          pauses: [],
          from: null,
          to: null,
          cursor: null,
          ...more,
        },
      ],
    ])
  const shown = { device: device(), levels: new Map<string, never>() }
  const one = {
    epoch: 'aa',
    firstSeq: 1,
    lastSeq: 1204,
    count: 1204,
    after: iso(gap.start),
    before: iso(gap.end),
    reason: '',
  }

  it.each([
    [
      'the sensor said it failed',
      {
        pauses: [
          {
            kind: 'fault',
            code: 'stuck',
            detail: 'stuck at 100.0',
            start: iso(gap.start),
            end: null,
            count: 1,
          },
        ],
      },
      'sensor fault: stuck at 100.0',
    ],
    [
      'declared lost',
      { gaps: [{ ...one, cause: 'lost', reason: 'buffer full' }] },
      'declared lost: buffer full, 1,204 readings',
    ],
    ['still on the device', { gaps: [{ ...one, cause: 'on-its-way' }] }, 'on its way'],
    ['accepted, and nothing newer has come', { ahead: [one] }, 'on its way'],
    [
      'the agent was off',
      { pauses: [{ kind: 'off', code: '', detail: '', start: iso(gap.start), end: iso(gap.end), count: 1 }] },
      'agent off',
    ],
    [
      'its readings had expired before they came',
      { gaps: [{ ...one, cause: 'refused', reason: 'expired' }] },
      'removed by retention, 1,204 readings',
    ],
    ['nobody says', { gaps: [{ ...one, cause: 'unknown' }] }, '1,204 readings missing, cause not known'],
    ['nothing is missing of the delivery', {}, 'sensor silent'],
  ])('%s', (_, more, words) => {
    expect(causeOf(gap, 'bme280', { ...shown, told: gaps(more) }).words).toBe(words)
  })

  it('windows of a level that were removed are not said to be silence', () => {
    const expired = sensor({ expiredBefore: { '1m': iso(gap.end) } })
    const causes = { device: device({ sensors: [expired] }), told: gaps({}) }
    const words = (level: '1m' | 'hour') =>
      causeOf(gap, 'bme280', { ...causes, levels: new Map([['bme280', level]]) }).words
    expect([words('1m'), words('hour')]).toEqual(['removed by retention', 'sensor silent'])
  })

  it('revised windows tell how late, where a gap that healed tells it, and sealed ones their zone', () => {
    const hourMs = 3_600_000
    const from = gap.start
    const pointAt = (i: number, more: Partial<Point> = {}): Point => ({
      start: from + i * hourMs,
      end: from + (i + 1) * hourMs,
      value: 1,
      low: 1,
      high: 1,
      count: 60,
      revision: 0,
      sealed: false,
      timeZone: 'America/New_York',
      ...more,
    })
    const texts = (points: readonly Point[], more: object = {}) =>
      remarksOf([], { ...shown, told: gaps(more) }, points).map(({ text }) => plain(text))
    const late = [pointAt(0, { revision: 1 }), pointAt(1, { revision: 3 }), pointAt(2)]
    expect(texts(late)).toEqual(['2 windows revised: readings came late'])
    const healed = [
      {
        ...one,
        after: iso(from),
        before: iso(from + 2 * hourMs),
        since: iso(from),
        healedAt: iso(from + 31 * hourMs),
      },
    ]
    // Two metrics of one sensor have the same windows.
    expect(texts([...late, ...late], { healed })).toEqual([
      '2 windows revised: readings came up to 31 h late',
    ])
    expect(texts([pointAt(0, { sealed: true }), pointAt(1, { sealed: true })])).toEqual([
      'sealed: readings removed by retention',
    ])
    expect(texts([pointAt(0, { sealed: true, timeZone: 'Europe/Berlin' })])).toEqual([
      'sealed, in the time of Berlin: readings removed by retention',
    ])
  })

  it('a sealed day of another zone stands at its own date', () => {
    // A day of Berlin begins in the evening before, by New York's clock.
    const start = Date.parse('2025-06-01T22:00:00Z')
    expect(dateOf({ start, end: start + 86_400_000 }, zoneOf('America/New_York'))).toBe(
      Date.UTC(2025, 5, 2) / 86_400_000,
    )
  })

  it('the device is quiet only where all its sensors are', () => {
    expect(deviceGaps([[{ start: 0, end: 10 }], [{ start: 5, end: 20 }]])).toEqual([{ start: 5, end: 10 }])
    expect(deviceGaps([[{ start: 0, end: 10 }], []])).toEqual([])
    expect(deviceGaps([])).toEqual([])
  })
})

describe('sentences', () => {
  it('begin with a capital, but leave names as they are', () => {
    expect(capital('no answer on bus 1')).toBe('No answer on bus 1')
    expect(capital('api.open-meteo.com cannot be found')).toBe('api.open-meteo.com cannot be found')
  })
})

describe('delivery line', () => {
  const delivery: ApiDelivery = {
    accepted: 10,
    logged: 10,
    stored: 10,
    quarantined: 0,
    quarantine: {},
    refused: 0,
    lost: 0,
    onTheWay: 0,
    toStore: 0,
    backlog: 0,
    gaps: 0,
    unexplained: 0,
    gapsOnTheWay: 0,
    missing: 0,
    gapsHealed: 0,
    late: 0,
    lateReadings: 0,
    revised: 0,
  }

  it('begins with the promise only while it holds', () => {
    expect(firstWords(delivery)).toBe('Every entry accounted for')
    expect(firstWords({ ...delivery, onTheWay: 310, toStore: 96 })).toBe(
      'On the way: 214 to log, 96 to store',
    )
    expect(firstWords({ ...delivery, unexplained: 1 })).toBe('Not every entry accounted for')
    expect(firstWords({ ...delivery, accepted: 0, logged: 0, stored: 0 })).toBe('No entry accepted yet')
  })
})

describe('what needs a person', () => {
  it('late readings and the windows they revised are two counts', () => {
    expect(lateWords({ lateReadings: 0, revised: 0 })).toBe('')
    expect(plain(lateWords({ lateReadings: 9, revised: 13 }))).toBe('9 late, 13 windows revised')
  })

  it('readings in quarantine are counted with their reasons', () => {
    expect(quarantineWords(null)).toBe(null)
    expect(quarantineReasons({ quarantine: { 'time uncertain': 12 } })).toBe('time uncertain')
    expect(quarantineReasons({ quarantine: { 'time uncertain': 1_200, 'in the future': 2 } })).toBe(
      '1,200 time uncertain, 2 time in the future',
    )
  })

  it('two agents with one name come first in the fleet, and are told with the way out', () => {
    const conflict = { since: iso(noon - 60_000), last: iso(noon), epochs: ['aa', 'bb'], words: '' }
    const contested = device({ conflict })
    expect(statusOf(contested)).toMatchObject({ word: 'two agents', rank: 0 })
    expect(statusOf(device()).word).toBe('live')
    const words = conflictWords(contested, noon, zone)
    expect(words?.mark).toBe('Two agents run as balcony')
    expect(words?.rest).toContain('another device: name')
    expect(conflictWords(device(), noon, zone)).toBe(null)
  })

  it('an audit is told with its time, and marked when something differs', () => {
    const audit = { finished: iso(noon), equal: true, differenceCount: 0 } as ApiAudit
    expect(auditWords(null, noon, zone)).toBe(null)
    expect(auditWords(audit, noon, zone)).toEqual({ text: 'audit at 12:00: equal', isMarked: false })
    expect(auditWords({ ...audit, equal: false, differenceCount: 3 }, noon, zone)).toEqual({
      text: 'audit at 12:00: 3 differ',
      isMarked: true,
    })
  })
})

describe('names', () => {
  it('go by number where they hold one', () => {
    const ids = ['sim-10', 'sim-9', 'sim-100'].map((id) => device({ id, site: null }))
    expect(ids.toSorted(compareNames).map(({ id }) => id)).toEqual(['sim-9', 'sim-10', 'sim-100'])
  })
})
