import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { temporaryFolder } from './harness/folder.ts'
import { agentProgram, collectorProgram, type Ended, run } from './harness/process.ts'
import { shutFolder } from './harness/small-disk.ts'
import { needsShutFolder } from './needs.ts'

/** A good configuration, one key per line: a case replaces one of them. */
const agentLines = {
  device: 'device: balcony',
  site: 'site: { latitude: 40.69, longitude: -74.17, timeZone: America/New_York }',
  uplink: 'uplink: { url: mqtt://127.0.0.1:1 }',
  buffer: 'buffer: { path: buffer.db }',
  sensors: 'sensors:',
  sensor: '  - { id: demo, type: simulated, intervalMs: 1000 }',
}
const collectorLines = {
  site: 'site: { timeZone: UTC }',
  broker: 'broker: { listen: 127.0.0.1:0 }',
  log: 'log: { url: sqlite:log.db, partitions: 4 }',
  store: 'store: { url: sqlite:store.db }',
  serve: 'serve: { listen: 127.0.0.1:0 }',
  rollups: 'rollups: { flushIntervalMs: 1000 }',
}

interface Case {
  readonly what: string
  readonly line: string
  /** In place of the line of that name. */
  readonly text: string
  /** All of these are in the message, beside file and line: key, value, what is allowed. */
  readonly says: readonly (string | RegExp)[]
}

function write(lines: Readonly<Record<string, string>>, name: string): { folder: string; file: string } {
  const folder = temporaryFolder()
  const file = join(folder, name)
  writeFileSync(file, `${Object.values(lines).join('\n')}\n`)
  return { folder, file }
}

