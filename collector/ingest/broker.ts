import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type TlsOptions, TLSSocket } from 'node:tls'
import { parseTopic } from '@barograph/proto'
import { type Address, formatAddress } from '@barograph/proto/config'
import { Aedes, type AuthenticateError, type Client, type PublishPacket } from 'aedes'
import type { Access, Credentials, TlsFiles, TlsSource } from '../core/access.ts'
import type { Clock } from '../core/clock.ts'
import type { Accept, Ingest, Refuse } from '../core/ingest.ts'
import { systemClock } from '../system-clock.ts'
import { keepPoolSmall } from './buffer-pool.ts'
import { type Connection, createConnections } from './connections.ts'
import { createFrameGuard } from './frame-guard.ts'
import { type BrokerLimits, brokerLimits } from './limits.ts'
import { listen } from './listen.ts'
import { isClientIdOf, mayRead } from './own-topics.ts'
import { createPace } from './pace.ts'

/** Somebody or something was not let through. */
export interface TurnedAway {
  /** `wrong-token`, `too-many-guesses`, `subscribe`, `publish`, `client-id`, `connections`, `tls`, ... */
  readonly code: string
  /** Who it was, as far as is known, and why; never a secret. */
  readonly words: string
}

export interface BrokerOptions {
  readonly listen: Address
  readonly accept: Accept
  readonly refuse: Refuse
  /** True: whoever wants to connect now is told to come back later. */
  readonly isFull: () => boolean
  /** Null: nobody has to prove who he is. */
  readonly access?: Access | null
  /** Null: no TLS. */
  readonly tls?: { readonly source: TlsSource; readonly asksForCertificate: boolean } | null
  /** For the log and the metrics. */
  readonly turnedAway?: (what: TurnedAway) => void
  /** A connection ended with an error; for the log, at a low level. */
  readonly noticed?: (words: string) => void
  /** Others than the shipped ones; for tests. */
  readonly limits?: Partial<BrokerLimits>
  /** Addresses from which any number may come; default: this machine. */
  readonly isTrusted?: (address: string) => boolean
  readonly clock?: Clock
}

/**
 * An MQTT 3.1.1 broker for devices, in this process. It acknowledges a message only after `accept` resolved: the
 * append happens in authorizePublish, which aedes waits for before it writes the PUBACK.
 */
