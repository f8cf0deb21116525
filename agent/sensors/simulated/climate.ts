import { jitter, wander } from './noise.ts'

/** Where the curves belong. */
export interface Place {
  readonly latitude: number
  readonly longitude: number
  readonly altitudeM: number
}

/** What a BME280 would show, with a battery beside it. */
export interface Conditions {
  readonly temperatureDegC: number
  readonly humidityPercent: number
  readonly pressureHpa: number
  readonly batteryPercent: number
}

const dayMs = 86_400_000
const hourMs = 3_600_000
const yearMs = 365.2425 * dayMs
const channel = { weather: 1, cloud: 2, gust: 3, moisture: 4, pressure: 5, noise: 6, load: 7 }

// Steps of the real thing (BME280 datasheet, table 1): 0.01 degC, 0.008 %RH, 0.18 Pa.
const steps = { temperatureDegC: 0.01, humidityPercent: 0.008, pressureHpa: 0.0018, batteryPercent: 0.1 }

const wave = (fraction: number): number => Math.cos(2 * Math.PI * fraction)
const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value))
const quantise = (value: number, step: number): number => Math.round(value / step) * step

/** Weather that follows season, hour and place: a pure function of seed, time (ms since 1970) and place. */
export function conditionsAt(seed: number, timeMs: number, place: Place): Conditions {
  const noise = (which: number, size: number): number => size * jitter(seed, channel.noise + which, timeMs)
  const sunHour = (timeMs / hourMs + place.longitude / 15) % 24
  const cloud = (wander(seed, channel.cloud, timeMs, 5 * hourMs) + 1) / 2
  const dayMean = seasonMean(timeMs, place) + 4 * wander(seed, channel.weather, timeMs, 3 * dayMs)
  // Warmest at about three in the afternoon, less so under clouds.
  const swing = (6 - 4 * cloud) * wave((sunHour - 15) / 24)
  const temperature = dayMean + swing + 0.3 * wander(seed, channel.gust, timeMs, 300_000) + noise(0, 0.02)
  const dewPoint = dayMean - 5 + 3 * wander(seed, channel.moisture, timeMs, 12 * hourMs)
  const humidity = 100 * (vapour(dewPoint) / vapour(temperature)) + noise(1, 0.1)
  const pressure = stationPressure(timeMs, seed, sunHour, place) + noise(2, 0.012)
  const charge = 88 + 7 * wave((sunHour - 17) / 24) + 3 * wander(seed, channel.load, timeMs, dayMs)
  return {
    temperatureDegC: quantise(temperature, steps.temperatureDegC),
    humidityPercent: quantise(clamp(humidity, 8, 100), steps.humidityPercent),
    pressureHpa: quantise(pressure, steps.pressureHpa),
    batteryPercent: quantise(clamp(charge, 0, 100), steps.batteryPercent),
  }
}

/** Mean of a day by season, latitude and height: warmest in late July in the north, late January in the south. */
export function seasonMean(timeMs: number, { latitude, altitudeM }: Place): number {
  const distance = Math.abs(latitude)
  const north = latitude >= 0 ? 0 : 0.5
  const season = wave(timeMs / yearMs - 205 / 365.2425 + north)
  return (
    27 -
    0.0065 * altitudeM -
    0.0075 * distance ** 2 * (1 - distance / 250) +
    Math.min(14, 0.27 * distance) * season
  )
}

/** Magnus: saturation vapour pressure over water, hPa. */
const vapour = (degC: number): number => 6.112 * Math.exp((17.62 * degC) / (243.12 + degC))

/** Highs and lows of a week, the half-day tide of the atmosphere, and the standard atmosphere's fall with height. */
function stationPressure(
  timeMs: number,
  seed: number,
  sunHour: number,
  { altitudeM, latitude }: Place,
): number {
  const tide = 1.2 * Math.cos((latitude * Math.PI) / 180) ** 3 * wave((sunHour - 10) / 12)
  const seaLevel = 1014 + 14 * wander(seed, channel.pressure, timeMs, 4 * dayMs) + tide
  return seaLevel * (1 - 2.25577e-5 * altitudeM) ** 5.25588
}
