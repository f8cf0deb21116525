import { join } from 'node:path'
import {
  decodeBatch,
  decodeReceipt,
  downTopic,
  encodeBatch,
  limits,
  makeBatch,
  type Run,
  statusTopic,
  upTopic,
} from '@barograph/proto'
import type { ApiDeadLetters, ApiReadiness } from '@barograph/proto/api'
import mqtt, { type MqttClient } from 'mqtt'
import { expect, onTestFinished, test, vi } from 'vitest'
import { ofVersion, runOf } from '../core/testing/messages.ts'
import { openSqliteLog } from '../log/sqlite.ts'
import { type CollectorProcess, makeFolder, startCollector } from '../testing/collector-process.ts'

/** A limit for what hangs, and no measure: each starts a whole program, some twice. */
const timeout = 240_000
const waitOptions = { timeout: 30_000, interval: 20 }

async function start(folder: string, env: Record<string, string> = {}): Promise<CollectorProcess> {
  const collector = await startCollector(folder, env)
  onTestFinished(() => collector.kill())
  return collector
}

function folder(): string {
  const { path, remove } = makeFolder()
  onTestFinished(remove)
  return path
}

async function connect(url: string, clientId: string): Promise<MqttClient> {
  const client = await mqtt.connectAsync(url, { clientId, protocolVersion: 4, reconnectPeriod: 0 })
  client.on('error', () => undefined)
  onTestFinished(() => client.endAsync(true))
  return client
}

/** Numbers of a device that the collector said it has stored. */
async function followStored(client: MqttClient, device: string): Promise<Set<number>> {
  const stored = new Set<number>()
  client.on('message', (_, payload) => {
    for (const stream of decodeReceipt(payload).streams)
      for (let i = 0; i < stream.stored.length; i += 2)
        for (let seq = stream.stored[i] ?? 0; seq <= (stream.stored[i + 1] ?? -1); seq++) stored.add(seq)
  })
  await client.subscribeAsync(downTopic(device))
  return stored
}

const bytesOf = (device: string, run: Run): Buffer =>
  Buffer.from(encodeBatch(makeBatch(device, { runs: [run] })))

