import cities from './zone-cities.json' with { type: 'json' }

/** Where the demo's `home` stands. */
export interface Place {
  readonly name: string
  readonly latitude: number
  readonly longitude: number
  readonly timeZone: string
}

const greenwich: Place = { name: 'Greenwich', latitude: 51.48, longitude: 0, timeZone: 'Europe/London' }

/** The main city of a time zone (IANA zone.tab, public domain); Greenwich under UTC and where the zone names no city. */
export function placeOf(timeZone: string): Place {
  const city = (cities as Record<string, number[]>)[timeZone]
  const [latitude, longitude] = city ?? []
  if (latitude === undefined || longitude === undefined) return greenwich
  const name = timeZone.slice(timeZone.lastIndexOf('/') + 1).replaceAll('_', ' ')
  return { name, latitude, longitude, timeZone }
}

/** A place given by hand keeps the machine's time zone. */
export function placeAt(latitude: number, longitude: number, timeZone: string): Place {
  return { name: 'Home', latitude, longitude, timeZone }
}
