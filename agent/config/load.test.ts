import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isCoded } from '@barograph/proto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { SensorType } from '../core/sensor-type.ts'
import { type AgentConfig, loadConfig } from './load.ts'

const probeSchema = z.strictObject({
  intervalMs: z.int().min(100).max(86_400_000).default(1_000),
  key: z.string().optional(),
  values: z
    .record(z.string(), z.strictObject({ pointer: z.string(), unit: z.string().optional() }))
    .default({}),
})
const probe: SensorType<z.infer<typeof probeSchema>> = {
  type: 'probe',
  schema: probeSchema,
  secrets: ['key'],
  metrics: ({ values }) => ['temperature', ...Object.keys(values)],
  create: () => {
    throw new Error('not made here')
  },
}
const other: SensorType = { ...probe, type: 'barometer', metrics: () => ['pressure', 'temperature'] }

const good = `device: balcony
site: { latitude: 40.69, longitude: -74.17, timeZone: America/New_York }
sensors:
  - { id: attic, type: probe }
  - { id: wall, type: barometer }
`

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'barograph-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function load(
  text: string,
  { set = [], environment = {} }: { set?: string[]; environment?: Record<string, string> } = {},
): AgentConfig {
  const file = join(folder, 'agent.yaml')
  writeFileSync(file, text)
  return loadConfig({ file, sensorTypes: [probe, other], environment, set })
}

/** The complaint about a text, the folder left out. */
function complaint(
  text: string,
  more: { set?: string[]; environment?: Record<string, string> } = {},
): string {
  try {
    load(text, more)
  } catch (error) {
    if (!isCoded(error, 'bad-config')) throw error
    return `${error.message}${error.hint ? `; ${error.hint}` : ''}`.replaceAll(`${folder}/`, '')
  }
  throw new Error('it was accepted')
}

test('what is not said has its default, and nothing can be changed afterwards', () => {
  const config = load(good)
  expect(config).toMatchObject({
    device: 'balcony',
    site: { name: 'balcony', latitude: 40.69, altitudeM: 0, timeZone: 'America/New_York' },
    uplink: {
      url: 'mqtt://127.0.0.1:1883',
      token: null,
      lingerMs: 0,
      maxBatchEntries: 500,
      backfillPerSecond: 5_000,
      creditEntries: 10_000,
    },
    buffer: {
      path: join(folder, 'data/buffer.db'),
      maxMb: 512,
      maxAgeDays: 90,
      commitIntervalMs: 200,
      whenFull: 'thin',
    },
    primary: { temperature: 'attic', pressure: 'wall' },
  })
  expect(config.sensors.map(({ id, config: own }) => [id, own.intervalMs])).toEqual([
    ['attic', 1_000],
    ['wall', 1_000],
  ])
  expect(() => Object.assign(config.uplink, { lingerMs: 5 })).toThrow(TypeError)
  expect(() => Object.assign(config.sensors[0]?.config ?? {}, { intervalMs: 5 })).toThrow(TypeError)
})

test.each([
  ['2026-11-01', 'America/New_York', '2026-11-01T04:00:00.000Z'],
  // Midnight did not exist that day: clocks were put forward over it.
  ['2019-09-08', 'America/Santiago', '2019-09-08T04:00:00.000Z'],
  ['2026-11-01T06:30', 'America/New_York', '2026-11-01T11:30:00.000Z'],
  ['2026-11-01T06:30+01:00', 'America/New_York', '2026-11-01T05:30:00.000Z'],
])('a site that is valid from %s in %s is so from %s', (validFrom, timeZone, expected) => {
  const text = good
    .replace('latitude: 40.69', `latitude: 40.69, validFrom: "${validFrom}"`)
    .replace('America/New_York', timeZone)
  expect(new Date(load(text).site.validFrom ?? Number.NaN).toISOString()).toBe(expected)
  expect(load(good).site.validFrom).toBeNull()
})