export async function createBroker(options: BrokerOptions): Promise<Ingest> {
  keepPoolSmall()
  const { accept, refuse, access = null, tls = null, turnedAway = () => undefined } = options
  const limits: BrokerLimits = { ...brokerLimits, ...options.limits }
  const connections = createConnections(limits, options.isTrusted)
  const pace = createPace(limits, options.clock ?? systemClock)
  const retained = new Set<string>()
  /** Kept beside the stream, for a last will comes when its address is not known any more. */
  const byStream = new WeakMap<object, Connection>()
  let closing = false

  const aedes = new Aedes({
    connectTimeout: limits.connectTimeoutMs,
    drainTimeout: limits.drainTimeoutMs,
    maxTopicLevels: 8,
    authenticate: (client, username, password, done) => void letIn(client, username, password, done),
    authorizePublish: (client, packet, done) => void publish(client, packet, done),
    authorizeSubscribe(client, subscription, done) {
      const device = deviceOf(client)
      const isAllowed = mayRead(device, subscription.topic) && subscriptionsOf(client) < limits.subscriptions
      if (!isAllowed)
        turnedAway({
          code: 'subscribe',
          words: `${nameOf(client)} may not read "${shorten(subscription.topic)}"`,
        })
      done(null, isAllowed ? subscription : null)
    },
  })

  const connectionOf = (client: Client | null): Connection | undefined =>
    client ? byStream.get(client.conn) : undefined
  const deviceOf = (client: Client | null): string | null => connectionOf(client)?.identity?.device ?? null
  const nameOf = (client: Client | null): string =>
    deviceOf(client) ??
    `${client?.id ?? 'somebody'} at ${connectionOf(client)?.address ?? 'an address unknown'}`

  async function letIn(
    client: Client,
    username: string | undefined,
    password: Uint8Array | undefined,
    done: (error: AuthenticateError | null, success: boolean | null) => void,
  ): Promise<void> {
    const no = (returnCode: number, words: string): void =>
      done(Object.assign(new Error(words), { returnCode }) as AuthenticateError, false)
    const connection = connectionOf(client)
    if (!connection || options.isFull() || closing) return no(unavailable, 'the collector is busy')
    if (access === null) {
      connections.letIn(connection, null, client.id)
      return done(null, true)
    }
    const { address } = connection
    const answer = await access.admit({
      address,
      username: username ?? null,
      password: password ?? null,
      certificate: certificateOf(client.conn),
    })
    if ('denial' in answer) {
      const { code, reason } = answer.denial
      turnedAway({ code, words: `${address} ${reason}` })
      return no(returnCodes[code] ?? notAuthorized, code)
    }
    const { identity } = answer
    if (!isClientIdOf(identity.device, client.id)) {
      const words = `${identity.device} at ${address} calls itself "${shorten(client.id)}", not barograph-${identity.device}`
      turnedAway({ code: 'client-id', words })
      return no(identifierRejected, 'client-id')
    }
    if (!connections.letIn(connection, identity, client.id)) {
      turnedAway({
        code: 'connectionsPerDevice',
        words: `${identity.device} at ${address} has too many connections`,
      })
      return no(unavailable, 'too many connections')
    }
    done(null, true)
  }

  async function publish(
    client: Client | null,
    packet: PublishPacket,
    done: (error?: Error | null) => void,
  ): Promise<void> {
    // A will of a connection that we closed ourselves says nothing about the device.
    if (closing) return done(new Error('the broker is closing'))
    const identity = deviceOf(client)
    const payload = bytesOf(packet)
    try {
      const turn = identity === null ? null : pace.wait(identity, payload.byteLength)
      if (turn) await turn
      const outcome = await accept({ topic: packet.topic, payload, identity })
      if (outcome === 'refused') {
        turnedAway({
          code: 'publish',
          words: `${nameOf(client)} sent what is refused to "${shorten(packet.topic)}"`,
        })
        // It is acknowledged, or it would be sent for ever, but nobody hears it.
        packet.topic = refusedTopic
      }
      if (outcome === 'refused' || !mayRetain(packet.topic)) packet.retain = false
    } catch (error) {
      return done(error instanceof Error ? error : new Error(String(error)))
    }
    done(null)
  }

  function mayRetain(topic: string): boolean {
    const place = parseTopic(topic)
    if (place?.channel !== 'status') return false
    if (retained.size >= limits.retained && !retained.has(place.device)) return false
    retained.add(place.device)
    return true
  }

  function arrive(socket: Socket): void {
    const arrived = connections.arrive(socket)
    if ('beyond' in arrived) {
      turnedAway({
        code: arrived.beyond,
        words: `${socket.remoteAddress}: more connections than ${arrived.beyond}`,
      })
      socket.destroy()
      return
    }
    socket.setNoDelay(true)
    socket.setKeepAlive(true, limits.tcpKeepaliveMs)
    socket.setTimeout(limits.silenceMs, () => socket.destroy())
    socket.on('error', () => socket.destroy())
  }

  /** `stream`: the socket, or TLS over it. */
  function serve(stream: Socket): void {
    const connection = connections.of(stream)
    if (!connection || stream.destroyed) return void stream.destroy()
    byStream.set(stream, connection)
    const maxBytes = (): number =>
      access !== null && connection.isStranger ? limits.firstPacketBytes : limits.packetBytes
    guardFrames(stream, maxBytes, ({ topic, bytes }) => {
      const reason = `a packet of ${bytes} bytes: at most ${maxBytes()}`
      turnedAway({
        code: 'too-large',
        words: `${connection.identity?.device ?? connection.address}: ${reason}`,
      })
      // Of strangers there is nothing worth keeping.
      if (access === null || !connection.isStranger) refuse({ topic, code: 'too-large', reason })
    })
    aedes.handle(stream)
  }

  const server = tls
    ? createTlsServer(tlsOptions(tls.source.current(), tls.asksForCertificate, limits), serve)
    : createServer(serve)
  server.prependListener('connection', arrive)
  if (tls) {
    const secure = server as ReturnType<typeof createTlsServer>
    secure.on('tlsClientError', (error, socket) => {
      turnedAway({
        code: 'tls',
        words: `${socket.remoteAddress ?? 'somebody'} and we agree on no TLS: ${error.message}`,
      })
      socket.destroy()
    })
    tls.source.onChange((files) => secure.setSecureContext(tlsOptions(files, tls.asksForCertificate, limits)))
  }
  for (const event of ['clientError', 'connectionError'] as const)
    aedes.on(event, (client: Client, error: Error) =>
      options.noticed?.(`${client.id ?? 'a connection'}: ${error.message}`),
    )
  access?.onChange(() => {
    for (const { identity, socket } of connections.all()) {
      if (identity === null || access.isValid(identity)) continue
      turnedAway({
        code: 'ended',
        words: `${identity.device}: its token or certificate was revoked or has ended`,
      })
      socket.destroy()
    }
  })
  await aedes.listen()
  const bound = await listen(server, options.listen, 'broker.listen').catch((error: unknown) => {
    aedes.close()
    throw error
  })

  return {
    url: `${tls ? 'mqtts' : 'mqtt'}://${formatAddress(bound)}`,
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
      await closeAll(server, aedes, connections.all())
    },
  }
}

