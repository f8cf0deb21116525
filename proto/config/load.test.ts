import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { isCoded } from '../errors.ts'
import {
  address,
  duration,
  hideSecrets,
  loadConfig,
  loadPlacedConfig,
  type Override,
  timeZone,
} from './index.ts'

const schema = z.strictObject({
  device: z.string(),
  site: z
    .strictObject({
      timeZone: timeZone().default('UTC'),
      latitude: z.number().min(-90).max(90).optional(),
    })
    .prefault({}),
  log: z
    .strictObject({
      url: z.string().default('sqlite:log.db'),
      retention: duration().prefault('7d'),
      fsync: z.boolean().default(true),
      token: z.string().meta({ secret: true }).optional(),
    })
    .prefault({}),
  serve: z.strictObject({ listen: address().prefault('127.0.0.1:8013') }).prefault({}),
  levels: z.array(z.enum(['10s', '1m', 'hour'])).default(['10s']),
  sensors: z.array(z.looseObject({ id: z.string() })).default([]),
})

interface Given {
  text?: string | null
  env?: Record<string, string>
  overrides?: Override[]
}

function load({ text = 'device: a', env = {}, overrides = [] }: Given = {}) {
  return loadConfig({ schema, text, file: 'agent.yaml', env, prefix: 'BAROGRAPH', overrides })
}

function problemsOf(given: Given): string[] {
  try {
    load(given)
  } catch (error) {
    if (isCoded(error, 'bad-config')) return error.message.split('\n')
    throw error
  }
  return []
}

describe('a configuration', () => {
  test('is defaulted, converted and frozen', () => {
    const config = load()
    expect(config.site.timeZone).toBe('UTC')
    expect(config.log.retention).toBe(7 * 86_400_000)
    expect(config.serve.listen).toEqual({ host: '127.0.0.1', port: 8013 })
    expect(() => Object.assign(config.site, { timeZone: 'Europe/Vienna' })).toThrow(TypeError)
    expect(() => (config.levels as string[]).push('1m')).toThrow(TypeError)
  })

  test('takes the environment over the file and the command line over both', () => {
    const text = 'device: a\nserve: { listen: "127.0.0.1:1" }\nlog: { url: "sqlite:file.db" }'
    const env = {
      BAROGRAPH_SERVE_LISTEN: '127.0.0.1:2',
      BAROGRAPH_LOG_FSYNC: 'false',
      BAROGRAPH_LOG_RETENTION: '1h',
      BAROGRAPH_SITE_LATITUDE: '48.2',
      BAROGRAPH_SITE_TIME_ZONE: 'Europe/Vienna',
    }
    const overrides = [{ path: ['serve', 'listen'], value: '127.0.0.1:3', source: '--listen' }]
    const config = load({ text, env, overrides })
    expect(config.serve.listen.port).toBe(3)
    expect(config.log).toMatchObject({ url: 'sqlite:file.db', fsync: false, retention: 3_600_000 })
    expect(config.site).toEqual({ latitude: 48.2, timeZone: 'Europe/Vienna' })
  })

  test('knows a variable with and without underscores between its words', () => {
    for (const name of ['BAROGRAPH_SITE_TIMEZONE', 'BAROGRAPH_SITE_TIME_ZONE'])
      expect(load({ env: { [name]: 'Europe/Vienna' } }).site.timeZone).toBe('Europe/Vienna')
  })

  test('leaves reserved and foreign variables alone, and names one that is a letter off', () => {
    const env = { BAROGRAPH_DATA: 'x', BAROGRAPH_TEST_KEEP: '1', BAROGRAPH_BUFFER_PATH: 'y', OTHER: '1' }
    expect(load({ env }).device).toBe('a')
    expect(problemsOf({ env: { BAROGRAPH_SERVE_LISTN: 'x' } })).toEqual([
      'BAROGRAPH_SERVE_LISTN is not known; did you mean BAROGRAPH_SERVE_LISTEN?',
    ])
  })

  test('tells where each value came from', () => {
    const text = 'device: a\nserve:\n  listen: 127.0.0.1:80\nlog: { retention: 1d }'
    const env = { BAROGRAPH_LOG_URL: 'sqlite:x' }
    const { placeOf } = loadPlacedConfig({ schema, text, file: 'a.yaml', env, prefix: 'BAROGRAPH' })
    expect(placeOf(['serve', 'listen'])).toBe('a.yaml:3')
    expect(placeOf(['log', 'url'])).toBe('BAROGRAPH_LOG_URL')
    expect(placeOf(['log', 'fsync'])).toBe('a.yaml:4')
  })

  test('hides its secrets when shown', () => {
    const config = load({ text: 'device: a\nlog: { token: swordfish }' })
    expect(JSON.stringify(hideSecrets(schema, config))).not.toContain('swordfish')
  })
})

