import { isCoded } from '@barograph/proto'
import kafkajs, { type Consumer } from 'kafkajs'
import type { Assignment } from '../../core/assignment.ts'
import { createClient } from './client.ts'
import { explain } from './failure.ts'
import type { KafkaPlace } from './place.ts'
import { type Layout, layOut, type Route } from './routes.ts'
import { readingsTopicOf } from './topics.ts'

export interface MembersOptions {
  readonly place: KafkaPlace
  readonly topicPrefix: string
  /** Of each topic. */
  readonly partitions: number
  readonly routes?: readonly Route[]
  /** A member that has not been heard of for this long loses its partitions to the others. */
  readonly sessionMs: number
}

/** How often positions are told to Kafka. */
const commitMs = 5_000
const retryMs = 1_000
const leaveMs = 1_000
/** How often a member that has nothing to fetch looks whether the group changes. */
const lookMs = 500

/**
 * Shares the partitions with all others of this group. The consumer of kafkajs is a member here and nothing more: its
 * partitions are paused before it can fetch, so that where to begin is for the store alone to say.
 */
export function joinMembers(options: MembersOptions): Assignment {
  const { place, topicPrefix, partitions, routes = [], sessionMs } = options
  const layout = layOut(readingsTopicOf(topicPrefix), partitions, routes)
  const { topics } = layout
  const stored = new Map<number, number>()
  const committed = new Map<number, number>()
  let trouble: string | null = null
  let isClosed = false
  let owned: ReadonlySet<number> = new Set()
  const consumer = createClient(place).kafka.consumer({
    groupId: `${topicPrefix}.roll`,
    sessionTimeout: sessionMs,
    heartbeatInterval: Math.max(lookMs, Math.floor(sessionMs / 4)),
    rebalanceTimeout: Math.max(sessionMs, 10_000),
    maxWaitTimeInMs: lookMs,
    allowAutoTopicCreation: false,
    partitionAssigners: [kafkajs.PartitionAssigners.roundRobin],
    // Outlives every outage: what we own stays ours until Kafka says something else.
    retry: { retries: Number.MAX_SAFE_INTEGER, initialRetryTime: 100, maxRetryTime: 2_000 },
  })

  async function run(changed: (partitions: ReadonlySet<number>) => void): Promise<void> {
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      consumer.pause(topics.map((topic) => ({ topic })))
      trouble = null
      owned = new Set(
        topics.flatMap((topic) =>
          (payload.memberAssignment[topic] ?? []).map((partition) => layout.numberOf(topic, partition)),
        ),
      )
      changed(owned)
    })
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      note(payload.error)
      if (!payload.restart) void join()
    })
    await join()
  }

  async function join(): Promise<void> {
    while (!isClosed) {
      try {
        await consumer.connect()
        await consumer.subscribe({ topics: [...topics] })
        await consumer.run({ autoCommit: false, eachBatch: async () => {} })
        return
      } catch (error) {
        note(error)
        await new Promise((resolve) => setTimeout(resolve, retryMs))
      }
    }
  }

  function note(error: unknown): void {
    const failure = explain(error, place, false)
    if (!isCoded(failure)) throw failure
    trouble = failure.message
  }

  const timer = setInterval(() => void commit(consumer, layout, owned, stored, committed), commitMs)
  return {
    watch: (changed) => {
      void run(changed)
    },
    stored: (partition, position) => void stored.set(partition, position),
    trouble: () => trouble,
    async close() {
      isClosed = true
      clearInterval(timer)
      // A Kafka that is away must not keep us: the others wait for the session to end.
      const leave = async (): Promise<void> => {
        await commit(consumer, layout, owned, stored, committed)
        await consumer.disconnect()
      }
      await Promise.race([leave(), new Promise((resolve) => setTimeout(resolve, leaveMs))])
    },
  }
}

/** For those who watch the lag; that it did not work now is no trouble of anybody. */
async function commit(
  consumer: Consumer,
  { placeOf }: Layout,
  owned: ReadonlySet<number>,
  stored: ReadonlyMap<number, number>,
  committed: Map<number, number>,
): Promise<void> {
  const news = [...stored].filter(
    ([partition, position]) => owned.has(partition) && committed.get(partition) !== position,
  )
  if (news.length === 0) return
  try {
    await consumer.commitOffsets(
      news.map(([partition, position]) => ({ ...placeOf(partition), offset: String(position) })),
    )
    for (const [partition, position] of news) committed.set(partition, position)
  } catch {
    // The next one comes in a moment.
  }
}
