import { type Clock, sleep } from '../core/clock.ts'
import type { Observation, Sensor, Value } from '../core/sensor.ts'
import { conditionsAt, type Place } from '../sensors/simulated/climate.ts'
import { hashUnit } from '../sensors/simulated/noise.ts'
import { toValue, valueRule } from '../sensors/value-rule.ts'

/** What a simulated device measures, in thousandths. */
export interface FleetReading {
  readonly timeMs: number
  readonly temperature: number
  readonly humidity: number
  readonly battery: number
}

/** A late reading is held back for so long: longer than its window of 10 s lasts. */
export const lateMs = { least: 15_000, most: 60_000 } as const

/** Observations of one sample, when many instants have passed at once. */
const mostPerSample = 2_000

const channel = { late: 11, delay: 12 }
const rules = {
  temperature: valueRule('temperature', {}),
  humidity: valueRule('humidity', {}),
  battery: valueRule('battery', {}),
}

/** Names of the metrics, in the order of a reading. */
export const fleetMetrics = ['temperature', 'humidity', 'battery'] as const

/** The sensor of one simulated device, and what its ledger asks it. */
export interface FleetSensor {
  readonly sensor: Sensor
  /** The newest reading that was not held back. */
  latest(): FleetReading | null
  /** True for a reading that is held back: a function of seed and time alone. */
  isHeldBack(timeMs: number): boolean
  /** No new readings; what is held back comes at once, then the end. */
  finish(): void
}

export interface FleetSensorOptions {
  readonly seed: number
  readonly place: Place
  readonly intervalMs: number
  readonly latePercent: number
  readonly clock: Clock
}

/** Takes a reading at every multiple of the interval, none left out, whatever the machine is busy with. */
export function createFleetSensor(options: FleetSensorOptions): FleetSensor {
  const { seed, intervalMs, clock, latePercent } = options
  const finishing = new AbortController()
  let lastInstant = Math.floor(clock.now() / intervalMs) * intervalMs
  let finishedAtMs = Number.POSITIVE_INFINITY
  let latest: FleetReading | null = null
  let held: { readonly dueMs: number; readonly observation: Observation }[] = []

  const isHeldBack = (timeMs: number): boolean =>
    hashUnit(seed, channel.late, timeMs / intervalMs) * 100 < latePercent

  function takeInstants(nowMs: number): Observation[] {
    const fresh: Observation[] = []
    for (let i = 0; i < mostPerSample && lastInstant + intervalMs <= nowMs; i++) {
      lastInstant += intervalMs
      const reading = readingAt(options, lastInstant)
      const observation = { time: lastInstant, values: valuesOf(reading) }
      if (isHeldBack(lastInstant)) held.push({ dueMs: lastInstant + delayMs(lastInstant), observation })
      else {
        latest = reading
        fresh.push(observation)
      }
    }
    return fresh
  }

  const delayMs = (timeMs: number): number =>
    lateMs.least + hashUnit(seed, channel.delay, timeMs / intervalMs) * (lateMs.most - lateMs.least)

  function takeDue(nowMs: number): Observation[] {
    const isDue = ({ dueMs }: { dueMs: number }): boolean => finishing.signal.aborted || dueMs <= nowMs
    const due = held.filter(isDue)
    held = held.filter((one) => !isDue(one))
    return due.map(({ observation }) => observation)
  }

  const sensor: Sensor = {
    pace: 'continuous',
    origin: 'simulated',
    historical: false,
    async read({ signal }) {
      const waitMs = lastInstant + intervalMs - clock.now()
      if (waitMs > 0) await sleep(clock, waitMs, AbortSignal.any([signal, finishing.signal]))
      const nowMs = clock.now()
      const fresh = takeInstants(Math.min(nowMs, finishedAtMs))
      const observations = [...takeDue(nowMs), ...fresh]
      if (observations.length > 0) return { kind: 'observations', observations }
      return finishing.signal.aborted ? { kind: 'end' } : { kind: 'nothing' }
    },
    async close() {},
  }

  function finish(): void {
    finishedAtMs = Math.min(finishedAtMs, clock.now())
    finishing.abort()
  }

  return { sensor, latest: () => latest, isHeldBack, finish }
}

/** What a device measures at an instant: a function of seed, place and time alone. */
export function readingAt(
  { seed, place }: Pick<FleetSensorOptions, 'seed' | 'place'>,
  timeMs: number,
): FleetReading {
  const { temperatureDegC, humidityPercent, batteryPercent } = conditionsAt(seed, timeMs, place)
  return {
    timeMs,
    temperature: Math.round(temperatureDegC * 1000),
    humidity: Math.round(humidityPercent * 1000),
    battery: Math.round(batteryPercent * 1000),
  }
}

const valuesOf = (reading: FleetReading): Value[] =>
  fleetMetrics.flatMap((name) => toValue(rules[name], reading[name] / 1000) ?? [])
