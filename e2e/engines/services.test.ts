import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import mqtt from 'mqtt'
import { describe, expect, onTestFinished, test } from 'vitest'
import { startKafka } from '../../scripts/services/kafka.ts'
import { isKafkaReady, isListening, isMongoReady } from '../../scripts/services/ready.ts'
import { startMongo } from '../../scripts/services/mongo.ts'
import { startMosquitto } from '../../scripts/services/mosquitto.ts'
import { temporaryFolder } from '../harness/folder.ts'
import { root, run } from '../harness/process.ts'
import { eventually } from '../harness/wait.ts'
import { needsKafka, needsMongodbToKill, needsMosquitto } from '../needs.ts'

const program = join(root, 'scripts/services/main.ts')

/** `npm run services` on a folder of the test's own; what it started ends with the test. */
function openServices() {
  const folder = temporaryFolder()
  const services = (...args: string[]) => run([program, ...args, '--folder', folder])
  onTestFinished(async () => void (await services('down')))
  const pidOf = (name: string): number =>
    (JSON.parse(readFileSync(join(folder, name, 'service.json'), 'utf8')) as { pid: number }).pid
  return { folder, services, pidOf }
}

describe.skipIf(!needsKafka.isMet || !needsMongodbToKill.isMet || !needsMosquitto.isMet)(
  `npm run services ${needsKafka.title} ${needsMongodbToKill.title} ${needsMosquitto.title}`,
  () => {
    test('starts what does not run, twice is harmless, and ends all of it', async () => {
      const { services, pidOf } = openServices()
      const first = await services('up', '--json')
      expect(first.stderr.replaceAll(/Port \d+ is busy: .*\n/g, '')).toBe('')
      const urls = JSON.parse(first.stdout) as Record<string, string>
      expect(Object.keys(urls)).toEqual(['mqtt', 'kafka', 'mongodb'])
      const pids = [pidOf('mqtt'), pidOf('kafka'), pidOf('mongodb')]

      const second = await services('up', '--json')
      expect([second.code, JSON.parse(second.stdout)]).toEqual([0, urls])
      expect([pidOf('mqtt'), pidOf('kafka'), pidOf('mongodb')]).toEqual(pids)

      process.kill(pidOf('kafka'), 'SIGKILL')
      const broken = await eventually('kafka is gone', async () => {
        const status = await services('status')
        return status.code === 1 ? status : null
      })
      expect(broken.stdout).toMatch(/^kafka +does not run/m)
      expect(broken.stdout).toMatch(/^mqtt +mqtt:/m)

      expect((await services('up')).code).toBe(0)
      expect(pidOf('kafka')).not.toBe(pids[1])
      expect([pidOf('mqtt'), pidOf('mongodb')]).toEqual([pids[0], pids[2]])

      expect((await services('down')).stdout).toBe('Ended: mqtt, kafka, mongodb\n')
      expect((await services('down')).stdout).toBe('Nothing was running.\n')
      const kafkaPort = Number(new URL(urls.kafka ?? '').port)
      expect(await isKafkaReady(kafkaPort)).toBe(false)
    })
  },
)

