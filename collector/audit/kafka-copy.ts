// A log in Kafka, as the audit reads it: what its topics hold, in a private SQLite file. Code of its own, from the
// description in docs/kafka.md and not from the adapter, which only tells how to get in.
import { randomUUID } from 'node:crypto'
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
export async function copyKafkaLog({ place, topicPrefix }: KafkaLogPlace): Promise<LogReader> {
  // Private and on disk, where SQLite puts what does not fit into memory; gone when it is closed.
  const file = new Database('')
  try {
    file.exec(tables)
    const client = createClient(place)
    const topic = `${topicPrefix}.readings`
    const id = await idOf(client, topic)
    const ends = await extentsOf(client, topic)
    file.prepare('INSERT INTO identity VALUES (?, ?)').run(id, ends.size)
    const put = file.prepare('INSERT INTO partitions VALUES (?, ?)')
    for (const [partition, { next }] of ends) put.run(partition, next)
    await copyRecords(client, { topic, topicPrefix, ends, file })
    return createLogReader(file)
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

async function idOf(client: KafkaClient, topic: string): Promise<string> {
  const lane = createLane(client)
  try {
    const id = await lane.topicId(topic)
    if (id === null) throw missingTopic(topic)
    return id
  } finally {
    await lane.close()
  }
}

interface Extent {
  readonly first: number
  readonly next: number
}

const extentsOf = (client: KafkaClient, topic: string): Promise<Map<number, Extent>> =>
  withAdmin(client, async (admin) => {
    const offsets = await admin.fetchTopicOffsets(topic)
    const extents = offsets.map(
      ({ partition, low, high }) => [partition, { first: Number(low), next: Number(high) }] as const,
    )
    return new Map(extents.sort(([a], [b]) => a - b))
  })

/** As any other consumer would, in a group that nobody else is in, from the first record of each partition. */
async function copyRecords(
  client: KafkaClient,
  {
    topic,
    topicPrefix,
    ends,
    file,
  }: {
    readonly topic: string
    readonly topicPrefix: string
    readonly ends: ReadonlyMap<number, Extent>
    readonly file: Database.Database
  },
): Promise<void> {
  const left = new Map([...ends].filter(([, { first, next }]) => first < next))
  if (left.size === 0) return
  const put = file.prepare('INSERT OR REPLACE INTO records VALUES (?, ?, ?, ?, ?)')
  const putMany = file.transaction((partition: number, messages: readonly KafkaMessage[]) => {
    for (const message of messages) put.run(...rowOf(message, partition, ends.size))
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
    for (const [partition, { first }] of await extentsOf(client, topic))
      if (first >= (left.get(partition)?.next ?? 0)) left.delete(partition)
    if (left.size === 0) done.resolve()
    if (performance.now() - newsAtMs > patienceMs)
      done.reject(new CodedError('log-unreachable', `Topic ${topic} gives no more records.`))
  }
  const timer = setInterval(() => void look().catch(() => {}), patienceMs / 10)
  try {
    await consumer.connect()
    await consumer.subscribe({ topics: [topic], fromBeginning: true })
    await consumer.run({
      autoCommit: false,
      eachBatch: async ({ batch }) => {
        try {
          const { partition, messages } = batch
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
  partitions: number,
): RecordColumns {
  const header = (name: string): string | undefined => headers?.[name]?.toString()
  const kind = header('kind')
  const device = key?.toString() ?? ''
  const ingest = Number(header('ingest') ?? timestamp)
  const mark = header('quarantine-after')
  const isWhole = Number.isSafeInteger(ingest) && (mark === undefined || Number.isSafeInteger(Number(mark)))
  const isInPlace = kind === 'settings' || partitionOf(device, partitions) === partition
  const isOurs = kind !== undefined && header('version') === formatVersion && isWhole && isInPlace
  return [
    keyOf(partition, Number(offset)),
    isOurs ? kind : foreign,
    device,
    Number.isSafeInteger(ingest) ? ingest : Number(timestamp),
    value ?? Buffer.alloc(0),
  ]
}
