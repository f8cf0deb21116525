import { CodedError, type Metric, metricByName } from '@barograph/proto'
import { beforeEach, expect, test } from 'vitest'
import type { Acceptance, Buffer, Entry } from '../buffer.ts'
import type { Clock } from '../clock.ts'
import { createFakeClock, type FakeClock } from '../fake-clock.ts'
import { silentLog } from '../log.ts'
import type { Observation, Sample, Sensor, SensorPosition } from '../sensor.ts'
import { createTimekeeper } from '../time/timekeeper.ts'
import { type Sampler, startSampler } from './sampler.ts'

const temperature = metricByName('temperature') as Metric
const start = Date.UTC(2026, 0, 1)
const commitMs = 200

interface Rig {
  readonly clock: FakeClock
  readonly buffer: Buffer
  readonly accepted: Acceptance[]
  /** What `accept` answers from now on. */
  refuse: CodedError | null
  changes: number
  /** As long as none was accepted. */
  isPositionLost: boolean
}

/** A buffer that commits 200 ms after each call, and notes what it was given. */
function makeRig(): Rig {
  const clock = createFakeClock(start + 300)
  const accepted: Acceptance[] = []
  const positions = new Map<string, SensorPosition>()
  const rig: Rig = {
    clock,
    accepted,
    refuse: null,
    changes: 0,
    isPositionLost: false,
    buffer: {
      epoch: '00000000000000aa',
      register() {},
      accept(acceptance) {
        if (rig.refuse) return Promise.reject(rig.refuse)
        return new Promise((resolve) => {
          clock.setTimer(commitMs, () => {
            accepted.push(acceptance)
            if (acceptance.position !== undefined) {
              positions.set(acceptance.sensor, acceptance.position)
              rig.isPositionLost = false
            }
            resolve()
          })
        })
      },
      position: (sensor) => positions.get(sensor) ?? null,
      isPositionLost: () => rig.isPositionLost,
      streams: () => [],
      read: () => [],
      readSummary: () => null,
      markLive() {},
      markSent() {},
      settle() {},
      site: { version: 1, validFrom: 0, confirmed: true },
      bootTime: null,
      synchronise() {},
      confirmSite() {},
      trouble: null,
      subscribe() {},
      flush() {},
      close: () => Promise.resolve(),
    },
  }
  return rig
}

let rig: Rig
beforeEach(() => {
  rig = makeRig()
})

const observe = (thousandths = 20_000, time: number | null = null): Observation => ({
  time,
  values: [{ metric: temperature, thousandths, flag: 0 }],
})
const sampleOf = (...observations: Observation[]): Sample => ({ kind: 'observations', observations })

type Read = Sensor['read']
function run(
  read: Read,
  more: Partial<Sensor> & { intervalMs?: number; id?: string } = {},
  clock: Clock = rig.clock,
): Sampler {
  const { intervalMs = 1_000, id = 'attic', ...rest } = more
  return startSampler({
    id,
    intervalMs,
    sensor: {
      pace: 'scheduled',
      origin: 'measured',
      historical: false,
      read,
      close: () => Promise.resolve(),
      ...rest,
    },
    buffer: rig.buffer,
    clock,
    log: silentLog,
    onChange: () => rig.changes++,
  })
}

const entries = (id = 'attic'): Entry[] =>
  rig.accepted.filter(({ sensor }) => sensor === id).flatMap((one) => one.entries)
const words = (id = 'attic'): string[] =>
  entries(id).map(({ mark, time }) => (mark ? [mark.kind, mark.code].join(' ').trim() : String(time - start)))

test('a sensor starts, is asked at each instant of the grid, and stops', async () => {
  const sampler = run(async () => sampleOf(observe()))
  await rig.clock.pass(3_000)
  const stopped = sampler.stop()
  await rig.clock.pass(1_000)
  await stopped
  expect(words()).toEqual(['start', '1000', '2000', '3000', 'stop'])
})

