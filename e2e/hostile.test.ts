import { readFileSync } from 'node:fs'
import type { ApiDeadLetters, ApiDeliveries, ApiRollups } from '@barograph/proto/api'
import {
  decodeBatch,
  encodeBatch,
  encodeStatus,
  limits,
  makeBatch,
  type Metric,
  metricByName,
  offlineStatus,
  type Run,
  upTopic,
} from '@barograph/proto'
import mqtt from 'mqtt'
import { expect, onTestFinished } from 'vitest'
import { connectDevice } from './harness/device.ts'
import { seeded } from './harness/random.ts'
import { expectCleanAudit, testOnStack, useStacks } from './harness/use-stack.ts'
import { eventually } from './harness/wait.ts'

const temperature = metricByName('temperature') as Metric
const good = { sensor: 'bme280', epoch: '0000000000000001' }
const bad = { sensor: 'bme280', epoch: '0000000000000002' }
/** These are readable: not refused, but kept apart until somebody releases them. */
const future = { sensor: 'bme280', epoch: '0000000000000003' }
const hostileCount = 10_000
const goodCount = 1_000
const growthLimitMb = 150
const stacks = useStacks()
const options = { timeout: 240_000 }

function runOf(stream: { sensor: string; epoch: string }, seq: number, time: number, value = 20_000): Run {
  const columns = [{ metric: temperature, values: Float64Array.of(value), flags: null }]
  return { ...stream, intervalMs: 1_000, firstSeq: seq, times: Float64Array.of(time), columns, marks: [] }
}

function isReadable(bytes: Uint8Array): boolean {
  try {
    decodeBatch(bytes)
    return true
  } catch {
    return false
  }
}

const rssMb = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024

/** What an attacker, a broken device or a newer one may send; each kind names what must become of it. */
const kinds: readonly {
  readonly what: string
  make(i: number, random: () => number, now: number): { topic: string; payload: Uint8Array }
}[] = [
  {
    what: 'random bytes',
    make: (_, random) => ({
      topic: upTopic('good'),
      payload: Uint8Array.from({ length: 1 + random() * 300 }, () => random() * 256),
    }),
  },
  {
    what: 'truncated',
    make: (i, random, now) => {
      const whole = encodeBatch(makeBatch('good', { runs: [runOf(bad, i + 1, now)] }))
      // A cut between two fields leaves a whole, smaller batch: that is no damage.
      const cuts = Array.from(whole, (_, length) => whole.slice(0, length)).filter(
        (part) => part.length > 0 && !isReadable(part),
      )
      return {
        topic: upTopic('good'),
        payload: cuts[Math.floor(random() * cuts.length)] ?? whole.slice(0, 1),
      }
    },
  },
  {
    what: 'oversized',
    make: () => ({ topic: upTopic('good'), payload: new Uint8Array(limits.batchBytes + 1) }),
  },
  {
    what: 'another device in the topic',
    make: (i, _, now) => ({
      topic: upTopic('good'),
      payload: encodeBatch(makeBatch('other', { runs: [runOf(bad, i + 1, now)] })),
    }),
  },
  {
    what: 'a foreign topic',
    make: () => ({ topic: 'barograph/v1/Not A Device/up', payload: Uint8Array.of(8, 1) }),
  },
  {
    what: 'wrong version',
    make: (i, _, now) => ({
      topic: upTopic('good'),
      payload: Uint8Array.of(
        8,
        2,
        ...encodeBatch(makeBatch('good', { runs: [runOf(bad, i + 1, now)] })).slice(2),
      ),
    }),
  },
  {
    what: 'a time in the future',
    make: (i, _, now) => ({
      topic: upTopic('good'),
      payload: encodeBatch(
        makeBatch('good', {
          runs: [runOf(future, 1 + Math.floor(i / kinds.length), now + limits.futureToleranceMs + 3_600_000)],
        }),
      ),
    }),
  },
  {
    what: 'a status of no use',
    make: (_, random) => ({
      topic: 'barograph/v1/good/status',
      payload: encodeStatus(offlineStatus).map((byte, i) =>
        i === 1 ? Math.floor(2 + random() * 100) : byte,
      ),
    }),
  },
]

