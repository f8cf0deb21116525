import { connect, createServer, type Socket } from 'node:net'
import { downTopic, limits, statusTopic, upTopic } from '@barograph/proto'
import mqtt from 'mqtt'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import type { Accept, Outcome, Refuse } from '../core/ingest.ts'
import { createBroker } from './broker.ts'
import { connectDevice, testIngestContract } from './ingest-contract.ts'
import { brokerLimits } from './limits.ts'

const listen = { host: '127.0.0.1', port: 0 }
const waitOptions = { timeout: 5_000, interval: 5 }

async function openBroker({
  accept = async () => 'taken',
  refuse = () => undefined,
  isFull = () => false,
}: {
  accept?: Accept
  refuse?: Refuse
  isFull?: () => boolean
} = {}) {
  const ingest = await createBroker({ listen, accept, refuse, isFull })
  onTestFinished(() => ingest.close())
  return ingest
}

testIngestContract('the embedded broker', {
  async open(accept) {
    const ingest = await openBroker({ accept })
    return { ingest, url: ingest.url }
  },
})

/** Raw bytes from somebody who does not speak MQTT. */
async function openSocket(url: string): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  onTestFinished(() => void socket.destroy())
  socket.on('error', () => undefined)
  await new Promise<void>((resolve) => socket.once('connect', resolve))
  return socket
}

describe('a message of QoS 1', () => {
  test('is acknowledged after it is durable and not before', async () => {
    let finish: (outcome: Outcome) => void = () => undefined
    const { url } = await openBroker({
      accept: () => new Promise((resolve) => (finish = resolve)),
    })
    const device = await connectDevice(url, 'balcony')
    let isAcknowledged = false
    const sent = device.publishAsync(upTopic('balcony'), Buffer.from([1]), { qos: 1 }).then(() => {
      isAcknowledged = true
    })
    // Another one's answered messages prove that the broker had the time to acknowledge this one.
    const other = await connectDevice(url, 'cellar')
    for (let i = 0; i < 5; i++) await other.subscribeAsync(downTopic('cellar'))
    expect(isAcknowledged).toBe(false)
    finish('taken')
    await sent
    expect(isAcknowledged).toBe(true)
  })

  test('that was refused is acknowledged, but nobody hears it and nothing is retained', async () => {
    const { url } = await openBroker({
      accept: async ({ payload }) => (payload[0] === 1 ? 'refused' : 'taken'),
    })
    const reader = await connectDevice(url, 'reader')
    const heard: number[] = []
    reader.on('message', (_, payload) => heard.push(payload[0] ?? -1))
    await reader.subscribeAsync('barograph/v1/+/status')
    const device = await connectDevice(url, 'balcony')
    await device.publishAsync(statusTopic('balcony'), Buffer.from([1]), { qos: 1, retain: true })
    await device.publishAsync(statusTopic('balcony'), Buffer.from([2]), { qos: 1 })
    await vi.waitFor(() => expect(heard).toEqual([2]), waitOptions)
    const late = await connectDevice(url, 'late')
    late.on('message', () => heard.push(99))
    await late.subscribeAsync('barograph/v1/+/status')
    await late.publishAsync(upTopic('late'), Buffer.from([2]), { qos: 1 })
    expect(heard).toEqual([2])
  })
})

test('a retained status is there for who comes later', async () => {
  const { url } = await openBroker()
  const device = await connectDevice(url, 'balcony')
  await device.publishAsync(statusTopic('balcony'), Buffer.from([7]), { qos: 1, retain: true })
  const reader = await connectDevice(url, 'reader')
  const heard: string[] = []
  reader.on('message', (topic, payload) => heard.push(`${topic} ${payload[0]}`))
  await reader.subscribeAsync('barograph/v1/+/status')
  await vi.waitFor(() => expect(heard).toEqual([`${statusTopic('balcony')} 7`]), waitOptions)
})

