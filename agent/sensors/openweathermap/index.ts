import { z } from 'zod'
import type { Sample, Sensor, SensorRequest, Value } from '../../core/sensor.ts'
import type { SensorContext, SensorType } from '../../core/sensor-type.ts'
import { makeFault, quote } from '../fault.ts'
import { createHttpClient, type Explain } from '../http-client.ts'
import { resolvePointer } from '../http/json-pointer.ts'
import { judgeObservationTime, newestOf, observationsSample } from '../observed.ts'
import { toValue, valueRule } from '../value-rule.ts'

const schema = z.strictObject({
  key: z.string().min(1).describe('your API key from openweathermap.org, best as env:NAME or file:PATH'),
  intervalMs: z.int().min(10_000).max(2_147_483_647).default(600_000),
  url: z.url({ protocol: /^https?$/ }).default('https://api.openweathermap.org/data/2.5/weather'),
})

export type OpenWeatherMapConfig = z.output<typeof schema>

/**
 * Fields of https://openweathermap.org/current under units=metric. `main.pressure` is the pressure at sea level.
 * Rain and snow are left out: they are sums of a sliding hour, and adding those up would count them several times.
 */
const rules = [
  { pointer: '/main/temp', ...valueRule('temperature', {}) },
  { pointer: '/main/humidity', ...valueRule('humidity', {}) },
  { pointer: '/main/pressure', ...valueRule('pressure', {}) },
  { pointer: '/main/feels_like', ...valueRule('apparentTemperature', {}) },
  { pointer: '/wind/speed', ...valueRule('windSpeed', {}) },
  { pointer: '/wind/gust', ...valueRule('windGust', {}) },
  { pointer: '/wind/deg', ...valueRule('windDirection', {}) },
  { pointer: '/visibility', ...valueRule('visibility', { unit: 'm' }) },
  { pointer: '/clouds/all', ...valueRule('cloudCover', {}) },
]

const source = 'OpenWeatherMap'

const explain: Explain = ({ status, body }) => {
  const said = resolvePointer(body, '/message')
  const words = typeof said === 'string' ? `: ${quote(said, 60)}` : ''
  if (status === 401)
    return {
      code: 'key-rejected',
      detail: `${source} rejects the key: it is wrong, or new and not active yet (that can take two hours)${words}`,
      pauseMs: 600_000,
    }
  if (status === 429)
    return {
      code: 'rate-limited',
      detail: `${source} says the key has used up its calls: a longer intervalMs helps${words}`,
      pauseMs: 600_000,
    }
  return null
}

/** Current weather from OpenWeatherMap, with a key. */
export const openWeatherMapType: SensorType<OpenWeatherMapConfig> = {
  type: 'openweathermap',
  schema,
  secrets: ['key'],
  metrics: () => rules.map(({ metric }) => metric.name),
  create: createOpenWeatherMapSensor,
}

function createOpenWeatherMapSensor(context: SensorContext<OpenWeatherMapConfig>): Sensor {
  const { config, site } = context
  const client = createHttpClient({ ...context, source, intervalMs: config.intervalMs, explain })
  const url = new URL(config.url)
  url.searchParams.set('lat', `${site.latitude}`)
  url.searchParams.set('lon', `${site.longitude}`)
  url.searchParams.set('units', 'metric')
  url.searchParams.set('appid', config.key)

  function take(document: unknown, { position, isPositionLost }: SensorRequest): Sample {
    const seconds = resolvePointer(document, '/dt')
    if (typeof seconds !== 'number' || !Number.isSafeInteger(seconds))
      return makeFault('bad-response', `${source} sent no observation time (dt), but ${quote(document)}`)
    const timeMs = seconds * 1000
    const verdict = judgeObservationTime({
      source,
      timeMs,
      newestMs: newestOf(position),
      isPositionLost,
      nowMs: context.now(),
    })
    if (verdict) return verdict
    const values = readValues(document)
    if (values.length === 0) return makeFault('bad-response', `${source} sent no value that is known here`)
    return observationsSample([{ time: timeMs, values }])
  }

  return {
    pace: 'scheduled',
    origin: 'modelled',
    historical: false,
    async read(request) {
      const answer = await client.getJson({ url, signal: request.signal })
      return answer.kind === 'json' ? take(answer.body, request) : answer
    },
    async close() {},
  }
}

/** Fields come and go with the weather (gust, visibility): what is absent is not missed. */
function readValues(document: unknown): Value[] {
  return rules.flatMap((rule) => {
    const found = resolvePointer(document, rule.pointer)
    const value = typeof found === 'number' ? toValue(rule, found) : null
    return value ? [value] : []
  })
}
