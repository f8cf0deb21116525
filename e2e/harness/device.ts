import {
  type Batch,
  decodeReceipt,
  downTopic,
  emptySet,
  encodeBatch,
  hasAll,
  makeBatch,
  type RangeSet,
  type Receipt,
  type Site,
  union,
  upTopic,
} from '@barograph/proto'
import mqtt from 'mqtt'
import { onTestFinished } from 'vitest'
import { eventually } from './wait.ts'

/** A device that a test plays by hand: it sends what it is told and remembers its receipts. */
export interface TestDevice {
  /** Resolves at the broker's acknowledgement. */
  send(batch: Batch): Promise<void>
  sendBytes(topic: string, payload: Uint8Array): Promise<void>
  readonly receipts: readonly Receipt[]
  stored(sensor: string, epoch: string): RangeSet
  untilStored(sensor: string, epoch: string, lastSeq: number, limitMs?: number): Promise<void>
  /** Sends it and waits until a receipt says so, as an agent does before any reading: windows need its time zone. */
  sendSite(site: Site, limitMs?: number): Promise<void>
  close(): Promise<void>
}

/** A receipt is sent once: an agent that misses one asks again. */
const askAgainMs = 10_000

export async function connectDevice(broker: string, device: string): Promise<TestDevice> {
  const client = await mqtt.connectAsync(broker, {
    protocolVersion: 4,
    clientId: `barograph-${device}`,
    reconnectPeriod: 0,
  })
  onTestFinished(() => void client.end(true))
  const receipts: Receipt[] = []
  client.on('message', (_, payload) => receipts.push(decodeReceipt(payload)))
  await client.subscribeAsync(downTopic(device))

  const stored = (sensor: string, epoch: string): RangeSet =>
    receipts
      .flatMap(({ streams }) => streams)
      .filter((stream) => stream.sensor === sensor && stream.epoch === epoch)
      .reduce<RangeSet>((set, stream) => union(set, stream.stored), emptySet)

  const sendBytes = async (topic: string, payload: Uint8Array): Promise<void> => {
    await client.publishAsync(topic, Buffer.from(payload), { qos: 1 })
  }

  const send = (batch: Batch): Promise<void> => sendBytes(upTopic(device), encodeBatch(batch))

  return {
    send,
    sendBytes,
    receipts,
    stored,
    untilStored: async (sensor, epoch, lastSeq, limitMs) => {
      let askedAtMs = performance.now()
      await eventually(
        `${device}/${sensor} is stored up to ${lastSeq}`,
        async () => {
          if (performance.now() - askedAtMs > askAgainMs) {
            await send(makeBatch(device, { hello: [{ sensor, epoch }] }))
            askedAtMs = performance.now()
          }
          return hasAll(stored(sensor, epoch), 1, lastSeq)
        },
        limitMs,
      )
    },
    sendSite: async (site, limitMs) => {
      await send(makeBatch(device, { site }))
      await eventually(
        `the site of ${device} is stored`,
        () => receipts.some(({ siteVersion }) => siteVersion >= site.version),
        limitMs,
      )
    },
    close: async () => {
      await client.endAsync()
    },
  }
}
