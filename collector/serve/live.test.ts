import type { ApiProblem, LiveChanges, LiveFrame, LiveReadings, LiveSnapshot } from '@barograph/proto/api'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import type { Server } from './index.ts'
import { serveLimits } from './limits.ts'
import { liveFrame } from './schemas.ts'
import { createRig, get, noon, type Rig, run, site, status, until } from '../testing/serve-rig.ts'

// Real files and sockets on a machine that may be busy: patience, not a measure.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

let rig: Rig
const sockets: WebSocket[] = []

beforeEach(() => {
  rig = createRig()
})
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.terminate()
  await rig.close()
})

type Rollup = LiveChanges['rollups'][number]

/** A client that keeps every frame, checked against the documented schema. */
function connect(server: Server, query = '', headers: Record<string, string> = {}) {
  const socket = new WebSocket(`${server.address.replace('http', 'ws')}/api/v1/live${query}`, { headers })
  sockets.push(socket)
  const frames: LiveFrame[] = []
  socket.on('message', (data: Buffer) => frames.push(liveFrame.parse(JSON.parse(data.toString()))))
  const of = <T extends LiveFrame['type']>(type: T) =>
    frames.filter((frame): frame is Extract<LiveFrame, { type: T }> => frame.type === type)
  return {
    socket,
    frames,
    of,
    say: (message: unknown) => socket.send(typeof message === 'string' ? message : JSON.stringify(message)),
    snapshot: async (): Promise<LiveSnapshot> => {
      await until(() => of('snapshot').length > 0)
      return of('snapshot').at(-1) as LiveSnapshot
    },
    /** The newest version of each window that was told. */
    windows: () => {
      const newest = new Map<string, Rollup>()
      for (const { rollups } of of('changes'))
        for (const one of rollups) newest.set(`${one.device}/${one.sensor}/${one.level}/${one.start}`, one)
      return newest
    },
    readings: () => of('readings').flatMap(({ readings }: LiveReadings) => readings),
    newestCursor: () => {
      const last = frames.findLast((frame) => 'cursor' in frame)
      return last && 'cursor' in last ? last.cursor : ''
    },
  }
}

/** The status and problem that an upgrade is refused with. */
function refusal(server: Server, query: string, headers: Record<string, string> = {}) {
  const socket = new WebSocket(`${server.address.replace('http', 'ws')}/api/v1/live${query}`, { headers })
  sockets.push(socket)
  return new Promise<{ status: number; problem: ApiProblem }>((resolve, reject) => {
    socket.on('error', () => {})
    socket.on('open', () => reject(new Error('it was accepted')))
    socket.on('unexpected-response', (_, response) => {
      let text = ''
      response.on('data', (part: Buffer) => (text += part.toString()))
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, problem: JSON.parse(text) as ApiProblem }),
      )
    })
  })
}

const one = (firstSeq: number, value: number, more: Parameters<typeof run>[0] | object = {}) =>
  run({ values: { temperature: [value] }, firstSeq, start: noon + firstSeq * 1_000, ...more })

