import { existsSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { CodedError } from '@barograph/proto'
import {
  type Address,
  type ConfigIssue,
  formatAddress,
  isLoopback,
  loadPlacedConfig,
} from '@barograph/proto/config'
import type { Retention } from '../core/retention/limits.ts'
import { checkKafka, type KafkaConfig, resolveKafka } from './kafka.ts'
import { sqlitePath, withoutPassword } from './place.ts'
import {
  type BrokerConfig,
  checkDevices,
  type DevicesConfig,
  resolveBroker,
  resolveDevices,
} from './devices.ts'
import { checkMqtt, type MqttConfig, resolveMqtt } from './mqtt.ts'
import { checkFiles, type FilesConfig, resolveFiles } from './files.ts'
import { type ConfigFile, configSchema } from './schema.ts'

export { type KafkaConfig, sqlitePath, withoutPassword }

/** Keys whose values may turn out wrong only when they are used. */
const usedKeys = [
  'broker.listen',
  'broker.tls',
  'devices.folder',
  'mqtt.url',
  'log.url',
  'log.partitions',
  'store.url',
  'serve.listen',
  'files.stats',
  'files.latest',
  'files.parquet',
] as const
export type UsedKey = (typeof usedKeys)[number]

/** A value as it was written, and where: `collector.yaml:7`, `BAROGRAPH_SERVE_LISTEN`. */
export interface Written {
  readonly place: string
  readonly value: string
}

/** Everything the roles need to know, as plain data that can be handed to a thread. */
export interface Config {
  readonly defaultTimeZone: string
  /** The embedded broker; null: an outside one is used. */
  readonly broker: BrokerConfig | null
  readonly devices: DevicesConfig
  readonly mqtt: MqttConfig | null
  readonly log: {
    /** `sqlite:` and an absolute path, or a server. */
    readonly url: string
    readonly partitions: number
    readonly retentionMs: number
    readonly maxBytes: number | null
    /** null: the log is an SQLite file. */
    readonly kafka: KafkaConfig | null
  }
  readonly store: { readonly url: string; readonly maxBytes: number | null }
  readonly serve: ServeConfig
  readonly rollups: { readonly levels: readonly string[]; readonly flushIntervalMs: number }
  readonly retention: Retention
  readonly files: FilesConfig
  readonly written: Readonly<Record<UsedKey, Written>>
}

/** How the page and the interface can be reached. */
export interface ServeConfig {
  readonly listen: Address
  /** Files with hashes, by role; null: nobody is asked. */
  readonly tokens: { readonly viewer: string | null; readonly operator: string | null } | null
  readonly sessionMs: number
  /** `file:` and an absolute path, or `env:NAME`; null: a random one. */
  readonly sessionKey: string | null
  /** '' or /barograph */
  readonly prefix: string
  readonly origins: readonly string[]
  readonly trustedProxies: readonly string[]
  readonly openMetrics: boolean
}

export interface ConfigSource {
  /** Named by --config; undefined: collector.yaml where the program was started, if there is one. */
  readonly file?: string | undefined
  readonly env: Readonly<Record<string, string | undefined>>
  readonly folder: string
}

const defaultFile = 'collector.yaml'

/** The checked configuration of file and environment. Throws `bad-config`. */
export function readConfig({ file, env, folder }: ConfigSource): Config {
  const path = resolve(folder, file ?? defaultFile)
  const text = existsSync(path) || file !== undefined ? readText(path, file ?? defaultFile) : null
  const { config, placeOf } = loadPlacedConfig({
    schema: configSchema,
    text,
    file: file ?? defaultFile,
    env,
    prefix: 'BAROGRAPH',
    check: checkWhole,
  })
  // A file names other files as seen from itself; without one, as seen from where the program was started.
  const resolved = resolvePaths(config, text === null ? folder : dirname(path))
  const written = Object.fromEntries(
    usedKeys.map((key) => [key, { place: placeOf(key.split('.')), value: valueOf(key, config, resolved) }]),
  ) as Record<UsedKey, Written>
  return { ...resolved, written }
}

function valueOf(
  key: UsedKey,
  { log, store, mqtt, serve }: ConfigFile,
  { broker, devices, files }: Omit<Config, 'written'>,
): string {
  switch (key) {
    case 'broker.listen':
      return broker ? formatAddress(broker.listen) : ''
    case 'broker.tls':
      return broker?.tls === 'auto' ? 'auto' : JSON.stringify(broker?.tls ?? 'off')
    case 'devices.folder':
      return devices.folder
    case 'mqtt.url':
      return mqtt?.url.replace(/\/\/[^@/]*@/, '//') ?? ''
    case 'log.url':
      return withoutPassword(log.url)
    case 'log.partitions':
      return String(log.partitions)
    case 'store.url':
      return withoutPassword(store.url)
    case 'serve.listen':
      return formatAddress(serve.listen)
    case 'files.stats':
      return files.stats?.folder ?? ''
    case 'files.latest':
      return files.latest ?? ''
    case 'files.parquet':
      return files.parquet ?? ''
  }
}

function readText(path: string, name: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new CodedError('bad-config', `${name}: cannot be read (${why})`, {
      hint: 'Name a readable YAML file with --config FILE.',
      cause,
    })
  }
}

