import kafkajs from 'kafkajs'
import type { LogProgress, LogSource, LogTarget } from '../../core/copy/log-ports.ts'
import { hasTopic, openTopic, withAdmin } from './admin.ts'
import { createClient } from './client.ts'
import { createKafkaDeadLetters, openKafkaDeadLetters } from './dead-letters.ts'
import { answerOf, explain, missingTopic } from './failure.ts'
import { createLane } from './lane.ts'
import { createKafkaLog, type KafkaLogOptions, openKafkaLog } from './log.ts'
import { copyingTopic } from './topics.ts'

/** A log in Kafka that is to be copied. */
export async function openKafkaLogSource(options: KafkaLogOptions): Promise<LogSource> {
  const found = await settingsOf(options)
  const log = await openKafkaLog({ ...options, ...found })
  const letters = await openKafkaDeadLetters(options)
  return {
    log,
    letters,
    async close() {
      await letters.close()
      await log.close()
    },
  }
}

/**
 * A copy in the making in a topic, which is made when there is none. As long as it is one, a second topic says so and
 * keeps how far it is.
 */
export async function openKafkaLogTarget(options: KafkaLogOptions): Promise<LogTarget> {
  const { place, topicPrefix, replication } = options
  const client = createClient(place)
  const wish = copyingTopic(topicPrefix, replication)
  const isBegun = await hasTopic(client, wish.name)
  const isWhole = !isBegun && (await isUsed(options))
  if (!isWhole) await openTopic(client, wish, true)
  const log = await (isWhole ? openKafkaLog(options) : createKafkaLog({ ...options, isCopy: true }))
  const letters = await (isWhole ? openKafkaDeadLetters(options) : createKafkaDeadLetters(options))
  const lane = createLane(client)
  const producer = client.kafka.producer({ idempotent: false, allowAutoTopicCreation: false })
  const topic = { topic: wish.name, partition: 0 }
  return {
    isWhole,
    log,
    letters,
    async progress() {
      if (isWhole) return null
      const { next } = await lane.extent(topic)
      if (next === 0) return null
      const messages = await lane.fetch(topic, next - 1, { waitMs: 0, bytes: 1024 * 1024 })
      const value = messages?.findLast(({ offset }) => Number(offset) === next - 1)?.value
      return value ? (JSON.parse(value.toString()) as LogProgress) : null
    },
    async note(progress) {
      try {
        await producer.connect()
        await producer.send({
          topic: wish.name,
          acks: -1,
          messages: [{ partition: 0, value: JSON.stringify(progress) }],
        })
      } catch (error) {
        throw explain(error, place, false)
      }
    },
    async complete() {
      try {
        await withAdmin(client, (admin) => admin.deleteTopics({ topics: [wish.name] }))
      } catch (error) {
        throw explain(error, place, true)
      }
    },
    async close() {
      await lane.close()
      await producer.disconnect()
      await letters.close()
      await log.close()
    },
  }
}

/** Is there a topic of readings that somebody ever wrote to? */
async function isUsed(options: KafkaLogOptions): Promise<boolean> {
  const client = createClient(options.place)
  if (!(await hasTopic(client, `${options.topicPrefix}.readings`))) return false
  const log = await openKafkaLog(options)
  try {
    for (let partition = 0; partition < log.partitions; partition++)
      if ((await log.extent(partition)).next > 0) return true
    return false
  } finally {
    await log.close()
  }
}

/** A source may have other partitions and another retention than what is configured for its copy. */
async function settingsOf({
  place,
  topicPrefix,
}: KafkaLogOptions): Promise<Pick<KafkaLogOptions, 'partitions' | 'retentionMs' | 'replication'>> {
  const name = `${topicPrefix}.readings`
  try {
    return await withAdmin(createClient(place), async (admin) => {
      const { topics } = await admin.fetchTopicMetadata({ topics: [name] })
      const { resources } = await admin.describeConfigs({
        includeSynonyms: false,
        resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name, configNames: ['retention.ms'] }],
      })
      const retention = Number(resources[0]?.configEntries[0]?.configValue ?? -1)
      return {
        partitions: topics[0]?.partitions.length ?? 0,
        retentionMs: retention < 0 ? null : retention,
        replication: null,
      }
    })
  } catch (error) {
    throw answerOf(error) === 'UNKNOWN_TOPIC_OR_PARTITION' ? missingTopic(name) : explain(error, place, true)
  }
}