describe('a live client', () => {
  test('gets a snapshot, then each device and window that changes, and raw readings before they are stored', async () => {
    await rig.sendBatch('balcony', { site, runs: [one(1, 20_000)] })
    await rig.fold()
    const server = await rig.start()
    const client = connect(server)
    const snapshot = await client.snapshot()
    expect(snapshot.version).toBe('1.2.3')
    expect(snapshot.devices).toEqual([(await get(server, '/api/v1/devices/balcony')).body])

    await rig.sendBatch('balcony', { runs: [one(2, 21_000)] })
    await until(() => client.readings().length > 0)
    expect(client.readings()).toEqual([
      {
        device: 'balcony',
        sensor: 'bme280',
        kind: 'reading',
        time: '2025-06-02T12:00:02Z',
        epoch: '00000000000000aa',
        seq: 2,
        values: { temperature: 21 },
      },
    ])
    expect(client.of('changes')).toEqual([])

    await rig.fold()
    await until(
      () => client.windows().size === 7 && client.of('changes').some(({ devices }) => devices.length > 0),
    )
    const levels = [...client.windows().values()].map(({ level }) => level)
    expect(levels.toSorted()).toEqual(['10s', '1m', 'day', 'hour', 'month', 'week', 'year'])
    const path = '/api/v1/devices/balcony/sensors/bme280/rollups?level=hour'
    const { rollups } = (await get(server, path)).body as { rollups: object[] }
    expect([...client.windows().values()].find(({ level }) => level === 'hour')).toEqual({
      device: 'balcony',
      sensor: 'bme280',
      ...rollups[0],
    })
    const device = client
      .of('changes')
      .flatMap(({ devices }) => devices)
      .at(-1)
    expect(device?.sensors[0]?.newest).toEqual({ time: '2025-06-02T12:00:02Z', values: { temperature: 21 } })
  })

  test('hears only of the devices and levels it asked for, and a new wish is answered by a snapshot', async () => {
    await rig.sendBatch('balcony', { runs: [one(1, 1)] })
    await rig.sendBatch('roof', { runs: [one(1, 1)] })
    await rig.fold()
    const server = await rig.start()
    const all = connect(server)
    const some = connect(server, '?devices=roof&levels=hour,day&readings=false')
    expect((await some.snapshot()).devices.map(({ id }) => id)).toEqual(['roof'])
    await all.snapshot()
    await rig.sendBatch('balcony', { runs: [one(2, 2)] })
    await rig.sendBatch('roof', { runs: [one(2, 2)] })
    await rig.fold()
    await until(() => all.windows().size === 14 && some.windows().size === 2)
    expect(new Set(some.of('changes').flatMap(({ rollups }) => rollups.map((r) => r.device)))).toEqual(
      new Set(['roof']),
    )
    expect(some.of('readings')).toEqual([])

    some.say({ type: 'subscribe', devices: null, levels: [], readings: true })
    await until(() => some.of('snapshot').length === 2)
    expect(some.of('snapshot')[1]?.devices.map(({ id }) => id)).toEqual(['balcony', 'roof'])
    const before = some.windows().size
    await rig.sendBatch('balcony', { runs: [one(3, 3)] })
    await until(() => some.readings().length === 1)
    await rig.fold()
    await until(() => some.of('changes').some(({ devices }) => devices.some(({ id }) => id === 'balcony')))
    expect(some.windows().size).toBe(before)
  })

  test('that comes back with a token gets exactly what changed meanwhile', async () => {
    await rig.sendBatch('balcony', { runs: [one(1, 1)] })
    await rig.sendBatch('roof', { runs: [one(1, 1)] })
    await rig.fold()
    const server = await rig.start()
    const first = connect(server)
    const { cursor } = await first.snapshot()
    first.socket.terminate()
    await rig.sendBatch('roof', { runs: [one(2, 5_000)] })
    await rig.fold()
    const second = connect(server, `?resume=${cursor}`)
    await until(() => second.windows().size === 7)
    expect(second.of('snapshot')).toEqual([])
    expect(second.frames[0]).toMatchObject({ type: 'changes', cursor })
    const changes = second.of('changes')
    expect(new Set(changes.flatMap(({ devices }) => devices.map(({ id }) => id)))).toEqual(new Set(['roof']))
    expect(
      [...second.windows().values()].every(({ device, received }) => device === 'roof' && received === 2),
    ).toBe(true)
    // The token of the end brings nothing but the frame that says so.
    const third = connect(server, `?resume=${second.newestCursor()}`)
    await until(() => third.frames.length > 0)
    expect(third.frames[0]).toMatchObject({ type: 'changes', devices: [], rollups: [] })
  })

  test('is told everything anew when another set of windows holds, and a token of before is none', async () => {
    await rig.sendBatch('balcony', { runs: [one(1, 1)] })
    await rig.fold()
    const server = await rig.start()
    const client = connect(server)
    const { cursor } = await client.snapshot()
    for (let partition = 0; partition < rig.log.partitions; partition++) {
      const checkpoint = await rig.store.checkpoint(partition)
      if (!checkpoint) continue
      const set = await rig.store.claimSet(partition, 'balcony')
      await rig.store.changePhase(partition, null, 'freeze:me')
      const current = { device: 'balcony', set, at: checkpoint.position }
      expect(await rig.store.swap(partition, 'freeze:me', current)).toBe(true)
    }
    await until(() => client.of('snapshot').length === 2)
    const token = client.newestCursor()
    expect(token).not.toBe(cursor)
    const late = connect(server, `?resume=${cursor}`)
    const inTime = connect(server, `?resume=${token}`)
    await until(() => late.frames.length > 0 && inTime.frames.length > 0)
    expect([late.frames[0]?.type, inTime.frames[0]?.type]).toEqual(['snapshot', 'changes'])
  })

  test('a token of a store that an older copy has replaced is none, however far that has come since', async () => {
    const server = await rig.start()
    await rig.sendBatch('balcony', { runs: [one(1, 1)] })
    await rig.fold()
    const client = connect(server)
    const { cursor } = await client.snapshot()
    // The copy was made before; what it wrote since has brought its counter just as far.
    const db = new Database(rig.storePath)
    db.exec(`UPDATE lives SET id = 'copy'`)
    db.close()
    const late = connect(server, `?resume=${cursor}`)
    await until(() => late.frames.length > 0)
    expect(late.frames[0]?.type).toBe('snapshot')
  })

  test('that breaks off again and again misses nothing', async () => {
    const server = await rig.start()
    const steady = connect(server)
    await steady.snapshot()
    const windows = new Map<string, Rollup>()
    let cursor = ''
    for (let round = 0; round < 12; round++) {
      const client = connect(server, `?resume=${cursor}`)
      await until(() => client.frames.length > 0)
      await rig.sendBatch(`d${round % 3}`, { runs: [one(round + 1, round * 1_000)] })
      const folded = rig.fold()
      if (round % 2 === 0) await folded // else it breaks off in the middle
      cursor = client.newestCursor()
      for (const [id, window] of client.windows()) windows.set(id, window)
      client.socket.terminate()
      await folded
    }
    const last = connect(server, `?resume=${cursor}`)
    await until(() => last.frames.length > 0 && last.newestCursor() === steady.newestCursor())
    for (const [id, window] of last.windows()) windows.set(id, window)
    expect(windows.size).toBeGreaterThan(20)
    expect(Object.fromEntries(windows)).toEqual(Object.fromEntries(steady.windows()))
  })

  test.each(['', 'junk', '-1', '00000000-1', 'CURSOR9999999999', '1e3'])(
    'gets a snapshot for the token "%s"',
    async (token) => {
      await rig.sendBatch('balcony', { runs: [one(1, 1)] })
      await rig.fold()
      const server = await rig.start()
      const { cursor } = await connect(server).snapshot()
      const client = connect(server, `?resume=${token.replace('CURSOR', cursor)}`)
      await until(() => client.frames.length > 0)
      expect(client.frames[0]?.type).toBe('snapshot')
    },
  )

  test('is told when a device falls silent, though no document says so', async () => {
    await rig.sendBatch('balcony', { runs: [one(1, 1)] })
    await rig.fold()
    const server = await rig.start()
    const client = connect(server)
    expect((await client.snapshot()).devices[0]?.status).toBe('live')
    rig.clock.now += 60_000
    await until(() => client.of('changes').length > 0)
    expect(client.of('changes')[0]?.devices).toMatchObject([
      { id: 'balcony', status: 'silent', lagMs: 59_000 },
    ])
  })

  test('hears of a device that did not exist when it came', async () => {
    const server = await rig.start()
    const client = connect(server)
    expect((await client.snapshot()).devices).toEqual([])
    await rig.sendStatus('new', status())
    await rig.fold()
    await until(() => client.of('changes').length > 0)
    expect(client.of('changes')[0]?.devices[0]?.id).toBe('new')
  })

  test.each(['no json', '{}', '{"type":"subscribe","levels":["2h"]}', '{"type":"subscribe","more":1}', '[]'])(
    'is told that %s was not understood, and stays',
    async (message) => {
      const server = await rig.start()
      const client = connect(server)
      await client.snapshot()
      client.say(message)
      await until(() => client.of('error').length > 0)
      expect(client.of('error')[0]?.problem).toMatchObject({ code: 'bad-message', status: 400 })
      await rig.sendStatus('new', status())
      await rig.fold()
      await until(() => client.of('changes').length > 0)
    },
  )

  test('that says too much is closed', async () => {
    const server = await rig.start()
    const client = connect(server)
    await client.snapshot()
    const closed = new Promise<number>((resolve) => client.socket.on('close', resolve))
    client.say('x'.repeat(serveLimits.messageBytes + 1))
    expect(await closed).toBe(1009)
    expect((await get(server, '/healthz')).status).toBe(200)
  })

  test('hears a heartbeat with the newest token, and one that answers none is ended', async () => {
    const server = await rig.start({ heartbeatIntervalMs: 10 })
    const alive = connect(server)
    const dead = new WebSocket(`${server.address.replace('http', 'ws')}/api/v1/live`, { autoPong: false })
    sockets.push(dead)
    await new Promise((resolve) => dead.on('close', resolve))
    await until(() => alive.of('heartbeat').length > 3)
    expect(alive.socket.readyState).toBe(WebSocket.OPEN)
    expect(alive.of('heartbeat').at(-1)?.cursor).toBe(alive.newestCursor())
  })

  test('sees the end coming when the collector stops', async () => {
    const server = await rig.start()
    const client = connect(server)
    await client.snapshot()
    const closed = new Promise<number>((resolve) => client.socket.on('close', resolve))
    await server.close()
    expect(await closed).toBe(1001)
  })
})

