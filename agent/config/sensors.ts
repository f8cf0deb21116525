import { metricByName } from '@barograph/proto'
import { type ConfigIssue, placeIssues, suggest } from '@barograph/proto/config'
import { z } from 'zod'
import type { SensorConfig, SensorType } from '../core/sensor-type.ts'
import type { CheckedConfig } from './schema.ts'

/** One sensor as configured; `config` is what the schema of its type made of the entry. */
export interface ConfiguredSensor {
  readonly id: string
  readonly type: SensorType
  readonly config: SensorConfig
  readonly metrics: readonly string[]
}

export interface CheckedSensors {
  readonly sensors: readonly ConfiguredSensor[]
  readonly issues: readonly ConfigIssue[]
}

/** Checks every entry by the schema of its type, and what only all of them together can tell. */
export function checkSensors(config: CheckedConfig, types: readonly SensorType[]): CheckedSensors {
  const sensors: ConfiguredSensor[] = []
  const issues: ConfigIssue[] = []
  const firstOf = new Map<string, number>()
  config.sensors.forEach(({ id, type: typeName, ...rest }, index) => {
    const at = ['sensors', index] as const
    const first = firstOf.get(id)
    if (first === undefined) firstOf.set(id, index)
    else issues.push({ path: [...at, 'id'], message: `sensors[${first}] has this id already` })
    const type = types.find((one) => one.type === typeName)
    if (!type) issues.push(unknownType([...at, 'type'], typeName, types))
    else {
      const parsed = type.schema.safeParse(rest)
      if (parsed.success) sensors.push({ id, type, config: parsed.data, metrics: type.metrics(parsed.data) })
      else issues.push(...placed(parsed.error.issues, type, at))
    }
  })
  if (issues.length === 0) issues.push(...checkPrimary(config.primary, sensors))
  return { sensors, issues }
}

function placed(
  issues: readonly ConfigIssue[],
  { schema }: SensorType,
  at: readonly PropertyKey[],
): ConfigIssue[] {
  return placeIssues(issues, { schema: schema instanceof z.ZodType ? schema : z.unknown(), at })
}

function unknownType(path: PropertyKey[], name: string, types: readonly SensorType[]): ConfigIssue {
  const names = types.map(({ type }) => type)
  const near = suggest(name, names)
  return {
    path,
    message: `there is no such type of sensor${near ? `; did you mean ${near}?` : ''}`,
    allowed: names.join(', '),
  }
}

function checkPrimary(
  primary: Readonly<Record<string, string>>,
  sensors: readonly ConfiguredSensor[],
): ConfigIssue[] {
  const metrics = [...new Set(sensors.flatMap((sensor) => sensor.metrics))]
  return Object.entries(primary).flatMap(([metric, id]) => {
    const path = ['primary', metric]
    if (!metrics.includes(metric)) {
      const near = suggest(metric, metrics)
      const what = metricByName(metric) ? `no sensor delivers ${metric}` : `there is no metric ${metric}`
      return {
        path,
        message: `${what}${near ? `; did you mean ${near}?` : ''}`,
        allowed: `one of ${metrics.join(', ')}`,
      }
    }
    const able = sensors.filter((sensor) => sensor.metrics.includes(metric)).map((sensor) => sensor.id)
    if (able.includes(id)) return []
    return { path, message: `this sensor does not deliver ${metric}`, allowed: able.join(', ') }
  })
}

/** By default the first sensor that has a metric speaks for it. */
export function fillPrimary(
  chosen: Readonly<Record<string, string>>,
  sensors: readonly ConfiguredSensor[],
): Record<string, string> {
  const all: Record<string, string> = {}
  for (const { id, metrics } of sensors) for (const metric of metrics) all[metric] ??= id
  return { ...all, ...chosen }
}
