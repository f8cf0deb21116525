import {
  decodeReceipt,
  downTopic,
  emptySet,
  encodeBatch,
  hasAll,
  limits,
  makeBatch,
  type RangeSet,
  sizeOf,
  union,
  upTopic,
} from '@barograph/proto'
import mqtt, { type MqttClient } from 'mqtt'
import { seeded } from '../harness/random.ts'
import { eventually } from '../harness/wait.ts'
import { createWalk } from './walk.ts'

export interface Sending {
  readonly broker: string
  readonly streams: number
  readonly perStream: number
  readonly perBatch: number
}

const epoch = '00000000000000aa'
/** Of one device: batches sent and not yet acknowledged by the broker, and batches not yet said to be logged. */
const unacknowledged = 8
const unlogged = 32
const limitMs = 600_000

const deviceOf = (s: number): string => `dev-${s}`

/** Sends `perStream` readings of each stream, and returns the seconds until each of them is receipted as stored. */
export async function sendAll({ broker, streams, perStream, perBatch }: Sending): Promise<number> {
  const all = payloadsOf({ streams, perStream, perBatch })
  const senders = await Promise.all(all.map((payloads, s) => createSender(broker, deviceOf(s), payloads)))
  await Promise.all(senders.map((sender) => sender.sendSite()))
  const started = performance.now()
  await Promise.all(senders.map((sender) => sender.send(perBatch)))
  await eventually(
    'everything is receipted as stored',
    () => senders.every((sender) => hasAll(sender.stored(), 1, perStream)),
    limitMs,
  )
  const seconds = (performance.now() - started) / 1000
  await Promise.all(senders.map((sender) => sender.close()))
  return seconds
}

/** What each stream sends, ready before the clock starts. */
export function payloadsOf({ streams, perStream, perBatch }: Omit<Sending, 'broker'>): Buffer[][] {
  const random = seeded(7)
  return Array.from({ length: streams }, (_, s) => {
    const walk = createWalk({ device: deviceOf(s), random, epoch })
    return Array.from({ length: perStream / perBatch }, () => Buffer.from(encodeBatch(walk(perBatch))))
  })
}

async function createSender(broker: string, device: string, payloads: readonly Buffer[]) {
  const client = await connect(broker, device)
  let stored: RangeSet = emptySet
  let logged: RangeSet = emptySet
  let wake = (): void => {}
  client.on('message', (_, bytes) => {
    for (const stream of decodeReceipt(bytes).streams) {
      stored = union(stored, stream.stored)
      logged = union(union(logged, stream.logged), stream.stored)
    }
    wake()
  })
  const site = {
    version: 1,
    name: 'Bench',
    latitude: 0,
    longitude: 0,
    altitudeM: 0,
    timeZone: 'UTC',
    validFrom: limits.earliestTimeMs,
  }
  const publish = (bytes: Uint8Array) => client.publishAsync(upTopic(device), Buffer.from(bytes), { qos: 1 })
  return {
    stored: () => stored,
    sendSite: () => publish(encodeBatch(makeBatch(device, { site }))),
    /** Bounded as an agent's credit bounds it: a broker acknowledges what is not in the log yet. */
    async send(perBatch: number): Promise<void> {
      for (let i = 0; i < payloads.length; i += unacknowledged) {
        while (i - sizeOf(logged) / perBatch > unlogged)
          await new Promise<void>((resolve) => {
            wake = resolve
          })
        await Promise.all(payloads.slice(i, i + unacknowledged).map(publish))
      }
    },
    close: () => client.endAsync(),
  }
}

async function connect(broker: string, device: string): Promise<MqttClient> {
  const client = await mqtt.connectAsync(broker, {
    protocolVersion: 4,
    clientId: `barograph-${device}`,
    reconnectPeriod: 0,
  })
  await client.subscribeAsync(downTopic(device))
  return client
}