test('no drift: a day of slow answers stays on the grid, one reading per instant', async () => {
  run(
    async () => {
      await new Promise<void>((resolve) => rig.clock.setTimer(30, resolve))
      return sampleOf(observe())
    },
    { intervalMs: 60_000 },
  )
  await rig.clock.pass(86_400_000)
  const times = words().slice(2).map(Number)
  expect(times.length).toBeGreaterThanOrEqual(1_439)
  expect(times).toEqual(times.map((_, i) => (i + 1) * 60_000))
})

test('after a stall the missed instants are skipped, never asked for in a heap', async () => {
  let asked = 0
  run(async () => {
    asked++
    return sampleOf(observe())
  })
  await rig.clock.pass(2_000)
  const before = asked
  rig.clock.stall(3_600_000)
  await rig.clock.pass(3_000)
  expect(asked - before).toBeLessThanOrEqual(4)
  const times = words().slice(1).map(Number)
  expect(new Set(times).size).toBe(times.length)
})

test('a slow sensor is never asked twice at a time and never delays another one', async () => {
  let inFlight = 0
  let most = 0
  run(
    async () => {
      most = Math.max(most, ++inFlight)
      await new Promise<void>((resolve) => rig.clock.setTimer(4_500, resolve))
      inFlight--
      return sampleOf(observe())
    },
    { id: 'slow' },
  )
  run(async () => sampleOf(observe()), { id: 'quick' })
  await rig.clock.pass(20_300)
  expect(most).toBe(1)
  expect(words('quick')).toHaveLength(1 + 20)
  expect(words('slow').slice(1).map(Number)).toEqual([5_500, 10_500, 15_500])
})

test('a clock that is set forward or back does not stop the sampling', async () => {
  run(async () => sampleOf(observe()))
  await rig.clock.pass(2_000)
  rig.clock.step(7_200_000)
  await rig.clock.pass(2_500)
  const ahead = entries().length
  rig.clock.step(-14_400_000)
  await rig.clock.pass(3_500)
  expect(ahead).toBeGreaterThanOrEqual(4)
  expect(entries().length).toBeGreaterThanOrEqual(ahead + 2)
})

test.each([
  ['forward', 90 * 86_400_000],
  ['back', -90 * 86_400_000],
  ['by less than an interval', 400],
])(
  'a clock that is found to be off, %s, costs no reading and doubles none; a jump afterwards changes nothing',
  async (_, offMs) => {
    const truthMs = rig.clock.now() - rig.clock.monotonicMs()
    rig.clock.step(offMs)
    const keeper = createTimekeeper({ clock: rig.clock, log: silentLog })
    let asked = 0
    const read = async (): Promise<Sample> => {
      asked++
      return sampleOf(observe())
    }
    run(read, {}, keeper)
    await rig.clock.pass(10_000)
    expect(asked).toBe(10)
    expect(entries().every(({ isUnconfirmed }) => isUnconfirmed)).toBe(true)
    const nowMs = rig.clock.monotonicMs()
    keeper.answered({ askedAtMs: nowMs, heardAtMs: nowMs, collectorTime: Math.round(nowMs + truthMs) })
    const before = entries().length
    await rig.clock.pass(10_000)
    rig.clock.step(-3 * offMs)
    await rig.clock.pass(10_000)
    expect(asked).toBeGreaterThanOrEqual(29)
    expect(asked).toBeLessThanOrEqual(31)
    const later = entries().slice(before + 1)
    expect(later.length).toBeGreaterThan(15)
    expect(later.filter(({ isUnconfirmed }) => isUnconfirmed)).toEqual([])
    for (const { time, monotonicMs } of later)
      expect(Math.abs(time - (monotonicMs + truthMs))).toBeLessThanOrEqual(
        Math.abs(offMs) < 2_000 ? 2_000 : 50,
      )
  },
)

test('a reading whose time is the data own needs no clock that is confirmed', async () => {
  const keeper = createTimekeeper({ clock: rig.clock, log: silentLog })
  run(async () => sampleOf(observe(20_000, 7), observe(20_000, null)), {}, keeper)
  await rig.clock.pass(1_500)
  expect(entries().map(({ mark, isUnconfirmed = false }) => [mark?.kind, isUnconfirmed])).toEqual([
    ['start', true],
    [undefined, false],
    [undefined, true],
  ])
})

