import type {
  ApiDeadLetters,
  ApiDeliveries,
  ApiDevice,
  ApiDevices,
  ApiEntry,
  ApiGaps,
  ApiLatest,
  ApiProblem,
  ApiReadings,
  ApiRollups,
} from '@barograph/proto/api'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createRig, epoch, get, noon, type Rig, run, site, status } from '../testing/serve-rig.ts'

// Real files and sockets on a machine that may be busy: patience, not a measure.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

let rig: Rig

beforeEach(() => {
  rig = createRig()
})
afterEach(() => rig.close())

const stream = '/api/v1/devices/balcony/sensors/bme280'
const olderEpoch = '00000000000000a0'

/** Every page of a list, to its end. */
async function readAll<T>(read: (cursor: string) => Promise<{ items: T[]; cursor: string | null }>) {
  const items: T[] = []
  let cursor: string | null = ''
  let pages = 0
  while (cursor !== null) {
    const page: { items: T[]; cursor: string | null } = await read(cursor === '' ? '' : `&cursor=${cursor}`)
    items.push(...page.items)
    cursor = page.cursor
    pages++
  }
  return { items, pages }
}

describe('devices', () => {
  test('a device is told with its site, its sensors in their order, and who speaks for which metric', async () => {
    const said = status({ accepted: 2, backlog: 1 })
    const attic = { ...said.sensors[0], sensor: 'attic', type: 'dht22' } as (typeof said.sensors)[0]
    const primary = [{ metric: 'humidity', sensor: 'attic' }]
    await rig.sendStatus('balcony', { ...said, sensors: [...said.sensors, attic], primary })
    const values = { temperature: [20_000, 21_500], humidity: [40_000, 41_000] }
    await rig.sendBatch('balcony', { site, runs: [run({ values }), run({ values, sensor: 'attic' })] })
    await rig.fold()
    rig.clock.now = noon + 5_000
    const server = await rig.start()
    const device = (await get(server, '/api/v1/devices/balcony')).body as ApiDevice
    expect(device).toMatchObject({
      id: 'balcony',
      site: { name: 'Balcony', timeZone: 'America/New_York', altitudeM: 5 },
      primary: { temperature: 'bme280', humidity: 'attic' },
      status: 'live',
      state: 'all well',
      lastSeen: '2025-06-02T12:00:00Z',
      newest: '2025-06-02T12:00:01Z',
      now: '2025-06-02T12:00:05Z',
      lagMs: 4_000,
      clock: 'synced',
      backlog: 2,
      online: true,
      batteryPercent: 87,
    })
    expect(device.sensors.map(({ id, type }) => [id, type])).toEqual([
      ['bme280', 'bme280'],
      ['attic', 'dht22'],
    ])
    expect(device.sensors[0]).toMatchObject({
      origin: 'measured',
      intervalMs: 1_000,
      finestLevel: '10s',
      metrics: { temperature: { label: 'Temperature', unit: 'degC', kind: 'level' } },
      newest: { time: '2025-06-02T12:00:01Z', values: { temperature: 21.5, humidity: 41 } },
      oldest: '2025-06-02T12:00:00Z',
      fault: null,
      silent: false,
    })
    const all = (await get(server, '/api/v1/devices')).body as ApiDevices
    expect(all.devices).toEqual([device])
  })

  test('an unknown device is a 404 that tells the nearest name', async () => {
    await rig.sendBatch('balcony', { runs: [run({ values: { temperature: [1] } })] })
    await rig.fold()
    const server = await rig.start()
    const { status: code, body } = await get(server, '/api/v1/devices/balcny')
    expect(code).toBe(404)
    expect(body).toMatchObject({ code: 'unknown-device', allowed: 'balcony?' })
    const sensor = (await get(server, '/api/v1/devices/balcony/sensors/x/readings')).body
    expect(sensor).toMatchObject({ code: 'unknown-sensor', status: 404, allowed: 'bme280' })
  })

  test('latest tells the newest window of the finest level of each sensor', async () => {
    const start = noon - 20_000
    const values = {
      temperature: Array.from({ length: 20 }, (_, i) => 20_000 + i),
      battery: [80_000, 79_000],
    }
    await rig.sendBatch('balcony', { runs: [run({ values, start })] })
    const rare = run({ values: { temperature: [5_000] }, sensor: 'weather', start, intervalMs: 900_000 })
    await rig.sendBatch('roof', { runs: [rare] })
    await rig.fold()
    const server = await rig.start()
    const { devices } = (await get(server, '/api/v1/latest')).body as ApiLatest
    expect(devices.map(({ device }) => device)).toEqual(['balcony', 'roof'])
    expect(devices[0]?.sensors[0]?.window).toMatchObject({
      level: '10s',
      start: '2025-06-02T11:59:50Z',
      received: 10,
      expected: 10,
      coverage: 1,
      metrics: { temperature: { count: 10, mean: 20.015, min: 20.01, max: 20.019 } },
    })
    expect(devices[1]?.sensors[0]?.window).toMatchObject({ level: 'hour', received: 1, expected: 4 })
  })
})

