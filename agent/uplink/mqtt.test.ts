import { decodeStatus } from '@barograph/proto'
import { expect, test } from 'vitest'
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
  expect(broker.connects.at(-1)).toMatchObject({ clientId: 'barograph-balcony-doctor', will: null })
  await broker.close()
  await expect(tryBroker({ device: 'balcony', url, token: null })).rejects.toMatchObject({
    code: 'refused',
    message: expect.stringContaining(new URL(url).host),
  })
  await expect(
    tryBroker({ device: 'balcony', url: 'mqtt://broker.invalid:1883', token: null }),
  ).rejects.toMatchObject({ code: 'name-not-found' })
})
