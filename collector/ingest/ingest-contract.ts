import { downTopic, statusTopic, upTopic } from '@barograph/proto'
import mqtt, { type MqttClient } from 'mqtt'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import type { Accept, Incoming, Ingest, Outcome } from '../core/ingest.ts'

/** An ingest to test, and the address that devices connect to. */
export interface IngestUnderTest {
  readonly ingest: Ingest
  readonly url: string
}

export interface IngestContractOptions {
  /** Opens one; what it opened beside is closed when the test ends. Resolves when devices may connect. */
  readonly open: (accept: Accept) => Promise<IngestUnderTest>
}

// A limit for what hangs: brokers of other programs run on machines that are busy.
const waitOptions = { timeout: 20_000, interval: 5 }

/** A device as a stranger would write it. */
export async function connectDevice(url: string, clientId: string): Promise<MqttClient> {
  const client = await mqtt.connectAsync(url, { clientId, protocolVersion: 4, reconnectPeriod: 0 })
  onTestFinished(() => client.endAsync(true))
  return client
}

/** Keeps what is accepted; the test decides when each is done. */
function createTaker() {
  const taken: Incoming[] = []
  const waiting: ((outcome: Outcome) => void)[] = []
  const state = { isHolding: false }
  const accept: Accept = (message) => {
    taken.push(message)
    return state.isHolding
      ? new Promise<Outcome>((resolve) => waiting.push(resolve))
      : Promise.resolve<Outcome>('taken')
  }
  return {
    accept,
    taken,
    state,
    waiting,
    release(outcome: Outcome = 'taken') {
      state.isHolding = false
      for (const resolve of waiting.splice(0)) resolve(outcome)
    },
  }
}

const bytes = (...numbers: number[]): Buffer => Buffer.from(numbers)

/** What every way in must keep. */
export function testIngestContract(name: string, { open }: IngestContractOptions): void {
  describe(`${name} keeps the contract of a way in: it`, () => {
    test('gives on what devices publish, as it is and in order', async () => {
      const taker = createTaker()
      const { url } = await open(taker.accept)
      const device = await connectDevice(url, 'balcony')
      const count = 200
      const sent = Array.from({ length: count }, (_, i) =>
        device.publishAsync(upTopic('balcony'), bytes(i, 255), { qos: 1 }),
      )
      await Promise.all(sent)
      await vi.waitFor(() => expect(taker.taken).toHaveLength(count), waitOptions)
      expect(taker.taken.map(({ payload }) => payload[0])).toEqual(Array.from({ length: count }, (_, i) => i))
      expect(taker.taken[0]).toEqual({
        topic: upTopic('balcony'),
        payload: new Uint8Array([0, 255]),
        identity: null,
      })
    })

    test('gives on the status, and its last will when a device is gone', async () => {
      const taker = createTaker()
      const { url } = await open(taker.accept)
      const device = await mqtt.connectAsync(url, {
        clientId: 'balcony',
        protocolVersion: 4,
        reconnectPeriod: 0,
        will: { topic: statusTopic('balcony'), payload: bytes(2), qos: 1, retain: true },
      })
      await device.publishAsync(statusTopic('balcony'), bytes(1), { qos: 1, retain: true })
      device.stream.destroy()
      await vi.waitFor(
        () => expect(taker.taken.map(({ payload }) => payload[0])).toEqual([1, 2]),
        waitOptions,
      )
    })

    test('sends receipts to their device and to no other', async () => {
      const taker = createTaker()
      const { url, ingest } = await open(taker.accept)
      const [balcony, cellar] = await Promise.all([
        connectDevice(url, 'balcony'),
        connectDevice(url, 'cellar'),
      ])
      const heard: string[] = []
      for (const [id, client] of [
        ['balcony', balcony],
        ['cellar', cellar],
      ] as const) {
        client.on('message', (topic, payload) => heard.push(`${id} ${topic} ${payload[0]}`))
        await client.subscribeAsync(downTopic(id), { qos: 1 })
      }
      ingest.publish(downTopic('balcony'), new Uint8Array([5]))
      ingest.publish(downTopic('cellar'), new Uint8Array([6]))
      await vi.waitFor(() => expect(heard).toHaveLength(2), waitOptions)
      expect(heard.sort()).toEqual([`balcony ${downTopic('balcony')} 5`, `cellar ${downTopic('cellar')} 6`])
    })

    test('takes what has been refused as done: it does not come again', async () => {
      const taker = createTaker()
      taker.state.isHolding = true
      const { url } = await open(taker.accept)
      const device = await connectDevice(url, 'balcony')
      await device.publishAsync(statusTopic('balcony'), bytes(1), { qos: 0 })
      await vi.waitFor(() => expect(taker.taken).toHaveLength(1), waitOptions)
      taker.release('refused')
      await device.publishAsync(upTopic('balcony'), bytes(2), { qos: 1 })
      await vi.waitFor(
        () => expect(taker.taken.map(({ payload }) => payload[0])).toEqual([1, 2]),
        waitOptions,
      )
    })

    test('takes many at once while none of them is durable yet', async () => {
      const taker = createTaker()
      taker.state.isHolding = true
      const { url } = await open(taker.accept)
      const device = await connectDevice(url, 'balcony')
      const count = 15
      for (let i = 0; i < count; i++) device.publish(upTopic('balcony'), bytes(i), { qos: 1 })
      await vi.waitFor(() => expect(taker.taken).toHaveLength(count), waitOptions)
      taker.release()
    })

    test('takes nothing more once it is closed', async () => {
      const taker = createTaker()
      const { url, ingest } = await open(taker.accept)
      const device = await connectDevice(url, 'balcony')
      const isGone = new Promise<void>((resolve) => device.once('close', () => resolve()))
      await ingest.close()
      const sent = device.publishAsync(upTopic('balcony'), bytes(1), { qos: 1 }).catch(() => undefined)
      await Promise.race([sent, isGone])
      expect(taker.taken).toEqual([])
    })
  })
}