test('a sensor with a long interval is asked at once when it starts', async () => {
  run(async () => sampleOf(observe()), { intervalMs: 900_000 })
  await rig.clock.pass(300)
  expect(words()).toEqual(['start', '300'])
})

test('a fault that lasts makes one entry when it begins and one when its code changes', async () => {
  const codes = ['no-answer', 'no-answer', 'no-answer', 'bad-checksum', 'bad-checksum']
  const sampler = run(async () => {
    const code = codes.shift()
    return code ? { kind: 'fault', code, detail: `it is ${code}` } : sampleOf(observe())
  })
  await rig.clock.pass(4_100)
  expect(sampler.fault).toMatchObject({ code: 'bad-checksum', since: start + 4_000 })
  await rig.clock.pass(3_000)
  expect(sampler.fault).toBe(null)
  expect(words()).toEqual(['start', 'fault no-answer', 'fault bad-checksum', '6000', '7000'])
  expect(rig.changes).toBe(3)
})

test('a sensor that asks for a pause is left alone for so long, be it shorter or longer than its interval', async () => {
  const asked: number[] = []
  const pauses = [2_000, 1_800_000, undefined]
  run(
    async () => {
      asked.push(rig.clock.now() - start)
      const retryAfterMs = pauses.shift()
      return retryAfterMs
        ? { kind: 'fault', code: 'offline', detail: 'no network', retryAfterMs }
        : sampleOf(observe())
    },
    { intervalMs: 900_000 },
  )
  await rig.clock.pass(3_600_000)
  expect(asked).toEqual([300, 2_300, 2_700_000, 3_600_000])
})

test('what no entry can hold becomes a fault, and the other sensors go on', async () => {
  run(async () => sampleOf(observe(Number.NaN)), { id: 'nan' })
  run(async () => sampleOf(observe(2 ** 41)), { id: 'huge' })
  run(async () => sampleOf({ time: 1e300, values: [] }), { id: 'late' })
  run(async () => sampleOf({ time: null, values: [...observe().values, ...observe().values] }), {
    id: 'twice',
  })
  run(
    async () => {
      throw new TypeError('cannot read properties of undefined')
    },
    { id: 'bug' },
  )
  run(async () => sampleOf(observe()), { id: 'good' })
  await rig.clock.pass(3_000)
  for (const id of ['nan', 'huge', 'late', 'twice'])
    expect(words(id)).toEqual(['start', 'fault bad-observation'])
  expect(words('bug')).toEqual(['start', 'fault internal-error'])
  expect(words('good')).toHaveLength(4)
})

test('a value beyond the published range is flagged, one that bears a flag keeps it', async () => {
  run(async () =>
    sampleOf({
      time: null,
      values: [
        { metric: temperature, thousandths: 200_000, flag: 0 },
        { metric: metricByName('humidity') as Metric, thousandths: 50_000, flag: 129 },
      ],
    }),
  )
  await rig.clock.pass(1_000)
  expect(entries()[1]?.values.map(({ flag }) => flag)).toEqual([128, 129])
})

test('a continuous sensor is asked again only after its sample is committed', async () => {
  let row = 0
  const positions: SensorPosition[] = []
  const sampler = run(
    async ({ position }) => {
      positions.push(position)
      row++
      return row > 3
        ? { kind: 'end' }
        : { kind: 'observations', observations: [observe(row, row)], position: { row } }
    },
    { pace: 'continuous', intervalMs: 0 },
  )
  await rig.clock.pass(0)
  expect(positions).toEqual([null])
  await rig.clock.pass(commitMs)
  expect(positions).toEqual([null, { row: 1 }])
  await rig.clock.pass(3 * commitMs)
  expect(positions).toEqual([null, { row: 1 }, { row: 2 }, { row: 3 }])
  expect(words().at(-1)).toBe('stop end')
  expect(sampler.ended).toBe(true)
  await sampler.stop()
  expect(words()).toHaveLength(5)
})

