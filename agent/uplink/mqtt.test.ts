import { decodeStatus } from '@barograph/proto'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test, vi } from 'vitest'
import { testUplink, until } from '../core/uplink-contract.ts'
import { systemClock } from '../system-clock.ts'
import { createMqttUplink } from './mqtt.ts'
import { startTinyBroker } from './tiny-broker.ts'
import { tryBroker } from './try-broker.ts'

/** Waits as short as the jitter allows. */
const random = (): number => 0

testUplink('MQTT', async () => {
  const broker = await startTinyBroker()
  const of = (channel: string) => broker.publishes.filter(({ topic }) => topic.endsWith(channel))
  return {
    make: () =>
      createMqttUplink({ device: 'balcony', url: broker.url, token: null, clock: systemClock, random }),
    get batches() {
      return of('/up').map(({ payload }) => payload)
    },
    get statuses() {
      return of('/status').map(({ payload, isLastWill }) => ({ bytes: payload, isLastWill }))
    },
    acknowledge: broker.acknowledge,
    say: (bytes) => broker.publish('barograph/v1/balcony/down', bytes),
    cut: broker.cut,
    get connections() {
      return broker.connects.length
    },
    close: broker.close,
  }
})

test('a device connects as itself, with its token, a clean session and a last will that says offline', async () => {
  const broker = await startTinyBroker()
  const uplink = createMqttUplink({
    device: 'balcony',
    url: broker.url,
    token: 'secret',
    clock: systemClock,
    random,
  })
  uplink.start({ connected() {}, disconnected() {}, received() {} })
  await until(() => broker.connects.length === 1)
  const [connect] = broker.connects
  expect(connect).toMatchObject({
    clientId: 'barograph-balcony',
    protocolLevel: 4,
    isClean: true,
    keepaliveS: 15,
    username: 'balcony',
    password: 'secret',
    will: { topic: 'barograph/v1/balcony/status', qos: 1, retain: true },
  })
  expect(decodeStatus(connect?.will?.payload ?? new Uint8Array())).toMatchObject({
    online: false,
    sensors: [],
  })
  await uplink.close()
  await broker.close()
})

test('readings are sent with QoS 1, the status is retained, and nothing bears the mark of a repeat', async () => {
  const broker = await startTinyBroker()
  const uplink = createMqttUplink({
    device: 'balcony',
    url: broker.url,
    token: null,
    clock: systemClock,
    random,
  })
  await new Promise<void>((resolve) => uplink.start({ connected: resolve, disconnected() {}, received() {} }))
  await uplink.send(Uint8Array.of(1))
  await uplink.sendStatus(Uint8Array.of(2))
  expect(broker.publishes).toMatchObject([
    { topic: 'barograph/v1/balcony/up', qos: 1, retain: false, isDuplicate: false },
    { topic: 'barograph/v1/balcony/status', qos: 1, retain: true, isDuplicate: false },
  ])
  await uplink.close()
  await broker.close()
})

test('what stands in the way is said in words', async () => {
  const broker = await startTinyBroker({ connack: 5 })
  const { url } = broker
  await expect(tryBroker({ device: 'balcony', url, token: 'wrong' })).rejects.toMatchObject({
    code: 'unauthorised',
    hint: expect.stringContaining('uplink.token'),
  })
  broker.answerConnects(0)
  await tryBroker({ device: 'balcony', url, token: null })
  // Beside a running agent: under an id of its own, and nobody is told that the device is offline.
  expect(broker.connects.at(-1)).toMatchObject({ clientId: 'barograph-balcony.doctor', will: null })
  await broker.close()
  await expect(tryBroker({ device: 'balcony', url, token: null })).rejects.toMatchObject({
    code: 'refused',
    message: expect.stringContaining(new URL(url).host),
  })
  await expect(
    tryBroker({ device: 'balcony', url: 'mqtt://broker.invalid:1883', token: null }),
  ).rejects.toMatchObject({ code: 'name-not-found' })
})

test('messages of many lengths leave no memory behind', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const heldMb = (): number => {
    collect()
    return process.memoryUsage().arrayBuffers / 2 ** 20
  }
  const broker = await startTinyBroker()
  const uplink = createMqttUplink({
    device: 'balcony',
    url: broker.url,
    token: null,
    clock: systemClock,
    random,
  })
  let isUp = false
  uplink.start({ connected: () => (isUp = true), disconnected() {}, received() {} })
  await until(() => isUp)
  const before = heldMb()
  for (let length = 1; length <= 600; length++) {
    await uplink.send(new Uint8Array(length))
    // What a program does meanwhile: it cuts other small buffers from the same slabs.
    for (let i = 0; i < 100; i++) Buffer.allocUnsafe(1_000)
  }
  broker.publishes.length = 0
  // What nobody holds goes with one of the next collections.
  await vi.waitFor(() => expect(heldMb() - before).toBeLessThan(8), { timeout: 20_000, interval: 200 })
  await uplink.close()
  await broker.close()
})
