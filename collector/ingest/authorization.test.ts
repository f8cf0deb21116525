import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { downTopic, statusTopic, upTopic } from '@barograph/proto'
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import type { Outcome } from '../core/ingest.ts'
import { judge } from '../core/verdict.ts'
import { accessLimits, createAccess } from '../devices/access.ts'
import { type Authority, openAuthority } from '../devices/authority.ts'
import { openRegistry } from '../devices/registry.ts'
import { createTlsSource } from '../devices/server-certificate.ts'
import { makeDevicesFolder, newToken, somewhere } from '../devices/testing/folder.ts'
import { systemClock } from '../system-clock.ts'
import { type BrokerOptions, createBroker, type TurnedAway } from './broker.ts'
import { type BrokerLimits, brokerLimits } from './limits.ts'

const waitOptions = { timeout: 10_000, interval: 10 }

interface Taken {
  readonly topic: string
  readonly payload: string
  readonly identity: string | null
  readonly outcome: Outcome
}

/** A broker that asks who is there, with two devices that it knows. */
async function openWorld(auth: 'token' | 'certificate' = 'token', options: Partial<BrokerOptions> = {}) {
  const folder = makeDevicesFolder()
  const registry = openRegistry(folder)
  const access = createAccess({ registry: openRegistry(folder), kind: auth, clock: systemClock })
  const source = await createTlsSource({
    folder,
    given: null,
    names: () => ['localhost', '127.0.0.1'],
    clock: systemClock,
    report: () => undefined,
  })
  const taken: Taken[] = []
  const away: TurnedAway[] = []
  const ingest = await createBroker({
    listen: { host: '127.0.0.1', port: 0 },
    // By the rules of the bridge, for topics; the payloads here are no batches.
    async accept(message) {
      const verdict = judge(message, Date.now())
      const isForeign = verdict.kind === 'refused' && /^wrong-(topic|device)$/.test(verdict.code)
      const outcome = isForeign ? 'refused' : 'taken'
      const { topic, identity } = message
      taken.push({ topic, identity, outcome, payload: Buffer.from(message.payload).toString() })
      return outcome
    },
    refuse: () => undefined,
    isFull: () => false,
    access,
    tls: { source, asksForCertificate: auth === 'certificate' },
    turnedAway: (what) => away.push(what),
    ...options,
  })
  onTestFinished(async () => {
    await ingest.close()
    source.close()
    access.close()
    registry.close()
  })
  const { ca } = source.current()
  const login = (device: string, more: IClientOptions): IClientOptions => ({
    clientId: `barograph-${device}`,
    protocolVersion: 4,
    reconnectPeriod: 0,
    keepalive: 15,
    ca: ca ?? '',
    ...more,
  })
  const join = async (device: string): Promise<IClientOptions> => {
    const { token, credential } = await newToken()
    if (auth === 'token') registry.add(device, somewhere, credential, Date.now())
    return login(device, { username: device, password: token })
  }
  const enter = async (given: IClientOptions): Promise<MqttClient> => {
    const client = await mqtt.connectAsync(ingest.url, given)
    client.on('error', () => undefined)
    onTestFinished(() => client.endAsync(true))
    return client
  }
  return { folder, registry, ingest, taken, away, login, join, enter }
}

const codesOf = (away: readonly TurnedAway[]): string[] => away.map(({ code }) => code)

/** The good device's traffic all along: what it sends arrives, each once, under its name. */
async function startGoodTraffic(client: MqttClient) {
  let sent = 0
  let isOver = false
  const done = (async () => {
    while (!isOver) await client.publishAsync(upTopic('balcony'), `good ${sent++}`, { qos: 1 })
  })()
  return async (taken: readonly Taken[]) => {
    isOver = true
    await done
    const arrived = taken.filter(
      ({ identity, topic }) => identity === 'balcony' && topic === upTopic('balcony'),
    )
    expect(arrived.map(({ payload }) => payload)).toEqual(Array.from({ length: sent }, (_, i) => `good ${i}`))
    expect(client.connected).toBe(true)
  }
}

/** What a device tries that is none of its business: what it does, and what becomes of it. */
interface Attempt {
  readonly name: string
  /** `mallory` is a device like any other, with good credentials of its own. */
  readonly run: (world: Awaited<ReturnType<typeof openWorld>>, mallory: IClientOptions) => Promise<void>
  readonly code: string
}

