import { CodedError, statusTopic, upTopic } from '@barograph/proto'
import mqtt, { type IPublishPacket, type MqttClient } from 'mqtt'
import type { Accept, Ingest } from '../core/ingest.ts'
import { keepPoolSmall } from './buffer-pool.ts'

/** Bounds of the connection to an outside broker. */
export const mqttClientLimits = {
  /** Messages taken and not yet acknowledged. More stay in the socket, and so in the broker. */
  unacknowledged: 1_000,
  shortestReconnectMs: 500,
  connectTimeoutMs: 10_000,
  keepaliveSeconds: 30,
} as const

export interface MqttClientOptions {
  readonly url: string
  /** Names the session that the broker keeps for us while we are away: fixed, and one for each collector. */
  readonly clientId: string
  /** Null: only publishes. */
  readonly accept: Accept | null
  /** For people: once when the connection is lost, once when it is there again. */
  readonly report: (trouble: string | null) => void
}

const subscriptions = [upTopic('+'), statusTopic('+')]

/**
 * Devices and receipts through an outside broker. Its session is kept while we are away, and a message is acknowledged
 * only after `accept` resolved, so that the broker sends it again after anything that goes wrong before. Connects, and
 * reconnects, by itself.
 */
export function createMqttClient({ url, clientId, accept, report }: MqttClientOptions): Ingest {
  keepPoolSmall()
  const client = connect(url, clientId, accept === null)
  let trouble: string | null = `not connected to ${hidePassword(url)} yet`
  let closing = false
  /** Counts connections: an acknowledgement belongs to the one its message came over. */
  let connection = 0
  let unacknowledged = 0
  let held: (() => void) | null = null

  function setTrouble(words: string | null): void {
    if (closing || words === trouble) return
    const isNews = (words === null) !== (trouble === null) || trouble?.startsWith('not connected') === true
    trouble = words
    if (isNews) report(words)
  }

  if (accept)
    client.handleMessage = (packet: IPublishPacket, next) => {
      const { messageId, qos } = packet
      const of = connection
      unacknowledged++
      const payload = new Uint8Array(
        typeof packet.payload === 'string' ? Buffer.from(packet.payload) : packet.payload,
      )
      accept({ topic: packet.topic, payload, identity: null }).then(
        () => {
          if (of === connection && client.connected && qos === 1 && messageId !== undefined)
            client['_sendPacket']({ cmd: 'puback', messageId })
          leave()
        },
        () => leave(),
      )
      // mqtt.js acknowledges when it is called back without an error, and takes the next message only after that. So it is
      // always called back with one, which it takes to mean "no acknowledgement"; ours is sent above.
      const goOn = (): void => next(withheld)
      if (unacknowledged < mqttClientLimits.unacknowledged) goOn()
      else held = goOn
    }

  function leave(): void {
    unacknowledged--
    const goOn = held
    held = null
    goOn?.()
  }

  client.on('connect', ({ sessionPresent }) => {
    // A broker that kept our session kept the subscriptions; asking again would bring every retained status again.
    if (sessionPresent || !accept) return setTrouble(null)
    client.subscribe(subscriptions, { qos: 1 }, (error, granted) => {
      const isRefused = error !== null || granted?.some(({ qos }) => qos === 128) === true
      setTrouble(
        isRefused ? `${hidePassword(url)} does not let us subscribe to ${subscriptions.join(', ')}` : null,
      )
    })
  })
  client.on('close', () => {
    connection++
    held = null
    setTrouble(`no connection to ${hidePassword(url)}`)
  })
  client.on('error', (error) => setTrouble(`${hidePassword(url)}: ${error.message}`))

  return {
    url: hidePassword(url),
    trouble: () => trouble,
    connections: () => (client.connected ? 1 : 0),
    publish(topic, payload) {
      // Without a connection a receipt would be old when it arrives: whoever needs it asks again.
      if (client.connected) client.publish(topic, Buffer.from(payload), { qos: 0 })
    },
    async close() {
      closing = true
      await client.endAsync(false)
    },
  }
}

const withheld = new Error('acknowledged when it is durable')

function connect(url: string, clientId: string, clean: boolean): MqttClient {
  try {
    return mqtt.connect(url, {
      clientId,
      clean,
      protocolVersion: 4,
      resubscribe: false,
      queueQoSZero: false,
      reconnectPeriod: mqttClientLimits.shortestReconnectMs,
      connectTimeout: mqttClientLimits.connectTimeoutMs,
      keepalive: mqttClientLimits.keepaliveSeconds,
    })
  } catch (cause) {
    throw new CodedError('bad-url', `mqtt.url = ${hidePassword(url)} cannot be used.`, {
      hint: 'mqtt://host:1883 or mqtts://host:8883',
      cause,
    })
  }
}

/** As it may be shown. */
function hidePassword(url: string): string {
  return url.replace(/\/\/[^@/]*@/, '//')
}
