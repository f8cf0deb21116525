import {
  type Batch,
  decodeReceipt,
  downTopic,
  emptySet,
  encodeBatch,
  hasAll,
  type RangeSet,
  type Receipt,
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
  close(): Promise<void>
}

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

  return {
    send: (batch) => sendBytes(upTopic(device), encodeBatch(batch)),
    sendBytes,
    receipts,
    stored,
    untilStored: async (sensor, epoch, lastSeq, limitMs) => {
      await eventually(
        `${device}/${sensor} is stored up to ${lastSeq}`,
        () => hasAll(stored(sensor, epoch), 1, lastSeq),
        limitMs,
      )
    },
    close: async () => {
      await client.endAsync()
    },
  }
}
