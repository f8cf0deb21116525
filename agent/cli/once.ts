import { flagWords, fromThousandths } from '@barograph/proto'
import type { AgentConfig, ConfiguredSensor } from '../config/load.ts'
import { flagged } from '../core/sampling/check.ts'
import type { Sample } from '../core/sensor.ts'
import { makeSensor } from './parts.ts'
import { formatTable } from './table.ts'

/** One sensor asked once. */
export interface Asked {
  readonly id: string
  readonly type: string
  readonly sample: Sample
  readonly tookMs: number
}

const patienceMs = 30_000

/** Asks a sensor for its newest observation, remembering nothing. */
export async function askOnce(config: AgentConfig, configured: ConfiguredSensor): Promise<Asked> {
  const sensor = makeSensor(config, configured)
  const began = performance.now()
  try {
    const sample = await sensor.read({ position: null, signal: AbortSignal.timeout(patienceMs) })
    return {
      id: configured.id,
      type: configured.type.type,
      sample,
      tookMs: Math.round(performance.now() - began),
    }
  } finally {
    await sensor.close()
  }
}

interface Line {
  readonly sensor: string
  readonly metric: string
  readonly value: number | null
  readonly unit: string
  readonly ageS: number | null
  readonly remark: string
}

/** Reads every sensor once and prints a table; true: all of them work. */
export async function readOnce(config: AgentConfig, { json }: { json: boolean }): Promise<boolean> {
  const asked = await Promise.all(config.sensors.map((sensor) => askOnce(config, sensor)))
  const lines = asked.flatMap((one) => linesOf(one, Date.now()))
  if (json) console.log(JSON.stringify(lines, null, 2))
  else
    console.log(
      formatTable(
        ['sensor', 'metric', 'value', 'unit', 'age', 'remark'],
        lines.map(({ sensor, metric, value, unit, ageS, remark }) => [
          sensor,
          metric,
          value === null ? '' : String(value),
          unit,
          ageS === null ? '' : formatAge(ageS),
          remark,
        ]),
        [2],
      ),
    )
  return asked.every(({ sample }) => sample.kind !== 'fault')
}

function linesOf({ id, sample }: Asked, now: number): Line[] {
  const say = (remark: string): Line[] => [
    { sensor: id, metric: '', value: null, unit: '', ageS: null, remark },
  ]
  if (sample.kind === 'fault') return say(`${sample.code}: ${sample.detail}`)
  if (sample.kind === 'end') return say('has nothing more')
  const newest = sample.kind === 'observations' ? sample.observations.at(-1) : undefined
  if (!newest) return say('has nothing new')
  const ageS = newest.time === null ? 0 : Math.round((now - newest.time) / 1000)
  return newest.values.map(flagged).map(({ metric, thousandths, flag }) => ({
    sensor: id,
    metric: metric.name,
    value: fromThousandths(thousandths),
    unit: metric.unit,
    ageS,
    remark: flag ? flagWords(flag) : '',
  }))
}

function formatAge(ageS: number): string {
  if (ageS < 0) return `in ${formatAge(-ageS)}`
  if (ageS < 120) return `${ageS} s`
  if (ageS < 7_200) return `${Math.round(ageS / 60)} min`
  if (ageS < 172_800) return `${Math.round(ageS / 3_600)} h`
  return `${Math.round(ageS / 86_400)} d`
}
