import type { Duplex } from 'node:stream'
import { setImmediate as immediate } from 'node:timers/promises'
import { isCoded } from '@barograph/proto'
import type { WebSocket } from 'ws'
import type { CollectionName } from '../../core/documents.ts'
import type { Log } from '../../core/log.ts'
import type { Store } from '../../core/store.ts'
import type { ServeLogger } from '../context.ts'
import { serveLimits } from '../limits.ts'
import { type Client, createClient, type Turn } from './client.ts'
import { loadFleet } from './fleet.ts'
import { type ChangeSet, changeSetOf, createFrames } from './frames.ts'
import { followReadings, type LiveStream } from './readings.ts'
import type { Subscription } from './subscription.ts'

/** What /metrics tells of the live clients. */
export interface LiveFigures {
  readonly clients: number
  /** Of the client that has most waiting. */
  readonly waitingBytes: number
  readonly frames: number
  readonly skipped: number
}

export interface Hub {
  /** The cursor of a token that is of this store as it is, and not too far back; null: start anew. */
  cursorOf(token: string | undefined): Promise<number | null>
  /** False: no further client is taken. */
  hasRoom(): boolean
  /** `isStillIn`: false ends it, with the next heartbeat. */
  accept(
    socket: WebSocket,
    stream: Duplex,
    subscription: Subscription,
    resume: number | null,
    isStillIn?: () => boolean,
  ): void
  figures(): LiveFigures
  close(): Promise<void>
}

export interface HubOptions {
  readonly store: Store
  readonly log: Log
  readonly version: string
  /** What every path of the server begins with. */
  readonly prefix: string
  readonly now: () => number
  readonly logger: ServeLogger
  readonly pollIntervalMs: number
  readonly heartbeatIntervalMs: number
}

interface Connection {
  readonly socket: WebSocket
  readonly closed: Promise<void>
  readonly isStillIn: () => boolean
  /** Heartbeats in a row without an answer. */
  missed: number
}

const closeGraceMs = 500
const collections: readonly CollectionName[] = ['devices', 'streams', 'rollups']
/** What is followed while nobody looks: windows are most of what changes, and only clients want them. */
const unwatched: readonly CollectionName[] = ['devices', 'streams']
const goingAway = 1001
const signedOut = 4401

