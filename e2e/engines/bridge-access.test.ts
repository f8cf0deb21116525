import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openAuthority } from '../../collector/devices/authority.ts'
import { hashForMosquitto } from '../../collector/devices/token.ts'
import { createCollector } from '../harness/collector.ts'
import { temporaryFolder } from '../harness/folder.ts'
import { collectorProgram, run } from '../harness/process.ts'
import { needsMosquitto } from '../needs.ts'
import { openMosquitto } from './bridge.ts'

type Environment = Readonly<Record<string, string>>

/** A Mosquitto that asks for a password and for a certificate of its authority, and what lets a collector in. */
async function openGuarded() {
  const folder = temporaryFolder()
  const write = (name: string, text: string): string => {
    const path = join(folder, name)
    writeFileSync(path, text)
    return path
  }
  const authority = await openAuthority(join(folder, 'authority'), Date.now())
  const server = await authority.issueServer(['127.0.0.1'], Date.now())
  const own = await authority.issueDevice('collector', Date.now())
  const broker = await openMosquitto({
    folder,
    tls: true,
    settings: [
      'allow_anonymous false',
      `password_file ${write('passwords', `collector:${hashForMosquitto('swordfish')}\n`)}`,
      `cafile ${write('ca.crt', authority.cert)}`,
      `certfile ${write('server.crt', server.cert)}`,
      `keyfile ${write('server.key', server.key)}`,
      'require_certificate true',
    ],
  })
  const access: Environment = {
    BAROGRAPH_MQTT_USERNAME: 'collector',
    BAROGRAPH_MQTT_PASSWORD: `file:${write('password', 'swordfish\n')}`,
    BAROGRAPH_MQTT_CA: join(folder, 'ca.crt'),
    BAROGRAPH_MQTT_CERT: write('own.crt', own.cert),
    BAROGRAPH_MQTT_KEY: write('own.key', own.key),
  }
  const data: Environment = {
    BAROGRAPH_LOG_URL: `sqlite:${join(folder, 'log.db')}`,
    BAROGRAPH_STORE_URL: `sqlite:${join(folder, 'store.db')}`,
    BAROGRAPH_SERVE_LISTEN: '127.0.0.1:0',
  }
  return { broker, folder, access, data, write }
}

const without = (access: Environment, ...names: string[]): Environment =>
  Object.fromEntries(Object.entries(access).filter(([name]) => !names.includes(name)))

describe.skipIf(!needsMosquitto.isMet)(
  `a Mosquitto that asks who the collector is ${needsMosquitto.title}`,
  () => {
    test('lets it in by password and certificate', async () => {
      const { broker, folder, access } = await openGuarded()
      const collector = await createCollector({ folder, outsideBroker: broker.url, env: access })
      await collector.start()
      const doctor = await run([collectorProgram, 'doctor'], collector.env)
      expect(doctor.stdout).toMatch(/mqtt.*answers/)
      const { stdout, stderr } = await collector.stop()
      expect(stdout + stderr).toContain(`connected to ${broker.url}`)
      expect(stdout + stderr).not.toContain('swordfish')
    })

    test('and not otherwise: the collector ends with one clear sentence', async () => {
      const { broker, access, data, write } = await openGuarded()
      const start = (env: Environment) =>
        run([collectorProgram, 'run'], { ...data, BAROGRAPH_MQTT_URL: broker.url, ...env })
      const wrong = write('wrong', 'trout')
      const cases: [Environment, RegExp][] = [
        [
          { ...access, BAROGRAPH_MQTT_PASSWORD: `file:${wrong}` },
          /BAROGRAPH_MQTT_URL: mqtt\.url = .*refuses us: it does not let us in/,
        ],
        [
          without(access, 'BAROGRAPH_MQTT_CA'),
          /No TLS with the broker at .*\n {2}mqtt\.ca names the authority/,
        ],
        [
          { ...access, BAROGRAPH_MQTT_URL: broker.url.replace('127.0.0.1', 'localhost') },
          /No TLS with the broker at .*ERR_TLS_CERT_ALTNAME_INVALID/,
        ],
      ]
      for (const [env, words] of cases) {
        const { code, stderr } = await start(env)
        expect(stderr).toMatch(words)
        expect(code).toBe(2)
        expect(stderr).not.toMatch(/swordfish|trout|barograph-collector: this is a bug/)
      }
    })
  },
)
