import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { downTopic, limits, statusTopic, upTopic } from '@barograph/proto'
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import type { Incoming } from '../../collector/core/ingest.ts'
import { openAuthority } from '../../collector/devices/authority.ts'
import { openRegistry } from '../../collector/devices/registry.ts'
import { newToken, somewhere } from '../../collector/devices/testing/folder.ts'
import { createMqttClient } from '../../collector/ingest/mqtt-client.ts'
import { mosquittoSettings } from '../../scripts/services/mosquitto.ts'
import { temporaryFolder } from '../harness/folder.ts'
import { freePorts } from '../harness/ports.ts'
import { collectorProgram, run } from '../harness/process.ts'
import { needsMosquitto } from '../needs.ts'
import { openMosquitto, untilConnected, waitOptions } from './bridge.ts'

/** A Mosquitto that was told about devices by the files that we write, and a bridge behind it. */
async function openWorld(auth: 'token' | 'certificate') {
  const folder = temporaryFolder()
  const out = join(folder, 'mosquitto-files')
  const devicesFolder = join(folder, 'devices')
  const registry = openRegistry(devicesFolder)
  onTestFinished(() => registry.close())
  const authority = await openAuthority(devicesFolder, Date.now())
  const write = async (): Promise<void> => {
    const env = { BAROGRAPH_DEVICES_FOLDER: devicesFolder, BAROGRAPH_DEVICES_AUTH: auth }
    const args = ['devices', 'mosquitto', '--out', out, '--name', '127.0.0.1']
    const { code, stderr } = await run([collectorProgram, ...args], env, folder)
    if (code !== 0) throw new Error(stderr)
  }
  const add = async (device: string): Promise<IClientOptions> => {
    if (auth === 'token') {
      const { token, credential } = await newToken()
      registry.add(device, somewhere, credential, Date.now())
      return login(device, { username: device, password: token })
    }
    const { cert, key, serial, endsMs } = await authority.issueDevice(device, Date.now())
    const kept = { kind: auth, endsMs, tokenHash: null, mosquittoHash: null, serial }
    registry.add(device, somewhere, kept, Date.now())
    return login(device, { cert, key })
  }
  const login = (device: string, more: IClientOptions): IClientOptions => ({
    clientId: `barograph-${device}`,
    protocolVersion: 4,
    reconnectPeriod: 0,
    ca: authority.cert,
    ...more,
  })
  const [good, mallory] = [await add('balcony'), await add('mallory')]
  await write()
  const [port] = await freePorts(1)
  const own = readFileSync(join(out, 'devices.conf'), 'utf8')
    .split('\n')
    .filter((line) => line !== 'listener 8883')
    .map((line) => line.replace(/^listener 1884/, `listener ${port}`))
  const service = await openMosquitto({
    tls: true,
    settings: [
      ...own,
      ...mosquittoSettings.filter((line) => !line.startsWith('allow_anonymous')),
      'log_type all',
    ],
  })
  const taken: Incoming[] = []
  const password = readFileSync(join(out, 'collector-password'), 'utf8').trim()
  const bridge = createMqttClient({
    url: `mqtt://127.0.0.1:${port}`,
    clientId: 'barograph-collector',
    access: { username: 'collector', password, ca: null, cert: null, key: null },
    share: null,
    accept: async (message) => {
      taken.push(message)
      return 'taken'
    },
    report: () => undefined,
  })
  onTestFinished(() => bridge.close())
  await untilConnected(bridge)
  const enter = async (options: IClientOptions): Promise<MqttClient> => {
    const client = await mqtt.connectAsync(service.url, options)
    client.on('error', () => undefined)
    onTestFinished(() => client.endAsync(true))
    return client
  }
  const reload = async (): Promise<void> => {
    await write()
    process.kill(service.pid ?? 0, 'SIGHUP')
  }
  const textsOf = (topic: string) =>
    taken.filter((one) => one.topic === topic).map(({ payload }) => Buffer.from(payload).toString())
  /** The good device's traffic all along: at the end all of it has arrived, in order, and nothing else in its name. */
  const startGoodTraffic = async () => {
    const client = await enter(good)
    const heard: string[] = []
    client.on('message', (_, payload) => heard.push(payload.toString()))
    await client.subscribeAsync(downTopic('balcony'))
    let sent = 0
    let isOver = false
    const done = (async () => {
      while (!isOver) await client.publishAsync(upTopic('balcony'), `good ${sent++}`, { qos: 1 })
    })()
    done.catch(() => undefined)
    return async () => {
      isOver = true
      await done
      const all = Array.from({ length: sent }, (_, i) => `good ${i}`)
      await vi.waitFor(() => expect(textsOf(upTopic('balcony'))).toEqual(all), waitOptions)
      bridge.publish(downTopic('balcony'), Buffer.from('receipt'))
      await vi.waitFor(() => expect(heard).toEqual(['receipt']), waitOptions)
      expect(client.connected).toBe(true)
    }
  }
  const logged = () => readFileSync(service.logFile, 'utf8')
  return {
    registry,
    authority,
    bridge,
    taken,
    textsOf,
    enter,
    login,
    reload,
    mallory,
    good,
    startGoodTraffic,
    logged,
  }
}

const closed = (client: MqttClient): Promise<void> =>
  new Promise((resolve) => client.once('close', () => resolve()))