function checkWhole({ broker, mqtt, log, serve, devices, files }: ConfigFile): ConfigIssue[] {
  const issues: ConfigIssue[] = checkKafka(log)
  if (broker && mqtt)
    issues.push({
      path: ['mqtt'],
      message: 'is there beside broker',
      allowed: 'broker (the embedded one) or mqtt (an outside one)',
    })
  issues.push(...checkDevices(broker, devices), ...checkMqtt(mqtt), ...checkFiles(files))
  if (serve.tokens && !serve.tokens.viewer && !serve.tokens.operator)
    issues.push({
      path: ['serve', 'tokens'],
      message: 'names no file: nobody could sign in',
      allowed: '{ viewer: file:viewer-token, operator: file:operator-token }, or one of them',
    })
  if (!serve.tokens && !isLoopback(serve.listen))
    issues.push({
      path: ['serve', 'listen'],
      message: `${formatAddress(serve.listen)} can be reached from other machines, and nobody is asked for a token`,
      allowed: tokensToAdd,
    })
  return issues
}

/** The lines that let a collector be reached from elsewhere. */
export const tokensToAdd = [
  'an address of this machine alone, as 127.0.0.1:8013; or ask readers for a token with this line:',
  '  serve: { tokens: { viewer: file:viewer-token, operator: file:operator-token } }',
  'and make the tokens: barograph-collector tokens add viewer; barograph-collector tokens add operator',
].join('\n')

function serveOf(
  { listen, tokens, session, sessionKey, prefix = '', ...rest }: ConfigFile['serve'],
  folder: string,
): ServeConfig {
  const pathOf = (reference: string | undefined): string | null =>
    reference === undefined ? null : resolve(folder, reference.slice('file:'.length))
  const keyOf = (reference: string): string =>
    reference.startsWith('file:') ? `file:${pathOf(reference)}` : reference
  return {
    ...rest,
    listen,
    tokens: tokens ? { viewer: pathOf(tokens.viewer), operator: pathOf(tokens.operator) } : null,
    sessionMs: session,
    sessionKey: sessionKey === undefined ? null : keyOf(sessionKey),
    prefix,
  }
}

function resolvePaths(
  { site, broker, mqtt, log, store, serve, devices, rollups, retention, files }: ConfigFile,
  folder: string,
): Omit<Config, 'written'> {
  const urlOf = (url: string): string => {
    const path = sqlitePath(url)
    return path === null ? url : `sqlite:${resolve(folder, path)}`
  }
  const bytesOf = (mb: number | undefined): number | null => (mb === undefined ? null : mb * 1024 * 1024)
  return {
    defaultTimeZone: site.timeZone,
    broker: mqtt
      ? null
      : resolveBroker(broker ?? { listen: { host: '127.0.0.1', port: 1883 } }, devices, folder),
    devices: resolveDevices(devices, folder, sqlitePath(urlOf(store.url))),
    mqtt: resolveMqtt(mqtt, folder),
    log: {
      url: urlOf(log.url),
      partitions: log.partitions,
      retentionMs: log.retention,
      maxBytes: bytesOf(log.maxMb),
      kafka: resolveKafka(log, folder),
    },
    store: { url: urlOf(store.url), maxBytes: bytesOf(store.maxMb) },
    serve: serveOf(serve, folder),
    rollups,
    retention,
    files: resolveFiles(files, folder),
  }
}
