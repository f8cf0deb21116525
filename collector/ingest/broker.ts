import { createServer, type Server, type Socket } from 'node:net'
import { limits, parseTopic } from '@barograph/proto'
import { type Address, formatAddress } from '@barograph/proto/config'
import { Aedes, type AuthenticateError, type Client, type PublishPacket } from 'aedes'
import type { Accept, Ingest, Refuse } from '../core/ingest.ts'
import { keepPoolSmall } from './buffer-pool.ts'
import { createFrameGuard } from './frame-guard.ts'
import { listen } from './listen.ts'

/** Bounds of the embedded broker. */
export const brokerLimits = {
  /** Bytes of one packet beyond its fixed header: a batch and its topic. Larger: the connection is closed. */
  packetBytes: limits.batchBytes + 1_024,
  /** Connections at once. More: closed on arrival. */
  connections: 10_000,
  /** Devices whose status is kept for later subscribers. More: only those who listen hear it. */
  retained: 50_000,
  /** Subscriptions of one connection. More: refused. */
  subscriptions: 64,
  /** A connection that does not introduce itself in this time is closed. */
  connectTimeoutMs: 10_000,
  /** A client that does not read what it subscribed to for this long is closed. */
  drainTimeoutMs: 30_000,
} as const

export interface BrokerOptions {
  readonly listen: Address
  readonly accept: Accept
  readonly refuse: Refuse
  /** True: whoever wants to connect now is told to come back later. */
  readonly isFull: () => boolean
  /** A connection ended with an error; for the log, at a low level. */
  readonly noticed?: (words: string) => void
}

/**
 * An MQTT 3.1.1 broker for devices, in this process. It acknowledges a message only after `accept` resolved: the
 * append happens in authorizePublish, which aedes waits for before it writes the PUBACK.
 */
export async function createBroker(options: BrokerOptions): Promise<Ingest> {
  keepPoolSmall()
  const { accept, refuse } = options
  const retained = new Set<string>()
  let closing = false

  const aedes = new Aedes({
    connectTimeout: brokerLimits.connectTimeoutMs,
    drainTimeout: brokerLimits.drainTimeoutMs,
    maxTopicLevels: 8,
    authenticate(_client, _username, _password, done) {
      if (!options.isFull() && !closing) return done(null, true)
      done(Object.assign(new Error('the collector is busy'), { returnCode: 3 }) as AuthenticateError, false)
    },
    authorizePublish: (_client, packet, done) => void publish(packet, done),
    authorizeSubscribe(client, subscription, done) {
      const isAllowed = isReadable(subscription.topic) && subscriptionsOf(client) < brokerLimits.subscriptions
      done(null, isAllowed ? subscription : null)
    },
  })

  async function publish(packet: PublishPacket, done: (error?: Error | null) => void): Promise<void> {
    // A will of a connection that we closed ourselves says nothing about the device.
    if (closing) return done(new Error('the broker is closing'))
    try {
      const outcome = await accept({ topic: packet.topic, payload: bytesOf(packet), identity: null })
      // It is acknowledged, or it would be sent for ever, but nobody hears it.
      if (outcome === 'refused') packet.topic = refusedTopic
      if (outcome === 'refused' || !mayRetain(packet.topic)) packet.retain = false
    } catch (error) {
      return done(error instanceof Error ? error : new Error(String(error)))
    }
    done(null)
  }

  function mayRetain(topic: string): boolean {
    const place = parseTopic(topic)
    if (place?.channel !== 'status') return false
    if (retained.size >= brokerLimits.retained && !retained.has(place.device)) return false
    retained.add(place.device)
    return true
  }

  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    socket.setNoDelay(true)
    guardFrames(socket, refuse)
    aedes.handle(socket)
  })
  server.maxConnections = brokerLimits.connections
  for (const event of ['clientError', 'connectionError'] as const)
    aedes.on(event, (client: Client, error: Error) =>
      options.noticed?.(`${client.id ?? 'a connection'}: ${error.message}`),
    )
  await aedes.listen()
  const bound = await listen(server, options.listen, 'broker.listen').catch((error: unknown) => {
    aedes.close()
    throw error
  })

  return {
    url: `mqtt://${formatAddress(bound)}`,
    trouble: () => null,
    connections: () => aedes.connectedClients,
    publish(topic, payload) {
      const packet: PublishPacket = {
        cmd: 'publish',
        topic,
        payload: Buffer.from(payload),
        qos: 0,
        retain: false,
        dup: false,
      }
      aedes.publish(packet, () => {})
    },
    async close() {
      closing = true
      await closeAll(server, aedes, sockets)
    },
  }
}

/** Reading goes through the guard: aedes takes its bytes with `read`, and has no limit of its own. */
function guardFrames(socket: Socket, refuse: Refuse): void {
  const guard = createFrameGuard(brokerLimits.packetBytes)
  const read = socket.read.bind(socket)
  let isReported = false
  const report = (oversize: { bytes: number; topic: string } | null): void => {
    if (!oversize || isReported) return
    isReported = true
    const { bytes, topic } = oversize
    const reason = `a packet of ${bytes} bytes: at most ${brokerLimits.packetBytes}`
    refuse({ topic, code: 'too-large', reason })
    socket.destroy()
  }
  socket.read = (size?: number) => {
    const chunk: unknown = read(size)
    if (!Buffer.isBuffer(chunk)) return chunk
    report(guard.check(chunk))
    return guard.isOversize ? null : chunk
  }
  socket.once('close', () => {
    if (guard.isOversize) report(guard.check(Buffer.alloc(0), true))
  })
}

/** Nobody can subscribe to it. */
const refusedTopic = 'barograph/refused'

/** Receipts and statuses may be read; batches are for the log, and whoever else wants readings follows that. */
function isReadable(topic: string): boolean {
  if (topic === 'barograph/v1/+/status') return true
  const place = parseTopic(topic)
  return place !== null && place.channel !== 'up'
}

/** aedes keeps the granted subscriptions of a client by topic; its types do not tell. */
function subscriptionsOf(client: Client | null): number {
  if (client === null || !('subscriptions' in client)) return 0
  const { subscriptions } = client
  return typeof subscriptions === 'object' && subscriptions !== null ? Object.keys(subscriptions).length : 0
}

function bytesOf({ payload }: { readonly payload: string | Buffer }): Uint8Array {
  if (typeof payload === 'string') return new TextEncoder().encode(payload)
  // A copy: the parser's buffer holds the whole of what came with it, and a record waits for longer than that.
  return new Uint8Array(payload)
}

/** Connections that do not close within this time are cut. */
const closeTimeoutMs = 1_000

async function closeAll(server: Server, aedes: Aedes, sockets: ReadonlySet<Socket>): Promise<void> {
  const stopped = new Promise<void>((resolve) => server.close(() => resolve()))
  const timer = setTimeout(() => {
    for (const socket of sockets) socket.destroy()
  }, closeTimeoutMs)
  await new Promise<void>((resolve) => aedes.close(() => resolve()))
  for (const socket of sockets) socket.destroy()
  await stopped
  clearTimeout(timer)
}
