import { EventEmitter } from 'node:events'
import type { ApiReading, LiveFrame } from '@barograph/proto/api'
import { describe, expect, test } from 'vitest'
import { serveLimits } from '../limits.ts'
import { type ClientOptions, createClient, type LiveSocket, type Turn } from './client.ts'
import type { ChangeSet, Frames } from './frames.ts'
import { subscribeToAll } from './subscription.ts'

/** A socket whose buffer the test fills and empties. */
function fakeSocket() {
  const events = new EventEmitter()
  const sent: (LiveFrame | { type: string })[] = []
  const state = { bufferedAmount: 0, pings: 0 }
  const socket: LiveSocket = {
    readyState: 1,
    OPEN: 1,
    get bufferedAmount() {
      return state.bufferedAmount
    },
    send: (text) => sent.push(JSON.parse(text) as LiveFrame),
    ping: () => state.pings++,
    close: () => {},
    on: (event: string, listener: (...args: never[]) => void) => events.on(event, listener as () => void),
  }
  return { socket, sent, state, events }
}

/** Frames that tell what they were made of. */
const frames: Frames = {
  snapshot: (_, cursor) => JSON.stringify({ type: 'snapshot', cursor }),
  changes: (set) => JSON.stringify({ type: 'changes', cursor: set.cursor, devices: [...set.devices] }),
  noChanges: (cursor) => JSON.stringify({ type: 'changes', cursor, devices: [] }),
  readings: (streams) => (streams.length === 0 ? null : JSON.stringify({ type: 'readings', streams })),
  heartbeat: (cursor) => JSON.stringify({ type: 'heartbeat', cursor }),
}

function setUp(options: Partial<ClientOptions> = {}) {
  const fake = fakeSocket()
  const stream = { writableLength: 0, bytesWritten: 0 }
  const clock = { head: 10 }
  const client = createClient({
    socket: fake.socket,
    stream,
    frames,
    subscription: subscribeToAll,
    resume: null,
    head: () => clock.head,
    readChanges: async () => null,
    onSent: () => {},
    onSkipped: () => {},
    onFailed: (error) => {
      throw error
    },
    ...options,
  })
  return { ...fake, stream, clock, client }
}

const setOf = (cursor: number, ...devices: string[]): ChangeSet => ({
  cursor,
  devices: new Set(devices),
  rollups: [],
})

const reading = (seq: number): ApiReading => ({
  kind: 'reading',
  time: `2025-06-02T12:00:0${seq}Z`,
  epoch: 'e',
  seq,
  values: {},
})

function turn(before: number, after: number, more: Partial<Turn> = {}): Turn {
  const readings = more.readings ?? []
  return {
    before,
    after,
    sets: [],
    statusChanges: new Set(),
    readings,
    frame: (of, subscription) =>
      of === 'readings' ? frames.readings(readings, subscription) : frames.changes(of, subscription),
    ...more,
  }
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 0))
const full = serveLimits.waitingBytes + 1

describe('a client whose buffer is full', () => {
  test('gets nothing, and when it has taken all: what changed, statuses, and the newest reading of each stream', async () => {
    const pages = [setOf(11, 'a'), setOf(12, 'b')]
    const asked: number[] = []
    const { client, sent, state, clock } = setUp({
      readChanges: async (since) => {
        asked.push(since)
        return pages.find((page) => page.cursor > since) ?? null
      },
    })
    expect(sent).toEqual([{ type: 'snapshot', cursor: 10 }])
    state.bufferedAmount = full
    clock.head = 11
    const a1 = { device: 'a', sensor: 's', entries: [reading(1), reading(2)], skipped: 0 }
    client.deliver(turn(10, 11, { sets: [setOf(11, 'a')], readings: [a1] }))
    clock.head = 12
    const a2 = { device: 'a', sensor: 's', entries: [reading(3)], skipped: 4 }
    const b = { device: 'b', sensor: 's', entries: [reading(1)], skipped: 0 }
    const statusChanges = new Set(['quiet'])
    client.deliver(turn(11, 12, { sets: [setOf(12, 'b')], statusChanges, readings: [a2, b] }))
    expect(sent).toHaveLength(1)

    state.bufferedAmount = 0
    client.deliver(turn(12, 12))
    await settled()
    expect(asked).toEqual([10, 11])
    expect(sent.slice(1)).toEqual([
      { type: 'changes', cursor: 11, devices: ['a'] },
      { type: 'changes', cursor: 12, devices: ['b'] },
      { type: 'changes', cursor: 12, devices: ['quiet'] },
      { type: 'readings', streams: [{ ...a2, skipped: 6 }, b] },
    ])
    clock.head = 13
    client.deliver(turn(12, 13, { sets: [setOf(13, 'c')] }))
    expect(sent.at(-1)).toEqual({ type: 'changes', cursor: 13, devices: ['c'] })
  })

  test('stops catching up as soon as it is full again', async () => {
    const { client, sent, state, clock } = setUp({
      readChanges: async (since) => {
        state.bufferedAmount = full
        return setOf(since + 1, 'a')
      },
    })
    clock.head = 100
    client.deliver(turn(99, 100))
    await settled()
    expect(sent).toHaveLength(2)
    expect(sent[1]).toMatchObject({ cursor: 11 })
  })

  test('misses no change that comes while the store is asked', async () => {
    const asked: number[] = []
    const answers: (() => void)[] = []
    const { client, clock } = setUp({
      readChanges: (since) => {
        asked.push(since)
        return new Promise((resolve) => answers.push(() => resolve(since < 12 ? setOf(12, 'a') : null)))
      },
    })
    clock.head = 12
    client.deliver(turn(11, 12))
    clock.head = 13
    client.deliver(turn(12, 13))
    answers.shift()?.()
    await settled()
    // The store is asked from 12 on, while a turn goes on to 14: its answer speaks for 13 at most.
    clock.head = 14
    client.deliver(turn(13, 14))
    answers.shift()?.()
    await settled()
    expect(asked).toEqual([10, 12, 13])
  })

  test('is answered one snapshot for any number of wishes, when there is room', () => {
    const { client, sent, state, events } = setUp()
    state.bufferedAmount = full
    for (let i = 0; i < 50; i++)
      events.emit('message', Buffer.from('{"type":"subscribe","readings":false}'), false)
    client.deliver(turn(10, 10))
    expect(sent).toHaveLength(1)
    state.bufferedAmount = 0
    client.deliver(turn(10, 10))
    client.deliver(turn(10, 10))
    expect(sent.map(({ type }) => type)).toEqual(['snapshot', 'snapshot'])
    expect(client.subscription().readings).toBe(false)
  })
})

describe('the heartbeat of a client', () => {
  test('is missed without an answer, and not while its backlog shrinks', () => {
    const { client, state, stream, events, sent } = setUp()
    expect(client.beat()).toBe(true) // it has just come
    expect(client.beat()).toBe(false)
    events.emit('pong')
    expect(client.beat()).toBe(true)
    expect(client.beat()).toBe(false)
    // A slow line: the answer waits behind what the line still carries.
    state.bufferedAmount = full
    Object.assign(stream, { bytesWritten: 500_000, writableLength: 400_000 })
    expect(client.beat()).toBe(true)
    Object.assign(stream, { bytesWritten: 600_000, writableLength: 500_000 })
    expect(client.beat()).toBe(false) // more was written, none was taken
    Object.assign(stream, { writableLength: 450_000 })
    expect(client.beat()).toBe(true)
    expect(state.pings).toBe(7)
    expect(sent.filter(({ type }) => type === 'heartbeat')).toHaveLength(4)
  })
})