/** Sends whatever it is given, and comes back when it is thrown out. */
async function connectAttacker(
  broker: string,
): Promise<(topic: string, payload: Uint8Array) => Promise<void>> {
  const client = await mqtt.connectAsync(broker, {
    protocolVersion: 4,
    clientId: 'attacker',
    reconnectPeriod: 20,
  })
  client.on('error', () => undefined)
  onTestFinished(() => void client.end(true))
  return async (topic, payload) => {
    await eventually('the attacker is connected', () => client.connected)
    let thrownOut = (): void => undefined
    const closed = new Promise<void>((resolve) => {
      thrownOut = () => resolve()
      client.once('close', thrownOut)
    })
    await Promise.race([
      client.publishAsync(topic, Buffer.from(payload), { qos: 1 }).catch(() => undefined),
      closed,
    ])
    client.off('close', thrownOut)
  }
}

testOnStack(
  '10,000 hostile messages among good ones leave the good ones unaffected, are refused with reasons, and cost no memory',
  options,
  async () => {
    const stack = await stacks()
    const collector = await stack.collector()
    await collector.start()
    const device = await connectDevice(collector.broker, 'good')
    const attacker = await connectAttacker(collector.broker)
    const random = seeded(42)
    const now = Date.now()
    const before = rssMb(collector.process().pid)
    let sentGood = 0
    for (let i = 0; i < hostileCount; i++) {
      const kind = kinds[i % kinds.length]
      if (!kind) throw new Error('no kind')
      // Large ones are rare, as their bytes would be all this test does.
      const { topic, payload } =
        kind.what === 'oversized' && i % 20 !== 2
          ? { topic: upTopic('good'), payload: Uint8Array.of(255) }
          : kind.make(i, random, now)
      await attacker(topic, payload)
      if (i % (hostileCount / goodCount) === 0) {
        sentGood++
        await device.send(makeBatch('good', { runs: [runOf(good, sentGood, now - 60_000 + sentGood)] }))
      }
    }
    await device.untilStored(good.sensor, good.epoch, goodCount)
    expect(rssMb(collector.process().pid) - before).toBeLessThan(growthLimitMb)
    const futureAt = kinds.findIndex(({ what }) => what === 'a time in the future')
    const futureCount = Math.ceil((hostileCount - futureAt) / kinds.length)
    await eventually('all times in the future are quarantined', async () => {
      const { total } = await collector.get<ApiDeliveries>('/api/v1/delivery')
      return total.quarantined === futureCount && total.stored === goodCount
    })
    const { deadLetters } = await collector.get<ApiDeliveries>('/api/v1/delivery')
    expect(Object.values(deadLetters).reduce((sum, count) => sum + count, 0)).toBe(hostileCount - futureCount)
    const { deadLetters: letters } = await collector.get<ApiDeadLetters>('/api/v1/dead-letters?limit=500')
    for (const letter of letters) expect(letter.reason.length, letter.code).toBeGreaterThan(5)
    await expectCleanAudit(collector)
    await collector.stop()
    expect(await stack.stored.count()).toBe(goodCount + futureCount)
  },
)

testOnStack(
  'a reading from the future is quarantined: stored and receipted, shown with its reason, in no window',
  options,
  async () => {
    const stack = await stacks()
    const collector = await stack.collector()
    await collector.start()
    const device = await connectDevice(collector.broker, 'good')
    const now = Date.now()
    await device.send(makeBatch('good', { runs: [runOf(good, 1, now - 1_000)] }))
    await device.send(makeBatch('good', { runs: [runOf(good, 2, now + limits.futureToleranceMs + 60_000)] }))
    await device.untilStored(good.sensor, good.epoch, 2)
    await eventually('delivery counts it', async () => {
      const { total } = await collector.get<ApiDeliveries>('/api/v1/delivery')
      return total.stored === 1 && total.quarantined === 1
    })
    const { rollups } = await collector.get<ApiRollups>(
      '/api/v1/devices/good/sensors/bme280/rollups?level=10s',
    )
    expect(rollups.map((rollup) => rollup.received)).toEqual([1])
    await collector.stop()
  },
)
