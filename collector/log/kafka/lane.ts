import { CodedError } from '@barograph/proto'
import type { Broker, Cluster } from 'kafkajs'
import type { Extent } from '../../core/log.ts'
import type { KafkaClient } from './client.ts'
import { answerOf, explain, missingTopic } from './failure.ts'
import type { FetchedMessage } from './message.ts'
import { kafkaTimes } from './place.ts'
import { readTopicId } from './topic-id.ts'

/** A partition of a topic, as Kafka numbers it. */
export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

/** Reads by offset over connections of its own. A broker answers one request after the other on each of them. */
export interface Lane {
  /**
   * Messages from `from` on, waiting for the first up to `waitMs`; null: that offset is not kept, or not there yet. Can
   * begin with older ones, as Kafka gives whole batches.
   */
  fetch(
    place: TopicPartition,
    from: number,
    options: { waitMs: number; bytes: number },
  ): Promise<readonly FetchedMessage[] | null>
  extent(place: TopicPartition): Promise<Extent>
  /** The first offset that was ingested at that time or later; null: none. */
  offsetAt(place: TopicPartition, timeMs: number): Promise<number | null>
  /** The id that Kafka gave a topic; null: there is no such topic. */
  topicId(topic: string): Promise<string | null>
  close(): Promise<void>
}

/** What brokers say that do not lead a partition, or not yet: another look at who leads mends it. */
const isStale = (error: unknown): boolean => {
  const answer = answerOf(error)
  return answer !== null && /LEADER|UNKNOWN_TOPIC|REPLICA_NOT_AVAILABLE|OFFSET_NOT_AVAILABLE/.test(answer)
}

const lookAgainMs = 50

/** Isolation: every record counts as soon as it is safe on all replicas in sync. Nobody writes in transactions here. */
const readUncommitted = 0

export function createLane(client: KafkaClient): Lane {
  let connected: Promise<Cluster> | null = null
  let isClosed = false

  async function connect(topic: string): Promise<Cluster> {
    const cluster = client.createCluster()
    try {
      await cluster.connect()
      await cluster.addTargetTopic(topic)
    } catch (error) {
      await cluster.disconnect()
      throw error
    }
    return cluster
  }

  /** Requests that are under way connect anew over what was let go: whoever ends last lets go again. */
  const letGo = (old: Promise<Cluster>): Promise<void> =>
    old.then((cluster) => cluster.disconnect()).catch(() => {})

  /** Every failure ends the connections, so that the next request begins with what is true now. */
  async function ask<T>(topic: string, request: (cluster: Cluster) => Promise<T>): Promise<T> {
    const giveUpAtMs = performance.now() + kafkaTimes.leaderMs
    for (;;) {
      if (isClosed) throw new CodedError('log-closed', 'The log is closed.')
      const mine = (connected ??= connect(topic))
      try {
        return await request(await mine)
      } catch (error) {
        if (connected === mine) connected = null
        if (isStale(error) && !isClosed && performance.now() < giveUpAtMs) {
          await new Promise((resolve) => setTimeout(resolve, lookAgainMs))
          continue
        }
        if (answerOf(error) === 'UNKNOWN_TOPIC_OR_PARTITION') throw missingTopic(topic)
        throw explain(error, client.place, false)
      } finally {
        if (connected !== mine) await letGo(mine)
      }
    }
  }

  let turn: Promise<unknown> = Promise.resolve()
  /**
   * A broker answers fetches one after the other anyway, and kafkajs opens a connection for each of those that begin
   * before the first one stands: all but one of them would stay open for ever.
   */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = turn.then(work)
    turn = done.catch(() => {})
    return done
  }

  const leaderOf = async (cluster: Cluster, { topic, partition }: TopicPartition): Promise<Broker> => {
    await cluster.addTargetTopic(topic)
    const [nodeId] = Object.keys(cluster.findLeaderForPartitions(topic, [partition]))
    if (nodeId === undefined) throw new StaleMetadata(`Topic ${topic} has no partition ${partition}.`)
    return cluster.findBroker({ nodeId })
  }

  async function offset(place: TopicPartition, of: { fromBeginning: boolean } | { fromTimestamp: number }) {
    const { topic, partition } = place
    return ask(topic, async (cluster) => {
      await leaderOf(cluster, place)
      const [answer] = await cluster.fetchTopicsOffset([
        { topic, partitions: [{ partition }], ...of } as never,
      ])
      return Number(answer?.partitions[0]?.offset)
    })
  }

  return {
    fetch: (place, from, { waitMs, bytes }) =>
      inTurn(() =>
        ask(place.topic, async (cluster) => {
          const { topic, partition } = place
          const broker = await leaderOf(cluster, place)
          try {
            const answer: FetchAnswer = await broker.fetch({
              replicaId: -1,
              isolationLevel: readUncommitted,
              maxWaitTime: Math.ceil(waitMs),
              minBytes: 1,
              maxBytes: bytes,
              topics: [{ topic, partitions: [{ partition, fetchOffset: String(from), maxBytes: bytes }] }],
            })
            return answer.responses[0]?.partitions[0]?.messages ?? []
          } catch (error) {
            if (answerOf(error) === 'OFFSET_OUT_OF_RANGE') return null
            throw error
          }
        }),
      ),
    async extent(place) {
      const [first, next] = await Promise.all([
        offset(place, { fromBeginning: true }),
        offset(place, { fromBeginning: false }),
      ])
      return { first, next }
    },
    async offsetAt(place, timeMs) {
      const found = await offset(place, { fromTimestamp: timeMs })
      return found < 0 ? null : found
    },
    topicId: (topic) =>
      ask(topic, async (cluster) => readTopicId(await cluster.findControllerBroker(), topic)),
    async close() {
      isClosed = true
      const last = connected
      connected = null
      if (last) await letGo(last)
    },
  }
}

interface FetchAnswer {
  readonly responses: readonly {
    readonly partitions: readonly { readonly messages: readonly FetchedMessage[] }[]
  }[]
}

/** What kafkajs knows of the topic is old; named as its own errors are, so that it is explained like them. */
class StaleMetadata extends Error {
  override readonly name = 'KafkaJSStaleMetadata'
  readonly type = 'UNKNOWN_TOPIC_OR_PARTITION'
}
