import { valueRule, type ValueRule } from '../value-rule.ts'

/** A variable of the service and the metric that it is. */
export interface Variable extends ValueRule {
  readonly name: string
}

const variable = (name: string, metric: string, unit?: string): Variable => ({
  name,
  ...valueRule(metric, { unit }),
})

/**
 * Asked with wind_speed_unit=ms; the other units are the service's defaults (degC, %, hPa, mm, m, W/m2). `pressure`
 * is the pressure at sea level, as weather services show it; surface_pressure would be a second value of one metric.
 * Precipitation and gusts are of the 15 minutes before.
 */
export const variables: readonly Variable[] = [
  variable('temperature_2m', 'temperature'),
  variable('relative_humidity_2m', 'humidity'),
  variable('pressure_msl', 'pressure'),
  variable('dew_point_2m', 'dewPoint'),
  variable('apparent_temperature', 'apparentTemperature'),
  variable('wind_speed_10m', 'windSpeed'),
  variable('wind_gusts_10m', 'windGust'),
  variable('wind_direction_10m', 'windDirection'),
  variable('precipitation', 'precipitation'),
  variable('cloud_cover', 'cloudCover'),
  variable('visibility', 'visibility', 'm'),
  variable('shortwave_radiation', 'solarRadiation'),
]
