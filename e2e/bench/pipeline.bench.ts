import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  decodeReceipt,
  downTopic,
  emptySet,
  encodeBatch,
  hasAll,
  limits,
  makeBatch,
  type RangeSet,
  union,
  upTopic,
} from '@barograph/proto'
import mqtt from 'mqtt'
import { type Collector, createCollector } from '../harness/collector.ts'
import { countStored } from '../harness/documents.ts'
import { seeded } from '../harness/random.ts'
import { eventually } from '../harness/wait.ts'
import type { Bench, Row, Size } from './bench.ts'
import { cpuSecondsOf, memoryOf } from './memory.ts'
import { createWalk } from './walk.ts'

const streams = 200
const epoch = '00000000000000aa'

interface Load {
  readonly rate: number
  readonly cpuSeconds: number
  readonly rssMb: number
  readonly privateMb: number
}

/** Sends `perStream` readings of each stream and waits until each of them is receipted as stored. */
async function sendAll(collector: Collector, perStream: number, perBatch: number): Promise<number> {
  const random = seeded(7)
  const messages: { topic: string; payload: Buffer }[][] = []
  const walks = Array.from({ length: streams }, (_, s) => createWalk({ device: `dev-${s}`, random, epoch }))
  for (let sent = 0; sent < perStream; sent += perBatch)
    messages.push(
      walks.map((walk, s) => ({
        topic: upTopic(`dev-${s}`),
        payload: Buffer.from(encodeBatch(walk(perBatch))),
      })),
    )
  const stored = new Map<string, RangeSet>()
  let done = 0
  const clients = await Promise.all(
    Array.from({ length: streams }, (_, s) => connect(collector.broker, `dev-${s}`)),
  )
  for (const [s, client] of clients.entries())
    client.on('message', (_, payload) => {
      const before = stored.get(`dev-${s}`) ?? emptySet
      const set = decodeReceipt(payload).streams.reduce<RangeSet>(
        (all, stream) => union(all, stream.stored),
        before,
      )
      stored.set(`dev-${s}`, set)
      if (hasAll(set, 1, perStream) && !hasAll(before, 1, perStream)) done++
    })
  const site = {
    version: 1,
    name: 'Bench',
    latitude: 0,
    longitude: 0,
    altitudeM: 0,
    timeZone: 'UTC',
    validFrom: limits.earliestTimeMs,
  }
  await Promise.all(
    clients.map((client, s) =>
      client.publishAsync(upTopic(`dev-${s}`), Buffer.from(encodeBatch(makeBatch(`dev-${s}`, { site }))), {
        qos: 1,
      }),
    ),
  )
  const started = performance.now()
  await Promise.all(
    clients.map(async (client, s) => {
      const own = messages.map((round) => round[s]).filter((message) => message !== undefined)
      // A few in flight for each device, as an agent's credit window allows.
      for (let i = 0; i < own.length; i += 8)
        await Promise.all(
          own.slice(i, i + 8).map(({ topic, payload }) => client.publishAsync(topic, payload, { qos: 1 })),
        )
    }),
  )
  await eventually('everything is receipted as stored', () => done === streams, 300_000)
  const seconds = (performance.now() - started) / 1000
  await Promise.all(clients.map((client) => client.endAsync()))
  return (perStream * streams) / seconds
}

async function connect(broker: string, device: string) {
  const client = await mqtt.connectAsync(broker, {
    protocolVersion: 4,
    clientId: `barograph-${device}`,
    reconnectPeriod: 0,
  })
  await client.subscribeAsync(downTopic(device))
  return client
}

async function load(perStream: number, perBatch: number): Promise<Load> {
  const folder = mkdtempSync(join(tmpdir(), 'barograph-bench-'))
  try {
    const collector = await createCollector({ folder })
    await collector.start()
    const { pid } = collector.process()
    const before = cpuSecondsOf(pid)
    const rate = await sendAll(collector, perStream, perBatch)
    const result = {
      rate,
      cpuSeconds: cpuSecondsOf(pid) - before,
      rssMb: memoryOf(pid).peak,
      privateMb: memoryOf(pid).private,
    }
    await collector.stop()
    // The ledger: nothing counts that is not in the store exactly once.
    const stored = countStored(folder)
    if (stored !== perStream * streams)
      throw new Error(`sent ${perStream * streams} readings, stored ${stored}`)
    return result
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

export const pipeline: Bench = {
  name: 'pipeline',
  title: `End to end: MQTT, log, all seven levels, store, receipts; embedded parts, ${streams} streams of three metrics`,
  async run(size: Size): Promise<Row[]> {
    const rows: Row[] = []
    for (const [perBatch, perStream, goal] of [
      [60, size === 'full' ? 6_000 : 120, '>= 20,000'],
      [1, size === 'full' ? 300 : 5, '>= 4,000'],
    ] as const) {
      const { rate, cpuSeconds, rssMb, privateMb } = await load(perStream, perBatch)
      rows.push(
        { what: `stored, ${perBatch} in a batch`, value: rate, unit: 'readings/s', goal },
        {
          what: `collector's CPU, ${perBatch} in a batch`,
          value: (perStream * streams) / cpuSeconds,
          unit: 'readings per CPU second',
        },
        { what: `collector's peak memory, ${perBatch} in a batch`, value: rssMb, unit: 'MB RSS' },
        { what: `of it private at the end, ${perBatch} in a batch`, value: privateMb, unit: 'MB' },
      )
    }
    return rows
  },
}
