import { resolve } from 'node:path'
import { CodedError } from '@barograph/proto'
import { type Config, sqlitePath, withoutPassword } from '../config/index.ts'
import type { LogSource, LogTarget } from '../core/copy/log-ports.ts'
import type { StoreSource, StoreTarget } from '../core/copy/store-ports.ts'
import { applicationIdOf } from '../sqlite-file.ts'
import { openSqliteLogSource, openSqliteLogTarget } from '../log/copies.ts'
import { logFile } from '../log/schema.ts'
import { openSqliteSource, openSqliteTarget } from '../store/copies.ts'
import { storeApplicationId } from '../store/schema.ts'

/** A place to copy from or to, as it was written. */
export interface CopyPlace {
  readonly kind: 'store' | 'log'
  readonly url: string
  /** null: it is no file. */
  readonly path: string | null
}

const isMongo = (url: string): boolean => /^mongodb(\+srv)?:\/\//.test(url)
const isKafka = (url: string): boolean => url.startsWith('kafka://')

/** What is to be copied where. Throws `copy-places` when that is no copy of one kind of thing. */
export function copyPlaces(from: string, to: string, folder: string): { from: CopyPlace; to: CopyPlace } {
  const [source, target] = [placeOf(from, folder), placeOf(to, folder)]
  const kind = source.kind ?? kindOfFile(source.path ?? '')
  if (target.kind !== null && target.kind !== kind)
    throw refuse(
      `${withoutPassword(from)} is a ${kind}, and ${withoutPassword(to)} can only be a ${target.kind}.`,
    )
  if (source.url === target.url) throw refuse('Both places are the same.')
  return { from: { ...source, kind }, to: { ...target, kind } }
}

const refuse = (why: string): CodedError =>
  new CodedError('copy-places', why, {
    hint: 'Stores: sqlite:PATH, mongodb://HOST:PORT/DATABASE. Logs: sqlite:PATH, kafka://HOST:PORT or kafka://HOST:PORT/TOPIC-PREFIX.',
  })

function placeOf(
  text: string,
  folder: string,
): { readonly url: string; readonly path: string | null; readonly kind: CopyPlace['kind'] | null } {
  if (isMongo(text)) return { url: text, path: null, kind: 'store' }
  if (isKafka(text)) return { url: text, path: null, kind: 'log' }
  const written = sqlitePath(text)
  if (written === null || written === '')
    throw refuse(`${withoutPassword(text)} is no place of a store or a log.`)
  const path = resolve(folder, written)
  return { url: `sqlite:${path}`, path, kind: null }
}

function kindOfFile(path: string): CopyPlace['kind'] {
  const id = applicationIdOf(path)
  if (id === storeApplicationId) return 'store'
  if (id === logFile.applicationId) return 'log'
  throw refuse(
    id === null
      ? `There is no file ${path}.`
      : `${path} is neither a store nor a log of a Barograph collector.`,
  )
}

/** To read a log that is to be copied. `config`: how to get into a Kafka. */
export async function openLogSource(place: CopyPlace, config: Config['log']): Promise<LogSource> {
  if (place.path !== null) return openSqliteLogSource(place.path)
  const kafka = await import('../log/kafka/index.ts')
  const options = await kafkaOptions(place, config)
  return kafka.openKafkaLogSource(options)
}

/** To make a copy of a log, or to go on with it. */
export async function openLogTarget(
  place: CopyPlace,
  config: Config['log'],
  partitions: number,
): Promise<LogTarget> {
  if (place.path !== null) return openSqliteLogTarget(place.path, partitions)
  const kafka = await import('../log/kafka/index.ts')
  return kafka.openKafkaLogTarget({ ...(await kafkaOptions(place, config)), partitions })
}

/** `kafka://host:port/PREFIX`: another prefix of topics than that of the configuration. */
async function kafkaOptions({ url }: CopyPlace, { kafka, partitions, retentionMs }: Config['log']) {
  const { placeOf } = await import('../log/kafka/index.ts')
  if (kafka && kafka.routes.length > 0)
    throw new CodedError('copy-places', 'A log with routes cannot be copied: it is in several topics.', {
      hint: 'Leave log.routes out of the configuration to copy the topic of the prefix alone.',
    })
  const [, hosts = '', prefix] = /^kafka:\/\/([^/]+)(?:\/(.*))?$/.exec(url) ?? []
  const { tls = null, sasl = null, replication = null, topicPrefix = 'barograph' } = kafka ?? {}
  return {
    place: placeOf({ brokers: hosts.split(','), tls, sasl }),
    topicPrefix: prefix || topicPrefix,
    partitions,
    replication,
    retentionMs,
  }
}

/** To read a store that is to be copied. */
export async function openStoreSource({ url, path }: CopyPlace): Promise<StoreSource> {
  if (path !== null) return openSqliteSource(path)
  return (await import('../store/mongo/copies.ts')).openMongoSource(url)
}

/** To make a copy of a store, or to go on with it. */
export async function openStoreTarget({ url, path }: CopyPlace): Promise<StoreTarget> {
  if (path !== null) return openSqliteTarget(path)
  return (await import('../store/mongo/copies.ts')).openMongoTarget(url)
}
