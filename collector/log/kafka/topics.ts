import { CodedError, limits } from '@barograph/proto'
import kafkajs, { type Admin } from 'kafkajs'

/** What a topic has to be like. */
export interface TopicWish {
  readonly name: string
  readonly partitions: number
  /** Copies of each record in the cluster; null: as many as it makes by itself. */
  readonly replication: number | null
  /** As Kafka names its settings. */
  readonly settings: Readonly<Record<string, string>>
}

/** Kafka takes its own default for this. */
const asTheCluster = -1
const forever = '9223372036854775807'

/** Of the devices that no route leads elsewhere. */
export const readingsTopicOf = (topicPrefix: string): string => `${topicPrefix}.readings`

/** A topic of readings and all else that is folded. */
export function readingsTopic(
  name: string,
  {
    partitions,
    replication,
    retentionMs,
  }: { partitions: number; replication: number | null; retentionMs: number | null },
): TopicWish {
  return {
    name,
    partitions,
    replication,
    settings: {
      'cleanup.policy': 'delete',
      'retention.ms': String(retentionMs ?? -1),
      'retention.bytes': '-1',
      'message.timestamp.type': 'CreateTime',
      // A collector whose clock is ahead of the broker's must not be refused: what is of the future is quarantined.
      'message.timestamp.after.max.ms': forever,
    },
  }
}

/** Keeps about the newest 64 MB: no promise hangs on dead letters. */
export function deadLetterTopic(name: string, replication: number | null): TopicWish {
  return {
    name,
    partitions: 1,
    replication,
    settings: {
      'cleanup.policy': 'delete',
      'retention.ms': '-1',
      'retention.bytes': String(64 * 1024 * 1024),
      'segment.bytes': String(8 * 1024 * 1024),
      'message.timestamp.type': 'CreateTime',
      'message.timestamp.after.max.ms': forever,
    },
  }
}

/** Is there as long as the log of that prefix is a copy that is not whole: how far it is. */
export const copyingTopic = (topicPrefix: string, replication: number | null): TopicWish => ({
  name: `${topicPrefix}.copying`,
  partitions: 1,
  replication,
  settings: { 'cleanup.policy': 'delete', 'retention.ms': '-1', 'message.timestamp.type': 'CreateTime' },
})

/** Makes the topic; false: there is one of that name. */
export async function createTopic(admin: Admin, wish: TopicWish): Promise<boolean> {
  return admin.createTopics({
    waitForLeaders: false,
    topics: [
      {
        topic: wish.name,
        numPartitions: wish.partitions,
        replicationFactor: wish.replication ?? asTheCluster,
        configEntries: Object.entries(wish.settings).map(([name, value]) => ({ name, value })),
      },
    ],
  })
}

/** Largest record that the bridge lets pass, with its headers. */
const largestRecordBytes = limits.batchBytes + 1_024

/** Throws `log-partitions` or `log-topic` when the topic is not as it has to be, with the command that mends it. */
export async function verifyTopic(admin: Admin, wish: TopicWish, brokers: readonly string[]): Promise<void> {
  const { name } = wish
  const { topics } = await admin.fetchTopicMetadata({ topics: [name] })
  const there = topics[0]?.partitions ?? []
  if (there.length !== wish.partitions)
    throw new CodedError(
      'log-partitions',
      `Topic ${name} has ${there.length} partitions, ${wish.partitions} are configured.`,
      {
        hint: `The number is fixed with the log: set log.partitions to it, or name another log.topicPrefix.`,
      },
    )
  const fewest = Math.min(...there.map(({ replicas }) => replicas.length))
  if (wish.replication !== null && fewest < wish.replication)
    throw new CodedError(
      'log-topic',
      `Topic ${name} has ${fewest} copies of a partition, log.kafka.replication says ${wish.replication}.`,
      { hint: `Add copies with kafka-reassign-partitions.sh, or set log.kafka.replication to ${fewest}.` },
    )
  await verifySettings(admin, wish, brokers)
}

async function verifySettings(
  admin: Admin,
  { name, settings }: TopicWish,
  brokers: readonly string[],
): Promise<void> {
  const largest = 'max.message.bytes'
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [
      { type: kafkajs.ConfigResourceTypes.TOPIC, name, configNames: [...Object.keys(settings), largest] },
    ],
  })
  const entries = resources[0]?.configEntries ?? []
  const found = new Map(entries.map(({ configName, configValue }) => [configName, configValue]))
  const wrong = Object.entries(settings).filter(([key, value]) => found.get(key) !== value)
  if (Number(found.get(largest)) < largestRecordBytes) wrong.push([largest, String(largestRecordBytes)])
  if (wrong.length === 0) return
  const words = wrong.map(([key, value]) => `${key} = ${found.get(key) ?? 'not known'}, not ${value}`)
  const mended = wrong.map(([key, value]) => `${key}=${value}`).join(',')
  throw new CodedError('log-topic', `Topic ${name} has ${words.join('; ')}.`, {
    hint: `Mend it with: kafka-configs.sh --bootstrap-server ${brokers.join(',')} --alter --entity-type topics --entity-name ${name} --add-config ${mended}`,
  })
}
