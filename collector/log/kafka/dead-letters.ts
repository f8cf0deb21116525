import { CodedError } from '@barograph/proto'
import type { Message } from 'kafkajs'
import type { DeadLetter, DeadLetters } from '../../core/log.ts'
import { openTopic } from './admin.ts'
import { createClient } from './client.ts'
import { explain } from './failure.ts'
import { createLane } from './lane.ts'
import type { FetchedMessage } from './message.ts'
import type { KafkaLogOptions } from './log.ts'
import { countInRequest } from './request.ts'
import { deadLetterTopic } from './topics.ts'

type Options = Pick<KafkaLogOptions, 'place' | 'topicPrefix' | 'replication'>
type OpenDeadLetters = DeadLetters & { close(): Promise<void> }

/** Letters that a look back goes through at most; older ones are in the topic, and are not listed. */
const mostLetters = 10_000
const bytesPerFetch = 1024 * 1024
/** Offsets looked at in one step back. */
const stepBack = 500

/** Refused messages in a topic of their own. Kafka drops the oldest. */
export const createKafkaDeadLetters = (options: Options): Promise<OpenDeadLetters> => open(options, true)

/** The same, to read. */
export const openKafkaDeadLetters = (options: Options): Promise<OpenDeadLetters> => open(options, false)

async function open({ place, topicPrefix, replication }: Options, writes: boolean): Promise<OpenDeadLetters> {
  const client = createClient(place)
  const wish = deadLetterTopic(`${topicPrefix}.dead-letter`, replication)
  await openTopic(client, wish, writes)
  const topic = { topic: wish.name, partition: 0 }
  const lane = createLane(client)
  const producer = client.kafka.producer({ idempotent: false, allowAutoTopicCreation: false })
  const tally = { next: 0, counts: new Map<string, number>() }

  async function send(messages: Message[]): Promise<void> {
    if (!writes) throw new CodedError('log-read-only', 'This opening of the dead letters only reads.')
    try {
      await producer.connect()
      await producer.send({ topic: wish.name, acks: -1, messages })
    } catch (error) {
      throw explain(error, place, false)
    }
  }

  /** from <= offset < to, as far as they are kept. */
  async function between(from: number, to: number): Promise<Entry[]> {
    const entries: Entry[] = []
    for (let at = from; at < to; ) {
      const messages = await lane.fetch(topic, at, { waitMs: 0, bytes: bytesPerFetch })
      const last = messages?.at(-1)
      if (!messages || !last) break
      for (const message of messages)
        if (Number(message.offset) >= at && Number(message.offset) < to) entries.push(entryOf(message))
      at = Number(last.offset) + 1
    }
    return entries
  }

  /** Letters that are not removed, the newest first. What removes a letter stands behind it. */
  async function* backwards(before: number): AsyncGenerator<DeadLetter> {
    const { first, next } = await lane.extent(topic)
    const removed = new Set<number>()
    for (let to = next; to > Math.max(first, next - mostLetters); to -= stepBack) {
      const entries = await between(Math.max(first, to - stepBack), to)
      for (const { letter, removes } of entries.toReversed()) {
        if (removes !== null) removed.add(removes)
        else if (letter && letter.id < before && !removed.has(letter.id)) yield letter
      }
    }
  }

  return {
    add: async (letters) => {
      for (let left = letters; left.length > 0; ) {
        const count = countInRequest(left, sizeOf)
        await send(left.slice(0, count).map(messageOf))
        left = left.slice(count)
      }
    },
    async list({ limit, before = Number.MAX_SAFE_INTEGER, device }) {
      const found: DeadLetter[] = []
      for await (const letter of backwards(before)) {
        if (device !== undefined && letter.device !== device) continue
        found.push(letter)
        if (found.length >= limit) break
      }
      return found
    },
    async get(id) {
      for await (const letter of backwards(id + 1)) return letter.id === id ? letter : null
      return null
    },
    async remove(id) {
      await send([{ key: null, value: null, headers: { removes: String(id), version: formatVersion } }])
    },
    /** Of those that Kafka still keeps and of those that came since: the others have left no trace. */
    async counts() {
      const { first, next } = await lane.extent(topic)
      for (const { letter } of await between(Math.max(first, tally.next), next))
        if (letter) tally.counts.set(letter.code, (tally.counts.get(letter.code) ?? 0) + 1)
      tally.next = next
      return Object.fromEntries([...tally.counts].sort(([a], [b]) => (a < b ? -1 : 1)))
    },
    async close() {
      await lane.close()
      await producer.disconnect()
    },
  }
}

const formatVersion = '1'

const overheadBytes = 256
const sizeOf = ({ topic, reason, value }: Omit<DeadLetter, 'id'>): number =>
  value.byteLength + Buffer.byteLength(topic) + Buffer.byteLength(reason) + overheadBytes

function messageOf({ topic, device, ingestMs, code, reason, value }: Omit<DeadLetter, 'id'>): Message {
  return {
    partition: 0,
    key: device,
    value: Buffer.from(value.buffer, value.byteOffset, value.byteLength),
    timestamp: String(ingestMs),
    headers: { topic, code, reason, ingest: String(ingestMs), version: formatVersion },
  }
}

interface Entry {
  /** null: it is none. */
  readonly letter: DeadLetter | null
  /** The id of the letter that this takes away. */
  readonly removes: number | null
}

function entryOf({ offset, key, value, headers, timestamp }: FetchedMessage): Entry {
  const text = (name: string): string | null => headers?.[name]?.toString() ?? null
  const removes = text('removes')
  const code = text('code')
  if (text('version') !== formatVersion || removes !== null || code === null)
    return { letter: null, removes: removes === null ? null : Number(removes) }
  return {
    removes: null,
    letter: {
      // Ids begin at 1.
      id: Number(offset) + 1,
      topic: text('topic') ?? '',
      device: key?.toString() ?? null,
      ingestMs: Number(text('ingest') ?? timestamp),
      code,
      reason: text('reason') ?? '',
      value: value ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength) : new Uint8Array(),
    },
  }
}
