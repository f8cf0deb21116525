import { appendFile, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Observation, Sample, Sensor, SensorPosition } from '../../core/sensor.ts'
import { describeSensorContract } from '../sensor-contract.ts'
import { createTestSensor, issuesOf, parseConfig, testNowMs, testSite } from '../testing/context.ts'
import { createReplaySensor, replayType } from './index.ts'

const signal = new AbortController().signal
const hourMs = 3_600_000
const start = Date.UTC(2020, 0, 1)

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'barograph-replay-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const basic = { file: 'a.csv', time: { column: 'time' }, values: { temperature: { column: 't' } } }
const write = (text: string | Buffer, name = 'a.csv'): Promise<void> => writeFile(join(folder, name), text)
const connect = (config: object = {}): Sensor =>
  createTestSensor(replayType, { ...basic, ...config }, { baseDir: folder })

interface Played {
  readonly observations: Observation[]
  readonly faults: Extract<Sample, { kind: 'fault' }>[]
  readonly position: SensorPosition
  readonly last: Sample
}

/** Reads to the end, or to a fault that asks for patience. */
async function play(sensor: Sensor, from: SensorPosition = null): Promise<Played> {
  const observations: Observation[] = []
  const faults: Played['faults'] = []
  let position = from
  for (;;) {
    const sample = await sensor.read({ position, signal })
    if (sample.kind === 'observations') {
      observations.push(...sample.observations)
      position = sample.position ?? position
    } else if (sample.kind === 'fault' && sample.retryAfterMs === 0) faults.push(sample)
    else {
      await sensor.close()
      return { observations, faults, position, last: sample }
    }
  }
}

const temperatures = ({ observations }: Played): number[] =>
  observations.map(({ values }) => (values[0]?.thousandths ?? Number.NaN) / 1000)
const times = ({ observations }: Played): string[] =>
  observations.map(({ time }) => new Date(time ?? Number.NaN).toISOString())

const rows = (count: number): string =>
  Array.from({ length: count }, (_, i) => `${new Date(start + i * hourMs).toISOString()},${i}\n`).join('')

describeSensorContract('replay', async () => {
  const own = await mkdtemp(join(tmpdir(), 'barograph-replay-'))
  const file = join(own, 'a.csv')
  await writeFile(file, `time,t\n${rows(1200)}`)
  let count = 1200
  return {
    create: () => createTestSensor(replayType, basic, { baseDir: own }),
    advance: async () => {
      await appendFile(file, `${new Date(start + count * hourMs).toISOString()},${count}\n`)
      count += 1
    },
    fail: async () => {
      await rename(file, join(own, 'away'))
      return () => rename(join(own, 'away'), file)
    },
    hang: null,
    dispose: () => rm(own, { recursive: true, force: true }),
  }
})