describe('a mistake is named with file, line, key, value and what is allowed', () => {
  test.each([
    [
      'latitude 200',
      'latitude: 40.69',
      'latitude: 200',
      'agent.yaml:2: site.latitude = 200 is not allowed; allowed: a number from -90 to 90',
    ],
    [
      'a text for a number',
      'latitude: 40.69',
      'latitude: north',
      'agent.yaml:2: site.latitude = "north" is not allowed; allowed: a number from -90 to 90',
    ],
    [
      'an unknown zone',
      'America/New_York',
      'America/New_Yorck',
      'agent.yaml:2: site.timeZone = "America/New_Yorck" is not allowed; allowed: an IANA time zone',
    ],
    [
      'a misspelt key',
      'latitude:',
      'latitud:',
      'agent.yaml:2: unknown key "site.latitud"; did you mean "latitude"?',
    ],
    [
      'a site valid from no day',
      'latitude: 40.69',
      'latitude: 40.69, validFrom: 2026-02-30',
      'agent.yaml:2: site.validFrom = "2026-02-30" is not allowed; allowed: a date such as 2026-11-01, or an ISO time such as 2026-11-01T06:00Z',
    ],
    ['a misspelt section', 'site:', 'sit:', 'unknown key "sit"; did you mean "site"?'],
    [
      'an unknown sensor type',
      'type: probe',
      'type: prob',
      'agent.yaml:4: sensors[0].type = "prob": there is no such type of sensor; did you mean probe?; allowed: probe, barometer',
    ],
    [
      'an unknown key of a sensor',
      'type: probe }',
      'type: probe, interval: 5 }',
      'agent.yaml:4: unknown key "sensors[0].interval"; did you mean "intervalMs"?',
    ],
    [
      'a bad interval',
      'type: probe }',
      'type: probe, intervalMs: 5 }',
      'agent.yaml:4: sensors[0].intervalMs = 5 is not allowed; allowed: a whole number from 100 to 86400000',
    ],
    [
      'a deep key of a sensor',
      'type: probe }',
      'type: probe, values: { co2: { pointr: /x } } }',
      'unknown key "sensors[0].values.co2.pointr"; did you mean "pointer"?; allowed here: pointer, unit',
    ],
    [
      'a bad id',
      'id: attic',
      'id: Attic_1',
      'agent.yaml:4: sensors[0].id = "Attic_1" is not allowed; allowed: 1 to 63 small letters',
    ],
    [
      'an id used twice',
      'id: wall',
      'id: attic',
      'agent.yaml:5: sensors[1].id = "attic": sensors[0] has this id already',
    ],
    [
      'a bad device',
      'device: balcony',
      'device: Balcony',
      'agent.yaml:1: device = "Balcony" is not allowed; allowed: 1 to 63 small letters',
    ],
    ['a missing device', 'device: balcony\n', '', 'device is missing; allowed: 1 to 63'],
    [
      'an unknown way to overflow',
      'sensors:',
      'buffer: { whenFull: explode }\nsensors:',
      'buffer.whenFull = "explode" is not allowed; allowed: thin, drop-oldest or stop',
    ],
    [
      'a bad address',
      'sensors:',
      'uplink: { url: "http://x" }\nsensors:',
      'uplink.url = "http://x" is not allowed; allowed: an address such as mqtt://127.0.0.1:1883',
    ],
    [
      'a primary that is no sensor',
      'sensors:',
      'primary: { temperature: cellar }\nsensors:',
      'primary.temperature = "cellar": this sensor does not deliver temperature; allowed: attic, wall',
    ],
    [
      'a primary that cannot',
      'sensors:',
      'primary: { pressure: attic }\nsensors:',
      'primary.pressure = "attic": this sensor does not deliver pressure; allowed: wall',
    ],
    [
      'a primary of no metric',
      'sensors:',
      'primary: { temprature: attic }\nsensors:',
      'did you mean temperature?',
    ],
    [
      'a key given twice',
      'device: balcony',
      'device: balcony\ndevice: b',
      'agent.yaml:2: not readable as YAML: Map keys must be unique',
    ],
    ['a bracket not closed', '-74.17, timeZone: America/New_York }', '-74.17', 'agent.yaml:'],
  ])('%s', (_, from, to, expected) => {
    expect(good).toContain(from)
    expect(complaint(good.replace(from, to))).toContain(expected)
  })

  test('several mistakes are all named', () => {
    const text = good.replace('40.69', '200').replace('id: attic', 'id: _')
    expect(complaint(text).split('\n')).toHaveLength(2)
  })

  test('a list instead of sections, or nothing at all', () => {
    expect(complaint('- a\n- b\n')).toContain('agent.yaml:1: a configuration has keys and values')
    expect(complaint('')).toContain('is missing')
    expect(complaint(good.replace(/sensors:[^]*/, 'sensors: []\n'))).toContain(
      'sensors = [] is not allowed; allowed: a list of 1 to 200 sensors',
    )
  })

  test('a file that is not there', () => {
    const missing = (): unknown =>
      loadConfig({ file: join(folder, 'none.yaml'), sensorTypes: [], environment: {}, set: [] })
    expect(missing).toThrow(
      expect.objectContaining({ code: 'bad-config', hint: expect.stringContaining('--config') }),
    )
  })
})