describe('raw readings', () => {
  test('come in the order of time whatever the order of arrival, over any pages, each once', async () => {
    // The newest first, then two backlogs from another run of the agent, interleaved in time.
    const ramp = (n: number) => ({ temperature: Array.from({ length: n }, (_, i) => i) })
    await rig.sendBatch('balcony', { runs: [run({ values: ramp(700), firstSeq: 301 })] })
    await rig.sendBatch('balcony', { runs: [run({ values: ramp(300), start: noon - 300_000 })] })
    await rig.sendBatch('balcony', {
      runs: [run({ values: ramp(500), start: noon - 200_500, epoch: olderEpoch })],
    })
    await rig.fold()
    const server = await rig.start()
    for (const limit of [1500, 1000, 137]) {
      const { items, pages } = await readAll<ApiEntry>(async (cursor) => {
        const body = (await get(server, `${stream}/readings?limit=${limit}${cursor}`)).body as ApiReadings
        expect(body.readings.length).toBeLessThanOrEqual(limit)
        return { items: body.readings, cursor: body.cursor }
      })
      expect(pages).toBe(Math.ceil(1500 / limit))
      const times = items.map(({ time }) => Date.parse(time))
      expect(times).toEqual(times.toSorted((a, b) => a - b))
      expect(new Set(items.map((one) => `${one.epoch}/${one.seq}`)).size).toBe(1500)
    }
  })

  test('from is inside and to is not', async () => {
    await rig.sendBatch('balcony', { runs: [run({ values: { temperature: [1, 2, 3, 4, 5] } })] })
    await rig.fold()
    const server = await rig.start()
    const path = `${stream}/readings?from=2025-06-02T12:00:01Z&to=2025-06-02T14:00:03%2B02:00`
    const { readings } = (await get(server, path)).body as ApiReadings
    expect(readings.map(({ seq }) => seq)).toEqual([2, 3])
  })

  test('tell flags in words, what is missing by leaving it out, marks and quarantine', async () => {
    const values = { temperature: [20_000, Number.NaN, 300_000], humidity: [40_125, Number.NaN, 41_000] }
    const plain = run({ values })
    const marked = {
      ...plain,
      columns: plain.columns.map((c) => ({
        ...c,
        flags: Uint8Array.from([0, 0, c.metric.name === 'temperature' ? 128 : 1]),
      })),
      marks: [{ index: 1, kind: 'fault' as const, code: 'bus', detail: 'the sensor does not answer' }],
    }
    await rig.sendBatch('balcony', { runs: [marked] })
    const late = run({ values: { temperature: [1] }, firstSeq: 4, start: noon + 7_200_000 })
    await rig.sendBatch('balcony', { runs: [late] }, { quarantineAfterMs: noon + 300_000 })
    await rig.fold()
    const server = await rig.start()
    const body = (await get(server, `${stream}/readings`)).body as ApiReadings
    expect(body.metrics).toEqual({
      temperature: { label: 'Temperature', unit: 'degC', kind: 'level' },
      humidity: { label: 'Humidity', unit: '%RH', kind: 'level' },
    })
    const at = (second: number) => `2025-06-02T12:00:0${second}Z`
    expect(body.readings).toEqual([
      { kind: 'reading', time: at(0), epoch, seq: 1, values: { temperature: 20, humidity: 40.125 } },
      { kind: 'fault', time: at(1), epoch, seq: 2, code: 'bus', detail: 'the sensor does not answer' },
      {
        kind: 'reading',
        time: at(2),
        epoch,
        seq: 3,
        values: { temperature: 300, humidity: 41 },
        flags: {
          temperature: { invalid: true, reason: 'outside the physical range' },
          humidity: { invalid: false, reason: 'outside the plausible range' },
        },
      },
      {
        kind: 'reading',
        time: '2025-06-02T14:00:00Z',
        epoch,
        seq: 4,
        values: { temperature: 0.001 },
        quarantined: 'in the future',
      },
    ])
  })
})

