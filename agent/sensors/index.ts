import type { SensorType } from '../core/sensor-type.ts'
import { httpType } from './http/index.ts'
import { openMeteoType } from './open-meteo/index.ts'
import { openWeatherMapType } from './openweathermap/index.ts'
import { replayType } from './replay/index.ts'
import { simulatedType } from './simulated/index.ts'

/** Every type of sensor that a configuration may name. */
export const sensorTypes: readonly SensorType[] = [
  httpType,
  openMeteoType,
  openWeatherMapType,
  replayType,
  simulatedType,
]
