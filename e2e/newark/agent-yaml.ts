import { csvPath } from './rows.ts'

/** The agent that replays Newark's year, or what this file has of it: `speed` in times real time, or `max`. */
export const newarkYaml = (device: string, speed: number | 'max', file = csvPath): string => `
device: ${device}
site: { name: Newark Airport, latitude: 40.6925, longitude: -74.1687, altitudeM: 3, timeZone: America/New_York }
sensors:
  - id: airport
    type: replay
    file: ${file}
    speed: ${speed}
    intervalMs: 3600000
    time: { column: time_hour }
    where: { origin: EWR }
    missing: NA
    values:
      temperature: { column: temp, unit: degF }
      dewPoint: { column: dewp, unit: degF }
      humidity: { column: humid }
      windDirection: { column: wind_dir }
      windSpeed: { column: wind_speed, unit: mph }
      windGust: { column: wind_gust, unit: mph }
      precipitation: { column: precip, unit: in }
      pressure: { column: pressure }
      visibility: { column: visib, unit: mi }
`
