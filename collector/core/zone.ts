import { Temporal } from 'temporal-polyfill'

/** A stretch of time in which a zone's offset does not change: from <= t < to, all ms. */
interface Segment {
  readonly from: number
  readonly to: number
  readonly offsetMs: number
}

/** A time zone's calendar: everything in ms since 1970, UTC. */
export interface Zone {
  readonly name: string
  segmentAt(time: number): Segment
  /** First instant of the day that many days after 1970-01-01 by the zone's calendar. */
  startOfDay(day: number): number
}

const dayMs = 86_400_000
const daysCached = 4_096
const zonesCached = 500
const zones = new Map<string, Zone>()

/** The zone of an IANA name; the same object for the same name. */
export function zoneOf(name: string): Zone {
  let zone = zones.get(name)
  if (!zone) {
    zone = createZone(name)
    if (zones.size >= zonesCached) zones.clear()
    zones.set(name, zone)
  }
  return zone
}

function createZone(name: string): Zone {
  const starts = new Map<number, number>()
  let recent: Segment = { from: Number.POSITIVE_INFINITY, to: Number.POSITIVE_INFINITY, offsetMs: 0 }

  function segmentAt(time: number): Segment {
    if (time < recent.from || time >= recent.to) recent = findSegment(name, time)
    return recent
  }

  function startOfDay(day: number): number {
    let start = starts.get(day)
    if (start === undefined) {
      if (starts.size >= daysCached) starts.clear()
      start = firstInstant(name, day)
      starts.set(day, start)
    }
    return start
  }

  return { name, segmentAt, startOfDay }
}

function findSegment(timeZone: string, time: number): Segment {
  const there = Temporal.Instant.fromEpochMilliseconds(time).toZonedDateTimeISO(timeZone)
  const next = there.getTimeZoneTransition('next')
  // The transition *before or at* `time`: the one before the instant one millisecond later.
  const last = there.add({ milliseconds: 1 }).getTimeZoneTransition('previous')
  return {
    from: last ? last.epochMilliseconds : Number.NEGATIVE_INFINITY,
    to: next ? next.epochMilliseconds : Number.POSITIVE_INFINITY,
    offsetMs: there.offsetNanoseconds / 1e6,
  }
}

function firstInstant(timeZone: string, day: number): number {
  if (timeZone === 'UTC') return day * dayMs
  const date = new Date(day * dayMs)
  const plain = new Temporal.PlainDate(date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate())
  return plain.toZonedDateTime(timeZone).epochMilliseconds
}
