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

/** A topic of Kafka. */
const topic = () =>
  z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,248}$/)
    .describe('letters, digits, dots, hyphens and underscores')

const mostRoutes = 64

/** Devices in topics beside `<topicPrefix>.readings`; the first route that fits holds. */
export const routesSchema = () =>
  z
    .array(
      z.strictObject({
        device: z
          .string()
          .regex(/^[a-z0-9*][a-z0-9*-]{0,62}$/)
          .describe('an id of a device, in which * stands for any characters, as in plant-a-*'),
        topic: topic(),
      }),
    )
    .max(mostRoutes)
    .default([])

export type Routes = z.output<ReturnType<typeof routesSchema>>

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
  readonly routes: Routes
  /** null: as the cluster makes topics. */
  readonly replication: number | null
  /** A roll that was not heard of for this long loses its partitions to the others. */
  readonly sessionMs: number
}

interface LogFile {
  readonly url: string
  readonly topicPrefix: string
  readonly routes: Routes
  readonly kafka?: z.output<typeof kafkaSchema> | undefined
}

/** What of `log` goes together and what does not. */
export function checkKafka({ url, topicPrefix, routes, kafka }: LogFile): ConfigIssue[] {
  if (routes.length > 0 && !url.startsWith('kafka:'))
    return [
      {
        path: ['log', 'routes'],
        message: 'is there, but log.url names no Kafka',
        allowed: 'log.url: kafka://host:port',
      },
    ]
  const taken = routes.findIndex(({ topic }) => topic === `${topicPrefix}.dead-letter`)
  if (taken >= 0)
    return [
      {
        path: ['log', 'routes', taken, 'topic'],
        message: `${topicPrefix}.dead-letter is for messages that were refused`,
        allowed: 'another topic',
      },
    ]
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

/** The topics of the log, in the order in which its partitions are counted. */
export const topicsOf = ({ topicPrefix, routes }: Pick<KafkaConfig, 'topicPrefix' | 'routes'>): string[] => [
  ...new Set([`${topicPrefix}.readings`, ...routes.map(({ topic: name }) => name)]),
]

/** How many partitions the log has in all. */
export const partitionsIn = ({
  partitions,
  kafka,
}: {
  readonly partitions: number
  readonly kafka: KafkaConfig | null
}): number => partitions * (kafka ? topicsOf(kafka).length : 1)

/** `host:port` of each broker in `kafka://host:port,host:port`. */
export const brokersOf = (url: string): string[] => url.slice('kafka://'.length).split(',')

/** null: the log is no Kafka. */
export function resolveKafka(
  { url, topicPrefix, routes, kafka }: LogFile,
  folder: string,
): KafkaConfig | null {
  if (!url.startsWith('kafka://')) return null
  const pathOf = (path: string | undefined): string | null =>
    path === undefined ? null : resolve(folder, path)
  const tls = kafka?.tls === true ? {} : kafka?.tls
  const sasl = kafka?.sasl
  return {
    brokers: brokersOf(url),
    topicPrefix,
    routes,
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