describe('rollups', () => {
  test('come ascending by start over any pages', async () => {
    const values = { temperature: Array.from({ length: 100 }, (_, i) => i) }
    await rig.sendBatch('balcony', { site, runs: [run({ values, intervalMs: 3_600_000 })] })
    await rig.fold()
    const server = await rig.start()
    const { items, pages } = await readAll(async (cursor) => {
      const body = (await get(server, `${stream}/rollups?level=hour&limit=30${cursor}`)).body as ApiRollups
      return { items: body.rollups, cursor: body.cursor }
    })
    expect(pages).toBe(4)
    expect(items.map(({ start }) => Date.parse(start))).toEqual(
      Array.from({ length: 100 }, (_, i) => noon + i * 3_600_000),
    )
    const days = (await get(server, `${stream}/rollups?level=day`)).body as ApiRollups
    expect(days.rollups.map(({ received }) => received)).toEqual([16, 24, 24, 24, 12])
    expect(days.rollups[1]).toMatchObject({
      start: '2025-06-03T04:00:00Z',
      coverage: 1,
      timeZone: 'America/New_York',
    })
    expect(days.rollups[1]?.metrics['temperature']).toMatchObject({
      highestHour: { start: '2025-06-04T03:00:00Z', mean: 0.039 },
      lowestHour: { start: '2025-06-03T04:00:00Z', mean: 0.016 },
    })
  })

  test('the cursor of one list is refused by another', async () => {
    const values = { temperature: [1, 2, 3] }
    await rig.sendBatch('balcony', { runs: [run({ values, intervalMs: 3_600_000 })] })
    await rig.fold()
    const server = await rig.start()
    const { cursor } = (await get(server, `${stream}/rollups?limit=1`)).body as ApiRollups
    expect((await get(server, `${stream}/rollups?level=day&cursor=${cursor}`)).body).toMatchObject({
      code: 'bad-cursor',
    })
    expect((await get(server, `${stream}/readings?cursor=${cursor}`)).body).toMatchObject({
      code: 'bad-cursor',
    })
    expect((await get(server, `${stream}/gaps?cursor=%00junk`)).body).toMatchObject({
      code: 'bad-cursor',
      status: 400,
    })
  })

  test.each([
    ['limit=0', 'limit is "0".', '1 to 10000'],
    ['limit=10001', 'limit is "10001".', '1 to 10000'],
    ['limit=1e3', 'limit is "1e3".', 'whole number'],
    ['limit=5&limit=6', 'limit is given more than once.', 'whole number'],
    ['from=yesterday', 'from is "yesterday".', '2013-03-10T05:00:00Z'],
    ['from=2013-02-30', 'from is "2013-02-30".', 'a date'],
    [
      'from=2013-03-10&to=2013-03-10',
      'from is not before to: no time lies between them.',
      'from earlier than to',
    ],
    ['level=days', 'level is "days".', '10s, 1m, hour, day, week, month, year'],
    ['levle=day', 'There is no parameter "levle".', 'level?'],
  ])('?%s is a 400 that says what is allowed', async (query, detail, allowed) => {
    await rig.sendBatch('balcony', { runs: [run({ values: { temperature: [1] } })] })
    await rig.fold()
    const server = await rig.start()
    const answer = await get(server, `${stream}/rollups?${query}`)
    expect(answer.status).toBe(400)
    expect(answer.type).toBe('application/problem+json; charset=utf-8')
    const problem = answer.body as ApiProblem
    expect(problem).toMatchObject({ code: 'bad-query', detail })
    expect(problem.allowed).toContain(allowed)
  })
})

