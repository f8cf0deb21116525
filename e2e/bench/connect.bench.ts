import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt'
import {
  hashToken,
  makeToken,
  openAuthority,
  openRegistry,
  type Registry,
} from '../../collector/devices/index.ts'
import { createCollector } from '../harness/collector.ts'
import type { Bench, Row, Size } from './bench.ts'
import { cpuSecondsOf } from './memory.ts'

type Auth = 'certificate' | 'token'

const site = { name: 'Bench', latitude: 1, longitude: 2, altitudeM: 3, timeZone: 'UTC' }
/** The kernel counts CPU time in steps of this many seconds. */
const cpuStepSeconds = 0.01

interface Measured {
  readonly perSecond: number
  readonly perCpuSecond: number
}

/** What each device shows to come in. */
async function makeFleet(folder: string, registry: Registry, auth: Auth, count: number) {
  const authority = await openAuthority(folder, Date.now())
  const logins: IClientOptions[] = []
  for (let i = 0; i < count; i++) {
    const device = `device-${i}`
    const common = {
      clientId: `barograph-${device}`,
      ca: authority.cert,
      protocolVersion: 4,
      reconnectPeriod: 0,
    } as const
    if (auth === 'certificate') {
      const { key, cert, serial, endsMs } = await authority.issueDevice(device, Date.now())
      const kept = { kind: auth, endsMs, tokenHash: null, mosquittoHash: null, serial }
      registry.add(device, site, kept, Date.now())
      logins.push({ ...common, key, cert })
    } else {
      const token = makeToken()
      const kept = {
        kind: auth,
        endsMs: null,
        tokenHash: await hashToken(token),
        mosquittoHash: null,
        serial: null,
      }
      registry.add(device, site, kept, Date.now())
      logins.push({ ...common, username: device, password: token })
    }
  }
  return logins
}

/** All devices at once, as after a power cut: first when nobody was there since the start, then once more. */
async function connectAll(auth: Auth, count: number): Promise<{ first: Measured; again: Measured }> {
  const folder = mkdtempSync(join(tmpdir(), 'barograph-bench-'))
  const devicesFolder = join(folder, 'devices')
  const registry = openRegistry(devicesFolder)
  try {
    const logins = await makeFleet(devicesFolder, registry, auth, count)
    const env = {
      BAROGRAPH_DEVICES_AUTH: auth,
      BAROGRAPH_DEVICES_FOLDER: devicesFolder,
      BAROGRAPH_BROKER_TLS: 'auto',
    }
    const collector = await createCollector({ folder, env })
    await collector.start()
    const { pid } = collector.process()
    const url = collector.broker.replace('mqtt:', 'mqtts:')
    const measure = async (): Promise<Measured> => {
      const [startedMs, cpu] = [performance.now(), cpuSecondsOf(pid)]
      const clients: MqttClient[] = await Promise.all(logins.map((login) => mqtt.connectAsync(url, login)))
      const seconds = (performance.now() - startedMs) / 1_000
      const cpuSeconds = Math.max(cpuSecondsOf(pid) - cpu, cpuStepSeconds)
      await Promise.all(clients.map((client) => client.endAsync(true)))
      return { perSecond: count / seconds, perCpuSecond: count / cpuSeconds }
    }
    const measured = { first: await measure(), again: await measure() }
    await collector.stop()
    return measured
  } finally {
    registry.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** How fast a fleet comes back after a power cut. */
export const connect: Bench = {
  name: 'connect',
  title:
    'A fleet that connects all at once: 200 devices over TLS to the embedded broker, clients on the same cores',
  async run(size: Size): Promise<Row[]> {
    const count = size === 'full' ? 200 : 10
    const rows: Row[] = []
    for (const [auth, words] of [
      ['certificate', 'by certificate (mutual TLS)'],
      ['token', 'by token (scrypt the first time)'],
    ] as const) {
      const { first, again } = await connectAll(auth, count)
      for (const [when, { perSecond, perCpuSecond }] of [
        ['first', first],
        ['again', again],
      ] as const)
        rows.push(
          { what: `${words}, ${when}`, value: perSecond, unit: 'connections/s' },
          {
            what: `collector's CPU, ${words}, ${when}`,
            value: perCpuSecond,
            unit: 'connections per CPU second',
          },
        )
    }
    return rows
  },
}
