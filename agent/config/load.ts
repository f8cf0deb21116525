import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { CodedError, metricByName } from '@barograph/proto'
import type { SensorConfig, SensorType, SiteConfig } from '../core/sensor-type.ts'
import { nearest } from './nearest.ts'
import { fromEnvironment, fromFlags } from './overrides.ts'
import { describeIssues, type Explain } from './problems.ts'
import { agentSchema, type CheckedConfig, sensorHead } from './schema.ts'
import { readSecret } from './secret.ts'
import { override, type Path, readYaml, type Source } from './source.ts'

/** One sensor as configured; `config` is what the schema of its type made of the entry. */
export interface ConfiguredSensor {
  readonly id: string
  readonly type: SensorType
  readonly config: SensorConfig
  readonly metrics: readonly string[]
}

/** The whole configuration: checked, defaulted, frozen. */
export interface AgentConfig {
  readonly file: string
  /** Folder of the file: relative paths count from here. */
  readonly baseDir: string
  readonly device: string
  readonly site: SiteConfig
  readonly uplink: Readonly<Omit<CheckedConfig['uplink'], 'token'>> & { readonly token: string | null }
  readonly buffer: Readonly<CheckedConfig['buffer']>
  /** For every metric of the device the sensor that speaks for it. */
  readonly primary: Readonly<Record<string, string>>
  readonly sensors: readonly ConfiguredSensor[]
  /** Where a key was given, for messages: `agent.yaml:3:12`. */
  whereIs(path: Path): string
  /** The value of a secret that the configuration names. Throws `bad-secret`. */
  secret(reference: string, key: string): string
}

export interface LoadOptions {
  readonly file: string
  readonly sensorTypes: readonly SensorType[]
  readonly environment: Readonly<Record<string, string | undefined>>
  /** `section.key=value` */
  readonly set: readonly string[]
}

const example = `a small one:
  device: balcony
  site: { latitude: 40.69, longitude: -74.17, timeZone: America/New_York }
  sensors:
    - { id: demo, type: simulated, intervalMs: 1000 }`

/** Reads the configuration from file, environment and flags. Throws `bad-config` naming everything that is wrong. */
export function loadConfig(options: LoadOptions): AgentConfig {
  const { file, environment } = options
  const source = override(readYaml(readText(file), file), [
    ...fromEnvironment(environment),
    ...fromFlags(options.set),
  ])
  const checked = agentSchema.safeParse(source.value)
  const problems = checked.success
    ? []
    : describeIssues(checked.error.issues, { source, at: [], schema: agentSchema, explain })
  const { sensors, problems: sensorProblems } = checkSensors(source, options.sensorTypes)
  problems.push(...sensorProblems)
  if (checked.success) problems.push(...checkPrimary(source, checked.data.primary, sensors))
  if (!checked.success || problems.length > 0) throw complain(problems)
  const { device, site, uplink, buffer, primary } = checked.data
  const baseDir = dirname(resolve(file))
  return deepFreeze({
    file,
    baseDir,
    device,
    site: { ...site, name: site.name ?? device },
    uplink: { ...uplink, token: uplink.token ?? null },
    buffer: { ...buffer, path: resolve(baseDir, buffer.path) },
    primary: fillPrimary(primary, sensors),
    sensors,
    whereIs: (path) => source.whereIs(path),
    secret: (reference, key) => readSecret(reference, { baseDir, environment, key }),
  })
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new CodedError('bad-config', `the configuration ${file} cannot be read`, {
      hint: `name one with --config FILE; ${example}`,
      cause: error,
    })
  }
}

const explain: Explain = (path, value) =>
  path.join('.') === 'buffer.whenFull' && value === 'thin'
    ? 'thinning is not built into this version; allowed: drop-oldest, stop'
    : null

function checkSensors(
  source: Source,
  types: readonly SensorType[],
): { sensors: ConfiguredSensor[]; problems: string[] } {
  const sensors: ConfiguredSensor[] = []
  const problems: string[] = []
  const seen = new Map<string, number>()
  listIn(source.value).forEach((entry, index) => {
    const head = sensorHead.safeParse(entry)
    if (!head.success) return
    const { id, type: typeName, ...rest } = head.data
    const at = ['sensors', index] as const
    if (seen.has(id)) {
      const where = source.whereIs([...at, 'id'])
      problems.push(`${where}: sensors[${index}].id is "${id}": sensors[${seen.get(id)}] has this id already`)
    }
    seen.set(id, index)
    const type = types.find((one) => one.type === typeName)
    if (!type) {
      const names = types.map((one) => one.type)
      const near = nearest(typeName, names)
      problems.push(
        `${source.whereIs([...at, 'type'])}: sensors[${index}].type is "${typeName}": ` +
          `${near ? `did you mean ${near}? ` : ''}allowed: ${names.join(', ')}`,
      )
      return
    }
    const parsed = type.schema.safeParse(rest)
    if (parsed.success) sensors.push({ id, type, config: parsed.data, metrics: type.metrics(parsed.data) })
    else problems.push(...describeIssues(parsed.error.issues, { source, at: [...at], schema: type.schema }))
  })
  return { sensors, problems }
}

function listIn(value: unknown): readonly unknown[] {
  const list = typeof value === 'object' && value !== null && 'sensors' in value ? value.sensors : null
  return Array.isArray(list) ? list : []
}

function checkPrimary(
  source: Source,
  primary: Readonly<Record<string, string>>,
  sensors: readonly ConfiguredSensor[],
): string[] {
  const metrics = [...new Set(sensors.flatMap((sensor) => sensor.metrics))]
  return Object.entries(primary).flatMap(([metric, id]) => {
    if (!metrics.includes(metric)) {
      const why = metricByName(metric) ? 'no sensor delivers it' : 'there is no such metric'
      const near = nearest(metric, metrics)
      return `${source.whereIs(['primary', metric], 'key')}: primary.${metric}: ${why}; ${
        near ? `did you mean ${near}? ` : ''
      }allowed: ${metrics.join(', ')}`
    }
    const able = sensors.filter((sensor) => sensor.metrics.includes(metric)).map((sensor) => sensor.id)
    if (able.includes(id)) return []
    return `${source.whereIs(['primary', metric])}: primary.${metric} is "${id}": allowed: ${able.join(', ')}`
  })
}

/** By default the first sensor that has a metric speaks for it. */
function fillPrimary(
  chosen: Readonly<Record<string, string>>,
  sensors: readonly ConfiguredSensor[],
): Record<string, string> {
  const all: Record<string, string> = {}
  for (const { id, metrics } of sensors) for (const metric of metrics) all[metric] ??= id
  return { ...all, ...chosen }
}

function complain(problems: readonly string[]): CodedError {
  const shown = problems.slice(0, 10)
  const more = problems.length > shown.length ? [`and ${problems.length - shown.length} more`] : []
  return new CodedError('bad-config', [...shown, ...more].join('\n'))
}

/** Freezes plain objects and lists; instances of classes, such as schemas, stay as they are. */
function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  if (!Array.isArray(value) && Object.getPrototypeOf(value) !== Object.prototype) return value
  Object.freeze(value)
  for (const inner of Object.values(value)) deepFreeze(inner)
  return value
}