describe('replay', () => {
  test('hands out every row once, at most 500 at a time, and then the end', async () => {
    await write(`time,t\n${rows(1201)}`)
    const sensor = connect()
    const first = await sensor.read({ position: null, signal })
    expect(first.kind === 'observations' && first.observations.length).toBe(500)
    await sensor.close()
    const played = await play(connect())
    expect(temperatures(played)).toEqual(Array.from({ length: 1201 }, (_, i) => i))
    expect(played.last).toEqual({ kind: 'end' })
  })

  test.each([
    ['a byte order mark', '\uFEFFtime,t\n2020-01-01T00:00:00Z,1\n'],
    ['Windows line ends', 'time,t\r\n2020-01-01T00:00:00Z,1\r\n'],
    ['no line end at the end', 'time,t\n2020-01-01T00:00:00Z,1'],
    ['empty lines', '\ntime,t\n\n\n2020-01-01T00:00:00Z,1\n\n'],
    ['spaces around', 'time , t\n 2020-01-01T00:00:00Z , 1 \n'],
    ['quotes', '"time","t"\n"2020-01-01T00:00:00Z","1"\n'],
    ['a column with line breaks and commas', 'note,time,t\n"a, ""b""\nc",2020-01-01T00:00:00Z,1\n'],
  ])('reads a file with %s', async (_name, text) => {
    await write(text)
    const played = await play(connect())
    expect(temperatures(played)).toEqual([1])
    expect(played.faults).toEqual([])
  })

  test('semicolons and decimal commas', async () => {
    await write('time;t\n01.02.2020 13:30;-1.234,5\n')
    const time = { column: 'time', pattern: 'dd.MM.yyyy HH:mm', timeZone: 'Europe/Berlin' }
    const played = await play(connect({ delimiter: ';', decimal: ',', time }))
    expect(temperatures(played)).toEqual([-1234.5])
    expect(times(played)).toEqual(['2020-02-01T12:30:00.000Z'])
  })

  test('units are converted once, half away from zero', async () => {
    await write('time,t,w\n2020-01-01T00:00:00Z,39.02,10.357019999999999\n')
    const values = { temperature: { column: 't', unit: 'degF' }, windSpeed: { column: 'w', unit: 'mph' } }
    const { observations } = await play(connect({ values }))
    expect(observations[0]?.values.map(({ thousandths }) => thousandths)).toEqual([3900, 4630])
  })

  test('the range of values is left to the sampler', async () => {
    await write('time,t\n2020-01-01T00:00:00Z,9000\n')
    const { observations, faults } = await play(connect())
    expect(observations[0]?.values).toMatchObject([{ thousandths: 9_000_000, flag: 0 }])
    expect(faults).toEqual([])
  })

  test('empty fields and the missing word leave a value out; a row without any is no observation', async () => {
    await write('time,t,h\n2020-01-01T00:00:00Z,NA,50\n2020-01-01T01:00:00Z,NA,\n2020-01-01T02:00:00Z,3,-\n')
    const values = { temperature: { column: 't' }, humidity: { column: 'h' } }
    const { observations, faults } = await play(connect({ values, missing: ['NA', '-'] }))
    expect(observations.map((one) => one.values.map(({ metric }) => metric.name))).toEqual([
      ['humidity'],
      ['temperature'],
    ])
    expect(faults).toEqual([])
  })

  test('only rows that fit every condition of where', async () => {
    await write(
      'time,t,origin,year\n2020-01-01T00Z,1,EWR,2020\n2020-01-01T01:00Z,2,EWR,2020\n2020-01-01T02:00Z,3,JFK,2020\n2020-01-01T03:00Z,4,LGA,2020\n2020-01-01T04:00Z,5,LGA,2021\n',
    )
    const played = await play(connect({ where: { origin: ['EWR', 'LGA'], year: 2020 } }))
    expect(temperatures(played)).toEqual([2, 4])
    expect(played.faults[0]?.detail).toContain('line 2, column time')
  })

  test('a file of which where leaves out almost everything is read in one go', async () => {
    const other = Array.from({ length: 3000 }, (_, i) => `2020-01-01T00:00:00Z,${i},x\n`).join('')
    await write(`time,t,o\n${other}2020-01-01T00:00:00Z,7,y\n${other}`)
    const sensor = connect({ where: { o: 'y' } })
    expect(await sensor.read({ position: null, signal })).toMatchObject({ kind: 'observations' })
    await sensor.close()
  })

  test('rows may be out of order', async () => {
    await write('time,t\n2020-01-01T05:00:00Z,1\n2020-01-01T01:00:00Z,2\n')
    expect(times(await play(connect()))).toEqual(['2020-01-01T05:00:00.000Z', '2020-01-01T01:00:00.000Z'])
  })

  test('times in seconds, in milliseconds, and in columns', async () => {
    await write('s,ms,y,m,d,h,t\n1577836800,1577836800500,2020,1,1,0,1\n')
    const timeOf = async (time: object): Promise<string | undefined> =>
      times(await play(connect({ time })))[0]
    expect(await timeOf({ column: 's', unit: 's' })).toBe('2020-01-01T00:00:00.000Z')
    expect(await timeOf({ column: 'ms', unit: 'ms' })).toBe('2020-01-01T00:00:00.500Z')
    const columns = { year: 'y', month: 'm', day: 'd', hour: 'h' }
    expect(await timeOf({ columns, timeZone: 'America/New_York' })).toBe('2020-01-01T05:00:00.000Z')
  })
})

