import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { loadConfig } from '../config/load.ts'
import type { Observation, SensorPosition } from '../core/sensor.ts'
import { sensorTypes } from '../sensors/index.ts'
import { testNowMs } from '../sensors/testing/context.ts'

const pathOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
const load = (device: string) =>
  loadConfig({ file: pathOf(`${device}.yaml`), sensorTypes, environment: {}, set: [] })
const signal = new AbortController().signal

async function playNewark(): Promise<Observation[]> {
  const { sensors, site, baseDir } = load('newark-2013')
  const [entry] = sensors
  if (!entry) throw new Error('no sensor')
  const sensor = entry.type.create({
    config: entry.config,
    id: entry.id,
    site,
    baseDir,
    now: () => testNowMs,
    random: () => 0.5,
    fetch,
  })
  const observations: Observation[] = []
  let position: SensorPosition = null
  for (;;) {
    const sample = await sensor.read({ position, signal })
    if (sample.kind === 'end') break
    if (sample.kind !== 'observations') throw new Error(JSON.stringify(sample))
    observations.push(...sample.observations)
    position = sample.position ?? position
  }
  await sensor.close()
  return observations
}

describe('the demo devices', () => {
  test.each([
    ['home', ['open-meteo']],
    ['greenhouse', ['simulated']],
    ['newark-2013', ['replay']],
  ])('%s is a valid configuration', (device, types) => {
    const config = load(device)
    expect(config.device).toBe(device)
    expect(config.sensors.map(({ type }) => type.type)).toEqual(types)
  })

  test('the year of Newark is replayed whole: each of its 8703 rows at its hour, every column', async () => {
    const observations = await playNewark()
    const [, ...lines] = readFileSync(pathOf('ewr-2013-hourly.csv'), 'utf8').trim().split('\n')
    expect(observations).toHaveLength(8703)
    expect(observations.map(({ time }) => time)).toEqual(
      lines.map((line) => Date.parse(line.split(',')[14] ?? '')),
    )
    const columns = [
      'temp',
      'dewp',
      'humid',
      'wind_dir',
      'wind_speed',
      'wind_gust',
      'precip',
      'pressure',
      'visib',
    ]
    const present = columns.map((_, i) => lines.filter((line) => line.split(',')[5 + i] !== 'NA').length)
    const metrics = [
      'temperature',
      'dewPoint',
      'humidity',
      'windDirection',
      'windSpeed',
      'windGust',
      'precipitation',
      'pressure',
      'visibility',
    ]
    const delivered = metrics.map(
      (name) => observations.filter(({ values }) => values.some(({ metric }) => metric.name === name)).length,
    )
    expect(delivered).toEqual(present)
  })

  test('the impossible wind comes as it was recorded', async () => {
    const winds = (await playNewark()).flatMap(({ values }) =>
      values.filter(({ metric }) => metric.name === 'windSpeed').map(({ thousandths }) => thousandths),
    )
    expect(Math.max(...winds)).toBe(468_659)
  })

  test('the local columns of the same file give the same instants, both changes of the clocks included', async () => {
    const { sensors, site, baseDir } = load('newark-2013')
    const replay = sensors[0]?.type
    const parsed = replay?.schema.safeParse({
      file: 'ewr-2013-hourly.csv',
      time: {
        columns: { year: 'year', month: 'month', day: 'day', hour: 'hour' },
        timeZone: 'America/New_York',
      },
      values: { temperature: { column: 'temp', unit: 'degF' }, visibility: { column: 'visib', unit: 'mi' } },
      missing: 'NA',
    })
    if (!replay || !parsed?.success) throw new Error('not valid')
    const sensor = replay.create({
      config: parsed.data,
      id: 'x',
      site,
      baseDir,
      now: () => testNowMs,
      random: () => 0.5,
      fetch,
    })
    const times: (number | null)[] = []
    let position: SensorPosition = null
    for (;;) {
      const sample = await sensor.read({ position, signal })
      if (sample.kind !== 'observations') break
      times.push(...sample.observations.map(({ time }) => time))
      position = sample.position ?? position
    }
    await sensor.close()
    expect(times).toEqual((await playNewark()).map(({ time }) => time))
  })

  test('the file is the one that its description tells of', () => {
    const hash = createHash('sha256')
      .update(readFileSync(pathOf('ewr-2013-hourly.csv')))
      .digest('hex')
    expect(hash).toBe('fc587821e2a8dbb85688035732b6a3a00132070d1479113ef7cc5d29c951c237')
  })
})
