import kafkajs, { type Cluster, type Kafka } from 'kafkajs'
import { type KafkaPlace, kafkaTimes } from './place.ts'

/** A door to one Kafka. */
export interface KafkaClient {
  readonly kafka: Kafka
  readonly place: KafkaPlace
  /** Connections of its own, for requests that kafkajs has no consumer or producer for. */
  createCluster(): Cluster
}

/** Few and quick: those who call wait in their own way, and say so. */
const retry = { retries: 2, initialRetryTime: 100, maxRetryTime: 1_000 } as const

export function createClient(place: KafkaPlace): KafkaClient {
  const { brokers, tls, sasl } = place
  const kafka = new kafkajs.Kafka({
    clientId: 'barograph',
    brokers: [...brokers],
    ...(tls ? { ssl: { ...tls, ...(tls.ca ? { ca: [tls.ca] } : {}) } } : {}),
    ...(sasl ? { sasl: { ...sasl } as never } : {}),
    connectionTimeout: kafkaTimes.connectMs,
    authenticationTimeout: kafkaTimes.answerMs,
    requestTimeout: kafkaTimes.answerMs,
    retry,
    // Every failure reaches us as an error, and is said in our words.
    logLevel: kafkajs.logLevel.NOTHING,
  })
  return { kafka, place, createCluster: () => createCluster(kafka) }
}

/**
 * kafkajs hands its connections to the assigners of a consumer. This one never joins a group: a follower asks for exactly
 * the offsets that it wants, so nothing can move it to others behind its back, as a consumer out of range is.
 */
function createCluster(kafka: Kafka): Cluster {
  let found: Cluster | null = null
  kafka.consumer({
    groupId: 'none',
    allowAutoTopicCreation: false,
    partitionAssigners: [
      ({ cluster }) => {
        found = cluster
        return kafkajs.PartitionAssigners.roundRobin({ cluster, groupId: 'none' } as never)
      },
    ],
  })
  if (!found) throw new Error('kafkajs made no cluster')
  return found
}