describe('a wrong configuration', () => {
  test.each([
    [
      'device: a\nsite:\n  latitude: 200',
      'agent.yaml:3: site.latitude = 200 is not allowed; allowed: a number from -90 to 90',
    ],
    [
      'device: a\nsite: { timeZone: Mars/Base }',
      'agent.yaml:2: site.timeZone = "Mars/Base" is not allowed; allowed: an IANA time zone such as',
    ],
    ['device: 3', 'agent.yaml:1: device = 3 is not allowed; allowed: text'],
    ['site: {}', 'agent.yaml: device is missing; allowed: text'],
    [
      'device: a\nserve:\n  lisen: 127.0.0.1:1',
      'agent.yaml:3: unknown key "serve.lisen"; did you mean "listen"?; allowed here: listen',
    ],
    [
      'device: a\nlevels:\n  - 10s\n  - weak',
      'agent.yaml:4: levels[1] = "weak" is not allowed; allowed: 10s, 1m, hour',
    ],
    [
      'device: a\nsensors:\n  - { id: x }\n  - { name: y }',
      'agent.yaml:4: sensors[1].id is missing; allowed: text',
    ],
    ['device: a\ndevice: b', 'agent.yaml:2: not readable as YAML: Map keys must be unique'],
    ['- a', 'agent.yaml:1: a configuration has keys and values, as in "device: balcony"'],
  ])('%j is told in one line', (text, line) => {
    const [problem, ...more] = problemsOf({ text })
    expect(more).toEqual([])
    expect(problem).toContain(line)
  })

  test('is told with all its problems at once', () => {
    expect(problemsOf({ text: 'devise: a\nsite: { latitude: x }\nlog: { retention: 3 }' })).toHaveLength(4)
  })

  test('names the words that are allowed where the schema has them', () => {
    const [problem] = problemsOf({ text: 'device: a\nlog: { retention: soon }' })
    expect(problem).toContain('log.retention = "soon"')
    expect(problem).toContain('a duration such as 90d')
  })

  test('names the variable or flag that a value came from', () => {
    expect(problemsOf({ env: { BAROGRAPH_SITE_LATITUDE: '-200' } })[0]).toMatch(/^BAROGRAPH_SITE_LATITUDE: /)
    const overrides = [{ path: ['serve', 'listen'], value: 'here', source: '--listen' }]
    expect(problemsOf({ overrides })[0]).toMatch(/^--listen: serve.listen = "here"/)
  })

  test('never shows a secret', () => {
    const problems = problemsOf({ text: 'device: a\nlog: { token: { word: swordfish } }' })
    expect(problems.join()).toContain('(hidden)')
    expect(problems.join()).not.toContain('swordfish')
  })

  test('unfolding without end is refused', () => {
    const bomb = ['a: &a [x,x,x,x,x,x,x,x,x]']
    for (const [from, to] of ['ab', 'bc', 'cd', 'de', 'ef', 'fg'].map((pair) => pair.split('')))
      bomb.push(`${to}: &${to} [${Array.from({ length: 9 }, () => `*${from}`).join()}]`)
    expect(problemsOf({ text: bomb.join('\n') })[0]).toContain('not readable as YAML')
  })

  test('may be found by looking at the whole of it', () => {
    const check = () => [{ path: ['site', 'latitude'], message: 'is a swamp', allowed: 'dry land' }]
    const text = 'device: a\nsite:\n  latitude: 7'
    expect(() =>
      loadConfig({ schema, text, file: 'agent.yaml', env: {}, prefix: 'BAROGRAPH', check }),
    ).toThrow('agent.yaml:3: site.latitude = 7: is a swamp; allowed: dry land')
  })
})