test('a start, fault or stop of a historical sensor stands at the time of its data', async () => {
  const samples: Sample[] = [
    sampleOf(observe(1, 1_000), observe(2, 2_000)),
    { kind: 'fault', code: 'bad-row', detail: 'row 3' },
    { kind: 'end' },
  ]
  run(async () => samples.shift() ?? { kind: 'end' }, { pace: 'continuous', intervalMs: 0, historical: true })
  await rig.clock.pass(5_000)
  expect(entries().map(({ time, mark }) => [mark?.kind ?? 'reading', time])).toEqual([
    ['start', 1_000],
    ['reading', 1_000],
    ['reading', 2_000],
    ['fault', 2_000],
    ['stop', 2_000],
  ])
})

test('what the buffer refuses is asked for again from the position before, and said once', async () => {
  rig.refuse = new CodedError('buffer-full', 'the buffer is full', { retryable: true })
  const positions: SensorPosition[] = []
  const sampler = run(
    async ({ position }) => {
      positions.push(position)
      return {
        kind: 'observations',
        observations: [observe(1, positions.length)],
        position: positions.length,
      }
    },
    { pace: 'continuous', intervalMs: 0 },
  )
  await rig.clock.pass(3_500)
  expect(positions.length).toBeGreaterThanOrEqual(3)
  expect(new Set(positions)).toEqual(new Set([null]))
  expect(sampler.fault?.code).toBe('buffer-full')
  expect(rig.changes).toBe(1)
  rig.refuse = null
  await rig.clock.pass(2_000)
  expect(sampler.fault).toBe(null)
  // The start that was refused comes before the first reading that was taken.
  expect(words()[0]).toBe('start')
})

test('readings that the buffer did not take leave one entry that says so, and how many', async () => {
  const sampler = run(async () => sampleOf(observe()))
  await rig.clock.pass(2_500)
  rig.refuse = new CodedError('disk-full', 'no room', { retryable: true })
  await rig.clock.pass(3_000)
  expect(sampler.fault?.code).toBe('disk-full')
  rig.refuse = null
  await rig.clock.pass(2_000)
  expect(words()).toEqual(['start', '1000', '2000', 'fault disk-full', '6000', '7000'])
  expect(entries('attic').find(({ mark }) => mark?.kind === 'fault')?.mark?.detail).toBe(
    `3 readings were not taken from ${new Date(start + 3_000).toISOString()} to ${new Date(start + 5_000).toISOString()}`,
  )
  await Promise.all([sampler.stop(), rig.clock.pass(1_000)])
})

test('a sensor that does not settle does not hold up the stop', async () => {
  let closed = false
  const sampler = run(() => new Promise(() => {}), {
    close: async () => {
      closed = true
    },
  })
  await rig.clock.pass(1_500)
  let isStopped = false
  const stopped = sampler.stop().then(() => {
    isStopped = true
  })
  await rig.clock.pass(1_100)
  await stopped
  expect(isStopped && closed).toBe(true)
  expect(words()).toEqual(['start', 'stop'])
})

test('a historical sensor whose position was lost is not asked: it would hand out all again', async () => {
  rig.isPositionLost = true
  let asked = 0
  const sampler = run(
    async () => {
      asked++
      return { kind: 'observations', observations: [observe(1, 1)], position: { row: 1 } }
    },
    { pace: 'continuous', intervalMs: 0, historical: true },
  )
  await rig.clock.pass(3_600_000)
  expect(asked).toBe(0)
  expect(sampler.fault?.code).toBe('position-lost')
  expect(words()).toEqual(['start', 'fault position-lost'])
  await Promise.all([sampler.stop(), rig.clock.pass(1_000)])
})

test('any other sensor whose position was lost says so once, is told, and goes on', async () => {
  rig.isPositionLost = true
  const told: (boolean | undefined)[] = []
  const sampler = run(async ({ isPositionLost }) => {
    told.push(isPositionLost)
    return isPositionLost
      ? { kind: 'observations', observations: [], position: { newestMs: 1 } }
      : { kind: 'observations', observations: [observe(2, 2)], position: { newestMs: 2 } }
  })
  await rig.clock.pass(2_500)
  expect(told).toEqual([true, false])
  expect(sampler.fault).toBe(null)
  expect(words().slice(0, 2)).toEqual(['start', 'fault position-lost'])
  expect(entries().filter(({ mark }) => mark?.kind === 'fault')).toHaveLength(1)
  await Promise.all([sampler.stop(), rig.clock.pass(1_000)])
})