describe('gaps and delivery', () => {
  /** 1..10 arrived, 11..15 lost, 16..20 refused, 21..25 nowhere, 26..30 arrived, 31..40 accepted and not here. */
  async function sendGaps(backlog: number) {
    const ten = { temperature: Array.from({ length: 10 }, () => 20_000) }
    await rig.sendBatch('balcony', {
      runs: [
        run({ values: ten }),
        run({ values: { temperature: [1, 2, 3, 4, 5] }, firstSeq: 26, start: noon + 25_000 }),
      ],
      lost: [{ sensor: 'bme280', epoch, firstSeq: 11, lastSeq: 15, cause: 'buffer full' }],
    })
    const refused = [{ sensor: 'bme280', epoch, firstSeq: 16, lastSeq: 20, reason: 'too large' }]
    await rig.sendRefusal({ device: 'balcony', refused })
    await rig.sendStatus('balcony', status({ accepted: 40, backlog }))
    await rig.fold()
  }

  test('every missing range has its cause and the times of its neighbours, the newest first', async () => {
    await sendGaps(15)
    const server = await rig.start()
    const { gaps, ahead, healed } = (await get(server, `${stream}/gaps`)).body as ApiGaps
    expect(gaps.map((gap) => [gap.firstSeq, gap.lastSeq, gap.count, gap.words])).toEqual([
      [21, 25, 5, 'on its way: the device holds it'],
      [16, 20, 5, 'refused: too large'],
      [11, 15, 5, 'declared lost: buffer full'],
    ])
    expect(gaps.map(({ cause, reason }) => [cause, reason])).toEqual([
      ['on-its-way', ''],
      ['refused', 'too large'],
      ['lost', 'buffer full'],
    ])
    for (const { after, before, since } of gaps)
      expect([after, before, since]).toEqual([
        '2025-06-02T12:00:09Z',
        '2025-06-02T12:00:25Z',
        '2025-06-02T12:00:00Z',
      ])
    // What nobody has sent a number beyond of is on its way, and no gap.
    expect(ahead).toEqual([{ epoch, firstSeq: 31, lastSeq: 40, count: 10, after: '2025-06-02T12:00:29Z' }])
    expect(healed).toEqual([])
  })

  test('a gap that heals leaves the list and stands in the history with its times', async () => {
    await sendGaps(15)
    rig.clock.now += 60_000
    const twenty = { temperature: Array.from({ length: 15 }, () => 20_000) }
    await rig.sendBatch('balcony', { runs: [run({ values: twenty, firstSeq: 11, start: noon + 10_000 })] })
    await rig.fold()
    const server = await rig.start()
    const { gaps, healed, healedTotal } = (await get(server, `${stream}/gaps`)).body as ApiGaps
    expect(gaps).toEqual([])
    expect(healed).toEqual([
      {
        epoch,
        firstSeq: 11,
        lastSeq: 25,
        count: 15,
        since: '2025-06-02T12:00:00Z',
        healedAt: '2025-06-02T12:01:00Z',
        after: '2025-06-02T12:00:09Z',
        before: '2025-06-02T12:00:25Z',
      },
    ])
    expect(healedTotal).toBe(1)
    const { total } = (await get(server, '/api/v1/delivery')).body as ApiDeliveries
    expect(total).toMatchObject({ gaps: 0, gapsOnTheWay: 0, missing: 0, gapsHealed: 1 })
  })

  test('a missing number that the device does not hold any more and nobody declared is unknown', async () => {
    await sendGaps(0)
    const server = await rig.start()
    const { gaps } = (await get(server, `${stream}/gaps`)).body as ApiGaps
    expect(gaps.map(({ cause }) => cause)).toEqual(['unknown', 'unknown', 'refused', 'lost'])
    const { total } = (await get(server, '/api/v1/delivery')).body as ApiDeliveries
    expect(total).toMatchObject({ gaps: 2, unexplained: 2, missing: 25 })
  })

  test('gaps come in pages, newer runs of the agent first', async () => {
    await sendGaps(15)
    rig.clock.now += 1_000
    const other = '00000000000000bb'
    const pair = (firstSeq: number) => run({ values: { temperature: [1] }, epoch: other, firstSeq })
    await rig.sendBatch('balcony', { runs: [pair(3), pair(7)] })
    await rig.fold()
    const server = await rig.start()
    const { items, pages } = await readAll(async (cursor) => {
      const body = (await get(server, `${stream}/gaps?limit=1${cursor}`)).body as ApiGaps
      return { items: body.gaps, cursor: body.cursor }
    })
    expect(pages).toBe(5)
    expect(items.map((gap) => [gap.epoch, gap.firstSeq])).toEqual([
      [other, 4],
      [other, 1],
      [epoch, 21],
      [epoch, 16],
      [epoch, 11],
    ])
  })

  test('a pause lasts from the first fault to the next reading; the last may still last', async () => {
    const nothing = Number.NaN
    const plain = run({ values: { temperature: [1, nothing, nothing, 4, 5, nothing] } })
    const fault = (index: number, code: string) => ({
      index,
      kind: 'fault' as const,
      code,
      detail: `${code} failed`,
    })
    await rig.sendBatch('balcony', {
      runs: [{ ...plain, marks: [fault(1, 'bus'), fault(2, 'sum'), fault(5, 'bus')] }],
    })
    await rig.fold()
    const server = await rig.start()
    const all = (await get(server, `${stream}/gaps`)).body as ApiGaps
    const first = {
      kind: 'fault',
      code: 'bus',
      detail: 'bus failed',
      start: '2025-06-02T12:00:01Z',
      end: '2025-06-02T12:00:03Z',
      count: 2,
    }
    expect(all.pauses).toEqual([first, { ...first, start: '2025-06-02T12:00:05Z', end: null, count: 1 }])
    const part = (await get(server, `${stream}/gaps?to=2025-06-02T12:00:02Z`)).body as ApiGaps
    expect(part.pauses).toEqual([{ ...first, count: 1 }])
  })

  test('an agent that ended without a word was off until the first reading after its start', async () => {
    const readings = (firstSeq: number, start: number) =>
      run({ values: { temperature: [1, 2, 3] }, firstSeq, start })
    const start = { index: 0, kind: 'start' as const, code: '', detail: '' }
    const begun = (firstSeq: number, from: number) => ({
      ...run({ values: { temperature: [Number.NaN, 2, 3] }, firstSeq, start: from }),
      marks: [start],
    })
    await rig.sendBatch('balcony', {
      runs: [begun(1, noon), readings(4, noon + 3_000), begun(7, noon + 8_000)],
    })
    await rig.sendBatch('balcony', { runs: [begun(10, noon + 600_000)] })
    await rig.fold()
    const server = await rig.start()
    const { pauses } = (await get(server, `${stream}/gaps`)).body as ApiGaps
    const off = { kind: 'off', code: '', detail: '', count: 1 }
    // Three seconds at one reading a second are a restart.
    expect(pauses).toEqual([{ ...off, start: '2025-06-02T12:00:10Z', end: '2025-06-02T12:10:01Z' }])
    const part = (await get(server, `${stream}/gaps?from=2025-06-02T12:05:00Z`)).body as ApiGaps
    expect(part.pauses).toEqual([{ ...off, start: '2025-06-02T12:05:00Z', end: '2025-06-02T12:10:01Z' }])
  })

  test('readings that come when their windows are over are counted, and the windows that they changed', async () => {
    const one = (firstSeq: number, ...seconds: number[]) => ({
      ...run({ values: { temperature: seconds.map(() => 1) }, firstSeq }),
      times: Float64Array.from(seconds, (second) => noon + second * 1_000),
    })
    await rig.sendBatch('balcony', { runs: [one(1, 0, 3_700)] })
    // Two of one 10 s window and one of another, all of one minute and hour: four windows; then one of them again.
    await rig.sendBatch('balcony', { runs: [one(3, 1, 2, 12)] })
    await rig.sendBatch('balcony', { runs: [one(6, 3)] })
    await rig.fold()
    const server = await rig.start()
    const { total } = (await get(server, '/api/v1/delivery')).body as ApiDeliveries
    expect(total).toMatchObject({ late: 2, lateReadings: 4, revised: 4 })
  })

  test('accepted is always the sum of its parts, and what waits in the log is told apart', async () => {
    await sendGaps(15)
    const late = run({ values: { temperature: [1] }, firstSeq: 41, start: noon + 7_200_000 })
    await rig.sendBatch('balcony', { runs: [late] }, { quarantineAfterMs: noon + 300_000 })
    await rig.fold()
    // Logged and not folded: two that the store misses, one that it has, one beyond all it knows, and two of an unknown run.
    await rig.sendBatch('balcony', {
      runs: [
        run({ values: { temperature: [1, 2, 3] }, firstSeq: 24 }),
        run({ values: { temperature: [1] }, firstSeq: 44 }),
        run({ values: { temperature: [1, 2] }, epoch: olderEpoch }),
      ],
    })
    const server = await rig.start()
    const { total, devices, deadLetters } = (await get(server, '/api/v1/delivery')).body as ApiDeliveries
    expect(total).toEqual({
      accepted: 46,
      logged: 21,
      stored: 15,
      quarantined: 1,
      quarantine: { 'in the future': 1 },
      refused: 5,
      lost: 5,
      onTheWay: 20,
      toStore: 5,
      backlog: 15,
      gaps: 1,
      unexplained: 0,
      gapsOnTheWay: 2,
      missing: 25,
      gapsHealed: 0,
      late: 0,
      lateReadings: 0,
      revised: 0,
    })
    expect(total.stored + total.quarantined + total.refused + total.lost + total.onTheWay).toBe(
      total.accepted,
    )
    expect(devices).toEqual([{ device: 'balcony', ...total }])
    expect(deadLetters).toEqual({})
  })

  test('dead letters are listed newest first, with their bytes only when asked for', async () => {
    const letters = Array.from({ length: 45 }, (_, i) => ({
      topic: 'barograph/v1/x/up',
      device: i % 2 === 0 ? 'x' : null,
      ingestMs: noon + i,
      code: 'malformed',
      reason: `number ${i}`,
      value: Uint8Array.from([i]),
    }))
    await rig.deadLetters.add(letters)
    const server = await rig.start()
    const { items, pages } = await readAll(async (cursor) => {
      const body = (await get(server, `/api/v1/dead-letters?limit=25${cursor}`)).body as ApiDeadLetters
      return { items: body.deadLetters, cursor: body.cursor }
    })
    expect(pages).toBe(2)
    expect(items.map(({ reason }) => reason)).toEqual(letters.map(({ reason }) => reason).toReversed())
    expect(items.some((one) => 'payload' in one)).toBe(false)
    const full = (await get(server, '/api/v1/dead-letters?payload=base64&device=x')).body as ApiDeadLetters
    expect(full.deadLetters).toHaveLength(20)
    expect(full.cursor).not.toBeNull()
    expect(full.deadLetters[0]).toMatchObject({
      device: 'x',
      bytes: 1,
      payload: Buffer.from([44]).toString('base64'),
    })
    const one = await get(server, `/api/v1/dead-letters/${full.deadLetters[0]?.id}`)
    expect(one.body).toEqual(full.deadLetters[0])
    expect((await get(server, '/api/v1/dead-letters/999')).status).toBe(404)
  })
})
