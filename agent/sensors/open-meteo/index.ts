import { z } from 'zod'
import type { Sample, Sensor, SensorRequest } from '../../core/sensor.ts'
import type { SensorContext, SensorType } from '../../core/sensor-type.ts'
import { makeFault, quote } from '../fault.ts'
import { createHttpClient, type Explain } from '../http-client.ts'
import { resolvePointer } from '../http/json-pointer.ts'
import { judgeObservationTime, newestOf, observationsSample } from '../observed.ts'
import { readCurrent, readSteps } from './answer.ts'
import { variables } from './variables.ts'

const schema = z.strictObject({
  intervalMs: z.int().min(60_000).max(2_147_483_647).default(900_000),
  /** Filled in at the first start. */
  pastDays: z.int().min(0).max(92).default(0),
  url: z.url({ protocol: /^https?$/ }).default('https://api.open-meteo.com/v1/forecast'),
  /** Only customers have one; their address is customer-api.open-meteo.com. */
  key: z.string().min(1).optional(),
})

export type OpenMeteoConfig = z.output<typeof schema>

const source = 'Open-Meteo'

/** The service's own grid of times, the finest it has. All readings lie on it, so one interval fits them all. */
const stepMs = 900_000
const stepsPerDay = 86_400_000 / stepMs
/** How far back the service answers. */
const mostPastSteps = 92 * stepsPerDay

const minuteMs = 60_000

/** It names the limit that is used up, and sends no Retry-After. */
const explain: Explain = ({ status, body }) => {
  const reason = resolvePointer(body, '/reason')
  if (typeof reason !== 'string') return null
  const isLimit = status === 429 || /limit exceeded/i.test(reason)
  if (!isLimit)
    return {
      code: 'bad-request',
      detail: `${source} refuses the question (${status}): ${quote(reason, 120)}`,
    }
  const pauseMs = /minute/i.test(reason) ? minuteMs : /hour/i.test(reason) ? 30 * minuteMs : 180 * minuteMs
  return { code: 'rate-limited', detail: `${source}: ${quote(reason, 120)}`, pauseMs }
}

/**
 * Weather at the site from Open-Meteo's models, without a key: the current step of 15 minutes, before it the past
 * days at the first start, and whatever steps were missed since the last reading.
 */
export const openMeteoType: SensorType<OpenMeteoConfig> = {
  type: 'open-meteo',
  schema,
  secrets: ['key'],
  metrics: () => variables.map(({ metric }) => metric.name),
  create: createOpenMeteoSensor,
}

function createOpenMeteoSensor(context: SensorContext<OpenMeteoConfig>): Sensor {
  const { config, now } = context
  const client = createHttpClient({ ...context, source, intervalMs: config.intervalMs, explain })

  async function read({ position, isPositionLost, signal }: SensorRequest): Promise<Sample> {
    const newestMs = newestOf(position)
    const answer = await client.getJson({ url: makeUrl(context, pastSteps(newestMs)), signal })
    return answer.kind === 'json' ? take(answer.body, newestMs, isPositionLost) : answer
  }

  /** One more than passed, because the service's current step may begin while the question is on its way. */
  function pastSteps(newestMs: number | null): number {
    if (newestMs === null) return config.pastDays * stepsPerDay
    const passed = Math.floor((now() - newestMs) / stepMs)
    return passed <= 1 ? 0 : Math.min(passed + 1, mostPastSteps)
  }

  function take(document: unknown, newestMs: number | null, isPositionLost?: boolean): Sample {
    const current = readCurrent(document)
    if (typeof current === 'string') return makeFault('bad-response', `${source} ${current}`)
    const steps = readSteps(document)
    if (typeof steps === 'string') return makeFault('bad-response', `${source} ${steps}`)
    const verdict = judgeObservationTime({
      source,
      timeMs: current.time,
      newestMs,
      isPositionLost,
      nowMs: now(),
    })
    if (verdict) return verdict
    const missed = steps.filter(({ time }) => time < current.time && (newestMs === null || time > newestMs))
    return observationsSample([...missed, current].filter(({ values }) => values.length > 0))
  }

  return {
    pace: 'scheduled',
    origin: 'modelled',
    historical: false,
    read,
    async close() {},
  }
}

function makeUrl({ config, site }: SensorContext<OpenMeteoConfig>, past: number): URL {
  const url = new URL(config.url)
  const names = variables.map(({ name }) => name).join(',')
  const query: Record<string, string> = {
    latitude: `${site.latitude}`,
    longitude: `${site.longitude}`,
    current: names,
    wind_speed_unit: 'ms',
    timeformat: 'unixtime',
    timezone: 'GMT',
    ...(past > 0 ? { minutely_15: names, past_minutely_15: `${past}`, forecast_minutely_15: '1' } : {}),
    ...(config.key ? { apikey: config.key } : {}),
  }
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
  return url
}