function subscribing(topic: string): Attempt {
  return {
    name: `subscribes to ${topic}`,
    code: 'subscribe',
    async run({ enter, ingest }, mallory) {
      const client = await enter(mallory)
      const heard: string[] = []
      client.on('message', (from) => heard.push(from))
      await expect(client.subscribeAsync(topic)).rejects.toThrow(/subscribe/i)
      await client.subscribeAsync(downTopic('mallory'))
      ingest.publish(downTopic('balcony'), new Uint8Array([1]))
      ingest.publish(downTopic('mallory'), new Uint8Array([2]))
      await vi.waitFor(() => expect(heard).toEqual([downTopic('mallory')]), waitOptions)
    },
  }
}

const attempts: Attempt[] = [
  {
    name: 'publishes as another one',
    code: 'publish',
    async run({ enter, taken }, mallory) {
      const client = await enter(mallory)
      await client.publishAsync(upTopic('balcony'), 'forged', { qos: 1 })
      await client.publishAsync(statusTopic('balcony'), 'forged', { qos: 1, retain: true })
      const forged = taken.filter(({ payload }) => payload === 'forged')
      expect(forged.map(({ identity, outcome }) => [identity, outcome])).toEqual([
        ['mallory', 'refused'],
        ['mallory', 'refused'],
      ])
    },
  },
  {
    name: 'has a last will that speaks for another one',
    code: 'publish',
    async run({ enter, taken }, mallory) {
      const will = {
        topic: statusTopic('balcony'),
        payload: Buffer.from('dead'),
        qos: 1 as const,
        retain: true,
      }
      const client = await enter({ ...mallory, will })
      client.stream.destroy()
      await vi.waitFor(() => {
        const wills = taken.filter(({ payload }) => payload === 'dead')
        expect(wills).toMatchObject([{ identity: 'mallory', outcome: 'refused' }])
      }, waitOptions)
    },
  },
  ...[
    downTopic('balcony'),
    statusTopic('balcony'),
    upTopic('mallory'),
    '#',
    'barograph/#',
    'barograph/v1/+/status',
    'barograph/v1/+/down',
    `$share/g/${downTopic('balcony')}`,
    `$share/g/${downTopic('mallory')}`,
    '$SYS/#',
  ].map(subscribing),
  {
    name: 'takes the client id of another one',
    code: 'client-id',
    async run({ enter }, mallory) {
      await expect(enter({ ...mallory, clientId: 'barograph-balcony' })).rejects.toMatchObject({ code: 2 })
      await expect(enter({ ...mallory, clientId: 'barograph-balcony.doctor' })).rejects.toMatchObject({
        code: 2,
      })
    },
  },
  {
    name: 'shows the name of another one with its own token',
    code: 'wrong-token',
    async run({ enter }, mallory) {
      const as = { ...mallory, username: 'balcony', clientId: 'barograph-balcony' }
      await expect(enter(as)).rejects.toMatchObject({ code: 4 })
    },
  },
  {
    name: 'shows nothing',
    code: 'no-credentials',
    async run({ enter, login }) {
      await expect(enter(login('mallory', {}))).rejects.toMatchObject({ code: 5 })
    },
  },
  {
    name: 'sends a packet beyond the limit',
    code: 'too-large',
    async run({ enter }, mallory) {
      const client = await enter(mallory)
      const isClosed = new Promise<void>((resolve) => client.once('close', () => resolve()))
      client.publish(
        upTopic('mallory'),
        Buffer.alloc(brokerLimits.packetBytes + 1),
        { qos: 1 },
        () => undefined,
      )
      await isClosed
    },
  },
  {
    name: 'was revoked while it is connected, and comes again',
    code: 'revoked',
    async run({ enter, registry, away }, mallory) {
      const client = await enter(mallory)
      const isClosed = new Promise<void>((resolve) => client.once('close', () => resolve()))
      registry.revoke('mallory', Date.now())
      await isClosed
      expect(codesOf(away)).toContain('ended')
      await expect(enter(mallory)).rejects.toMatchObject({ code: 5 })
    },
  },
  {
    name: 'keeps the broker’s memory with retained messages of its own',
    code: 'publish',
    async run({ enter, taken }, mallory) {
      const client = await enter(mallory)
      for (const topic of [upTopic('mallory'), 'barograph/v1/mallory/other', 'mallory'])
        await client.publishAsync(topic, 'kept?', { qos: 1, retain: true })
      const kept = taken.filter(({ payload }) => payload === 'kept?')
      expect(kept.map(({ outcome }) => outcome)).toEqual(['taken', 'refused', 'refused'])
    },
  },
]

