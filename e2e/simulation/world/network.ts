import { CodedError, downTopic, encodeStatus, offlineStatus, statusTopic, upTopic } from '@barograph/proto'
import { createBackoff } from '../../../agent/core/backoff.ts'
import type { Uplink, UplinkListener } from '../../../agent/core/uplink.ts'
import type { Process } from '../engine/process.ts'
import type { World } from '../engine/world.ts'
import type { BridgeHost } from './bridge.ts'
import type { Weather } from './weather.ts'

/** How long nobody notices that the other end is gone: one and a half keepalives. */
const keepaliveMs = 22_500
const connectTimeoutMs = 10_000
/** A connection that held so long was a good one: the next wait is short again. */
const goodAfterMs = 10_000

/** One connection between an agent and a broker. */
interface Connection {
  readonly device: string
  readonly bridge: BridgeHost
  /** Ends it: whatever is under way is lost, and both ends notice at once or late. */
  cut(noticedAfterMs: number, how: string): void
  /** Nothing arrives any more, in one direction or in both, and nobody knows. */
  half(direction: 'down' | 'both'): void
}

/** What lies between agents and brokers. */
export interface Network {
  uplinkOf(device: string, process: Process): Uplink
  readonly connections: ReadonlySet<Connection>
  /** Nothing connects to or from this device until then. */
  partition(device: string, untilMs: number): void
}