describe.skipIf(!needsMosquitto.isMet)(`npm run services -- up mqtt ${needsMosquitto.title}`, () => {
  test('takes another process of the remembered number for what it is, and leaves it alone', async () => {
    const { services, folder, pidOf } = openServices()
    expect((await services('up', 'mqtt')).code).toBe(0)
    expect((await services('down', 'mqtt')).code).toBe(0)
    const stale = { pid: process.pid, url: 'mqtt://127.0.0.1:1', port: 1 }
    writeFileSync(join(folder, 'mqtt', 'service.json'), JSON.stringify(stale))
    expect((await services('status', 'mqtt')).stdout).toMatch(/does not run/)
    expect((await services('down', 'mqtt')).stdout).toBe('Nothing was running.\n')
    writeFileSync(join(folder, 'mqtt', 'service.json'), JSON.stringify(stale))
    expect((await services('up', 'mqtt')).code).toBe(0)
    expect(pidOf('mqtt')).not.toBe(process.pid)
  })

  test('says so when its port is busy, and takes the next', async () => {
    const { services } = openServices()
    const other = createServer()
    // Somebody may be there already: then it is busy as well.
    await new Promise<void>((resolve) => {
      other.once('error', () => resolve())
      other.listen(21_883, '127.0.0.1', () => resolve())
    })
    onTestFinished(() => void other.close())
    const { stdout } = await services('up', 'mqtt')
    const [, port] = /Port 21883 is busy: Mosquitto uses (\d+)\./.exec(stdout) ?? []
    expect(Number(port)).toBeGreaterThan(21_883)
    expect(stdout).toContain(`mqtt://127.0.0.1:${port} `)
  })

  test('two at once start one', async () => {
    const { services } = openServices()
    const [one, two] = await Promise.all([services('up', 'mqtt'), services('up', 'mqtt')])
    expect([one.code, two.code]).toEqual([0, 0])
    expect(/process \d+/.exec(one.stdout)?.[0]).toBe(/process \d+/.exec(two.stdout)?.[0])
  })

  test('an engine that hangs is started again', async () => {
    const { services, pidOf } = openServices()
    await services('up', 'mqtt')
    const pid = pidOf('mqtt')
    process.kill(pid, 'SIGSTOP')
    expect((await services('status', 'mqtt')).stdout).toMatch(/DOES NOT ANSWER/)
    const again = await services('up', 'mqtt')
    expect([again.code, pidOf('mqtt') === pid]).toEqual([0, false])
  })
})

test('npm run services says what to install, and what it understands', async () => {
  const { services, folder } = openServices()
  const withoutJava = await run([program, 'up', 'kafka', '--folder', folder], { PATH: '' })
  expect(withoutJava.code).toBe(1)
  expect(withoutJava.stderr).toBe(
    '\njava is not installed; kafka needs it.\nTry: apt-get install default-jdk-headless\n',
  )
  const unknown = await services('up', 'redis')
  expect([unknown.code, unknown.stderr]).toEqual([
    2,
    '"redis" is no service: they are mqtt, kafka, mongodb\n',
  ])
})

describe.skipIf(!needsMosquitto.isMet)(`a Mosquitto of a test ${needsMosquitto.title}`, () => {
  test('is killed, started again on the same port and data, and hangs when told so', async () => {
    const service = await startMosquitto({ folder: temporaryFolder() })
    onTestFinished(() => service.stop())
    const client = await mqtt.connectAsync(service.url, { reconnectPeriod: 0 })
    onTestFinished(() => client.endAsync(true))
    await client.publishAsync('a', 'kept', { qos: 1, retain: true })
    // Written within a second, by its settings.
    await eventually('it has written its data', () =>
      readFileSync(join(service.folder, 'data/mosquitto.db')).includes('kept'),
    )
    const pid = service.pid
    await service.kill()
    expect(service.pid).toBeNull()
    await service.restart()
    expect(service.pid).not.toBe(pid)
    const again = await mqtt.connectAsync(service.url, { reconnectPeriod: 0 })
    onTestFinished(() => again.endAsync(true))
    const heard = new Promise((resolve) => again.once('message', (_, payload) => resolve(String(payload))))
    await again.subscribeAsync('a')
    expect(await heard).toBe('kept')
    service.pause()
    const refused = mqtt.connectAsync(service.url, { reconnectPeriod: 0, connectTimeout: 300 })
    await expect(refused).rejects.toThrow(/connack timeout/)
    service.resume()
    await (await mqtt.connectAsync(service.url, { reconnectPeriod: 0 })).endAsync()
  })
})

describe.skipIf(!needsMongodbToKill.isMet)(
  `a MongoDB-compatible server of a test ${needsMongodbToKill.title}`,
  () => {
    test('answers again after kill -9, on the same port', async () => {
      const service = await startMongo({ folder: temporaryFolder() })
      onTestFinished(() => service.stop())
      await service.kill()
      expect(await isMongoReady(service.port)).toBe(false)
      await service.restart()
      expect(await isMongoReady(service.port)).toBe(true)
    })
  },
)

describe.skipIf(!needsKafka.isMet)(`a Kafka of a test ${needsKafka.title}`, () => {
  test('lets nobody in who is no user of it, where it has users', async () => {
    const service = await startKafka({ folder: temporaryFolder(), users: { barograph: 'swordfish' } })
    onTestFinished(() => service.stop())
    expect(await isListening(service.port)).toBe(true)
    expect(await isKafkaReady(service.port)).toBe(false)
  })
})