/** Return codes of MQTT 3.1.1, 3.2.2.3. */
const identifierRejected = 2
const unavailable = 3
const badNameOrPassword = 4
const notAuthorized = 5
const returnCodes: Readonly<Record<string, number>> = {
  busy: unavailable,
  'too-many-guesses': unavailable,
  'wrong-token': badNameOrPassword,
}

function tlsOptions(
  { key, cert, ca }: TlsFiles,
  asks: boolean,
  { connectTimeoutMs }: BrokerLimits,
): TlsOptions {
  return {
    key,
    cert,
    ...(ca === null ? {} : { ca }),
    minVersion: 'TLSv1.2',
    handshakeTimeout: connectTimeoutMs,
    requestCert: asks,
    // A bad one is turned away by MQTT, with a code that a device can tell its people.
    rejectUnauthorized: false,
  }
}

function certificateOf(stream: unknown): Credentials['certificate'] {
  if (!(stream instanceof TLSSocket)) return null
  const { subject, serialNumber } = stream.getPeerCertificate()
  // Without a certificate the answer is an empty object, whatever its type says.
  if (!(subject as typeof subject | undefined)) return null
  const problem = stream.authorized ? null : String(stream.authorizationError)
  const name = typeof subject.CN === 'string' ? subject.CN : ''
  return { device: shorten(name), serial: serialNumber.toLowerCase(), problem }
}

/** Reading goes through the guard: aedes takes its bytes with `read`, and has no limit of its own. */
function guardFrames(
  socket: Socket,
  maxBytes: () => number,
  report: (oversize: { bytes: number; topic: string }) => void,
): void {
  const guard = createFrameGuard(maxBytes)
  const read = socket.read.bind(socket)
  let isReported = false
  const check = (oversize: { bytes: number; topic: string } | null): void => {
    if (!oversize || isReported) return
    isReported = true
    report(oversize)
    socket.destroy()
  }
  socket.read = (size?: number) => {
    const chunk: unknown = read(size)
    if (!Buffer.isBuffer(chunk)) return chunk
    check(guard.check(chunk))
    return guard.isOversize ? null : chunk
  }
  socket.once('close', () => {
    if (guard.isOversize) check(guard.check(Buffer.alloc(0), true))
  })
}

/** Nobody can subscribe to it. */
const refusedTopic = 'barograph/refused'

const shorten = (text: string): string => text.slice(0, 100)

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

async function closeAll(server: Server, aedes: Aedes, connections: Iterable<Connection>): Promise<void> {
  const all = [...connections]
  const stopped = new Promise<void>((resolve) => server.close(() => resolve()))
  const cut = (): void => {
    for (const { socket } of all) socket.destroy()
  }
  const timer = setTimeout(cut, closeTimeoutMs)
  await new Promise<void>((resolve) => aedes.close(() => resolve()))
  cut()
  await stopped
  clearTimeout(timer)
}
