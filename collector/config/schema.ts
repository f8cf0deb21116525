import { isIP } from 'node:net'
import { address, duration, durationOrForever, timeZone } from '@barograph/proto/config'
import { z } from 'zod'
import { levels } from '../core/documents.ts'
import { statisticsOf } from '../core/statistics/of.ts'
import { brokerSchema, devicesSchema } from './devices.ts'
import { mqttSchema } from './mqtt.ts'
import { kafkaSchema, logUrl, routesSchema, topicPrefix } from './kafka.ts'

const section = <S extends z.ZodRawShape>(shape: S) => z.strictObject(shape)

const mongoUrl = /^mongodb(\+srv)?:\/\/[^\s/]+\/[^\s/?.$@]+(\?\S*)?$/

const storeUrl = () =>
  z
    .string()
    .refine((text) => (text.startsWith('sqlite:') ? text.length > 'sqlite:'.length : mongoUrl.test(text)), {
      message: 'is neither an SQLite file nor a database of MongoDB',
    })
    .default('sqlite:data/store.db')
    .describe('sqlite:PATH, as in sqlite:data/store.db, or mongodb://HOST:PORT/DATABASE')

const maxMb = () => z.number().int().min(1).max(10_000_000).optional()

/** Where hashes are; a token itself has no place in a configuration. */
const hashFile = () =>
  z
    .string()
    .regex(/^file:./)
    .meta({ secret: true })
    .describe('file:PATH of the hashes that "barograph-collector tokens add" writes')

const origin = () =>
  z
    .string()
    .refine((text) => /^https?:/.test(text) && URL.canParse(text) && new URL(text).origin === text)
    .describe('scheme, name and port alone, as in https://weather.example')

const proxy = () =>
  z
    .string()
    .refine((text) => isNetwork(text))
    .describe('an address or network, as in 127.0.0.1 or 192.0.2.0/24')

function isNetwork(text: string): boolean {
  const [address = '', bits, ...more] = text.split('/')
  const family = isIP(address)
  const most = family === 6 ? 128 : 32
  return (
    family !== 0 &&
    more.length === 0 &&
    (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= most))
  )
}

/** collector.yaml. Keys of later versions are not in it, so that nobody relies on them. */
export const configSchema = section({
  site: section({ timeZone: timeZone().default('UTC') }).prefault({}),
  broker: brokerSchema.optional(),
  mqtt: mqttSchema.optional(),
  log: section({
    url: logUrl('data/log.db'),
    topicPrefix: topicPrefix(),
    routes: routesSchema(),
    kafka: kafkaSchema.optional(),
    partitions: z.number().int().min(1).max(256).default(4),
    retention: duration().prefault('7d'),
    maxMb: maxMb(),
  }).prefault({}),
  store: section({ url: storeUrl(), maxMb: maxMb() }).prefault({}),
  serve: section({
    listen: address().prefault('127.0.0.1:8013'),
    tokens: section({ viewer: hashFile().optional(), operator: hashFile().optional() }).optional(),
    session: duration().prefault('7d'),
    sessionKey: z
      .string()
      .regex(/^(file|env):./)
      .meta({ secret: true })
      .optional()
      .describe('file:PATH or env:NAME of at least 32 characters; without it sessions end with the program'),
    prefix: z
      .string()
      .regex(/^\/[\w-]+(\/[\w-]+)*$/)
      .optional()
      .describe('the path under which a proxy shows this collector, as in /barograph'),
    origins: z.array(origin()).max(32).default([]),
    trustedProxies: z.array(proxy()).max(32).default([]),
    openMetrics: z.boolean().default(false),
  }).prefault({}),
  devices: devicesSchema.prefault({}),
  rollups: section({
    levels: z
      .array(z.enum(levels))
      .min(1)
      .default([...levels])
      .describe(`a list of ${levels.join(', ')}`),
    flushIntervalMs: z.number().int().min(50).max(60_000).default(1_000),
  }).prefault({}),
  // Counted from ingest.
  retention: section({
    raw: durationOrForever().prefault('90d'),
    '10s': durationOrForever().prefault('7d'),
    '1m': durationOrForever().prefault('90d'),
    hour: durationOrForever().prefault('forever'),
    day: durationOrForever().prefault('forever'),
    week: durationOrForever().prefault('forever'),
    month: durationOrForever().prefault('forever'),
    year: durationOrForever().prefault('forever'),
  }).prefault({}),
  // Nothing is written unless it is named.
  files: section({
    latest: z.string().min(1).optional().describe('a file for the newest windows, as in data/latest.json'),
    parquet: z
      .string()
      .min(1)
      .optional()
      .describe('a folder for readings and 10 s windows by device and day, as in data/parquet'),
    stats: z.string().min(1).optional().describe('a folder for partition-N.json, as in data/stats'),
    statsMetric: z
      .string()
      .regex(/^[a-z]/)
      .default('temperature')
      .describe('a metric, as in temperature'),
    statsOf: z
      .enum(statisticsOf)
      .optional()
      .describe(`one of ${statisticsOf.join(', ')}`),
    everyMs: z.number().int().min(100).max(3_600_000).default(2_000),
  }).prefault({}),
})

export type ConfigFile = z.output<typeof configSchema>