describe('while nobody looks', () => {
  test('no window is read, and one that changes just when a client comes is told all the same', async () => {
    await rig.sendBatch('balcony', { site, runs: [one(1, 20_000)] })
    await rig.fold()
    const asked: (readonly string[])[] = []
    const held = Promise.withResolvers<void>()
    const isHolding = Promise.withResolvers<void>()
    let holdsNext = false
    const server = await rig.start({
      store: {
        ...rig.store,
        async changes(since, limit, only = []) {
          asked.push(only)
          const found = await rig.store.changes(since, limit, only)
          if (!holdsNext || found.changes.length === 0) return found
          holdsNext = false
          isHolding.resolve()
          await held.promise
          return found
        },
      },
    })
    await until(() => asked.length > 2)
    expect(asked.flat()).not.toContain('rollups')

    holdsNext = true
    await rig.sendBatch('balcony', { runs: [one(2, 21_000)] })
    await rig.fold()
    await isHolding.promise
    const client = connect(server)
    await client.snapshot()
    held.resolve()
    await until(() => client.windows().size === 7)
    expect(asked.flat()).toContain('rollups')
  })
})

describe('who may come', () => {
  test('a page of another site may not', async () => {
    const server = await rig.start()
    for (const origin of ['http://evil.example', 'null', `https://127.0.0.1:${server.port + 1}`, 'junk']) {
      const { status: code, problem } = await refusal(server, '', { origin })
      expect([code, problem.code]).toEqual([403, 'wrong-origin'])
    }
    const own = connect(server, '', { origin: server.address })
    await own.snapshot()
  })

  test('a foreign Host header is refused', async () => {
    const server = await rig.start()
    const headers = { host: 'evil.example', origin: 'http://evil.example' }
    expect((await refusal(server, '', headers)).status).toBe(421)
  })

  test('a query that is not understood is refused with what is allowed', async () => {
    const server = await rig.start()
    const { status: code, problem } = await refusal(server, '?levels=hour,minute')
    expect(code).toBe(400)
    expect(problem).toMatchObject({ code: 'bad-query', detail: 'levels is "hour,minute".' })
    expect(problem.allowed).toContain('10s,1m,hour')
    expect((await refusal(server, '?device=a')).problem.allowed).toContain('devices?')
  })

  test('beyond the most clients there is no room, and a place that gets free is given again', async () => {
    const server = await rig.start()
    const clients = Array.from({ length: serveLimits.liveClients }, () => connect(server))
    await Promise.all(clients.map((client) => client.snapshot()))
    const { status: code, problem } = await refusal(server, '')
    expect([code, problem.code]).toEqual([503, 'too-many-clients'])
    clients[0]?.socket.terminate()
    await until(async () =>
      (await get(server, '/metrics')).text.includes(`barograph_live_clients ${clients.length - 1}`),
    )
    await connect(server).snapshot()
  })
})