describe.skipIf(!needsMosquitto.isMet)(
  `Mosquitto with the files that we write ${needsMosquitto.title}`,
  () => {
    test('a device with good credentials reaches its own topics only, and another one’s traffic is not touched', async () => {
      const world = await openWorld('token')
      const { enter, mallory, bridge, textsOf, login, good, logged } = world
      const finish = await world.startGoodTraffic()
      const client = await enter(mallory)
      const heard: string[] = []
      client.on('message', (topic) => heard.push(topic))

      // Another one's topics: acknowledged, as MQTT 3.1.1 has no other word, and dropped.
      await client.publishAsync(upTopic('balcony'), 'forged', { qos: 1, retain: true })
      await client.publishAsync(statusTopic('balcony'), 'forged', { qos: 1, retain: true })
      await client.publishAsync(downTopic('balcony'), 'forged', { qos: 1, retain: true })
      await client.publishAsync(downTopic('mallory'), 'forged', { qos: 1, retain: true })
      // Whatever it asks for, it hears its own receipts alone.
      for (const topic of [
        '#',
        'barograph/v1/+/down',
        downTopic('balcony'),
        statusTopic('balcony'),
        '$SYS/#',
      ])
        await client.subscribeAsync(topic).catch(() => undefined)
      await client.subscribeAsync(`$share/g/${downTopic('balcony')}`).catch(() => undefined)
      await client.subscribeAsync('$share/g/barograph/v1/+/up').catch(() => undefined)
      await client.publishAsync(upTopic('mallory'), 'own', { qos: 1 })
      await vi.waitFor(() => expect(textsOf(upTopic('mallory'))).toEqual(['own']), waitOptions)
      bridge.publish(downTopic('balcony'), Buffer.from('receipt'))
      bridge.publish(downTopic('mallory'), Buffer.from('receipt'))
      await vi.waitFor(() => expect(heard).toContain(downTopic('mallory')), waitOptions)
      expect(new Set(heard)).toEqual(new Set([downTopic('mallory')]))

      // A last will is a message like any other.
      const dying = await enter({
        ...mallory,
        will: { topic: statusTopic('balcony'), payload: Buffer.from('dead'), qos: 1, retain: true },
      })
      dying.stream.destroy()
      await vi.waitFor(
        () => expect(logged()).toMatch(/mallory (closed its connection|disconnected)/),
        waitOptions,
      )

      // Another one's client id is of no use, and neither are its name, no name, or a wrong token.
      const disguised = await enter({ ...mallory, clientId: 'barograph-balcony' })
      await expect(enter({ ...mallory, username: 'balcony' })).rejects.toMatchObject({ code: 5 })
      await expect(enter(login('balcony', {}))).rejects.toMatchObject({ code: 5 })
      await expect(enter({ ...good, password: 'wrong' })).rejects.toMatchObject({ code: 5 })

      const isCut = closed(disguised)
      disguised.publish(
        upTopic('mallory'),
        Buffer.alloc(limits.batchBytes + 2_048),
        { qos: 1 },
        () => undefined,
      )
      await isCut

      expect(textsOf(statusTopic('balcony'))).toEqual([])
      await finish()
      expect(logged()).toMatch(/Denied PUBLISH from mallory/)
      expect(logged()).toMatch(/not authorised/)
    })

    test('a revoked token is worth nothing after a reload, and its connection is closed', async () => {
      const world = await openWorld('token')
      const finish = await world.startGoodTraffic()
      const client = await world.enter(world.mallory)
      const isCut = closed(client)
      world.registry.revoke('mallory', Date.now())
      await world.reload()
      await isCut
      await expect(world.enter(world.mallory)).rejects.toMatchObject({ code: 5 })
      // Its log comes in blocks, and names who was turned away by the address alone.
      await vi.waitFor(
        () => expect(/disconnected, not authorised/.test(world.logged())).toBe(true),
        waitOptions,
      )
      await finish()
    })

    test('none, a foreign, an ended and a revoked certificate are turned away', async () => {
      const world = await openWorld('certificate')
      const { enter, login, authority, registry, mallory } = world
      const finish = await world.startGoodTraffic()
      const foreign = await (await openAuthority(join(temporaryFolder(), 'other'), Date.now())).issueDevice(
        'balcony',
        Date.now(),
      )
      const ended = await authority.issueDevice('balcony', Date.UTC(2021, 0, 1))
      for (const options of [{}, foreign, ended]) {
        const { cert, key } = options as { cert?: string; key?: string }
        await expect(enter(login('balcony', cert && key ? { cert, key } : {}))).rejects.toThrow(/./)
      }
      await vi.waitFor(
        () => expect(world.logged().match(/OpenSSL Error|SSL routines/g)?.length).toBeGreaterThan(2),
        waitOptions,
      )
      const client = await enter(mallory)
      await client.publishAsync(upTopic('balcony'), 'forged', { qos: 1 })
      await client.publishAsync(upTopic('mallory'), 'own', { qos: 1 })
      await vi.waitFor(() => expect(world.textsOf(upTopic('mallory'))).toEqual(['own']), waitOptions)
      registry.revoke('mallory', Date.now())
      await world.reload()
      await vi.waitFor(async () => {
        await expect(enter(mallory)).rejects.toThrow(/./)
      }, waitOptions)
      // Still connected or not, it may do nothing any more.
      if (client.connected)
        await client.publishAsync(upTopic('mallory'), 'late', { qos: 1 }).catch(() => undefined)
      await finish()
      expect(world.textsOf(upTopic('mallory'))).toEqual(['own'])
    })
  },
)
