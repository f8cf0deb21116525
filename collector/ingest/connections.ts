import type { Socket } from 'node:net'
import { isLoopback } from '@barograph/proto/config'
import type { Identity } from '../core/access.ts'
import type { BrokerLimits } from './limits.ts'

/** One connection, from its arrival on. */
export interface Connection {
  readonly address: string
  readonly socket: Socket
  /** Not let in yet. */
  readonly isStranger: boolean
  /** Null: nobody had to prove anything, or not yet. */
  readonly identity: Identity | null
  readonly clientId: string
}

/** All connections, counted against their limits. */
export interface Connections {
  /** Takes a connection, or tells which limit it is beyond. */
  arrive(socket: Socket): Connection | { readonly beyond: keyof BrokerLimits }
  /** The connection of a socket, or of TLS over it; asked while it is open. */
  of(socket: Pick<Socket, 'remoteAddress' | 'remotePort'>): Connection | undefined
  /** It is let in; false: this device has as many connections under other client ids as it may have. */
  letIn(connection: Connection, identity: Identity | null, clientId: string): boolean
  all(): IterableIterator<Connection>
}

/** This machine itself: everything here may come from one address. */
export const isThisMachine = (address: string): boolean =>
  isLoopback({ host: address.replace(/^::ffff:/, ''), port: 0 })

export function createConnections(
  limits: BrokerLimits,
  isTrusted: (address: string) => boolean = isThisMachine,
): Connections {
  type Mine = { -readonly [K in keyof Connection]: Connection[K] }
  const connections = new Map<string, Mine>()
  const counts = createCounts()
  const ofDevice = new Map<string, Set<Mine>>()

  function limitFor(address: string): keyof BrokerLimits | null {
    if (connections.size >= limits.connections) return 'connections'
    if (isTrusted(address)) return null
    if (counts.of(address) >= limits.connectionsPerAddress) return 'connectionsPerAddress'
    if (counts.of(strangers) >= limits.strangers) return 'strangers'
    if (counts.of(`${strangers} ${address}`) >= limits.strangersPerAddress) return 'strangersPerAddress'
    return null
  }

  function countStranger({ address }: Mine, step: 1 | -1): void {
    if (isTrusted(address)) return
    counts.add(strangers, step)
    counts.add(`${strangers} ${address}`, step)
  }

  function leave(connection: Mine): void {
    counts.add(connection.address, -1)
    if (connection.isStranger) countStranger(connection, -1)
    const device = connection.identity?.device
    const others = device === undefined ? undefined : ofDevice.get(device)
    others?.delete(connection)
    if (device !== undefined && others?.size === 0) ofDevice.delete(device)
  }

  return {
    arrive(socket) {
      const address = socket.remoteAddress ?? 'unknown'
      const beyond = limitFor(address)
      if (beyond !== null) return { beyond }
      const connection: Mine = { address, socket, isStranger: true, identity: null, clientId: '' }
      const key = keyOf(socket)
      connections.set(key, connection)
      counts.add(address, 1)
      countStranger(connection, 1)
      socket.once('close', () => {
        connections.delete(key)
        leave(connection)
      })
      return connection
    },
    of: (socket) => connections.get(keyOf(socket)),
    letIn(connection, identity, clientId) {
      const mine = connection as Mine
      if (identity !== null) {
        const others = ofDevice.get(identity.device) ?? new Set()
        // One of the same client id is about to be replaced by this one.
        const elsewhere = [...others].filter((one) => one.clientId !== clientId)
        if (elsewhere.length >= limits.connectionsPerDevice) return false
        ofDevice.set(identity.device, others.add(mine))
      }
      if (mine.isStranger) countStranger(mine, -1)
      mine.isStranger = false
      mine.identity = identity
      mine.clientId = clientId
      return true
    },
    all: () => connections.values(),
  }
}

const strangers = 'strangers'

function createCounts() {
  const counts = new Map<string, number>()
  return {
    of: (key: string): number => counts.get(key) ?? 0,
    add(key: string, step: number): void {
      const sum = (counts.get(key) ?? 0) + step
      if (sum === 0) counts.delete(key)
      else counts.set(key, sum)
    },
  }
}

const keyOf = ({ remoteAddress, remotePort }: Pick<Socket, 'remoteAddress' | 'remotePort'>): string =>
  `${remoteAddress} ${remotePort}`
