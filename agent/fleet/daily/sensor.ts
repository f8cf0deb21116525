import { CodedError } from '@barograph/proto'
import { type Clock, sleep } from '../../core/clock.ts'
import type { Observation, Sensor, SensorPosition } from '../../core/sensor.ts'
import { nothing } from '../../sensors/fault.ts'
import { toValue, valueRule } from '../../sensors/value-rule.ts'
import { dayMs, type Station } from './stations.ts'
import { valuesOf } from './weather.ts'

/** Days of one sample, which is one transaction of the buffer. */
const daysPerSample = 4_096
/** Nothing is made while more than this waits to be stored: the rest would only lie about. */
const mostWaiting = 50_000
/** With a rate, so often a sample is taken. */
const rateTickMs = 250

/** The metrics of a station, in the order of a reading. */
export const dailyMetrics = ['temperature', 'precipitation'] as const
const rules = {
  temperature: valueRule('temperature', {}),
  precipitation: valueRule('precipitation', {}),
}

/** What is committed with the readings: how many days were handed out, and of which generation. */
interface DailyPosition {
  readonly fromMs: number
  readonly seed: number
  readonly done: number
}

export interface DailySensorOptions {
  readonly station: Station
  /** Noon of the first day. */
  readonly fromMs: number
  readonly days: number
  /** Days per second; null: as many as the buffer takes. */
  readonly rate: number | null
  readonly clock: Clock
  /** Entries that are made and not stored yet. */
  readonly waiting: () => number
}

/** How many days the buffer has taken. Throws `usage` when they were of another one. */
export function daysDone(
  position: SensorPosition,
  { station, fromMs }: Pick<DailySensorOptions, 'station' | 'fromMs'>,
): number {
  if (position === null) return 0
  const { fromMs: from, seed, done } = position as unknown as DailyPosition
  if (from === fromMs && seed === station.seed) return done
  throw new CodedError(
    'usage',
    `station ${station.name} was begun with another --seed or --from (${dayOf(from)}) in this folder`,
    {
      hint: 'give the same ones to go on, or another --data; the same days under the same names count twice in a collector that has them',
    },
  )
}

/** The readings of each noon, oldest first, from the first day that the buffer does not have. */
export function createDailySensor(options: DailySensorOptions): Sensor {
  const { station, fromMs, days, rate, clock } = options
  let begun: { readonly atMs: number; readonly done: number } | null = null
  let hasGiven = false

  /** Up to which day it may go now. */
  async function dueDays(done: number, signal: AbortSignal): Promise<number> {
    if (rate === null) return days
    begun ??= { atMs: clock.monotonicMs(), done }
    await sleep(clock, rateTickMs, signal)
    return begun.done + Math.floor(((clock.monotonicMs() - begun.atMs) / 1000) * rate)
  }

  return {
    pace: 'continuous',
    origin: 'simulated',
    historical: true,
    async read({ position, signal }) {
      const done = daysDone(position, options)
      // What an earlier run ended was told then.
      if (done >= days) return hasGiven ? { kind: 'end' } : nothing
      if (options.waiting() > mostWaiting) return nothing
      const until = Math.min(days, done + daysPerSample, await dueDays(done, signal))
      if (until <= done) return nothing
      hasGiven = true
      const observations = Array.from({ length: until - done }, (_, i) =>
        observe(station, fromMs + (done + i) * dayMs),
      )
      const after: DailyPosition = { fromMs, seed: station.seed, done: until }
      return { kind: 'observations', observations, position: { ...after } }
    },
    async close() {},
  }
}

function observe(station: Station, noonMs: number): Observation {
  const values = valuesOf(station, noonMs)
  return {
    time: noonMs,
    values: dailyMetrics.flatMap((name) => toValue(rules[name], values[name] / 1000) ?? []),
  }
}

/** `1990-01-01`. */
export const dayOf = (noonMs: number): string => new Date(noonMs).toISOString().slice(0, 10)
