import { seasonMean } from '../../sensors/simulated/climate.ts'
import { hashUnit, jitter, wander } from '../../sensors/simulated/noise.ts'
import { dayMs, type Station } from './stations.ts'

/** What a station writes down of one day, in thousandths of degC and mm. */
export interface DailyValues {
  readonly temperature: number
  readonly precipitation: number
}

const channel = { years: 50, weather: 51, noise: 52, wet: 53, rain: 54, amount: 55 }
const yearMs = 365.2425 * dayMs
/** Stations write down tenths. */
const stepThousandths = 100

const inSteps = (value: number): number => Math.round((value * 1000) / stepThousandths) * stepThousandths

/** The season of the place, milder and colder years, spells of some days, and noise: a function of station and day alone. */
export function valuesOf({ seed, site }: Station, noonMs: number): DailyValues {
  const temperature =
    seasonMean(noonMs, site) +
    1.2 * wander(seed, channel.years, noonMs, 1.3 * yearMs) +
    5 * wander(seed, channel.weather, noonMs, 4 * dayMs) +
    1.1 * jitter(seed, channel.noise, noonMs)
  const isWet =
    hashUnit(seed, channel.rain, noonMs) < 0.33 + 0.3 * wander(seed, channel.wet, noonMs, 5 * dayMs)
  const amount = -6 * Math.log(1 - hashUnit(seed, channel.amount, noonMs))
  return { temperature: inSteps(temperature) + 0, precipitation: isWet ? inSteps(amount) : 0 }
}