/** Exit 2, a few lines of words on standard error, nothing else. */
function expectOneMessage(ended: Ended, says: readonly (string | RegExp)[]): void {
  const { code, stdout, stderr } = ended
  expect(code, stderr).toBe(2)
  expect(stdout).toBe('')
  const isSaid = (part: string | RegExp): boolean =>
    typeof part === 'string' ? stderr.includes(part) : part.test(stderr)
  expect(
    says.filter((part) => !isSaid(part)),
    `left out of:\n${stderr}`,
  ).toEqual([])
  expect(stderr, 'no stack trace').not.toMatch(/^\s+at .*[:(]\d+/m)
  expect(stderr, 'no object of a library').not.toMatch(/ZodError|Error:|\[object|node:internal|"issues"/)
  expect(stderr.trim().split('\n').length, stderr).toBeLessThanOrEqual(8)
}

const lineOf = (lines: object, line: string): number => Object.keys(lines).indexOf(line) + 1

const agentCases: readonly Case[] = [
  {
    what: 'an unknown key, with the one that was meant',
    line: 'buffer',
    text: 'buffer: { paht: buffer.db }',
    says: ['buffer.paht', /did you mean "?path/],
  },
  {
    what: 'an unknown section, with the one that was meant',
    line: 'uplink',
    text: 'upplink: { url: mqtt://127.0.0.1:1 }',
    says: ['upplink', /did you mean "?uplink/],
  },
  {
    what: 'a value of a wrong type',
    line: 'sensor',
    text: '  - { id: demo, type: simulated, intervalMs: fast }',
    says: ['sensors[0].intervalMs', '"fast"', /number/],
  },
  {
    what: 'an unknown type of sensor',
    line: 'sensor',
    text: '  - { id: demo, type: simulted, intervalMs: 1000 }',
    says: [
      'sensors[0].type',
      '"simulted"',
      /did you mean "?simulated/,
      'http',
      'open-meteo',
      'openweathermap',
      'replay',
    ],
  },
  {
    what: 'a latitude of 200',
    line: 'site',
    text: 'site: { latitude: 200, longitude: -74.17, timeZone: America/New_York }',
    says: ['site.latitude', '200', '90'],
  },
  {
    what: 'a time zone that is none',
    line: 'site',
    text: 'site: { latitude: 20, longitude: -74.17, timeZone: Mars/Olympus }',
    says: ['site.timeZone', 'Mars/Olympus', 'IANA'],
  },
  {
    what: 'an id with a space',
    line: 'device',
    text: 'device: my balcony',
    says: ['device', '"my balcony"', /letters/],
  },
  {
    what: 'an address of a wrong scheme',
    line: 'uplink',
    text: 'uplink: { url: http://127.0.0.1:1 }',
    says: ['uplink.url', 'http://127.0.0.1:1', 'mqtt://'],
  },
  {
    what: 'a missing key',
    line: 'device',
    text: '# device: balcony',
    says: ['device', /missing/],
  },
  {
    what: 'two sensors of one id',
    line: 'sensor',
    text: '  - { id: demo, type: simulated }\n  - { id: demo, type: simulated }',
    says: ['sensors[1].id', '"demo"'],
  },
]

describe('a wrong configuration of the agent is one clear message', () => {
  test.each(agentCases)('$what', async ({ line, text, says }) => {
    const { folder, file } = write({ ...agentLines, [line]: text }, 'agent.yaml')
    const isMissing = text.startsWith('#')
    const isSecondLine = text.includes('\n')
    const where = isMissing ? 'agent.yaml' : `agent.yaml:${lineOf(agentLines, line) + (isSecondLine ? 1 : 0)}`
    for (const command of ['check', 'run'])
      expectOneMessage(await run([agentProgram, command, '--config', file], {}, folder), [where, ...says])
  })

  test('a buffer in a folder that cannot be made', async () => {
    const { folder, file } = write(
      { ...agentLines, buffer: 'buffer: { path: file/below/buffer.db }' },
      'agent.yaml',
    )
    writeFileSync(join(folder, 'file'), 'not a folder')
    expectOneMessage(await run([agentProgram, 'run', '--config', file]), [
      `agent.yaml:${lineOf(agentLines, 'buffer')}`,
      'buffer.path',
      'file/below/buffer.db',
    ])
  })

  test.skipIf(!needsShutFolder.isMet)(
    `a buffer in a folder that is read-only ${needsShutFolder.title}`,
    async () => {
      const path = join(shutFolder(), 'buffer.db')
      const { file } = write({ ...agentLines, buffer: `buffer: { path: ${path} }` }, 'agent.yaml')
      expectOneMessage(await run([agentProgram, 'run', '--config', file]), [
        `agent.yaml:${lineOf(agentLines, 'buffer')}`,
        'buffer.path',
        path,
      ])
    },
  )

  test('a misspelt environment variable', async () => {
    const { file } = write(agentLines, 'agent.yaml')
    expectOneMessage(await run([agentProgram, 'check', '--config', file], { BAROGRAPH_UPLINK_URI: 'x' }), [
      'BAROGRAPH_UPLINK_URI',
      'BAROGRAPH_UPLINK_URL',
    ])
  })

  fileCases('agent', agentProgram)
})

const collectorCases: readonly Case[] = [
  {
    what: 'an unknown key, with the one that was meant',
    line: 'log',
    text: 'log: { url: sqlite:log.db, partition: 4 }',
    says: ['log.partition', /did you mean "?partitions/],
  },
  {
    what: 'a value of a wrong type',
    line: 'log',
    text: 'log: { url: sqlite:log.db, partitions: many }',
    says: ['log.partitions', '"many"', /number/],
  },
  {
    what: 'a number out of range',
    line: 'log',
    text: 'log: { url: sqlite:log.db, partitions: 0 }',
    says: ['log.partitions', '0', '1'],
  },
  {
    what: 'a store of a wrong scheme',
    line: 'store',
    text: 'store: { url: redis://127.0.0.1 }',
    says: ['store.url', 'redis://127.0.0.1', 'sqlite:'],
  },
  {
    what: 'a log of a wrong scheme',
    line: 'log',
    text: 'log: { url: rabbit://127.0.0.1 }',
    says: ['log.url', 'rabbit://127.0.0.1', 'sqlite:'],
  },
  {
    what: 'a time zone that is none',
    line: 'site',
    text: 'site: { timeZone: Mars/Olympus }',
    says: ['site.timeZone', 'Mars/Olympus', 'IANA'],
  },
  {
    what: 'an address to listen on that is none',
    line: 'serve',
    text: 'serve: { listen: here }',
    says: ['serve.listen', '"here"', '127.0.0.1:'],
  },
  {
    what: 'a page that others can reach and that asks nobody',
    line: 'serve',
    text: 'serve: { listen: 0.0.0.0:8013 }',
    says: [
      'serve.listen',
      '0.0.0.0:8013',
      'serve: { tokens: { viewer: file:viewer-token',
      'tokens add viewer',
    ],
  },
  {
    what: 'a token in place of the file with its hash',
    line: 'serve',
    text: 'serve: { tokens: { viewer: swordfish } }',
    says: ['serve.tokens.viewer', '(hidden)', 'file:PATH', /^(?!.*swordfish)/s],
  },
  {
    what: 'an unknown level',
    line: 'rollups',
    text: 'rollups: { levels: [10s, fortnight] }',
    says: ['rollups.levels', 'fortnight', 'week'],
  },
]

describe('a wrong configuration of the collector is one clear message', () => {
  test.each(collectorCases)('$what', async ({ line, text, says }) => {
    const { folder, file } = write({ ...collectorLines, [line]: text }, 'collector.yaml')
    const where = `collector.yaml:${lineOf(collectorLines, line)}`
    for (const command of ['check', 'run'])
      expectOneMessage(await run([collectorProgram, command, '--config', file], {}, folder), [where, ...says])
  })

  test.each([
    ['serve', 'serve.listen'],
    ['broker', 'broker.listen'],
  ])('a port in use of %s', async (section, key) => {
    const server = createServer()
    onTestFinished(() => void server.close())
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    const listen = `127.0.0.1:${port}`
    const { folder, file } = write(
      { ...collectorLines, [section]: `${section}: { listen: ${listen} }` },
      'collector.yaml',
    )
    expectOneMessage(await run([collectorProgram, 'run', '--config', file], {}, folder), [
      `collector.yaml:${lineOf(collectorLines, section)}`,
      key,
      listen,
      /in use/,
    ])
  })

  test.each([
    ['log', 'log.url', 'log: { url: sqlite:file/below/log.db }'],
    ['store', 'store.url', 'store: { url: sqlite:file/below/store.db }'],
  ])('a %s in a folder that cannot be made', async (line, key, text) => {
    const { folder, file } = write({ ...collectorLines, [line]: text }, 'collector.yaml')
    writeFileSync(join(folder, 'file'), 'not a folder')
    expectOneMessage(await run([collectorProgram, 'run', '--config', file], {}, folder), [
      `collector.yaml:${lineOf(collectorLines, line)}`,
      key,
      `file/below/${line}.db`,
    ])
  })

  test.skipIf(!needsShutFolder.isMet)(
    `a store in a folder that is read-only ${needsShutFolder.title}`,
    async () => {
      const path = join(shutFolder(), 'store.db')
      const text = `store: { url: sqlite:${path} }`
      const { folder, file } = write({ ...collectorLines, store: text }, 'collector.yaml')
      expectOneMessage(await run([collectorProgram, 'run', '--config', file], {}, folder), [
        `collector.yaml:${lineOf(collectorLines, 'store')}`,
        'store.url',
        path,
      ])
    },
  )

  test.each([
    ['that is not there', null, /viewer-token is not there/],
    ['that holds no token', '# none\n', /nobody could sign in/],
    ['that holds something else', 'swordfish\n', /viewer-token:1 is no hash of a token(?!.*swordfish)/s],
  ])('a file of tokens %s', async (_what, contents, says) => {
    const text = 'serve: { listen: 127.0.0.1:0, tokens: { viewer: file:viewer-token } }'
    const { folder, file } = write({ ...collectorLines, serve: text }, 'collector.yaml')
    if (contents !== null) writeFileSync(join(folder, 'viewer-token'), contents)
    expectOneMessage(await run([collectorProgram, 'run', '--config', file], {}, folder), [
      'serve.tokens',
      says,
      'tokens add viewer',
    ])
  })

  test('a role that is none', async () => {
    const { folder, file } = write(collectorLines, 'collector.yaml')
    const ended = await run([collectorProgram, 'run', '--roles', 'broker,rol', '--config', file], {}, folder)
    expectOneMessage(ended, ['rol', 'roll', 'bridge', 'serve'])
  })

  fileCases('collector', collectorProgram)
})

function fileCases(name: string, program: string): void {
  test('a file that is missing', async () => {
    const folder = temporaryFolder()
    for (const command of ['check', 'run'])
      expectOneMessage(await run([program, command, '--config', 'nowhere.yaml'], {}, folder), [
        'nowhere.yaml',
      ])
  })

  test('a file that is no YAML', async () => {
    const { folder } = write(
      { first: 'site: {}', second: 'log: [unclosed', third: 'store: {}' },
      `${name}.yaml`,
    )
    for (const command of ['check', 'run'])
      expectOneMessage(await run([program, command, '--config', `${name}.yaml`], {}, folder), [
        new RegExp(`${name}\\.yaml:[23]`),
        /YAML/,
      ])
  })

  test('an unknown option and an unknown command', async () => {
    expectOneMessage(await run([program, 'run', '--confg', 'x']), ['--confg', /--config/])
    expectOneMessage(await run([program, 'rnu']), ['rnu', /run/])
  })
}
