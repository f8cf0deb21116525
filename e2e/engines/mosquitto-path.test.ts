import { statusTopic } from '@barograph/proto'
import type { ApiDeliveries, ApiRollups } from '@barograph/proto/api'
import mqtt from 'mqtt'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Service } from '../../scripts/services/engine.ts'
import { startKafka } from '../../scripts/services/kafka.ts'
import { mosquittoSettings } from '../../scripts/services/mosquitto.ts'
import { type Collector, createCollector } from '../harness/collector.ts'
import { storedNumbers } from '../harness/documents.ts'
import { temporaryFolder } from '../harness/folder.ts'
import { agentProgram, type Running, start } from '../harness/process.ts'
import { eventually, sleep } from '../harness/wait.ts'
import { needsKafka, needsMosquitto } from '../needs.ts'
import { openMosquitto } from './bridge.ts'

const deviceCount = 4

/** What the simulator says it did (`--json`). */
interface Ledger {
  readonly devices: readonly {
    readonly device: string
    readonly accepted: number
    readonly lost: number
    readonly stored: number
    readonly refused: number
    readonly left: number
  }[]
}

/** Real agents with buffers of their own, each connected on its own. They sample for a while and then wait until all is stored. */
function startFleet(broker: string, seconds: number): Running {
  const words = `simulate --devices ${deviceCount} --rate 10 --seed 1 --late 2 --duration ${seconds}s --drain-limit 150s --json`
  return start([agentProgram, ...words.split(' '), '--url', broker])
}

/** Each reading that was accepted is stored, as its agent says, as the collector says, and as the audit finds. */
async function expectAllStoredOnce(fleet: Running, collector: Collector): Promise<void> {
  const { code, stdout, stderr } = await fleet.ended
  expect(code, stderr).toBe(0)
  const { devices } = JSON.parse(stdout) as Ledger
  expect(devices).toHaveLength(deviceCount)
  for (const { device, accepted, stored, lost, refused, left } of devices) {
    expect(accepted, device).toBeGreaterThan(20)
    expect({ stored, lost, refused, left }, device).toEqual({
      stored: accepted,
      lost: 0,
      refused: 0,
      left: 0,
    })
  }
  await eventually('nothing is on its way', async () => {
    const { total } = await collector.get<ApiDeliveries>('/api/v1/delivery')
    return total.onTheWay === 0
  })
  for (const { device, accepted } of devices) {
    // Throws when a number is there twice.
    expect(storedNumbers(collector.folder, device).size, device).toBe(1)
    const { rollups } = await collector.get<ApiRollups>(
      `/api/v1/devices/${device}/sensors/sim/rollups?level=day`,
    )
    const received = rollups.reduce((sum, window) => sum + window.received, 0)
    expect(received, `readings of ${device} in its windows`).toBe(accepted)
  }
}

async function expectAuditPasses(collector: Collector): Promise<void> {
  const audit = await collector.audit()
  expect(audit.code, audit.stdout + audit.stderr).toBe(0)
}

const storedSoFar = async (collector: Collector): Promise<number> =>
  (await collector.get<ApiDeliveries>('/api/v1/delivery')).total.stored

const untilStored = (collector: Collector, count: number): Promise<unknown> =>
  eventually(`${count} entries are stored`, async () => (await storedSoFar(collector)) >= count)

/** Messages that the broker gave up since it was started, as it says itself. */
async function droppedBy({ url }: Service): Promise<number> {
  const client = await mqtt.connectAsync(url, { reconnectPeriod: 0 })
  const told = new Promise<number>((resolve) => client.once('message', (_, bytes) => resolve(Number(bytes))))
  await client.subscribeAsync('$SYS/broker/publish/messages/dropped')
  const dropped = await told
  await client.endAsync(true)
  return dropped
}

describe.skipIf(!needsMosquitto.isMet)(
  `agents, a real Mosquitto and the collector ${needsMosquitto.title}`,
  () => {
    test('nothing is lost when the broker drops what it acknowledged, because its queue is full and by kill -9', {
      timeout: 300_000,
    }, async () => {
      const broker = await openMosquitto({
        settings: ['allow_anonymous true', 'persistence true', 'max_queued_messages 10', 'sys_interval 1'],
      })
      const collector = await createCollector({ folder: temporaryFolder(), outsideBroker: broker.url })
      await collector.start()
      const fleet = startFleet(broker.url, 25)
      await untilStored(collector, 40)

      await collector.kill()
      await eventually('the broker has dropped messages', async () => (await droppedBy(broker)) > 10)
      // What it still has goes now.
      await broker.kill()
      await broker.restart()
      await collector.start()
      await expectAllStoredOnce(fleet, collector)
      await expectAuditPasses(collector)
      await collector.stop()
    })

    test('the last will of an agent that dies reaches the collector, and its status is there for one that comes late', {
      timeout: 300_000,
    }, async () => {
      const broker = await openMosquitto()
      const fleet = startFleet(broker.url, 600)
      const watcher = await mqtt.connectAsync(broker.url, { reconnectPeriod: 0 })
      onTestFinished(() => watcher.endAsync(true))
      const known = new Set<string>()
      watcher.on('message', (topic) => known.add(topic))
      await watcher.subscribeAsync(statusTopic('+'))
      await eventually('every device has said how it is', () => known.size === deviceCount)

      const collector = await createCollector({ folder: temporaryFolder(), outsideBroker: broker.url })
      await collector.start()
      const online = async (): Promise<boolean[]> =>
        (await collector.get<{ devices: { online: boolean }[] }>('/api/v1/devices')).devices.map(
          (one) => one.online,
        )
      const all = Array.from({ length: deviceCount }, () => true)
      await eventually('all are online', async () => String(await online()) === String(all))
      fleet.send('SIGKILL')
      await eventually('none is online', async () => !(await online()).includes(true))
      expect(await online()).toHaveLength(deviceCount)
      await collector.stop()
    })
  },
)

describe.skipIf(!needsMosquitto.isMet || !needsKafka.isMet)(
  `agents, a real Mosquitto, a real Kafka and two collectors ${needsMosquitto.title} ${needsKafka.title}`,
  () => {
    test('nothing is lost, and nothing comes twice, when one of two bridges that share the devices dies', {
      timeout: 300_000,
    }, async () => {
      const broker = await openMosquitto({ settings: [...mosquittoSettings, 'sys_interval 1'] })
      const kafka = await startKafka({ folder: temporaryFolder() })
      onTestFinished(() => kafka.stop())
      const folder = temporaryFolder()
      const open = (name: string) =>
        createCollector({
          folder,
          outsideBroker: broker.url,
          env: { BAROGRAPH_MQTT_NAME: name, BAROGRAPH_MQTT_SHARE: 'all', BAROGRAPH_LOG_URL: kafka.url },
        })
      const [one, two] = await Promise.all([open('one'), open('two')])
      await one.start()
      await two.start()
      const fleet = startFleet(broker.url, 25)
      await untilStored(one, 40)
      // It hangs, with what the broker gives it, and dies of it.
      two.process().send('SIGSTOP')
      await sleep(3_000)
      await two.kill()
      const before = await storedSoFar(one)
      await untilStored(one, before + 40)
      await two.start()
      await untilStored(two, before + 80)
      await expectAllStoredOnce(fleet, one)
      await two.stop()
      await one.stop()
    })
  },
)