describe('a device with good credentials that', () => {
  test.each(attempts)(
    '$name is turned away, and another device’s traffic is not touched',
    async ({ run, code }) => {
      const world = await openWorld()
      const good = await world.enter(await world.join('balcony'))
      const heard: string[] = []
      good.on('message', (topic) => heard.push(topic))
      await good.subscribeAsync(downTopic('balcony'))
      const finish = await startGoodTraffic(good)
      await run(world, await world.join('mallory'))
      await finish(world.taken)
      world.ingest.publish(downTopic('balcony'), new Uint8Array([3]))
      await vi.waitFor(() => expect(heard.length).toBeGreaterThan(0), waitOptions)
      expect(new Set(heard)).toEqual(new Set([downTopic('balcony')]))
      expect(codesOf(world.away)).toContain(code)
      // What is logged names who it was, and never a secret.
      for (const { words } of world.away) expect(words).toMatch(/mallory|127\.0\.0\.1|balcony/)
    },
  )
})

test('nothing that was refused is retained for those who come later', async () => {
  const { enter, join, ingest } = await openWorld()
  const mallory = await enter(await join('mallory'))
  await mallory.publishAsync(downTopic('mallory'), 'forged receipt', { qos: 1, retain: true })
  await mallory.publishAsync(downTopic('balcony'), 'forged receipt', { qos: 1, retain: true })
  for (const device of ['balcony', 'mallory2']) {
    const client = await enter(await join(device))
    const heard: string[] = []
    client.on('message', (_, payload) => heard.push(payload.toString()))
    await client.subscribeAsync(downTopic(device))
    ingest.publish(downTopic(device), Buffer.from('receipt'))
    await vi.waitFor(() => expect(heard).toEqual(['receipt']), waitOptions)
  }
})

describe('with certificates', () => {
  async function openCertificates() {
    const world = await openWorld('certificate')
    const authority = await openAuthority(world.folder, Date.now())
    const certify = async (device: string, by: Authority, nowMs = Date.now()) => {
      const { key, cert, serial, endsMs } = await by.issueDevice(device, nowMs)
      const credential = {
        kind: 'certificate',
        endsMs,
        tokenHash: null,
        mosquittoHash: null,
        serial,
      } as const
      return { credential, options: world.login(device, { key, cert }) }
    }
    const good = await certify('balcony', authority)
    world.registry.add('balcony', somewhere, good.credential, Date.now())
    return { ...world, authority, certify, good }
  }

  test('a device is who its certificate says, over TLS that both sides check', async () => {
    const { enter, good, taken } = await openCertificates()
    const client = await enter(good.options)
    await client.publishAsync(upTopic('balcony'), 'hello', { qos: 1 })
    await client.publishAsync(upTopic('cellar'), 'forged', { qos: 1 })
    expect(taken.map(({ identity, outcome }) => [identity, outcome])).toEqual([
      ['balcony', 'taken'],
      ['balcony', 'refused'],
    ])
    await expect(
      enter({ ...good.options, ca: (await openAuthority(makeDevicesFolder(), Date.now())).cert }),
    ).rejects.toThrow(/certificate/)
  })

  test('none, a foreign one, one that has ended, a revoked one and one of another name are turned away', async () => {
    const { enter, good, away, authority, certify, registry, login, taken } = await openCertificates()
    const client = await enter(good.options)
    const finish = await startGoodTraffic(client)
    const foreign = await certify('balcony', await openAuthority(makeDevicesFolder(), Date.now()))
    const ended = await certify('balcony', authority, Date.UTC(2021, 0, 1))
    registry.renew('balcony', ended.credential, Date.now(), Date.now() + 60_000)
    const unknown = await certify('balcony', authority)
    const revoked = await certify('cellar', authority)
    registry.add('cellar', somewhere, revoked.credential, Date.now())
    registry.revoke('cellar', Date.now())
    const tries: [IClientOptions, string][] = [
      [login('balcony', {}), 'no-credentials'],
      [foreign.options, 'bad-certificate'],
      [ended.options, 'bad-certificate'],
      [unknown.options, 'unknown-certificate'],
      [revoked.options, 'revoked'],

      [login('balcony', { username: 'balcony', password: 'x' }), 'no-credentials'],
    ]
    for (const [options] of tries) await expect(enter(options)).rejects.toMatchObject({ code: 5 })
    expect(codesOf(away)).toEqual(tries.map(([, code]) => code))
    const other = { ...good.options, clientId: 'barograph-cellar' }
    await expect(enter(other)).rejects.toMatchObject({ code: 2 })
    await finish(taken)
  })
})