describe('a bad row of a replay', () => {
  const good = (hour: number, t: string | number = hour): string => `2020-01-01T0${hour}:00:00Z,${t}\n`

  test.each([
    [
      'words for a number',
      '2020-01-01T05:00:00Z,warm\n',
      'line 4, column t: "warm" is no number for temperature',
    ],
    ['a number beyond all', '2020-01-01T05:00:00Z,1e300\n', 'line 4, column t: "1e300"'],
    ['no time', ',5\n', 'line 4, column time: "" is no ISO 8601 time'],
    [
      'a day that does not exist',
      '2020-02-30T05:00:00Z,5\n',
      'line 4, column time: "2020-02-30T05:00:00Z" is no date',
    ],
    ['too few fields', '2020-01-01T05:00:00Z\n', 'line 4, 1 fields instead of 2'],
    ['too many fields', '2020-01-01T05:00:00Z,1,2\n', 'line 4, 3 fields instead of 2'],
    ['a quote that never closes', '2020-01-01T05:00:00Z,"5\n', 'line 4, quotes that do not match'],
    ['a quote in the middle', '2020-01-01T05:00:00Z,5"x"\n', 'line 4, quotes that do not match'],
  ])('%s is a fault that names it, and the replay goes on', async (_name, bad, words) => {
    await write(`time,t\n${good(1)}${good(2)}${bad}${good(6)}`)
    const played = await play(connect())
    expect(temperatures(played)).toEqual([1, 2, 6])
    expect(played.faults).toHaveLength(1)
    expect(played.faults[0]).toMatchObject({
      code: 'bad-row',
      detail: expect.stringContaining(`a.csv, ${words}`),
    })
    expect(played.last).toEqual({ kind: 'end' })
  })

  test('two stray quotes do not swallow the rows between them', async () => {
    await write(
      `time,t\n${good(1)}2020-01-01T02:00:00Z,"2\n${good(3)}${good(4)}2020-01-01T05:00:00Z,5"\n${good(6)}`,
    )
    const played = await play(connect())
    expect(temperatures(played)).toEqual([1, 3, 4, 6])
    expect(played.faults).toHaveLength(2)
  })

  test('its good values are kept', async () => {
    await write('time,t,h\n2020-01-01T01:00:00Z,warm,50\n')
    const played = await play(
      connect({ values: { temperature: { column: 't' }, humidity: { column: 'h' } } }),
    )
    expect(played.observations[0]?.values).toMatchObject([
      { metric: { name: 'humidity' }, thousandths: 50_000 },
    ])
    expect(played.faults).toHaveLength(1)
  })

  test('is told also when the agent was killed before it could be', async () => {
    await write(`time,t\n${good(1)}${good(2, 'warm')}${good(3)}`)
    const sensor = connect()
    const sample = await sensor.read({ position: null, signal })
    await sensor.close()
    const played = await play(connect(), sample.kind === 'observations' ? (sample.position ?? null) : null)
    expect(played.faults[0]?.detail).toContain('line 3, column t: "warm"')
    expect(temperatures(played)).toEqual([3])
  })

  test('many in a row are one fault that counts them', async () => {
    await write(`time,t\n${good(1)}${good(2, 'x').repeat(40)}${good(3)}${good(4, 'y')}${good(5)}`)
    const played = await play(connect())
    expect(temperatures(played)).toEqual([1, 3, 5])
    expect(played.faults.map(({ detail }) => detail)).toEqual([
      expect.stringMatching(/line 3.*and 39 more/),
      expect.stringMatching(/line 44/),
    ])
  })
})

describe('local times of a replay', () => {
  const newYork = { column: 'time', timeZone: 'America/New_York' }

  test('an hour that clocks show twice is first the earlier, then the later', async () => {
    await write('time,t\n2013-11-03 00:30,1\n2013-11-03 01:30,2\n2013-11-03 01:30,3\n2013-11-03 02:30,4\n')
    expect(times(await play(connect({ time: newYork })))).toEqual([
      '2013-11-03T04:30:00.000Z',
      '2013-11-03T05:30:00.000Z',
      '2013-11-03T06:30:00.000Z',
      '2013-11-03T07:30:00.000Z',
    ])
  })

  test('that rule holds across a restart between the two', async () => {
    await write('time,t\n2013-11-03 01:30,2\n')
    const before = await play(connect({ time: newYork }))
    await appendFile(join(folder, 'a.csv'), '2013-11-03 01:30,3\n')
    const after = await play(connect({ time: newYork }), before.position)
    expect(times(after)).toEqual(['2013-11-03T06:30:00.000Z'])
  })

  test('an hour that clocks skip is a bad row', async () => {
    await write('time,t\n2013-03-10 02:30,1\n2013-03-10 03:30,2\n')
    const played = await play(connect({ time: newYork }))
    expect(temperatures(played)).toEqual([2])
    expect(played.faults[0]?.detail).toContain('does not exist in America/New_York')
  })

  test('a time without offset and without zone is a bad row that says what to add', async () => {
    await write('time,t\n2013-03-10 02:30,1\n')
    expect((await play(connect())).faults[0]?.detail).toContain('timeZone')
  })
})

