import { limits } from '@barograph/proto'

/** Bounds of the embedded broker; each says what happens at it. */
export const brokerLimits = {
  /** Bytes of one packet beyond its fixed header: a batch and its topic. Larger: the connection is closed. */
  packetBytes: limits.batchBytes + 1_024,
  /** Bytes of a packet from somebody who is not let in yet: a name, a token, a last will. Larger: closed. */
  firstPacketBytes: 16_384,
  /** Connections at once. More: closed on arrival. */
  connections: 10_000,
  /** Connections from one address that is not this machine: many devices behind one router. More: closed on arrival. */
  connectionsPerAddress: 1_000,
  /** Of all, and from one address that is not this machine, those not let in yet. More: closed on arrival. */
  strangers: 1_000,
  strangersPerAddress: 100,
  /** Connections of one device that had to prove who it is: its agent and a doctor or two. More: not let in. */
  connectionsPerDevice: 4,
  /** Devices whose status is kept for later subscribers. More: only those who listen hear it. */
  retained: 50_000,
  /** Subscriptions of one connection. More: refused. */
  subscriptions: 64,
  /** TLS that is not agreed on in this time, and a connection that does not introduce itself in it, is closed. */
  connectTimeoutMs: 10_000,
  /** A client that does not read what it subscribed to for this long is closed. */
  drainTimeoutMs: 30_000,
  /** Nothing came and nothing went for so long, whatever keepalive was agreed on: closed. */
  silenceMs: 1_200_000,
  /** A peer that vanished without a word is looked for after this time, by TCP. */
  tcpKeepaliveMs: 60_000,
  /**
   * What one device may send that had to prove who it is. Beyond, it waits for its acknowledgement, and nothing is
   * dropped. A backlog drains at 5,000 entries a second in batches of 500: ten messages a second.
   */
  messagesOfDevice: { perSecond: 500, burst: 2_000 },
  bytesOfDevice: { perSecond: 4 * 1024 * 1024, burst: 16 * 1024 * 1024 },
} as const

if (brokerLimits.bytesOfDevice.burst < brokerLimits.packetBytes)
  throw new Error('limits: a single batch would have to wait')
if (brokerLimits.strangers >= brokerLimits.connections)
  throw new Error('limits: strangers could take the place of all devices')

export type BrokerLimits = { readonly [K in keyof typeof brokerLimits]: Widened<(typeof brokerLimits)[K]> }
type Widened<T> = T extends number ? number : { readonly [K in keyof T]: number }
