import { CodedError, statusTopic, upTopic } from '@barograph/proto'
import mqtt, { type IClientOptions, type IPublishPacket, type MqttClient } from 'mqtt'
import type { Accept, Ingest } from '../core/ingest.ts'
import { keepPoolSmall } from './buffer-pool.ts'
import { refusalFor } from './mqtt-refusal.ts'

/** Bounds of the connection to an outside broker. */
export const mqttClientLimits = {
  /** Messages taken and not yet acknowledged. More stay in the socket, and so in the broker. */
  unacknowledged: 1_000,
  shortestReconnectMs: 500,
  connectTimeoutMs: 10_000,
  keepaliveSeconds: 15,
  /** What was taken and is not durable this long after a member of a group was told to close comes from its device again. */
  leaveMs: 2_000,
} as const

/** How we prove ourselves, and who we believe. PEM texts. */
export interface MqttAccess {
  readonly username: string | null
  readonly password: string | null
  readonly ca: string | null
  readonly cert: string | null
  readonly key: string | null
}

export interface MqttClientOptions {
  readonly url: string
  readonly access?: MqttAccess
  /** Names the session that the broker keeps for us while we are away: fixed, and one for each collector. */
  readonly clientId: string
  /** A group of bridges that share the messages of the devices: each goes to one of them. Null: all come to us. */
  readonly share?: string | null
  /** Null: only publishes. */
  readonly accept: Accept | null
  /** For people: once when the connection is lost, once when it is there again. */
  readonly report: (trouble: string | null) => void
  /** The broker turned us away before it ever let us in, for a reason that only another configuration mends. */
  readonly refused?: (error: CodedError) => void
}

/**
 * Every member of a group hears every status: to a shared subscription a broker gives no retained message, and two members
 * that share could log the newest before an older one.
 */
const subscriptionsOf = (share: string | null): string[] => [
  share === null ? upTopic('+') : `$share/${share}/${upTopic('+')}`,
  statusTopic('+'),
]

/**
 * Devices and receipts through an outside broker. A message is acknowledged only after `accept` resolved, so that the
 * broker sends it again after anything that goes wrong before. Connects, and reconnects, by itself.
 *
 * The broker keeps our session while we are away; not that of a member of a group, whose share it would keep as well, for
 * as long as it may be away, instead of giving it to the others.
 */
export function createMqttClient({
  url,
  access,
  clientId,
  share = null,
  accept,
  report,
  refused,
}: MqttClientOptions): Ingest {
  keepPoolSmall()
  const subscriptions = subscriptionsOf(share)
  const client = connect(url, { clientId, clean: accept === null || share !== null, ...credentials(access) })
  let trouble: string | null = `not connected to ${hidePassword(url)} yet`
  let closing = false
  /** Counts connections: an acknowledgement belongs to the one its message came over. */
  let connection = 0
  let unacknowledged = 0
  let held: (() => void) | null = null
  /** Why the connection ended, as far as it is known. */
  let reason: string | null = null
  let wasLetIn = false
  const idle: (() => void)[] = []

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
    if (unacknowledged === 0) for (const wake of idle.splice(0)) wake()
  }

  client.on('connect', () => {
    reason = null
    wasLetIn = true
    if (!accept) return setTrouble(null)
    // Also in a session that was kept: a broker may have kept it without the subscriptions, when it crashed between the
    // two, or with those of another version. That it sends the retained statuses once more does no harm.
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
    setTrouble(reason ?? `no connection to ${hidePassword(url)}`)
  })
  client.on('error', (error) => {
    reason = `no connection to ${hidePassword(url)}: ${wordsOf(error)}`
    setTrouble(reason)
    const refusal = wasLetIn ? null : refusalFor(error, hidePassword(url))
    if (refusal) refused?.(refusal)
  })

  /** What is on its way to us is taken, and nothing more: the broker gives the rest to the others. */
  async function leaveGroup(): Promise<void> {
    if (!client.connected) return
    await client.unsubscribeAsync(subscriptions).catch(() => undefined)
    if (unacknowledged > 0) await new Promise<void>((resolve) => idle.push(resolve))
  }

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
      if (share !== null) await Promise.race([leaveGroup(), after(mqttClientLimits.leaveMs)])
      await client.endAsync(false)
    },
  }
}

const withheld = new Error('acknowledged when it is durable')

function connect(url: string, own: IClientOptions): MqttClient {
  try {
    return mqtt.connect(url, {
      ...own,
      protocolVersion: 4,
      resubscribe: false,
      queueQoSZero: false,
      // A broker that turned us away once may let us in later: when it is up, or knows our password.
      reconnectOnConnackError: true,
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

const after = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms).unref())

/** As mqtt.js wants it. */
export function credentials(access: MqttAccess | undefined): IClientOptions {
  const given = Object.entries(access ?? {}).filter(([, value]) => value !== null)
  return Object.fromEntries(given) as IClientOptions
}

/** Of an error that bundles several (one for each address), the first one's. */
function wordsOf(error: Error): string {
  if (error instanceof AggregateError && error.errors[0] instanceof Error) return error.errors[0].message
  return error.message
}

/** As it may be shown. */
function hidePassword(url: string): string {
  return url.replace(/\/\/[^@/]*@/, '//')
}
