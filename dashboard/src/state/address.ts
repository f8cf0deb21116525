/** The stretches of the range bar. */
export const rangeNames = ['5min', 'hour', 'day', 'week', 'month', 'year', 'all'] as const

/** A stretch of the range bar. */
export type RangeName = (typeof rangeNames)[number]

/** What the address says: where the reader is, so that it can be sent to somebody else. */
export interface Place {
  readonly view: 'station' | 'fleet'
  readonly device: string | null
  /** null: what suits the data. */
  readonly range: RangeName | null
  /** End of what the drum shows, ms; null: now, and moving with it. */
  readonly to: number | null
  /** The crosshair, ms. */
  readonly at: number | null
  /** Metric of the registers; null: the first one. */
  readonly metric: string | null
  /** Date of the registers, days since 1970-01-01; null: today. */
  readonly day: number | null
  readonly isTable: boolean
}

/** Where a visit without an address begins. */
export const startPlace: Place = {
  view: 'station',
  device: null,
  range: null,
  to: null,
  at: null,
  metric: null,
  day: null,
  isTable: false,
}

const dayMs = 86_400_000
const idPattern = /^[a-z0-9][a-z0-9-]{0,62}$/

/** Reads an address; what it does not say or says wrongly is as at the start. */
export function parsePlace(search: string): Place {
  const query = new URLSearchParams(search)
  const device = query.get('device')
  const range = rangeNames.find((name) => name === query.get('range'))
  const dayTime = parseTime(query.get('day'))
  return {
    view: query.get('view') === 'fleet' ? 'fleet' : 'station',
    device: device && idPattern.test(device) ? device : null,
    range: range ?? startPlace.range,
    to: parseTime(query.get('to')),
    at: parseTime(query.get('at')),
    metric: query.get('metric'),
    day: dayTime === null ? null : Math.floor(dayTime / dayMs),
    isTable: query.get('table') === '1',
  }
}

/** The address of a place: the shortest one that says it. */
export function formatPlace(place: Place): string {
  const query = new URLSearchParams()
  if (place.view !== startPlace.view) query.set('view', place.view)
  if (place.device) query.set('device', place.device)
  if (place.range) query.set('range', place.range)
  if (place.to !== null) query.set('to', formatTime(place.to))
  if (place.at !== null) query.set('at', formatTime(place.at))
  if (place.metric) query.set('metric', place.metric)
  if (place.day !== null) query.set('day', new Date(place.day * dayMs).toISOString().slice(0, 10))
  if (place.isTable) query.set('table', '1')
  const text = query.toString().replaceAll('%3A', ':')
  return text ? `?${text}` : ''
}

function parseTime(text: string | null): number | null {
  const time = text ? Date.parse(text) : Number.NaN
  return Number.isNaN(time) ? null : time
}

const formatTime = (time: number): string => new Date(time).toISOString().replace(/(:00)?\.000Z$/, 'Z')
