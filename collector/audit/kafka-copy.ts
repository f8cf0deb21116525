// A log in Kafka, as the audit reads it: what its topics hold, in a private SQLite file. Code of its own, from the
// description in docs/kafka.md and not from the adapter, which only tells how to get in.
import { createHash, randomUUID } from 'node:crypto'
import { CodedError, isCoded, partitionOf } from '@barograph/proto'
import Database from 'better-sqlite3'
import type { KafkaMessage } from 'kafkajs'
import { withAdmin } from '../log/kafka/admin.ts'
import { createClient, type KafkaClient } from '../log/kafka/client.ts'
import { explain, missingTopic } from '../log/kafka/failure.ts'
import { createLane } from '../log/kafka/lane.ts'
import type { KafkaPlace } from '../log/kafka/place.ts'
import { createLogReader, keyOf, type LogReader } from './log-reader.ts'

export interface KafkaLogPlace {
  readonly place: KafkaPlace
  readonly topicPrefix: string
  /** Devices in other topics; the first that fits holds. */
  readonly routes?: readonly { readonly device: string; readonly topic: string }[]
}

const tables = `
  CREATE TABLE identity (id, partitions);
  CREATE TABLE partitions (partition PRIMARY KEY, next);
  CREATE TABLE records (key INTEGER PRIMARY KEY, kind, device, ingest, value);
`

const formatVersion = '1'
/** Of what is not ours: every reader of the log skips it. */
const foreign = 'foreign'
const lookMs = 500
/** A Kafka that gives nothing of what it says to have for so long is away. */
const patienceMs = 30_000

/** Reads all that the log holds at this moment. Throws `log-unusable`. */
export async function copyKafkaLog({ place, topicPrefix, routes = [] }: KafkaLogPlace): Promise<LogReader> {
  // Private and on disk, where SQLite puts what does not fit into memory; gone when it is closed.
  const file = new Database('')
  try {
    file.exec(tables)
    const client = createClient(place)
    const topics = [...new Set([`${topicPrefix}.readings`, ...routes.map(({ topic }) => topic)])]
    const ids = await idsOf(client, topics)
    const ends = await extentsOf(client, topics)
    const each = ends.size / topics.length
    const said = JSON.stringify({ ids, routes: routes.map(({ device, topic }) => [device, topic]) })
    const hash = createHash('sha256').update(said).digest('base64url').slice(0, 22)
    const id = `${routes.length > 0 ? hash : ids[0]}-${each}`
    file.prepare('INSERT INTO identity VALUES (?, ?)').run(id, ends.size)
    const put = file.prepare('INSERT INTO partitions VALUES (?, ?)')
    for (const [partition, { next }] of ends) put.run(partition, next)
    const placeOf = (device: string): number => {
      const route = routes.find((one) => fits(device, one.device))
      return (route ? topics.indexOf(route.topic) * each : 0) + partitionOf(device, each)
    }
    await copyRecords(client, { topics, topicPrefix, ends, file, placeOf })
    return createLogReader(file, placeOf)
  } catch (error) {
    file.close()
    const failure = explain(error, place, true)
    if (!isCoded(failure)) throw failure
    const { message, hint } = failure
    const why = message.replace(/\.$/, '')
    throw new CodedError('log-unusable', `The log cannot be audited: ${why}.`, {
      cause: error,
      ...(hint === undefined ? {} : { hint }),
    })
  }
}

/** `*` stands for any characters, none of them too. */
function fits(device: string, pattern: string): boolean {
  const [head = '', ...parts] = pattern.split('*')
  const tail = parts.pop()
  if (tail === undefined) return device === head
  if (!device.startsWith(head) || !device.endsWith(tail) || device.length < head.length + tail.length)
    return false
  let rest = device.slice(head.length, device.length - tail.length)
  return parts.every((part) => {
    const at = rest.indexOf(part)
    rest = rest.slice(at + part.length)
    return at >= 0
  })
}

async function idsOf(client: KafkaClient, topics: readonly string[]): Promise<string[]> {
  const lane = createLane(client)
  try {
    const ids: string[] = []
    for (const topic of topics) {
      const id = await lane.topicId(topic)
      if (id === null) throw missingTopic(topic)
      ids.push(id)
    }
    return ids
  } finally {
    await lane.close()
  }
}

interface Extent {
  readonly first: number
  readonly next: number
}