describe('flags win over the environment, the environment over the file', () => {
  const url = 'uplink: { url: mqtt://file:1 }\n'
  const environment = { BAROGRAPH_UPLINK_URL: 'mqtt://environment:2', BAROGRAPH_BUFFER_MAX_MB: '16' }

  test('each in turn', () => {
    expect(load(url + good).uplink.url).toBe('mqtt://file:1')
    const config = load(url + good, { environment })
    expect(config.uplink.url).toBe('mqtt://environment:2')
    expect(config.buffer.maxMb).toBe(16)
    expect(load(good, { environment: { BAROGRAPH_SITE_TIMEZONE: 'UTC' } }).site.timeZone).toBe('UTC')
    expect(load(good, { environment: { BAROGRAPH_SITE_TIME_ZONE: 'UTC' } }).site.timeZone).toBe('UTC')
    expect(load(url + good, { environment, set: ['uplink.url=mqtt://flag:3'] }).uplink.url).toBe(
      'mqtt://flag:3',
    )
  })

  test('a mistake there is named by its variable or flag', () => {
    expect(complaint(good, { environment: { BAROGRAPH_SITE_LATITUDE: '200' } })).toBe(
      'BAROGRAPH_SITE_LATITUDE: site.latitude = 200 is not allowed; allowed: a number from -90 to 90',
    )
    expect(complaint(good, { set: ['device=Not Good'] })).toContain('--set device: device = "Not Good"')
    expect(complaint(good, { set: ['uplink.ulr=x'] })).toContain(
      '--set uplink.ulr: unknown key "uplink.ulr"; did you mean "url"?',
    )
    expect(complaint(good, { environment: { BAROGRAPH_UPLINK_ULR: 'x' } })).toContain(
      'did you mean BAROGRAPH_UPLINK_URL?',
    )
  })

  test('variables of other programs and reserved ones are left alone', () => {
    const others = {
      BAROGRAPH_DATA: 'd',
      BAROGRAPH_PORT: '1',
      BAROGRAPH_MQTT_PORT: '2',
      BAROGRAPH_TEST_X: 'y',
      BAROGRAPH_LOG_URL: 'z',
    }
    expect(load(good, { environment: others }).device).toBe('balcony')
  })
})

describe('secrets', () => {
  test('come from a file beside the configuration, from the environment, or stand there', () => {
    writeFileSync(join(folder, 'token'), '  from-file\n')
    const config = load(good, { environment: { OWM: 'from-env' } })
    expect(config.secret('file:token', 'uplink.token')).toBe('from-file')
    expect(config.secret('env:OWM', 'owm.key')).toBe('from-env')
    expect(config.secret('plain', 'owm.key')).toBe('plain')
  })

  test('that cannot be had are named by their key', () => {
    writeFileSync(join(folder, 'empty'), '\n')
    const config = load(good)
    const secret = (reference: string) => () => config.secret(reference, 'uplink.token')
    expect(secret('file:nothing')).toThrow(/uplink\.token: the file .*nothing cannot be read/)
    expect(secret('file:empty')).toThrow(/is empty/)
    expect(secret('env:NOT_SET')).toThrow(/the environment variable NOT_SET is not set/)
  })
})

describe('a provisioning file', () => {
  const provision = `device: cellar
site: { name: Cellar, latitude: 1, longitude: 2, timeZone: UTC }
uplink: { url: mqtts://collector.example:8883, token: secret }
`
  const sensors = `sensors:
  - { id: attic, type: probe }
`

  test('says what the configuration leaves open, and nothing that it says', () => {
    writeFileSync(join(folder, 'cellar.yaml'), provision)
    const config = load(`provision: cellar.yaml\nuplink: { lingerMs: 500 }\nsite: { name: Mine }\n${sensors}`)
    expect(config).toMatchObject({
      device: 'cellar',
      site: { name: 'Mine', latitude: 1, timeZone: 'UTC' },
      uplink: { url: 'mqtts://collector.example:8883', token: 'secret', lingerMs: 500 },
    })
    const environment = { BAROGRAPH_PROVISION: 'cellar.yaml', BAROGRAPH_UPLINK_URL: 'mqtts://other:1' }
    expect(load(sensors, { environment })).toMatchObject({
      device: 'cellar',
      uplink: { url: 'mqtts://other:1' },
    })
    expect(load(sensors, { set: ['provision=cellar.yaml'] }).device).toBe('cellar')
  })

  test('is a whole configuration as soon as it has sensors', () => {
    expect(load(provision + sensors)).toMatchObject({ device: 'cellar', uplink: { token: 'secret' } })
  })

  test('that is not there, or wrong, is named with its line', () => {
    expect(complaint(`provision: nothing.yaml\n${sensors}`)).toMatch(/nothing\.yaml: there is no such file/)
    writeFileSync(join(folder, 'cellar.yaml'), provision.replace('latitude: 1', 'latitude: 200'))
    expect(complaint(`provision: cellar.yaml\n${sensors}`)).toMatch(/^cellar\.yaml:2: site\.latitude = 200/)
    writeFileSync(join(folder, 'cellar.yaml'), provision.replace('token: secret', 'tokn: secret'))
    expect(complaint(`provision: cellar.yaml\n${sensors}`)).toMatch(
      /^cellar\.yaml:3: unknown key "uplink\.tokn"/,
    )
  })
})

test.each([
  ['uplink: { url: mqtt://a, ca: file:ca.crt }', /uplink\.url = "mqtt:\/\/a": speaks no TLS/],
  [
    'uplink: { url: mqtts://a, cert: file:a.crt }',
    /uplink\.key is missing; allowed: the key of uplink\.cert/,
  ],
  ['uplink: { url: mqtts://a, key: file:a.key }', /uplink\.cert is missing; allowed: the certificate/],
])('%s is refused with words', (text, words) => {
  expect(complaint(`${good}${text}\n`)).toMatch(words)
})