/** CONNECT of MQTT 3.1.1 with a name and a token, byte by byte: a client library would be most of the time of a guess. */
function connectPacket(clientId: string, username: string, password: string): Buffer {
  const texts = [clientId, username, password].flatMap((text) => [
    Buffer.from([text.length >> 8, text.length & 255]),
    Buffer.from(text),
  ])
  const body = Buffer.concat([Buffer.from([0, 4, ...Buffer.from('MQTT'), 4, 0xc2, 0, 60]), ...texts])
  return Buffer.concat([Buffer.from([0x10, body.byteLength]), body])
}

test('10,000 guesses let nobody in, cost few hashes, are all counted, and touch no other device', async () => {
  const { ingest, away, enter, join, taken } = await openWorld('token', { tls: null })
  const finish = await startGoodTraffic(await enter(await join('balcony')))
  const port = Number(new URL(ingest.url).port)
  /** The answer to CONNECT. */
  const guess = (i: number) =>
    new Promise<number | undefined>((resolve) => {
      const device = i % 2 === 0 ? 'balcony' : `cellar-${i % 100}`
      const socket = connect(port, '127.0.0.1')
      socket.on('error', () => resolve(undefined))
      socket.once('close', () => resolve(undefined))
      socket.once('data', (data) => {
        resolve(data[3])
        socket.destroy()
      })
      socket.write(connectPacket(`barograph-${device}.${i}`, device, `guess-${i}`))
    })
  const answers = new Map<number | undefined, number>()
  const startedMs = performance.now()
  for (let i = 0; i < 10_000; i += 50)
    for (const answer of await Promise.all(Array.from({ length: 50 }, (_, k) => guess(i + k))))
      answers.set(answer, (answers.get(answer) ?? 0) + 1)
  const seconds = (performance.now() - startedMs) / 1_000
  // 4: not this token; 3: come back later, and not looked at.
  expect([...answers.keys()].filter((code) => code !== 3 && code !== 4)).toEqual([])
  const wrong = codesOf(away).filter((code) => code === 'wrong-token').length
  const { burst, perSecond } = accessLimits.guessesOfAddress
  expect(wrong).toBeGreaterThan(0)
  expect(wrong).toBeLessThanOrEqual(burst + 50 + perSecond * seconds)
  expect(codesOf(away).filter((code) => /^(wrong-token|too-many-guesses|busy)$/.test(code))).toHaveLength(
    10_000,
  )
  expect(JSON.stringify(away)).not.toContain('guess-')
  await finish(taken)
})

