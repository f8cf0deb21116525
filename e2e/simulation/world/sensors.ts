import { type Metric, metricByName } from '@barograph/proto'
import type { AgentSensor } from '../../../agent/core/agent.ts'
import type { Observation, Sample, Sensor } from '../../../agent/core/sensor.ts'
import { firstItem, numberedSensor } from '../check/ledger.ts'
import type { Process } from '../engine/process.ts'
import type { World } from '../engine/world.ts'

const metric = (name: string): Metric => {
  const found = metricByName(name)
  if (!found) throw new Error(`no metric ${name}`)
  return found
}
const temperature = metric('temperature')
const rain = metric('precipitation')
const wind = metric('windDirection')
const item: Metric = metric('visibility')

/** What the sensors of one device are like, whichever of its agents asks them. */
export interface SourceOptions {
  readonly world: World
  /** No more readings come once it is calm. */
  readonly process: Process
  readonly intervalMs: number
  /** Items of the numbered sensor. */
  readonly items: number
  /** Event time of its first item. */
  readonly itemsFromMs: number
  /** Between two of its answers, at most. */
  readonly itemsPauseMs: number
  readonly failing: number
}

/** One on a schedule, stamped by the device's clock; one that plays a numbered list, with the times of the list. */
export function makeSensors(options: SourceOptions): AgentSensor[] {
  return [
    { id: 'attic', type: 'simulated', intervalMs: options.intervalMs, sensor: scheduled(options) },
    { id: numberedSensor, type: 'replay', intervalMs: 10_000, sensor: numbered(options) },
  ]
}

function scheduled({ world, process, failing }: SourceOptions): Sensor {
  const { random } = world
  return {
    pace: 'scheduled',
    origin: 'simulated',
    historical: false,
    async read() {
      if (random.chance(0.05)) await process.pause(random.between(0, 3_000))
      if (world.isCalm()) return { kind: 'nothing' }
      if (random.chance(failing)) return { kind: 'fault', code: 'no-answer', detail: 'simulated' }
      const values = [
        // Sometimes beyond what is plausible, or possible.
        {
          metric: temperature,
          thousandths: random.whole(-95_000, 65_000) * (random.chance(0.05) ? 3 : 1),
          flag: 0,
        },
        ...(random.chance(0.5) ? [{ metric: rain, thousandths: random.whole(0, 900), flag: 0 }] : []),
        ...(random.chance(0.5) ? [{ metric: wind, thousandths: random.whole(0, 359_999), flag: 0 }] : []),
      ]
      return { kind: 'observations', observations: [{ time: null, values }] }
    },
    async close() {},
  }
}

function numbered({ world, process, items, itemsFromMs, itemsPauseMs, failing }: SourceOptions): Sensor {
  const { random } = world
  return {
    pace: 'continuous',
    origin: 'replayed',
    historical: true,
    async read({ position }): Promise<Sample> {
      const next = typeof position === 'number' ? position + 1 : 0
      await process.pause(random.between(Math.min(100, itemsPauseMs / 2), itemsPauseMs))
      if (world.isCalm() || next >= items) return { kind: 'nothing' }
      if (random.chance(failing)) return { kind: 'fault', code: 'no-answer', detail: 'simulated' }
      const count = Math.min(random.whole(1, 6), items - next)
      const observations = Array.from({ length: count }, (_, i): Observation => {
        const number = next + i
        // Hours, days and months apart now and then, so that windows of every length end.
        const time = itemsFromMs + number * 10_000 + Math.floor(number / 16) * 3_600_000 * 50
        return { time, values: [{ metric: item, thousandths: firstItem + number, flag: 0 }] }
      })
      return { kind: 'observations', observations, position: next + count - 1 }
    },
    async close() {},
  }
}
