import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { statusTopic, upTopic } from '@barograph/proto'
import mqtt, { type MqttClient } from 'mqtt'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import type { Accept } from '../../collector/core/ingest.ts'
import { hashForMosquitto } from '../../collector/devices/token.ts'
import { connectDevice, testIngestContract } from '../../collector/ingest/ingest-contract.ts'
import { createMqttClient, mqttClientLimits } from '../../collector/ingest/mqtt-client.ts'
import { mosquittoSettings } from '../../scripts/services/mosquitto.ts'
import { temporaryFolder } from '../harness/folder.ts'
import { needsMosquitto } from '../needs.ts'
import { openBridge, openMosquitto, untilConnected, waitOptions } from './bridge.ts'

const publish = async (device: MqttClient, count: number): Promise<void> => {
  for (let i = 0; i < count; i++) await device.publishAsync(upTopic('balcony'), Buffer.from([i]), { qos: 1 })
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i)

/** Nothing comes behind it. */
const endMark = 255

async function markEnd(url: string): Promise<void> {
  const device = await connectDevice(url, 'the-end')
  await device.publishAsync(upTopic('balcony'), Buffer.from([endMark]), { qos: 1 })
}

const never: Accept = () => new Promise(() => undefined)

describe.skipIf(!needsMosquitto.isMet)(`through a real Mosquitto ${needsMosquitto.title}`, () => {
  testIngestContract('a bridge', {
    async open(accept) {
      const { url } = await openMosquitto()
      const { ingest } = await openBridge(url, { accept })
      return { ingest, url }
    },
  })

  testIngestContract('a bridge of a group', {
    async open(accept) {
      const { url } = await openMosquitto()
      const { ingest } = await openBridge(url, { accept, share: 'all' })
      return { ingest, url }
    },
  })

  test('what is not durable when the bridge dies comes again', async () => {
    const { url } = await openMosquitto()
    const first = await openBridge(url, { accept: never })
    await publish(await connectDevice(url, 'balcony'), 10)
    await vi.waitFor(() => expect(first.taken).toEqual(numbers(10)), waitOptions)
    await first.ingest.close()
    const second = await openBridge(url)
    await vi.waitFor(() => expect(second.taken).toEqual(numbers(10)), waitOptions)
  })

  test('what came while the bridge was away is there when it is back, the statuses too', async () => {
    const { url } = await openMosquitto()
    await (await openBridge(url)).ingest.close()
    const device = await connectDevice(url, 'balcony')
    await publish(device, 5)
    await device.publishAsync(statusTopic('balcony'), Buffer.from([99]), { qos: 1, retain: true })
    const { taken } = await openBridge(url)
    // Once from its queue, once as the retained one.
    await vi.waitFor(() => expect(taken).toEqual([...numbers(5), 99, 99]), waitOptions)
  })

  describe('a broker that dies by kill -9 while the bridge is away', () => {
    test.each([
      [
        'as it comes loses what it had acknowledged and not yet passed on',
        ['allow_anonymous true', 'persistence true'],
        [],
      ],
      ['with our settings has all of it', mosquittoSettings, numbers(50)],
    ])('%s', async (_, settings, kept) => {
      const broker = await openMosquitto({ settings })
      await (await openBridge(broker.url)).ingest.close()
      await publish(await connectDevice(broker.url, 'balcony'), 50)
      // By our settings it writes each second.
      await new Promise((done) => setTimeout(done, 2_500))
      await broker.kill()
      await broker.restart()
      const { taken } = await openBridge(broker.url)
      await markEnd(broker.url)
      await vi.waitFor(() => expect(taken).toEqual([...kept, endMark]), waitOptions)
    })
  })

  test('a broker as it comes drops silently what is more than 1,000 messages behind', async () => {
    const { url } = await openMosquitto({ settings: ['allow_anonymous true'] })
    await (await openBridge(url)).ingest.close()
    const device = await connectDevice(url, 'balcony')
    const send = () => device.publishAsync(upTopic('balcony'), Buffer.from([1]), { qos: 1 })
    // Each of them is acknowledged: nobody is told of those that are dropped.
    await Promise.all(numbers(1_500).map(send))
    const { taken } = await openBridge(url)
    await markEnd(url)
    await vi.waitFor(() => expect(taken.at(-1)).toBe(endMark), waitOptions)
    expect(taken).toHaveLength(1_000 + 1)
  })

  test('a broker that lost its sessions is subscribed to again', async () => {
    const broker = await openMosquitto({ settings: ['allow_anonymous true'] })
    const { ingest, taken } = await openBridge(broker.url)
    await broker.kill()
    await vi.waitFor(() => expect(ingest.trouble()).not.toBeNull(), waitOptions)
    await broker.restart()
    await untilConnected(ingest)
    await publish(await connectDevice(broker.url, 'balcony'), 3)
    await vi.waitFor(() => expect(taken).toEqual(numbers(3)), waitOptions)
  })

  test('a session that the broker kept without its subscriptions gets them', async () => {
    const { url } = await openMosquitto()
    // As after a crash between the two: the session is known, and subscribed to nothing.
    const session = await mqtt.connectAsync(url, { clientId: 'barograph-test', clean: false })
    await session.endAsync()
    const { taken } = await openBridge(url)
    await publish(await connectDevice(url, 'balcony'), 3)
    await vi.waitFor(() => expect(taken).toEqual(numbers(3)), waitOptions)
  })

  test('holds a bounded number of messages, and the rest waits in the broker', async () => {
    const { url } = await openMosquitto({
      settings: ['allow_anonymous true', 'max_inflight_messages 0', 'max_queued_messages 0'],
    })
    const waiting: (() => void)[] = []
    let isHolding = true
    const { taken } = await openBridge(url, {
      accept: () =>
        isHolding ? new Promise((resolve) => waiting.push(() => resolve('taken'))) : Promise.resolve('taken'),
    })
    const device = await connectDevice(url, 'balcony')
    const count = mqttClientLimits.unacknowledged + 500
    await Promise.all(
      numbers(count).map(() => device.publishAsync(upTopic('balcony'), Buffer.from([7]), { qos: 1 })),
    )
    await vi.waitFor(() => expect(taken).toHaveLength(mqttClientLimits.unacknowledged), waitOptions)
    await new Promise((done) => setTimeout(done, 300))
    expect(taken).toHaveLength(mqttClientLimits.unacknowledged)
    isHolding = false
    for (const finish of waiting) finish()
    await vi.waitFor(() => expect(taken).toHaveLength(count), waitOptions)
  })

  test('one that does not know our password is said in words, and let in as soon as it does', async () => {
    const folder = temporaryFolder()
    const passwords = join(folder, 'passwords')
    writeFileSync(passwords, '')
    const broker = await openMosquitto({
      folder,
      settings: ['allow_anonymous false', `password_file ${passwords}`],
    })
    const url = broker.url.replace('//', '//collector:swordfish@')
    const ingest = createMqttClient({
      url,
      clientId: 'barograph-test',
      accept: async () => 'taken',
      report: () => undefined,
    })
    onTestFinished(() => ingest.close())
    await vi.waitFor(
      () => expect(ingest.trouble()).toMatch(/Connection refused: Not authorized/),
      waitOptions,
    )
    expect(ingest.trouble()).not.toContain('swordfish')
    writeFileSync(passwords, `collector:${hashForMosquitto('swordfish')}\n`)
    process.kill(broker.pid ?? 0, 'SIGHUP')
    await untilConnected(ingest)
  })

  describe('several bridges in a group', () => {
    async function openGroup(size: number, accept?: Accept) {
      const { url } = await openMosquitto()
      const open = (clientId: string) =>
        openBridge(url, { clientId, share: 'all', ...(accept ? { accept } : {}) })
      const bridges = await Promise.all(numbers(size).map((i) => open(`barograph-${i}`)))
      return { url, bridges, device: await connectDevice(url, 'balcony') }
    }

    test('share the messages: each goes to one of them, and all of them work', async () => {
      const { bridges, device } = await openGroup(3)
      await publish(device, 60)
      const all = () => bridges.flatMap(({ taken }) => taken)
      await vi.waitFor(() => expect(all()).toHaveLength(60), waitOptions)
      expect(all().toSorted((a, b) => a - b)).toEqual(numbers(60))
      for (const { taken } of bridges) expect(taken.length).toBeGreaterThan(0)
    })

    test('all hear every status, and a new one what was said before it came', async () => {
      const { url, bridges, device } = await openGroup(2)
      await device.publishAsync(statusTopic('balcony'), Buffer.from([9]), { qos: 1, retain: true })
      for (const { taken } of bridges) await vi.waitFor(() => expect(taken).toEqual([9]), waitOptions)
      const late = await openBridge(url, { clientId: 'barograph-late', share: 'all' })
      await vi.waitFor(() => expect(late.taken).toEqual([9]), waitOptions)
    })

    test('one that closes leaves nothing behind', async () => {
      const { bridges, device } = await openGroup(2, async () => {
        await new Promise((done) => setTimeout(done, 20))
        return 'taken'
      })
      const [leaving] = bridges
      const sending = publish(device, 120)
      await vi.waitFor(() => expect(leaving?.taken.length).toBeGreaterThan(10), waitOptions)
      await leaving?.ingest.close()
      await sending
      const all = () => bridges.flatMap(({ taken }) => taken)
      await vi.waitFor(() => expect(all().toSorted((a, b) => a - b)).toEqual(numbers(120)), waitOptions)
      expect(bridges[1]?.taken.length).toBeGreaterThan(60)
    })

    test('one that dies takes with it what it had not acknowledged', async () => {
      const { url } = await openMosquitto()
      const dying = await connectDevice(url, 'dying')
      let held = 0
      dying.handleMessage = () => held++
      await dying.subscribeAsync(`$share/all/${upTopic('+')}`, { qos: 1 })
      const { taken } = await openBridge(url, { share: 'all' })
      await publish(await connectDevice(url, 'balcony'), 200)
      await vi.waitFor(() => expect(taken).toHaveLength(100), waitOptions)
      expect(held).toBe(1)
      dying.stream.destroy()
      await markEnd(url)
      await vi.waitFor(() => expect(taken.at(-1)).toBe(endMark), waitOptions)
      expect(taken).toHaveLength(100 + 1)
    })

    test('one that is gone takes no share with it', async () => {
      const { bridges, device } = await openGroup(2)
      await bridges[0]?.ingest.close()
      await publish(device, 20)
      await vi.waitFor(() => expect(bridges[1]?.taken).toEqual(numbers(20)), waitOptions)
    })
  })
})