/** By the log's numbers of partitions: through all topics, one after the other. */
const extentsOf = (client: KafkaClient, topics: readonly string[]): Promise<Map<number, Extent>> =>
  withAdmin(client, async (admin) => {
    const extents = new Map<number, Extent>()
    for (const topic of topics) {
      const offsets = await admin.fetchTopicOffsets(topic)
      const before = extents.size
      for (const { partition, low, high } of offsets.sort((a, b) => a.partition - b.partition))
        extents.set(before + partition, { first: Number(low), next: Number(high) })
    }
    return extents
  })

/** As any other consumer would, in a group that nobody else is in, from the first record of each partition. */
async function copyRecords(
  client: KafkaClient,
  {
    topics,
    topicPrefix,
    ends,
    file,
    placeOf,
  }: {
    readonly topics: readonly string[]
    readonly topicPrefix: string
    readonly ends: ReadonlyMap<number, Extent>
    readonly file: Database.Database
    readonly placeOf: (device: string) => number
  },
): Promise<void> {
  const left = new Map([...ends].filter(([, { first, next }]) => first < next))
  if (left.size === 0) return
  const put = file.prepare('INSERT OR REPLACE INTO records VALUES (?, ?, ?, ?, ?)')
  const putMany = file.transaction((partition: number, messages: readonly KafkaMessage[]) => {
    for (const message of messages) put.run(...rowOf(message, partition, placeOf))
  })
  const done = Promise.withResolvers<void>()
  let newsAtMs = performance.now()
  const consumer = client.kafka.consumer({
    groupId: `${topicPrefix}.audit-${randomUUID()}`,
    allowAutoTopicCreation: false,
    maxWaitTimeInMs: lookMs,
  })
  consumer.on(consumer.events.CRASH, ({ payload }) => {
    if (!payload.restart) done.reject(payload.error)
  })
  /** What retention took while we read is gone for everybody. */
  async function look(): Promise<void> {
    for (const [partition, { first }] of await extentsOf(client, topics))
      if (first >= (left.get(partition)?.next ?? 0)) left.delete(partition)
    if (left.size === 0) done.resolve()
    if (performance.now() - newsAtMs > patienceMs)
      done.reject(new CodedError('log-unreachable', `Kafka gives no more records of ${topics.join(', ')}.`))
  }
  const timer = setInterval(() => void look().catch(() => {}), patienceMs / 10)
  try {
    await consumer.connect()
    await consumer.subscribe({ topics: [...topics], fromBeginning: true })
    await consumer.run({
      autoCommit: false,
      eachBatch: async ({ batch }) => {
        try {
          const { topic, messages } = batch
          const partition = topics.indexOf(topic) * (ends.size / topics.length) + batch.partition
          const next = ends.get(partition)?.next ?? 0
          putMany(
            partition,
            messages.filter(({ offset }) => Number(offset) < next),
          )
          newsAtMs = performance.now()
          if (Number(batch.lastOffset()) + 1 >= next) left.delete(partition)
          if (left.size === 0) done.resolve()
        } catch (error) {
          // Thrown here, kafkajs would try again for ever.
          done.reject(error)
        }
      },
    })
    await done.promise
  } finally {
    clearInterval(timer)
    await consumer.disconnect()
  }
}

type RecordColumns = readonly [key: number, kind: string, device: string, ingest: number, value: Uint8Array]

/** A message without our headers, or in the partition of another device, is nobody's. */
function rowOf(
  { key, value, headers, timestamp, offset }: KafkaMessage,
  partition: number,
  placeOf: (device: string) => number,
): RecordColumns {
  const header = (name: string): string | undefined => headers?.[name]?.toString()
  const kind = header('kind')
  const device = key?.toString() ?? ''
  const ingest = Number(header('ingest') ?? timestamp)
  const mark = header('quarantine-after')
  const isWhole = Number.isSafeInteger(ingest) && (mark === undefined || Number.isSafeInteger(Number(mark)))
  const isInPlace = kind === 'settings' || placeOf(device) === partition
  const isOurs = kind !== undefined && header('version') === formatVersion && isWhole && isInPlace
  return [
    keyOf(partition, Number(offset)),
    isOurs ? kind : foreign,
    device,
    Number.isSafeInteger(ingest) ? ingest : Number(timestamp),
    value ?? Buffer.alloc(0),
  ]
}
