// What of collector.yaml is of the log, and how a Kafka is reached.
import { resolve } from 'node:path'
import { type ConfigIssue, duration } from '@barograph/proto/config'
import { z } from 'zod'

const file = () => z.string().min(1).describe('a PEM file, as seen from the configuration')

const password = () =>
  z
    .string()
    .regex(/^(file|env):./)
    .meta({ secret: true })
    .describe('file:PATH or env:NAME')

const kafkaUrl = /^kafka:\/\/[^\s,/@]+:\d{1,5}(,[^\s,/@]+:\d{1,5})*$/

/** `log.url`: an SQLite file or a Kafka. */
export const logUrl = (path: string) =>
  z
    .string()
    .refine((text) => (text.startsWith('sqlite:') && text.length > 'sqlite:'.length) || kafkaUrl.test(text))
    .default(`sqlite:${path}`)
    .describe(`sqlite:PATH, as in sqlite:${path}, or kafka://host:port with more of them behind commas`)

/** Kafka takes these in names of topics; what we put behind the prefix has to fit too. */
export const topicPrefix = () =>
  z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$/)
    .default('barograph')
    .describe('letters, digits, dots, hyphens and underscores')

export const kafkaSchema = z.strictObject({
  tls: z
    .union([
      z.boolean(),
      z.strictObject({ ca: file().optional(), cert: file().optional(), key: file().optional() }),
    ])
    .default(false)
    .describe('true, false, or { ca: FILE, cert: FILE, key: FILE }'),
  sasl: z
    .strictObject({
      mechanism: z.enum(['plain', 'scram-sha-256', 'scram-sha-512']),
      username: z.string().min(1),
      password: password(),
    })
    .optional(),
  sessionTimeout: duration().prefault('10s'),
  replication: z.number().int().min(1).max(9).optional().describe('copies of each record, 1 to 9'),
})

/** How to reach the Kafka that `log.url` names. Paths are absolute; the password is `file:PATH` or `env:NAME`. */
export interface KafkaConfig {
  readonly brokers: readonly string[]
  readonly topicPrefix: string
  readonly tls: {
    readonly ca: string | null
    readonly cert: string | null
    readonly key: string | null
  } | null
  readonly sasl: z.output<typeof kafkaSchema>['sasl'] | null
  /** null: as the cluster makes topics. */
  readonly replication: number | null
  /** A roll that was not heard of for this long loses its partitions to the others. */
  readonly sessionMs: number
}

interface LogFile {
  readonly url: string
  readonly topicPrefix: string
  readonly kafka?: z.output<typeof kafkaSchema> | undefined
}

/** What of `log` goes together and what does not. */
export function checkKafka({ url, kafka }: LogFile): ConfigIssue[] {
  if (kafka && !url.startsWith('kafka:'))
    return [
      {
        path: ['log', 'kafka'],
        message: 'is there, but log.url names no Kafka',
        allowed: 'log.url: kafka://host:port',
      },
    ]
  if (typeof kafka?.tls === 'object' && !kafka.tls.cert !== !kafka.tls.key)
    return [
      {
        path: ['log', 'kafka', 'tls'],
        message: 'has one of cert and key',
        allowed: 'both of them, or neither',
      },
    ]
  return []
}

const defaultSessionMs = 10_000

/** `host:port` of each broker in `kafka://host:port,host:port`. */
export const brokersOf = (url: string): string[] => url.slice('kafka://'.length).split(',')

/** null: the log is no Kafka. */
export function resolveKafka({ url, topicPrefix, kafka }: LogFile, folder: string): KafkaConfig | null {
  if (!url.startsWith('kafka://')) return null
  const pathOf = (path: string | undefined): string | null =>
    path === undefined ? null : resolve(folder, path)
  const tls = kafka?.tls === true ? {} : kafka?.tls
  const sasl = kafka?.sasl
  return {
    brokers: brokersOf(url),
    topicPrefix,
    tls: tls ? { ca: pathOf(tls.ca), cert: pathOf(tls.cert), key: pathOf(tls.key) } : null,
    sasl: sasl
      ? {
          ...sasl,
          password: sasl.password.replace(/^file:(.*)/, (_, path: string) => `file:${pathOf(path)}`),
        }
      : null,
    replication: kafka?.replication ?? null,
    sessionMs: kafka?.sessionTimeout ?? defaultSessionMs,
  }
}