test('2,000 hostile messages among good ones leave the good ones alone, and each has its reason', {
  timeout,
}, async () => {
  const collector = await start(folder(), { BAROGRAPH_ROLLUPS_FLUSHINTERVALMS: '100' })
  const now = Date.now()
  const good = await connect(collector.broker, 'good')
  const stored = await followStored(good, 'good')
  const attacker = await connect(collector.broker, 'attacker')
  const hour = 3_600_000
  const evil = '00000000000000ee'
  const kinds: readonly ((i: number) => { topic: string; payload: Uint8Array; code: string })[] = [
    (i) => ({ topic: upTopic('bad'), payload: Buffer.from([8, 1, 255, i & 127]), code: 'malformed' }),
    (i) => ({
      topic: upTopic('bad'),
      payload: bytesOf('bad', runOf(i + 1, 3, now, evil)).subarray(0, -1),
      code: 'malformed',
    }),
    () => ({ topic: upTopic('bad'), payload: Buffer.alloc(limits.batchBytes + 1), code: 'too-large' }),
    (i) => ({
      topic: upTopic('good'),
      payload: bytesOf('other', runOf(i + 1, 1, now, evil)),
      code: 'wrong-device',
    }),
    (i) => ({
      topic: upTopic('bad'),
      payload: bytesOf('bad', runOf(i + 1, 1, now + hour, evil)),
      code: 'quarantined',
    }),
    (i) => ({
      topic: upTopic('bad'),
      payload: ofVersion(bytesOf('bad', runOf(i + 1, 1, now, evil)), 2),
      code: 'unknown-version',
    }),
    () => ({ topic: downTopic('good'), payload: Buffer.from([8, 1]), code: 'wrong-topic' }),
    () => ({ topic: statusTopic('bad'), payload: Buffer.from([8, 9]), code: 'unknown-version' }),
  ]
  const hostile = 2_000
  const goodCount = 400
  const expected = new Map<string, number>()
  for (let i = 0; i < hostile; i++) {
    const kind = kinds[i % kinds.length]
    const made = kind?.(i)
    if (!made) throw new Error('no kind')
    // Oversize payloads are rare: their bytes would be all that this test does.
    const { topic, payload, code } =
      made.code === 'too-large' && i % 80 !== 2
        ? { ...made, payload: Buffer.from([255]), code: 'malformed' }
        : made
    expected.set(code, (expected.get(code) ?? 0) + 1)
    const sent = [attacker.publishAsync(topic, Buffer.from(payload), { qos: 1 })]
    if (i % (hostile / goodCount) === 0) {
      const seq = i / (hostile / goodCount) + 1
      sent.push(
        good.publishAsync(upTopic('good'), bytesOf('good', runOf(seq, 1, now - 60_000 + seq)), { qos: 1 }),
      )
    }
    await Promise.all(sent)
  }
  await vi.waitFor(() => expect(stored.size).toBe(goodCount), waitOptions)
  expect(good.connected && attacker.connected).toBe(true)

  // Threads tell how they are once a second.
  await vi.waitFor(async () => {
    const metrics = await (await fetch(`${collector.page}/metrics`)).text()
    const refused = [...metrics.matchAll(/barograph_bridge_refused_total\{code="([^"]+)"\} (\d+)/g)]
    const quarantined = /barograph_bridge_batches_quarantined_total (\d+)/.exec(metrics)?.[1]
    const counts = new Map(refused.map(([, code, count]) => [code ?? '', Number(count)]))
    expect(new Map([...counts, ['quarantined', Number(quarantined)]])).toEqual(expected)
  }, waitOptions)
  const letters = (await (
    await fetch(`${collector.page}/api/v1/dead-letters?limit=100`)
  ).json()) as ApiDeadLetters
  for (const { reason } of letters.deadLetters) expect(reason).not.toBe('')
  expect(await collector.stop()).toBe(0)
})

test('kill -9 while devices publish loses no batch that was acknowledged', { timeout }, async () => {
  const path = folder()
  const acknowledged = new Map<string, Set<number>>()
  const devices = ['north', 'south', 'west']
  const kills = 3
  const inFlight = 50
  for (let round = 0; round < kills; round++) {
    const collector = await start(path)
    let isKilled = false
    let count = 0
    const publishers = devices.flatMap((device) =>
      Array.from({ length: inFlight }, async (_, lane) => {
        const client = lane === 0 ? await connect(collector.broker, `${device}-${round}`) : null
        return { device, lane, client }
      }),
    )
    const lanes = await Promise.all(publishers)
    const clients = new Map(
      lanes.flatMap(({ device, client }) => {
        if (!client) return []
        const gone = new Promise<false>((resolve) => client.once('close', () => resolve(false)))
        return [[device, { client, gone }] as const]
      }),
    )
    const enough = Promise.withResolvers<void>()
    const work = lanes.map(async ({ device, lane }) => {
      const way = clients.get(device)
      for (let i = 0; !isKilled && way; i++) {
        const seq = 1 + round * 1_000_000 + i * inFlight + lane
        const sent = way.client.publishAsync(upTopic(device), bytesOf(device, runOf(seq, 1, Date.now())), {
          qos: 1,
        })
        if ((await Promise.race([sent.then(() => true), way.gone]).catch(() => false)) === false) return
        const set = acknowledged.get(device) ?? new Set()
        acknowledged.set(device, set.add(seq))
        if (++count === 1_000) enough.resolve()
      }
    })
    await enough.promise
    isKilled = true
    await collector.kill()
    await Promise.all(work)
  }

  const log = openSqliteLog({ path: join(path, 'log.db') })
  onTestFinished(() => log.close())
  const logged = new Map(devices.map((device) => [device, new Set<number>()]))
  for (let partition = 0; partition < log.partitions; partition++) {
    const { next } = await log.extent(partition)
    for (const record of await log.read(partition, 0, next))
      if (record.kind === 'batch')
        for (const run of decodeBatch(record.value).runs) logged.get(record.device)?.add(run.firstSeq)
  }
  for (const device of devices) {
    const lost = [...(acknowledged.get(device) ?? [])].filter((seq) => !logged.get(device)?.has(seq))
    expect(lost).toEqual([])
    expect(acknowledged.get(device)?.size).toBeGreaterThan(0)
  }
})

test('what was logged when the program was killed is stored by the next one', { timeout }, async () => {
  const path = folder()
  // The first run leaves nothing to flush behind, so that the first flush of the next one is that of the batch.
  expect(await (await start(path)).stop()).toBe(0)
  const first = await start(path, { BAROGRAPH_TEST_KILL_AT: 'reach-raised:1' })
  const device = await connect(first.broker, 'balcony')
  const gone = new Promise<void>((resolve) => device.once('close', () => resolve()))
  await device.publishAsync(upTopic('balcony'), bytesOf('balcony', runOf(1, 60, Date.now() - 60_000)), {
    qos: 1,
  })
  await gone
  const second = await start(path)
  await vi.waitFor(async () => {
    const { ready } = (await (await fetch(`${second.page}/readyz`)).json()) as ApiReadiness
    expect(ready).toBe(true)
  }, waitOptions)
  const again = await connect(second.broker, 'balcony')
  const stored = await followStored(again, 'balcony')
  const stream = { sensor: 'bme280', epoch: '00000000000000aa' }
  await again.publishAsync(
    upTopic('balcony'),
    Buffer.from(encodeBatch(makeBatch('balcony', { hello: [stream] }))),
    { qos: 1 },
  )
  await vi.waitFor(() => expect(stored.size).toBe(60), waitOptions)
  expect(await second.stop()).toBe(0)
})

test('a log that may not grow stops acknowledging, says so, and stays alive', { timeout }, async () => {
  const collector = await start(folder(), { BAROGRAPH_LOG_MAXMB: '1' })
  const device = await connect(collector.broker, 'balcony')
  const messages = 100
  const entries = 8_000
  let acknowledged = 0
  for (let i = 0; i < messages; i++) {
    const run = runOf(1 + i * entries, entries, Date.now() - 9_000_000)
    // Numbers that do not compress: about 24 KB a message.
    for (const { values } of run.columns) values.forEach((_, at) => (values[at] = (at * 7_919) % 100_003))
    device.publish(upTopic('balcony'), bytesOf('balcony', run), { qos: 1 }, (error) => {
      if (!error) acknowledged++
    })
  }
  await vi.waitFor(async () => {
    const answer = await fetch(`${collector.page}/readyz`)
    const { checks } = (await answer.json()) as ApiReadiness
    expect(answer.status).toBe(503)
    expect(checks.find(({ name }) => name === 'bridge')?.detail).toMatch(/no room|full/)
  }, waitOptions)
  expect(acknowledged).toBeLessThan(messages)
  expect(collector.stderr().match(/nothing is acknowledged/g)).toHaveLength(1)
  expect((await fetch(`${collector.page}/healthz`)).status).toBe(200)
  expect(await collector.stop()).toBe(0)
})