export function createNetwork(options: {
  readonly world: World
  readonly weather: () => Weather
  readonly bridges: () => readonly BridgeHost[]
  /** Looks at what an agent sends. */
  readonly checkSent: (device: string, bytes: Uint8Array) => void
  /** Spoils a message on its way, so that the bridge refuses it; null: leaves it. */
  readonly spoil: (device: string, bytes: Uint8Array) => Uint8Array | null
}): Network {
  const { world, weather } = options
  const { random } = world
  const connections = new Set<Connection>()
  const partitioned = new Map<string, number>()
  const delay = (): number => random.between(0.2, 1) * weather().latencyMs
  const isApart = (device: string): boolean => (partitioned.get(device) ?? 0) > world.now()

  function connect(
    device: string,
    process: Process,
    bridge: BridgeHost,
    ends: { received(bytes: Uint8Array): void; closed(reason: CodedError): void },
  ) {
    let open = true
    let downOpen = true
    let brokerOpen = true
    let upAt = 0
    let downAt = 0
    const pending = new Set<(error: CodedError) => void>()
    const gone = (): CodedError => new CodedError('offline', 'the connection went', { retryable: true })

    /** The agent's end notices. */
    function closeHere(): void {
      if (!agentOpen) return
      agentOpen = false
      for (const reject of pending) reject(gone())
      pending.clear()
      ends.closed(gone())
    }
    let agentOpen = true

    /** The broker's end notices: it says the last will. */
    function closeThere(withWill: boolean): void {
      if (!brokerOpen) return
      brokerOpen = false
      bridge.listeners.delete(hear)
      connections.delete(connection)
      if (withWill && bridge.process.alive)
        void bridge.accept({
          topic: statusTopic(device),
          payload: encodeStatus(offlineStatus),
          identity: null,
        })
    }

    const connection: Connection = {
      device,
      bridge,
      cut(noticedAfterMs, how) {
        if (!open) return
        open = false
        downOpen = false
        world.note(`${device} connection ends: ${how}`)
        world.schedule(noticedAfterMs, process, closeHere)
        world.schedule(random.chance(0.5) ? 0 : noticedAfterMs, bridge.process, () => closeThere(true))
        connections.delete(connection)
      },
      half(direction) {
        if (direction === 'both') {
          connection.cut(keepaliveMs, 'half-open')
          return
        }
        downOpen = false
        world.schedule(random.between(5_000, 60_000), null, () => connection.cut(0, 'half-open noticed'))
      },
    }

    function hear(topic: string, bytes: Uint8Array): void {
      if (topic !== downTopic(device) || !downOpen) return
      if (random.chance(weather().receiptLost)) {
        world.fault('receipt-lost', device)
        return
      }
      downAt = Math.max(downAt, world.now() + delay())
      world.schedule(downAt - world.now(), process, () => {
        if (downOpen && agentOpen) ends.received(bytes)
      })
    }

    /** In order, and only as long as the connection lives; sometimes once more, whenever it likes. */
    function send(topic: string, bytes: Uint8Array): Promise<void> {
      return new Promise((resolve, reject) => {
        if (!agentOpen) {
          reject(gone())
          return
        }
        pending.add(reject)
        const message = { topic, payload: bytes, identity: null }
        upAt = Math.max(upAt, world.now() + delay())
        world.schedule(upAt - world.now(), bridge.process, () => {
          if (!open) return
          void bridge.accept(message).then(() => {
            if (!bridge.process.alive || !downOpen) return
            downAt = Math.max(downAt, world.now() + delay())
            world.schedule(downAt - world.now(), process, () => {
              if (!agentOpen || !downOpen) return
              pending.delete(reject)
              resolve()
            })
          })
        })
        repeat(device, message, bridge)
      })
    }

    bridge.listeners.add(hear)
    connections.add(connection)
    process.onEnd(() => connection.cut(0, 'the agent died'))
    bridge.process.onEnd(() => connection.cut(random.chance(0.7) ? 0 : keepaliveMs, 'the broker died'))
    return { send, connection, isOpen: () => agentOpen }
  }

  /** A message that comes a second time, or long after its connection is gone. */
  function repeat(
    device: string,
    message: { topic: string; payload: Uint8Array; identity: null },
    bridge: BridgeHost,
  ): void {
    const { doubled, late } = weather()
    const drawn = random.unit()
    if (drawn >= doubled + late) return
    const isLate = drawn >= doubled
    world.schedule(isLate ? random.between(1_000, 40_000) : random.between(0, 200), null, () => {
      const through = isLate ? random.pick(options.bridges()) : bridge
      if (!through?.process.alive) return
      world.fault(isLate ? 'message-late' : 'message-doubled', device)
      void through.accept(message)
    })
  }

  function uplinkOf(device: string, process: Process): Uplink {
    const backoff = createBackoff({ shortestMs: 500, longestMs: 30_000, random: random.unit })
    let listener: UplinkListener | null = null
    let current: ReturnType<typeof connect> | null = null
    let closed = false
    let upSince = Number.POSITIVE_INFINITY

    function failed(reason: CodedError): void {
      current = null
      if (world.now() - upSince >= goodAfterMs) backoff.reset()
      upSince = Number.POSITIVE_INFINITY
      if (closed) return
      listener?.disconnected(reason)
      process.later(backoff.next(), open)
    }

    function open(): void {
      if (closed) return
      const up = options.bridges().filter((bridge) => bridge.process.alive)
      if (isApart(device) || up.length === 0) {
        const code = isApart(device) ? 'unreachable' : 'refused'
        process.later(random.chance(0.5) ? 10 : connectTimeoutMs, () =>
          failed(new CodedError(code, 'no connection', { retryable: true })),
        )
        return
      }
      const bridge = random.pick(up)
      process.later(3 * delay(), () => {
        if (closed) return
        if (!bridge.process.alive || isApart(device))
          return failed(new CodedError('refused', 'no connection', { retryable: true }))
        // One client of a name at a broker: who comes later takes over.
        for (const other of connections)
          if (other.device === device && other.bridge === bridge)
            other.cut(0, 'another of its name connected')
        current = connect(device, process, bridge, {
          received: (bytes) => listener?.received(bytes),
          closed: failed,
        })
        upSince = world.now()
        listener?.connected()
      })
    }

    async function publish(topic: string, bytes: Uint8Array): Promise<void> {
      if (!current?.isOpen()) throw new CodedError('offline', 'there is no connection', { retryable: true })
      await current.send(topic, bytes)
    }

    return {
      start(given) {
        listener = given
        open()
      },
      send(bytes) {
        if (!process.alive) return new Promise(() => {})
        options.checkSent(device, bytes)
        const spoiled = random.chance(weather().refused) ? options.spoil(device, bytes) : null
        return publish(upTopic(device), spoiled ?? bytes)
      },
      sendStatus: (bytes) => (process.alive ? publish(statusTopic(device), bytes) : new Promise(() => {})),
      async close() {
        closed = true
        current?.connection.cut(0, 'goodbye')
      },
    }
  }

  return {
    uplinkOf,
    connections,
    partition(device, untilMs) {
      partitioned.set(device, untilMs)
      for (const connection of connections)
        if (connection.device === device)
          connection.cut(random.chance(0.5) ? 0 : keepaliveMs, 'the network is cut')
    },
  }
}
