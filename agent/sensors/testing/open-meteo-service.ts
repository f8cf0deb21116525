import { readFileSync } from 'node:fs'
import type { Answer } from './server.ts'
import { json } from './server.ts'

const stepS = 900

interface Template {
  readonly current: Readonly<Record<string, number>>
}

const template = JSON.parse(
  readFileSync(new URL('../open-meteo/fixtures/current.json', import.meta.url), 'utf8'),
) as Template

/** Temperature of a step, so that a test can tell steps apart. */
export const stepTemperature = (seconds: number): number => Math.round(Math.sin(seconds / 14_000) * 100) / 10

/**
 * Answers as Open-Meteo documents it: `current` at the last quarter of an hour, and with past_minutely_15 and
 * forecast_minutely_15 that many steps before and from it on.
 */
export function openMeteoService(nowMs: () => number): Answer {
  return (request, response) => {
    const { searchParams } = new URL(request.url ?? '/', 'http://127.0.0.1')
    const stepNow = Math.floor(nowMs() / 1000 / stepS) * stepS
    const current = { ...template.current, time: stepNow, temperature_2m: stepTemperature(stepNow) }
    const names = searchParams.get('minutely_15')?.split(',')
    const past = Number(searchParams.get('past_minutely_15') ?? 0)
    const ahead = Number(searchParams.get('forecast_minutely_15') ?? 0)
    const times = Array.from({ length: past + ahead }, (_, i) => stepNow + (i - past) * stepS)
    const column = (name: string): (number | null)[] =>
      times.map((time) =>
        name === 'temperature_2m' ? stepTemperature(time) : (template.current[name] ?? null),
      )
    const minutely = names && {
      time: times,
      ...Object.fromEntries(names.map((name) => [name, column(name)])),
    }
    json({ ...template, current, ...(minutely ? { minutely_15: minutely } : {}) })(request, response)
  }
}