describe('a client that does not read', () => {
  /** A year of hours of many sensors: far more than the buffers between server and client hold. */
  async function sendRound(round: number, sensors: number): Promise<void> {
    const values = { temperature: Array.from({ length: 120 }, (_, i) => round * 1_000 + i) }
    const runs = Array.from({ length: sensors }, (_, i) =>
      run({ sensor: `s${i}`, values, firstSeq: round * 120 + 1, intervalMs: 1_800_000 }),
    )
    for (let i = 0; i < runs.length; i += 10) await rig.sendBatch('field', { runs: runs.slice(i, i + 10) })
    await rig.fold()
  }

  test('holds nobody up, has little waiting for it, and ends with the same windows as one that reads', async () => {
    const sensors = 40
    await sendRound(0, sensors)
    const server = await rig.start()
    const slow = connect(server)
    const fast = connect(server)
    await Promise.all([slow.snapshot(), fast.snapshot()])
    slow.socket.pause()
    const received = () =>
      [...fast.windows().values()].filter(({ level }) => level === 'year').map((w) => w.received)
    const figure = async (name: string) =>
      Number(
        new RegExp(`^barograph_live_${name} (\\d+)$`, 'm').exec((await get(server, '/metrics')).text)?.[1],
      )
    let mostWaiting = 0
    // The system's own buffers fill first; then a few rounds more.
    let roundsLeft = 3
    for (let round = 1; roundsLeft > 0; round++) {
      expect(round).toBeLessThan(60)
      await sendRound(round, sensors)
      await until(() => {
        const years = received()
        return years.length === sensors && years.every((count) => count === (round + 1) * 120)
      })
      mostWaiting = Math.max(mostWaiting, await figure('waiting_bytes'))
      if ((await figure('skipped_total')) > 0) roundsLeft--
    }
    expect(slow.socket.readyState).toBe(WebSocket.OPEN)
    // What waits is what was put in before the limit was passed: the limit and at most one turn of frames.
    const oneTurn = serveLimits.pagesPerTurn * serveLimits.changesPerFrame * 2_000
    expect(mostWaiting).toBeGreaterThan(serveLimits.waitingBytes)
    expect(mostWaiting).toBeLessThan(serveLimits.waitingBytes + oneTurn)

    slow.socket.resume()
    await until(() => slow.newestCursor() === fast.newestCursor())
    expect(Object.fromEntries(slow.windows())).toEqual(Object.fromEntries(fast.windows()))
    expect(slow.of('changes').length).toBeLessThan(fast.of('changes').length)
  })
})
