import { CodedError, isCoded } from '@barograph/proto'
import type { KafkaPlace } from './place.ts'

interface KafkaError extends Error {
  readonly type?: string
  readonly code?: string | number
}

/** Kafka answered, and these answers say no. */
const forbidden = new Set([
  'TOPIC_AUTHORIZATION_FAILED',
  'GROUP_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
])
const wrongLogin = new Set(['SASL_AUTHENTICATION_FAILED', 'UNSUPPORTED_SASL_MECHANISM', 'ILLEGAL_SASL_STATE'])
const isTls = (code: unknown): boolean =>
  typeof code === 'string' &&
  /^(ERR_TLS|ERR_SSL|ERR_OSSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|EPROTO)/.test(code)

/**
 * A failure of kafkajs in words. What another configuration mends is no use to retry when the log is being opened; once
 * it was open, somebody is changing something, and waiting is right. Bugs come through as they are.
 */
export function explain(
  error: unknown,
  { brokers }: Pick<KafkaPlace, 'brokers'>,
  isOpening: boolean,
): unknown {
  if (isCoded(error)) return error
  const root = rootOf(error)
  if (!root) return error
  const where = brokers.join(',')
  const { type = '' } = root
  const coded = (code: string, message: string, hint: string, retryable: boolean): CodedError =>
    new CodedError(code, message, { retryable, hint, cause: error })
  if (wrongLogin.has(type) || root.name.startsWith('KafkaJSSASL'))
    return coded(
      'log-login',
      `Kafka at ${where} does not let us in: ${root.message}`,
      'Check log.kafka.sasl: mechanism, username, password.',
      !isOpening,
    )
  if (forbidden.has(type))
    return coded(
      'log-forbidden',
      `Kafka at ${where} lets us in, but not do this: ${root.message}`,
      'docs/kafka.md lists what the user must be allowed to do.',
      !isOpening,
    )
  const codes = [root.code, (root.cause as KafkaError | undefined)?.code]
  if (codes.some(isTls) || /certificate|ssl routines|wrong version number/i.test(root.message))
    return coded(
      'log-tls',
      `Kafka at ${where}: no TLS connection: ${root.message}`,
      'Check log.kafka.tls: the certificate must be signed by ca and be of this host; is this port one for TLS?',
      !isOpening,
    )
  if (codes.includes('ENOTFOUND'))
    return coded(
      'log-unusable',
      `There is no host of that name in ${where}: ${root.message}`,
      'Name the host and port of a broker in log.url, as in kafka://127.0.0.1:9092.',
      !isOpening,
    )
  return coded(
    'log-unreachable',
    `Kafka at ${where} does not answer as it should: ${root.message}`,
    'Is it running? If it asks for TLS or a password, set log.kafka.tls and log.kafka.sasl.',
    true,
  )
}

/** What is below the wrappers of retries; null: not an error of kafkajs or the network, so a bug. */
function rootOf(error: unknown): KafkaError | null {
  if (!(error instanceof Error)) return null
  const { cause } = error
  const isWrapper =
    error.name === 'KafkaJSNumberOfRetriesExceeded' || error.name === 'KafkaJSNonRetriableError'
  const below = isWrapper && cause instanceof Error && cause !== error ? rootOf(cause) : null
  if (below) return below
  const isTrouble =
    error.name.startsWith('KafkaJS') ||
    'syscall' in error ||
    isTls((error as KafkaError).code) ||
    isThrownInside(error)
  return isTrouble ? (error as KafkaError) : null
}

/**
 * kafkajs stumbles over connections that go away while it uses them, and then throws what is no error of its own, as
 * `Broker not connected`. The next try has new connections.
 */
function isThrownInside({ stack = '' }: Error): boolean {
  const [, first = ''] = stack.split(/\n(?=\s+at )/)
  return /[\\/]node_modules[\\/]kafkajs[\\/]/.test(first)
}

/** The answer of Kafka that this error is about, as in `UNKNOWN_TOPIC_OR_PARTITION`; null: none. */
export function answerOf(error: unknown): string | null {
  const root = rootOf(error)
  if (!root) return null
  return root.name === 'KafkaJSOffsetOutOfRange' ? 'OFFSET_OUT_OF_RANGE' : (root.type ?? null)
}

/** It was not made yet, or is there no more. */
export const missingTopic = (name: string): CodedError =>
  new CodedError('log-missing', `There is no topic ${name}.`, {
    retryable: true,
    hint: 'Start the collector once: it makes the topic, and tells how to go on if there was one before.',
  })