describe('sockets', () => {
  const open = async (url: string): Promise<Socket> => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    onTestFinished(() => void socket.destroy())
    socket.on('error', () => undefined)
    await new Promise<void>((resolve) => socket.once('connect', resolve))
    socket.resume()
    return socket
  }
  const closed = (socket: Socket): Promise<void> =>
    new Promise((resolve) => (socket.destroyed ? resolve() : socket.once('close', () => resolve())))

  test('that never agree on TLS, or say nothing after it, are closed', async () => {
    const { ingest, away } = await openWorld('token', { limits: { connectTimeoutMs: 200 } })
    const silent = await open(ingest.url)
    await closed(silent)
    const mute = connectTls({
      port: Number(new URL(ingest.url).port),
      host: '127.0.0.1',
      rejectUnauthorized: false,
    })
    mute.on('error', () => undefined)
    mute.resume()
    await closed(mute)
    expect(codesOf(away)).toContain('tls')
  })

  test('of strangers are bounded, of one address too, and free again when they close', async () => {
    const limits = { strangers: 5, strangersPerAddress: 3, connectionsPerAddress: 4 }
    const { ingest, away, enter, join } = await openWorld('token', { limits, isTrusted: () => false })
    const balcony = await join('balcony')
    const strangers = [await open(ingest.url), await open(ingest.url), await open(ingest.url)]
    await closed(await open(ingest.url))
    expect(codesOf(away)).toContain('strangersPerAddress')
    await expect(enter(balcony)).rejects.toThrow(/./)
    for (const socket of strangers) socket.destroy()
    await vi.waitFor(() => enter(balcony), waitOptions)
    // Who was let in is no stranger any more.
    const more = [await open(ingest.url), await open(ingest.url), await open(ingest.url)]
    await closed(await open(ingest.url))
    expect(codesOf(away)).toContain('connectionsPerAddress')
    expect(more.every(({ destroyed }) => !destroyed)).toBe(true)
  })

  test('of one device are bounded, and its agent takes its own place again', async () => {
    const { enter, join, away } = await openWorld('token', { limits: { connectionsPerDevice: 2 } })
    const options = await join('balcony')
    const [agent] = [await enter(options), await enter({ ...options, clientId: 'barograph-balcony.doctor' })]
    await expect(enter({ ...options, clientId: 'barograph-balcony.third' })).rejects.toMatchObject({
      code: 3,
    })
    const isClosed = new Promise<void>((resolve) => agent?.once('close', () => resolve()))
    await enter(options)
    await isClosed
    expect(codesOf(away)).toEqual(['connectionsPerDevice'])
  })

  test('that were silent for too long are closed, whatever keepalive they asked for', async () => {
    const { enter, join } = await openWorld('token', { limits: { silenceMs: 300 } })
    const client = await enter({ ...(await join('balcony')), keepalive: 0 })
    await new Promise<void>((resolve) => client.once('close', () => resolve()))
    expect(client.connected).toBe(false)
  })

  test('that do not read what they subscribed to are closed, and others hear theirs meanwhile', async () => {
    const { ingest, enter, join } = await openWorld('token', { tls: null, limits: { drainTimeoutMs: 300 } })
    const good = await enter(await join('balcony'))
    const heard: number[] = []
    good.on('message', (_, payload) => heard.push(payload[0] ?? -1))
    await good.subscribeAsync(downTopic('balcony'))
    const { username = '', password = '' } = await join('lazy')
    const lazy = connect(Number(new URL(ingest.url).port), '127.0.0.1')
    onTestFinished(() => void lazy.destroy())
    lazy.on('error', () => undefined)
    lazy.write(connectPacket('barograph-lazy', username, String(password)))
    const topic = Buffer.from(downTopic('lazy'))
    lazy.write(Buffer.from([0x82, topic.byteLength + 5, 0, 1, 0, topic.byteLength, ...topic, 0]))
    await vi.waitFor(() => expect(ingest.connections()).toBe(2), waitOptions)
    const large = new Uint8Array(100_000)
    // Until the buffers of both sides are full: its subscription may take a moment to count.
    await vi.waitFor(() => {
      for (let i = 0; i < 20; i++) ingest.publish(downTopic('lazy'), large)
      expect(ingest.connections()).toBe(1)
    }, waitOptions)
    ingest.publish(downTopic('balcony'), new Uint8Array([7]))
    await vi.waitFor(() => expect(heard).toEqual([7]), waitOptions)
  })

  test('of strangers may not even announce a packet as large as a batch', async () => {
    const { ingest, away } = await openWorld('token', { tls: null })
    const socket = await open(ingest.url)
    const length = brokerLimits.firstPacketBytes + 1
    socket.write(Buffer.from([0x10, (length & 127) | 128, ((length >> 7) & 127) | 128, length >> 14]))
    await closed(socket)
    expect(codesOf(away)).toEqual(['too-large'])
  })
})

test.each<[string, Partial<BrokerLimits>]>([
  ['messages', { messagesOfDevice: { perSecond: 100, burst: 20 } }],
  ['bytes', { bytesOfDevice: { perSecond: 50_000, burst: 10_000 } }],
])(
  'a device beyond its rate of %s waits for its acknowledgements and loses nothing; others do not wait',
  async (_what, limits) => {
    const { enter, join, taken } = await openWorld('token', { limits })
    const [eager, calm] = [await enter(await join('eager')), await enter(await join('calm'))]
    const text = (i: number) => `${i} `.padEnd(450, '.')
    const sent = Array.from({ length: 60 }, (_, i) =>
      eager.publishAsync(upTopic('eager'), text(i), { qos: 1 }),
    )
    await vi.waitFor(() => expect(taken.length).toBeGreaterThanOrEqual(20), waitOptions)
    await calm.publishAsync(upTopic('calm'), 'calm', { qos: 1 })
    const before = taken.filter(({ identity }) => identity === 'eager').length
    expect(before).toBeLessThan(60)
    await Promise.all(sent)
    const arrived = taken.filter(({ identity }) => identity === 'eager').map(({ payload }) => payload)
    expect(arrived).toEqual(Array.from({ length: 60 }, (_, i) => text(i)))
  },
)