describe('the file of a replay', () => {
  test.each([
    ['is missing', null, 'file-missing', 'does not exist'],
    ['is empty', '', 'bad-file', 'no header'],
    ['lacks a column', 'time,temp\n', 'missing-column', 'it has time, temp'],
    ['has endless lines', `time,t\n${'x'.repeat(1_200_000)}\n`, 'bad-file', 'line 2: longer than'],
  ])('%s: a fault in words', async (_name, text, code, words) => {
    if (text !== null) await write(text)
    const { last } = await play(connect())
    expect(last).toMatchObject({ kind: 'fault', code, detail: expect.stringContaining(words) })
  })

  test('is a folder: a fault in words', async () => {
    const { last } = await play(connect({ file: '.' }))
    expect(last).toMatchObject({ kind: 'fault', code: 'bad-file' })
  })

  test('appears later: the same sensor reads it then', async () => {
    const sensor = connect()
    expect((await sensor.read({ position: null, signal })).kind).toBe('fault')
    await write(`time,t\n${rows(3)}`)
    expect(temperatures(await play(sensor))).toEqual([0, 1, 2])
  })

  test('was changed before the position: a fault, nothing is handed out, and the old file goes on', async () => {
    await write(`time,t\n${rows(3)}`)
    const { position } = await play(connect())
    await write(`time,t\n${rows(3).replace(',1', ',9')}${rows(1)}`)
    const changed = await play(connect(), position)
    expect(changed.observations).toEqual([])
    expect(changed.last).toMatchObject({
      kind: 'fault',
      code: 'file-changed',
      detail: expect.stringContaining('new id'),
    })
    await write(`time,t\n${rows(4)}`)
    expect(temperatures(await play(connect(), position))).toEqual([3])
  })

  test('was cut before the position: a fault', async () => {
    await write(`time,t\n${rows(3)}`)
    const { position } = await play(connect())
    await write(`time,t\n${rows(2)}`)
    expect((await play(connect(), position)).last).toMatchObject({ kind: 'fault', code: 'file-changed' })
  })
})

describe('the speed of a replay', () => {
  function withClock(config: object) {
    let nowMs = 5_000
    const slept: number[] = []
    const clock = {
      nowMs: () => nowMs,
      async sleep(ms: number) {
        slept.push(ms)
        nowMs += ms
      },
    }
    const context = {
      config: parseConfig(replayType, { ...basic, ...config }),
      id: 'test',
      site: testSite,
      baseDir: folder,
      now: () => testNowMs,
      random: () => 0.5,
      fetch,
    }
    return { sensor: createReplaySensor(context, clock), slept }
  }

  test('rows come at their distance divided by the speed', async () => {
    await write(`time,t\n${rows(4)}`)
    const { sensor, slept } = withClock({ speed: 3600 })
    const played = await play(sensor)
    expect(temperatures(played)).toEqual([0, 1, 2, 3])
    expect(slept).toEqual([1000, 1000, 1000])
  })

  test('a long wait is cut into pieces that say there is nothing yet', async () => {
    await write(`time,t\n${rows(2)}`)
    const { sensor, slept } = withClock({ speed: 360 })
    const first = await sensor.read({ position: null, signal })
    const position = first.kind === 'observations' ? (first.position ?? null) : null
    expect((await sensor.read({ position, signal })).kind).toBe('nothing')
    expect((await sensor.read({ position, signal })).kind).toBe('observations')
    expect(slept).toEqual([5000, 5000])
    await sensor.close()
  })

  test('a loop begins again whole days later, also after a restart at the seam', async () => {
    await write('time,t\n2020-01-01T00:00:00Z,1\n2020-01-02T23:00:00Z,2\n')
    const config = { loop: true, intervalMs: hourMs }
    const sensor = connect(config)
    const seen: Observation[] = []
    let position: SensorPosition = null
    for (const reader of [sensor, sensor, connect(config), connect(config)]) {
      const sample = await reader.read({ position, signal })
      if (sample.kind !== 'observations') throw new Error(sample.kind)
      seen.push(...sample.observations)
      position = sample.position ?? null
      if (reader !== sensor) await reader.close()
    }
    await sensor.close()
    expect(times({ observations: seen } as Played)).toEqual(
      [1, 2, 3, 4, 5, 6, 7, 8].map((day) => `2020-01-0${day}T${day % 2 ? '00' : '23'}:00:00.000Z`),
    )
  })

  test('an empty file does not loop for ever', async () => {
    await write('time,t\n')
    expect((await play(connect({ loop: true }))).last).toEqual({ kind: 'end' })
  })
})

describe('the configuration of a replay', () => {
  test.each([
    [{ speed: 0 }, 'speed'],
    [{ speed: 'fast' }, 'speed'],
    [{ time: { columns: { year: 'y', month: 'm', day: 'd' } } }, 'time'],
    [{ time: { column: 'x', timeZone: 'Nowhere' } }, 'time'],
    [{ time: { column: 'x', pattern: 'yyyy-dd' } }, 'time'],
    [{ values: { temperature: { column: 't', unit: 'mph' } } }, 'values.temperature.unit'],
    [{ values: {} }, 'values'],
    [{ delimiter: ';;' }, 'delimiter'],
  ])('%j is complained about at %s', (config, path) => {
    const issues = issuesOf(replayType, { ...basic, ...config })
    expect(issues.length).toBeGreaterThan(0)
    expect(issues[0]?.split(':')[0]).toContain(path)
  })
})
