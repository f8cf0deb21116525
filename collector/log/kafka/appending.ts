import type { Producer } from 'kafkajs'
import type { NewRecord } from '../../core/log.ts'
import { type Appender, createAppender } from './appender.ts'
import type { KafkaClient } from './client.ts'
import { explain } from './failure.ts'
import type { TopicPartition } from './lane.ts'
import { messageOf } from './message.ts'
import { kafkaTimes } from './place.ts'

interface Placed {
  readonly record: NewRecord
  readonly partition: number
}

interface Place {
  readonly partition: number
  readonly offset: number
}

/** All replicas in sync have it. */
const acksOfAll = -1

/**
 * Appends records to their partitions. Not idempotent in Kafka's sense: that lost acknowledged records when a broker hung
 * longer than a request may take. A record that is there twice is a repeat, as readings have identities.
 */
export function createAppending({
  client,
  placeOf,
}: {
  readonly client: KafkaClient
  readonly placeOf: (partition: number) => TopicPartition
}) {
  const producer = client.kafka.producer({
    idempotent: false,
    allowAutoTopicCreation: false,
    createPartitioner:
      () =>
      ({ message }) =>
        message.partition ?? 0,
  })
  const appenders = new Map<number, Appender>()
  const connect = createConnect(producer)

  async function send(place: TopicPartition, records: readonly NewRecord[]): Promise<number> {
    try {
      await connect()
      const answers = await producer.send({
        topic: place.topic,
        acks: acksOfAll,
        timeout: kafkaTimes.answerMs,
        messages: records.map((record) => messageOf(record, place.partition)),
      })
      return Number(answers[0]?.baseOffset)
    } catch (error) {
      throw explain(error, client.place, false)
    }
  }

  function appenderOf(partition: number): Appender {
    const known = appenders.get(partition)
    if (known) return known
    const place = placeOf(partition)
    const made = createAppender({
      send: (records) => send(place, records),
      patienceMs: kafkaTimes.appendPatienceMs,
      place: `Kafka (${place.topic}, partition ${place.partition})`,
    })
    appenders.set(partition, made)
    return made
  }

  return {
    async append(placed: readonly Placed[]): Promise<readonly Place[]> {
      const places = new Array<Place>(placed.length)
      const groups = Map.groupBy(placed.entries(), ([, { partition }]) => partition)
      await Promise.all(
        [...groups].map(async ([partition, group]) => {
          const offsets = await appenderOf(partition).append(group.map(([, { record }]) => record))
          group.forEach(([index], i) => {
            places[index] = { partition, offset: offsets[i] ?? -1 }
          })
        }),
      )
      return places
    },
    async close(): Promise<void> {
      await Promise.all([...appenders.values()].map((appender) => appender.drain()))
      await producer.disconnect()
    },
  }
}

/** Connects at the first use; a failure leaves it for the next one to try. */
function createConnect(producer: Producer): () => Promise<void> {
  let connected: Promise<void> | null = null
  return () =>
    (connected ??= producer.connect().catch((error: unknown) => {
      connected = null
      throw error
    }))
}
