import { createServer } from 'node:net'
import { upTopic } from '@barograph/proto'
import { Aedes } from 'aedes'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { Accept } from '../core/ingest.ts'
import { connectDevice, testIngestContract } from './ingest-contract.ts'
import { createMqttClient, mqttClientLimits } from './mqtt-client.ts'

const waitOptions = { timeout: 5_000, interval: 5 }

/** An outside broker: a plain one that knows nothing of us. */
async function openOutsideBroker(port = 0) {
  const aedes = await Aedes.createBroker()
  const server = createServer(aedes.handle)
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const address = server.address()
  const bound = typeof address === 'object' && address !== null ? address.port : 0
  const close = async (): Promise<void> => {
    await new Promise<void>((resolve) => aedes.close(() => resolve()))
    await new Promise<void>((resolve) => server.close(() => resolve()))
  }
  return { aedes, port: bound, url: `mqtt://127.0.0.1:${bound}`, close }
}

async function openBridge(url: string, accept: Accept, clientId = 'barograph-test') {
  const reports: (string | null)[] = []
  const ingest = createMqttClient({ url, clientId, accept, report: (trouble) => reports.push(trouble) })
  onTestFinished(() => ingest.close())
  await vi.waitFor(() => expect(ingest.trouble()).toBeNull(), waitOptions)
  return { ingest, reports }
}

testIngestContract('a bridge through an outside broker', {
  async open(accept) {
    const { url, close } = await openOutsideBroker()
    onTestFinished(close)
    const { ingest } = await openBridge(url, accept)
    return { ingest, url }
  },
})

test('what is not durable is not acknowledged to the broker, and comes again over the next connection', async () => {
  const broker = await openOutsideBroker()
  onTestFinished(broker.close)
  const first: number[] = []
  const { ingest } = await openBridge(broker.url, ({ payload }) => {
    first.push(payload[0] ?? -1)
    return new Promise(() => undefined)
  })
  const device = await connectDevice(broker.url, 'balcony')
  for (let i = 0; i < 10; i++) await device.publishAsync(upTopic('balcony'), Buffer.from([i]), { qos: 1 })
  await vi.waitFor(() => expect(first).toHaveLength(10), waitOptions)
  await ingest.close()

  const second = new Set<number>()
  await openBridge(broker.url, async ({ payload }) => {
    second.add(payload[0] ?? -1)
    return 'taken'
  })
  await vi.waitFor(() => expect(second.size).toBe(10), waitOptions)
})

test('what came while the bridge was away is there when it is back', async () => {
  const broker = await openOutsideBroker()
  onTestFinished(broker.close)
  const { ingest } = await openBridge(broker.url, async () => 'taken')
  await ingest.close()
  const device = await connectDevice(broker.url, 'balcony')
  for (let i = 0; i < 5; i++) await device.publishAsync(upTopic('balcony'), Buffer.from([i]), { qos: 1 })
  const taken: number[] = []
  await openBridge(broker.url, async ({ payload }) => {
    taken.push(payload[0] ?? -1)
    return 'taken'
  })
  await vi.waitFor(() => expect(taken).toEqual([0, 1, 2, 3, 4]), waitOptions)
})

test('takes a bounded number of messages that are not durable yet, and goes on when they are', async () => {
  const broker = await openOutsideBroker()
  onTestFinished(broker.close)
  const waiting: (() => void)[] = []
  let isHolding = true
  let taken = 0
  await openBridge(broker.url, () => {
    taken++
    return isHolding
      ? new Promise((resolve) => waiting.push(() => resolve('taken')))
      : Promise.resolve('taken' as const)
  })
  const device = await connectDevice(broker.url, 'balcony')
  const count = mqttClientLimits.unacknowledged + 200
  await Promise.all(
    Array.from({ length: count }, () =>
      device.publishAsync(upTopic('balcony'), Buffer.from([1]), { qos: 0 }),
    ),
  )
  await vi.waitFor(() => expect(taken).toBe(mqttClientLimits.unacknowledged), waitOptions)
  await device.publishAsync(upTopic('balcony'), Buffer.from([1]), { qos: 1 })
  expect(taken).toBe(mqttClientLimits.unacknowledged)
  isHolding = false
  for (const finish of waiting.splice(0)) finish()
  await vi.waitFor(() => expect(taken).toBe(count + 1), waitOptions)
})

test('a broker that is away is said once, and that it is there again', async () => {
  const broker = await openOutsideBroker()
  const { ingest, reports } = await openBridge(broker.url, async () => 'taken')
  expect(reports).toEqual([null])
  await broker.close()
  await vi.waitFor(() => expect(ingest.trouble()).toMatch(/no connection/), waitOptions)
  const again = await openOutsideBroker(broker.port)
  onTestFinished(again.close)
  await vi.waitFor(() => expect(ingest.trouble()).toBeNull(), waitOptions)
  expect(reports).toHaveLength(3)
  expect(reports[2]).toBeNull()
})

test('the password of a broker is never shown', () => {
  const ingest = createMqttClient({
    url: 'mqtt://me:swordfish@127.0.0.1:1',
    clientId: 'x',
    accept: async () => 'taken',
    report: () => undefined,
  })
  onTestFinished(() => ingest.close())
  expect(`${ingest.url} ${ingest.trouble()}`).not.toContain('swordfish')
})
