import { z } from 'zod'
import type { Sensor, Value } from '../../core/sensor.ts'
import type { SensorContext, SensorType } from '../../core/sensor-type.ts'
import { toValue, valueRule } from '../value-rule.ts'
import { conditionsAt } from './climate.ts'

const schema = z.strictObject({
  intervalMs: z.int().min(10).max(2_147_483_647).default(1_000),
  seed: z
    .int()
    .min(0)
    .max(2 ** 31 - 1)
    .default(1),
  /** Report a battery as well. */
  battery: z.boolean().default(false),
})

export type SimulatedConfig = z.output<typeof schema>

const temperature = valueRule('temperature', {})
const humidity = valueRule('humidity', {})
const pressure = valueRule('pressure', {})
const battery = valueRule('battery', {})

/** A BME280 that is not there: curves that follow the season and the hour at the site, the same for the same seed. */
export const simulatedType: SensorType<SimulatedConfig> = {
  type: 'simulated',
  schema,
  metrics: (config) => ['temperature', 'humidity', 'pressure', ...(config.battery ? ['battery'] : [])],
  create: createSimulatedSensor,
}

function createSimulatedSensor({ config, site, now }: SensorContext<SimulatedConfig>): Sensor {
  return {
    pace: 'scheduled',
    origin: 'simulated',
    historical: false,
    async read() {
      const conditions = conditionsAt(config.seed, now(), site)
      const values = [
        toValue(temperature, conditions.temperatureDegC),
        toValue(humidity, conditions.humidityPercent),
        toValue(pressure, conditions.pressureHpa),
        config.battery ? toValue(battery, conditions.batteryPercent) : null,
      ].filter((value): value is Value => value !== null)
      return { kind: 'observations', observations: [{ time: null, values }] }
    },
    async close() {},
  }
}
