import { limits } from '@barograph/proto'
import { z } from 'zod'
import type { Observation, Sample, Sensor, SensorRequest, SourceWords, Value } from '../../core/sensor.ts'
import type { SensorContext, SensorType } from '../../core/sensor-type.ts'
import { makeFault, nothing, quote, type Fault } from '../fault.ts'
import { createHttpClient } from '../http-client.ts'
import { judgeObservationTime, newestOf, observationsSample } from '../observed.ts'
import { parseTime, timeZoneSchema } from '../time-rule.ts'
import { checkValueRules, toValue, valueKeys, valueRule, type ValueRule } from '../value-rule.ts'
import { isJsonPointer, resolvePointer } from './json-pointer.ts'

const pointerSchema = z.string().refine(isJsonPointer, 'allowed: a JSON pointer such as /current/temp')

const schema = z.strictObject({
  url: z.url({ protocol: /^https?$/, error: 'allowed: an address that begins with http:// or https://' }),
  intervalMs: z.int().min(100).max(2_147_483_647).default(60_000),
  timeoutMs: z.int().min(100).max(120_000).default(10_000),
  /** After how long without a new observation the source counts as stuck; 0: never. */
  staleAfterMs: z.int().min(0).default(10_800_000),
  method: z.literal('GET').default('GET'),
  headers: z.record(z.string().regex(/^[A-Za-z0-9-]+$/), z.string()).default({}),
  /** Sent as `Authorization: Bearer`. */
  token: z.string().min(1).optional(),
  /** Without it, each answer is an observation of the moment. */
  time: z
    .strictObject({
      pointer: pointerSchema,
      unit: z.enum(['iso', 's', 'ms']).default('iso'),
      timeZone: timeZoneSchema.optional(),
    })
    .optional(),
  /** Where the source says in words how and where it is: shown as the device's state and location. */
  state: z.strictObject({ pointer: pointerSchema }).optional(),
  location: z.strictObject({ pointer: pointerSchema }).optional(),
  values: z
    .record(
      z.string(),
      z.strictObject({ pointer: pointerSchema, optional: z.boolean().default(false), ...valueKeys }),
    )
    .refine((values) => Object.keys(values).length > 0, 'at least one metric')
    .superRefine(checkValueRules),
})

export type HttpConfig = z.output<typeof schema>

interface PointedRule extends ValueRule {
  readonly pointer: string
  readonly optional: boolean
}

/** Any JSON over HTTP: pointers say where the time and the values are. */
export const httpType: SensorType<HttpConfig> = {
  type: 'http',
  schema,
  secrets: ['token'],
  metrics: (config) => Object.keys(config.values),
  create: createHttpSensor,
}

function createHttpSensor(context: SensorContext<HttpConfig>): Sensor {
  const { config } = context
  const url = new URL(config.url)
  const source = url.host
  const client = createHttpClient({ ...context, source, ...config })
  const headers = { ...config.headers, ...(config.token ? { authorization: `Bearer ${config.token}` } : {}) }
  const rules = Object.entries(config.values).map(([name, { pointer, optional, ...options }]) => ({
    ...valueRule(name, options),
    pointer,
    optional,
  }))

  let words: SourceWords | null = null

  function take(document: unknown, { position, isPositionLost }: SensorRequest): Sample {
    const time = readTime(document, config, source)
    if (typeof time === 'object' && time !== null) return time
    if (time !== null) {
      const newestMs = newestOf(position)
      const { staleAfterMs } = config
      const verdict = judgeObservationTime({
        source,
        timeMs: time,
        newestMs,
        isPositionLost,
        nowMs: context.now(),
        staleAfterMs,
      })
      if (verdict) return verdict
    }
    const values = readValues(document, rules, source)
    if ('kind' in values) return values
    if (values.length === 0) return nothing
    const observation: Observation = { time, values }
    return time === null
      ? { kind: 'observations', observations: [observation] }
      : observationsSample([observation])
  }

  return {
    pace: 'scheduled',
    origin: 'measured',
    historical: false,
    async read(request) {
      const answer = await client.getJson({ url, headers, signal: request.signal })
      words = answer.kind === 'json' ? readWords(answer.body, config) : null
      return answer.kind === 'json' ? take(answer.body, request) : answer
    },
    ...(config.state || config.location ? { words: () => words } : {}),
    async close() {},
  }
}

function readTime(document: unknown, { time }: HttpConfig, source: string): number | null | Fault {
  if (!time) return null
  const found = resolvePointer(document, time.pointer)
  if (found === undefined || found === null)
    return makeFault('missing-value', `${source} sent no time at ${time.pointer}`)
  if (typeof found !== 'string' && typeof found !== 'number')
    return makeFault('bad-value', `${source} sent ${quote(found)} at ${time.pointer}, which is no time`)
  const instant = parseTime(found, time, null)
  if ('ms' in instant) return instant.ms
  return makeFault('bad-value', `${source} sent ${quote(found)} at ${time.pointer}: it ${instant.problem}`)
}

/** A null is a value that the source has not; a pointer to nowhere is a mistake, unless the value is optional. */
function readValues(document: unknown, rules: readonly PointedRule[], source: string): Value[] | Fault {
  const values: Value[] = []
  for (const rule of rules) {
    const { metric, pointer } = rule
    const found = resolvePointer(document, pointer)
    if (found === null || (found === undefined && rule.optional)) continue
    if (found === undefined)
      return makeFault(
        'missing-value',
        `${source} sent nothing at ${pointer}, where ${metric.name} should be`,
      )
    const number = toNumber(found)
    const value = number === null ? null : toValue(rule, number)
    if (!value)
      return makeFault(
        'bad-value',
        `${source} sent ${quote(found)} at ${pointer}: no number for ${metric.name}`,
      )
    values.push(value)
  }
  return values
}

const readWords = (document: unknown, { state, location }: HttpConfig): SourceWords => ({
  state: state ? wordAt(document, state.pointer) : null,
  location: location ? wordAt(document, location.pointer) : null,
})

/** Words that are none do not cost a reading: in their place stands what is wrong. */
function wordAt(document: unknown, pointer: string): string {
  const found = resolvePointer(document, pointer)
  if (typeof found === 'string' && found.trim() !== '') return found.trim().slice(0, limits.textCharacters)
  if (typeof found === 'number' || typeof found === 'boolean') return String(found)
  return found === undefined || found === null || found === ''
    ? `not known: nothing at ${pointer}`
    : `not known: ${quote(found)} at ${pointer} is no text`
}

// Small devices often write their numbers as text.
function toNumber(found: unknown): number | null {
  if (typeof found === 'number') return Number.isFinite(found) ? found : null
  return typeof found === 'string' && /^\s*[+-]?\d+(\.\d+)?([eE][+-]?\d+)?\s*$/.test(found)
    ? Number(found)
    : null
}
