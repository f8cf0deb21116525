import type { LiveError } from '@barograph/proto/api'
import type { RawData } from 'ws'
import { serveLimits } from '../limits.ts'
import { problemOf } from '../problem.ts'
import type { ChangeSet, Frames } from './frames.ts'
import type { LiveStream } from './readings.ts'
import { readSubscribe, type Subscription, wantsDevice } from './subscription.ts'

/** What happened since the turn before: the same for every client, so that equal frames are written once. */
export interface Turn {
  /** The cursor before and after. */
  readonly before: number
  readonly after: number
  readonly sets: readonly ChangeSet[]
  /** Devices whose status changed without a document: these the store cannot tell again. */
  readonly statusChanges: ReadonlySet<string>
  readonly readings: readonly LiveStream[]
  /** Frames by subscription, made when the first client needs them. */
  frame(of: ChangeSet | 'readings', subscription: Subscription): string | null
}

/** The part of a WebSocket that a client uses. */
export interface LiveSocket {
  readonly readyState: number
  readonly OPEN: number
  readonly bufferedAmount: number
  send(text: string): void
  ping(): void
  close(code: number, reason: string): void
  on(event: 'pong', listener: () => void): unknown
  on(event: 'message', listener: (data: RawData, isBinary: boolean) => void): unknown
}

export interface ClientOptions {
  readonly socket: LiveSocket
  /** What the socket writes to. */
  readonly stream: { readonly writableLength: number }
  readonly frames: Frames
  readonly subscription: Subscription
  /** Where an earlier connection ended; null: start with a snapshot. */
  readonly resume: number | null
  readonly head: () => number
  /** The changes after a cursor, one frame's worth; null: none. */
  readonly readChanges: (since: number) => Promise<ChangeSet | null>
  /** What every path of the server begins with. */
  readonly prefix?: string
  readonly onSent: () => void
  readonly onSkipped: () => void
  readonly onFailed: (error: unknown) => void
}

/** A message in one piece: ws hands it over as its binaryType says, by default a Buffer. */
function textOf(data: RawData): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString()
  return data instanceof ArrayBuffer ? Buffer.from(data).toString() : data.toString()
}

/** One live client. Nothing here waits for the client: a slow one simply finds more conflated when it is ready. */
export interface Client {
  readonly subscription: () => Subscription
  readonly waitingBytes: () => number
  deliver(turn: Turn): void
  /** With the next turn it hears everything as it is, instead of what changed. */
  beginAnew(): void
  /** False: neither an answer nor a byte taken since the last call. */
  beat(): boolean
  close(code: number, reason: string): void
}

export function createClient(options: ClientOptions): Client {
  const { socket, stream, frames, head } = options
  let { subscription } = options
  let cursor = options.resume ?? 0
  let wantsSnapshot = options.resume === null
  let isBusy = false
  let isAlive = true
  let lastTaken = 0
  const missedDevices = new Set<string>()
  const missedReadings = new Map<string, LiveStream>()

  const isClogged = () => socket.bufferedAmount > serveLimits.waitingBytes
  const isOpen = () => socket.readyState === socket.OPEN

  function send(frame: string): void {
    if (!isOpen()) return
    socket.send(frame)
    options.onSent()
  }

  function sendSnapshot(): void {
    wantsSnapshot = false
    cursor = head()
    missedDevices.clear()
    send(frames.snapshot(subscription, cursor))
  }

  /** Statuses that changed and readings that came while the client took nothing: devices whole, the newest of each stream. */
  function miss({ statusChanges, readings }: Turn): void {
    for (const id of statusChanges) if (wantsDevice(subscription, id)) missedDevices.add(id)
    if (!subscription.readings) return
    for (const one of readings) {
      if (!wantsDevice(subscription, one.device)) continue
      const id = `${one.device}/${one.sensor}`
      const before = missedReadings.get(id)
      const entries = one.entries.slice(-1)
      const dropped =
        one.entries.length - entries.length + (before ? before.entries.length + before.skipped : 0)
      missedReadings.set(id, { ...one, entries, skipped: one.skipped + dropped })
    }
  }

  function sendMissed(): void {
    const set: ChangeSet = { cursor, devices: new Set(missedDevices), rollups: [] }
    missedDevices.clear()
    const changes = set.devices.size > 0 ? frames.changes(set, subscription) : null
    if (changes) send(changes)
    const readings = frames.readings([...missedReadings.values()], subscription)
    missedReadings.clear()
    if (readings) send(readings)
  }

  /** From the store itself, which tells each document once, as it is now. */
  async function catchUp(): Promise<void> {
    isBusy = true
    try {
      for (
        let page = 0;
        page < serveLimits.pagesPerTurn && cursor < head() && isOpen() && !isClogged();
        page++
      ) {
        const end = head()
        const set = await options.readChanges(cursor)
        const frame = set && frames.changes(set, subscription)
        cursor = set ? set.cursor : Math.max(cursor, end)
        if (frame) send(frame)
      }
      if (cursor >= head() && !isClogged()) sendMissed()
    } catch (error) {
      options.onFailed(error)
    } finally {
      isBusy = false
    }
  }

  function sendTurn(turn: Turn): void {
    for (const set of turn.sets) {
      // One that is already sent may come again after a catch-up: a frame tells how things are, not what to add.
      if (set.cursor < cursor) continue
      const frame = turn.frame(set, subscription)
      if (frame) send(frame)
      cursor = Math.max(cursor, set.cursor)
    }
    cursor = Math.max(cursor, turn.after)
    const readings = turn.frame('readings', subscription)
    if (readings) send(readings)
  }

  function deliver(turn: Turn): void {
    if (!isOpen()) return
    if (isBusy) return miss(turn)
    if (isClogged()) {
      miss(turn)
      options.onSkipped()
    } else if (wantsSnapshot) sendSnapshot()
    else if (cursor < turn.before || missedDevices.size + missedReadings.size > 0) {
      miss(turn)
      void catchUp()
    } else sendTurn(turn)
  }

  function receive(text: string): void {
    isAlive = true
    try {
      subscription = readSubscribe(subscription, text)
      // With the next turn: however many messages come, one snapshot answers them.
      wantsSnapshot = true
      missedReadings.clear()
    } catch (error) {
      const frame: LiveError = { type: 'error', problem: problemOf(error, options.prefix) }
      if (!isClogged()) send(JSON.stringify(frame))
    }
  }

  /** Bytes that the system took for the client: it takes more only when the client has received some. */
  function taken(): number {
    const written = 'bytesWritten' in stream ? Number(stream.bytesWritten) : 0
    return written - stream.writableLength
  }

  socket.on('pong', () => {
    isAlive = true
  })
  socket.on('message', (data, isBinary) => receive(isBinary ? '' : textOf(data)))
  if (wantsSnapshot) sendSnapshot()
  else send(frames.noChanges(cursor))

  return {
    subscription: () => subscription,
    waitingBytes: () => socket.bufferedAmount,
    deliver,
    beginAnew() {
      wantsSnapshot = true
      missedReadings.clear()
    },
    beat() {
      const now = taken()
      const progressed = now > lastTaken
      lastTaken = now
      const was = isAlive || (progressed && socket.bufferedAmount > 0)
      isAlive = false
      if (isOpen()) {
        socket.ping()
        if (!isClogged()) send(frames.heartbeat(cursor))
      }
      return was
    },
    close: (code, reason) => socket.close(code, reason),
  }
}
