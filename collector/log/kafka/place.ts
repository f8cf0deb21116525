/** How to reach a Kafka and be let in. */
export interface KafkaPlace {
  /** `host:port`, one or several of the cluster. */
  readonly brokers: readonly string[]
  /** null: no TLS. `ca`, `cert` and `key` are PEM texts; without `ca` those of the system hold. */
  readonly tls: { readonly ca?: string; readonly cert?: string; readonly key?: string } | null
  readonly sasl: {
    readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'
    readonly username: string
    readonly password: string
  } | null
}

/** How long to wait for a Kafka, and how often to try. */
export const kafkaTimes = {
  connectMs: 3_000,
  /** A request without an answer for this long has failed; what was sent may be in the log all the same. */
  answerMs: 10_000,
  /** A partition that nobody leads, or of a topic that is not known, is asked for again this long. */
  leaderMs: 3_000,
  /** An append that is not durable after this long is rejected: its caller says so and tries again. */
  appendPatienceMs: 15_000,
  /** A follower at the end of a partition asks again at least this often. */
  longestWaitMs: 500,
  /** That a record is still in the log was seen this short a time ago: it is not looked up again. */
  seenMs: 250,
} as const