/** Tells every live client what changes: one look at the store and the log per turn serves all of them. */
export async function createHub(options: HubOptions): Promise<Hub> {
  const { store, log, version, now, logger } = options
  // Before the documents are read: a change meanwhile is told twice rather than not at all.
  let head = await store.newestChange()
  let fleet = await loadFleet(store)
  let life = await store.life()
  const frames = createFrames({
    fleet: () => fleet,
    version,
    now,
    tokenOf: (cursor) => `${life?.id ?? ''}-${life?.swaps ?? 0}-${cursor}`,
  })
  const clients = new Map<Client, Connection>()
  const figures = { frames: 0, skipped: 0 }
  const source = followReadings({ log, logger, isWanted: () => clients.size > 0 })
  let isClosed = false
  let isWaiting = false

  async function readChanges(since: number, only = collections): Promise<ChangeSet | null> {
    const { changes, cursor } = await store.changes(since, serveLimits.changesPerFrame, only)
    if (changes.length === 0) return null
    fleet.apply(changes)
    return changeSetOf(changes, cursor)
  }

  async function readSets(only: readonly CollectionName[]): Promise<ChangeSet[]> {
    const sets: ChangeSet[] = []
    while (sets.length < serveLimits.pagesPerTurn) {
      const set = await readChanges(sets.at(-1)?.cursor ?? head, only)
      if (!set) break
      sets.push(set)
      await immediate() // between two looks, requests have their turn
    }
    return sets
  }

  /**
   * Another set of windows holds, or an older copy of the store stands in its place: what was told before is no ground
   * for what changes, so that everybody hears it anew.
   */
  async function noteLife(): Promise<void> {
    const found = await store.life()
    const newest = await store.newestChange()
    const isSame = found?.swaps === life?.swaps && newest >= head
    life = found
    if (isSame) return
    head = newest
    fleet = await loadFleet(store)
    for (const client of clients.keys()) client.beginAnew()
  }

  async function takeTurn(): Promise<void> {
    await noteLife()
    const isWatched = clients.size > 0
    const sets = await readSets(isWatched ? collections : unwatched)
    const before = head
    head = sets.at(-1)?.cursor ?? head
    const statusChanges = new Set(fleet.statusChanges(now()))
    if (statusChanges.size > 0) sets.push({ cursor: head, devices: statusChanges, rollups: [] })
    const readings = source.take()
    const frame = frameWriter(readings)
    // A client that came meanwhile finds itself behind, and reads from the store what was left out.
    const turn: Turn = {
      before: isWatched ? before : head,
      after: head,
      sets,
      statusChanges,
      readings,
      frame,
    }
    for (const client of clients.keys()) client.deliver(turn)
  }

  /** Writes a frame once for all clients with the same subscription. */
  function frameWriter(readings: readonly LiveStream[]): Turn['frame'] {
    const written = new Map<ChangeSet | 'readings', Map<string, string | null>>()
    return (of, subscription) => {
      const bySubscription = written.get(of) ?? new Map<string, string | null>()
      written.set(of, bySubscription)
      let frame = bySubscription.get(subscription.key)
      if (frame === undefined) {
        frame = of === 'readings' ? frames.readings(readings, subscription) : frames.changes(of, subscription)
        bySubscription.set(subscription.key, frame)
      }
      return frame
    }
  }

  /** A store that cannot be read now is read later; clients see the same as when nothing changes, /readyz the reason. */
  function onFailed(error: unknown): void {
    if (!isCoded(error)) throw error
    if (!isWaiting) logger.warn({ code: error.code }, `live changes wait for the store: ${error.message}`)
    isWaiting = true
  }

  async function turns(): Promise<void> {
    while (!isClosed) {
      try {
        await takeTurn()
        if (isWaiting) logger.info({}, 'live changes go on')
        isWaiting = false
      } catch (error) {
        onFailed(error)
      }
      await pause(options.pollIntervalMs)
    }
  }

  let wake: () => void = () => {}
  function pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  function beat(): void {
    for (const [client, state] of clients) {
      if (!state.isStillIn()) client.close(signedOut, 'signed out, or the token is revoked')
      state.missed = client.beat() ? 0 : state.missed + 1
      if (state.missed > serveLimits.missedHeartbeats) state.socket.terminate()
    }
  }

  async function cursorOf(token: string | undefined): Promise<number | null> {
    const [, id = '', swaps, digits] = /^(.*)-(\d{1,15})-(\d{1,15})$/.exec(token ?? '') ?? []
    const cursor = Number(digits ?? Number.NaN)
    if (!(cursor <= head) || head - cursor > serveLimits.resumeChanges) return null
    return (await store.isOfLife({ id, swaps: Number(swaps) }, cursor)) ? cursor : null
  }

  const heartbeat = setInterval(beat, options.heartbeatIntervalMs)
  const turning = turns()

  return {
    cursorOf,
    hasRoom: () => clients.size < serveLimits.liveClients,
    accept(socket, stream, subscription, resume, isStillIn = () => true) {
      const client = createClient({
        socket,
        stream,
        frames,
        subscription,
        resume,
        head: () => head,
        readChanges: (since) => readChanges(since),
        prefix: options.prefix,
        onSent: () => figures.frames++,
        onSkipped: () => figures.skipped++,
        onFailed,
      })
      const closed = new Promise<void>((resolve) => {
        socket.on('close', () => {
          clients.delete(client)
          resolve()
        })
      })
      clients.set(client, { socket, closed, isStillIn, missed: 0 })
      // Every way a connection can fail ends in close, which follows.
      socket.on('error', (error) => logger.info({ reason: error.message }, 'a live client broke off'))
    },
    figures() {
      const waiting = [...clients.keys()].map((client) => client.waitingBytes())
      return { clients: clients.size, waitingBytes: Math.max(0, ...waiting), ...figures }
    },
    async close() {
      isClosed = true
      clearInterval(heartbeat)
      wake()
      for (const client of clients.keys()) client.close(goingAway, 'the collector stops')
      // One that does not read does not answer either.
      const grace = setTimeout(() => clients.forEach(({ socket }) => socket.terminate()), closeGraceMs)
      await Promise.all([turning, source.close(), ...[...clients.values()].map(({ closed }) => closed)])
      clearTimeout(grace)
    },
  }
}
