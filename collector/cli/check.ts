import { formatAddress, formatYaml } from '@barograph/proto/config'
import type { Command } from 'commander'
import { type Config, withoutPassword } from '../config/index.ts'
import { writesFiles } from '../config/files.ts'
import { topicsOf } from '../config/kafka.ts'
import { commonOptions, configOf, examplesOf } from './context.ts'

export function addCheckCommand(program: Command): void {
  program
    .command('check')
    .description('check the configuration and print it as it is understood')
    .addHelpText('after', examplesOf('check', 'check --config collector.yaml', 'check --json'))
    .action((_options: object, command: Command) => {
      const options = commonOptions(command)
      const config = configOf(options)
      const shown = asWritten(config)
      const text = options.json
        ? JSON.stringify(shown, null, 2)
        : [formatYaml(shown).trimEnd(), ...placeWords(config)].join('\n')
      process.stdout.write(`${text}\n`)
    })
}

/** The resolved configuration with the keys of the file, so that it can be pasted into one; no passwords. */
export function asWritten({
  defaultTimeZone,
  broker,
  mqtt,
  devices,
  log,
  store,
  serve,
  rollups,
  retention,
  files,
}: Config): object {
  const maxMb = (bytes: number | null) => (bytes === null ? {} : { maxMb: bytes / 1024 / 1024 })
  return {
    site: { timeZone: defaultTimeZone },
    ...(broker ? { broker: { listen: formatAddress(broker.listen), tls: tlsAsWritten(broker.tls) } } : {}),
    ...(mqtt ? { mqtt: { ...withoutNulls(mqtt), url: withoutPassword(mqtt.url) } } : {}),
    log: {
      url: withoutPassword(log.url),
      partitions: log.partitions,
      retention: formatDuration(log.retentionMs),
      ...maxMb(log.maxBytes),
      ...kafkaAsWritten(log.kafka),
    },
    store: { url: withoutPassword(store.url), ...maxMb(store.maxBytes) },
    serve: serveAsWritten(serve),
    devices: { auth: devices.auth, folder: devices.folder, ...(devices.url ? { url: devices.url } : {}) },
    rollups,
    retention: Object.fromEntries(
      Object.entries(retention).map(([what, ms]) => [what, ms === null ? 'forever' : formatDuration(ms)]),
    ),
    ...(writesFiles(files) ? { files: filesAsWritten(files) } : {}),
  }
}

const filesAsWritten = ({ stats, latest, parquet, everyMs }: Config['files']): object => ({
  ...(latest === null ? {} : { latest }),
  ...(parquet === null ? {} : { parquet }),
  ...(stats ? { stats: stats.folder, statsMetric: stats.metric, statsOf: stats.of } : {}),
  everyMs,
})

/** Of tokens and keys only where they are. */
function serveAsWritten({
  listen,
  tokens,
  sessionMs,
  sessionKey,
  prefix,
  ...lists
}: Config['serve']): object {
  const given = (key: string, value: string | null | undefined) => (value ? { [key]: value } : {})
  const file = (path: string | null | undefined) => path && `file:${path}`
  const { origins, trustedProxies, openMetrics } = lists
  return {
    listen: formatAddress(listen),
    ...(tokens && {
      tokens: { ...given('viewer', file(tokens.viewer)), ...given('operator', file(tokens.operator)) },
    }),
    ...(tokens && { session: formatDuration(sessionMs) }),
    ...given('sessionKey', sessionKey),
    ...given('prefix', prefix),
    ...(origins.length > 0 && { origins }),
    ...(trustedProxies.length > 0 && { trustedProxies }),
    ...(openMetrics && { openMetrics }),
  }
}
const withoutNulls = (values: object): object =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null))

function tlsAsWritten(tls: NonNullable<Config['broker']>['tls']): unknown {
  if (tls === null) return 'off'
  if (tls === 'auto') return tls
  const { ca, ...files } = tls
  return ca === null ? files : { ...files, ca }
}

/** The password stays what names it. */
function kafkaAsWritten(kafka: Config['log']['kafka']): object {
  if (!kafka) return {}
  const { topicPrefix, routes, tls, sasl, replication, sessionMs } = kafka
  const files = Object.entries(tls ?? {}).filter(([, path]) => path !== null)
  return {
    topicPrefix,
    ...(routes.length > 0 ? { routes } : {}),
    kafka: {
      tls: tls !== null && files.length > 0 ? Object.fromEntries(files) : tls !== null,
      ...(sasl ? { sasl } : {}),
      sessionTimeout: formatDuration(sessionMs),
      ...(replication === null ? {} : { replication }),
    },
  }
}

/** Which partitions are where, as comments: the text stays one that can be pasted. */
export function placeWords({ log }: Config): string[] {
  if (!log.kafka || log.kafka.routes.length === 0) return []
  const { partitions } = log
  const lines = topicsOf(log.kafka).map((topic, i) => {
    const [first, last] = [i * partitions, (i + 1) * partitions - 1]
    return `#   ${first === last ? first : `${first} to ${last}`}: ${topic}`
  })
  return ['# --partitions counts through all topics:', ...lines]
}

const unitsMs = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000 } as const

function formatDuration(ms: number): string {
  for (const [unit, unitMs] of Object.entries(unitsMs)) if (ms % unitMs === 0) return `${ms / unitMs}${unit}`
  return `${ms}ms`
}