describe('a subscription', () => {
  test.each([
    '#',
    'barograph/#',
    'barograph/v1/+/up',
    'barograph/v1/+/down',
    'barograph/v1/balcony/up',
    '+/+/balcony/down',
    '$share/group/barograph/v1/balcony/down',
    '$SYS/#',
  ])('to %s is refused, and the connection lives on', async (topic) => {
    const { url } = await openBroker()
    const device = await connectDevice(url, 'balcony')
    await expect(device.subscribeAsync(topic)).rejects.toThrow(/subscribe/i)
    await device.publishAsync(upTopic('balcony'), Buffer.from([1]), { qos: 1 })
    expect(device.connected).toBe(true)
  })
})

describe('a stranger', () => {
  test('with bytes that are no MQTT loses his connection and nobody else does', async () => {
    const { url } = await openBroker()
    const device = await connectDevice(url, 'balcony')
    for (const noise of [
      Buffer.alloc(64, 0xff),
      Buffer.from('GET / HTTP/1.1\r\n\r\n'),
      Buffer.from([0x00, 0x00]),
    ]) {
      const socket = await openSocket(url)
      const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
      socket.resume()
      socket.write(noise)
      await closed
    }
    await device.publishAsync(upTopic('balcony'), Buffer.from([1]), { qos: 1 })
    expect(device.connected).toBe(true)
  })

  test('with a packet beyond the limit is noted and cut off before it is collected', async () => {
    const refused: unknown[] = []
    const taken: string[] = []
    const { url } = await openBroker({
      refuse: (refusal) => refused.push(refusal),
      accept: async ({ topic }) => {
        taken.push(topic)
        return 'taken'
      },
    })
    const device = await connectDevice(url, 'balcony')
    const closed = new Promise<void>((resolve) => device.once('close', () => resolve()))
    device.publish(
      upTopic('balcony'),
      Buffer.alloc(brokerLimits.packetBytes + 1),
      { qos: 1 },
      () => undefined,
    )
    await closed
    expect(refused).toMatchObject([{ topic: upTopic('balcony'), code: 'too-large' }])
    expect(taken).toEqual([])
  })

  test('with a payload of the largest size allowed is heard', async () => {
    const sizes: number[] = []
    const { url } = await openBroker({
      accept: async ({ payload }) => {
        sizes.push(payload.byteLength)
        return 'taken'
      },
    })
    const device = await connectDevice(url, 'balcony')
    await device.publishAsync(upTopic('balcony'), Buffer.alloc(limits.batchBytes), { qos: 1 })
    expect(sizes).toEqual([limits.batchBytes])
  })

  test('is told to come back later while nobody more can be served', async () => {
    const { url } = await openBroker({ isFull: () => true })
    await expect(
      mqtt.connectAsync(url, { clientId: 'balcony', protocolVersion: 4, reconnectPeriod: 0 }),
    ).rejects.toThrow(/unavailable/i)
  })
})

test('closing publishes no last will: the devices are not gone, the broker is', async () => {
  const taken: string[] = []
  const ingest = await createBroker({
    listen,
    accept: async ({ topic }) => {
      taken.push(topic)
      return 'taken'
    },
    refuse: () => undefined,
    isFull: () => false,
  })
  const device = await mqtt.connectAsync(ingest.url, {
    clientId: 'balcony',
    protocolVersion: 4,
    reconnectPeriod: 0,
    will: { topic: statusTopic('balcony'), payload: Buffer.from([0]), qos: 1, retain: true },
  })
  const closed = new Promise<void>((resolve) => device.once('close', () => resolve()))
  await ingest.close()
  await closed
  expect(taken).toEqual([])
})

test('a port that is taken is a clear failure', async () => {
  const server = createServer()
  onTestFinished(() => void server.close())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  await expect(
    createBroker({
      listen: { host: '127.0.0.1', port },
      accept: async () => 'taken',
      refuse: () => undefined,
      isFull: () => false,
    }),
  ).rejects.toMatchObject({ code: 'port-in-use', hint: expect.stringContaining('broker.listen') as string })
})
