/** A date and time of day as a zone's calendar and clock show it; month 1 to 12, weekday 1 = Monday. */
export interface Civil {
  readonly year: number
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
  readonly second: number
  readonly weekday: number
}

/** Hours and days of one IANA time zone; instants are ms since 1970, dates are days since 1970-01-01. */
export interface Zone {
  readonly name: string
  offsetMs(time: number): number
  civil(time: number): Civil
  /** The date at that instant. */
  dayOf(time: number): number
  /** First instant of a date; a day may have 23 or 25 hours. */
  startOfDay(day: number): number
  /** First instant of the clock hour that holds this instant; an hour cut by a change of offset is two. */
  startOfHour(time: number): number
  endOfHour(time: number): number
}

export const secondMs = 1_000
export const minuteMs = 60 * secondMs
export const hourMs = 60 * minuteMs
export const dayMs = 24 * hourMs

const zones = new Map<string, Zone>()
const offsetsCached = 20_000

/** The zone of this name; the same object for the same name. An unknown name is taken for UTC. */
export function zoneOf(name: string): Zone {
  let zone = zones.get(name)
  if (!zone) {
    zone = createZone(name)
    zones.set(name, zone)
  }
  return zone
}

/** The zone of the reader's own clock. */
export function ownZone(): Zone {
  return zoneOf(new Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC')
}

function createZone(name: string): Zone {
  const offsetAt = offsetReader(name)
  const known = new Map<number, number>()

  function offsetMs(time: number): number {
    // Offsets change at most on quarter hours.
    const quarter = Math.floor(time / (15 * minuteMs))
    let offset = known.get(quarter)
    if (offset === undefined) {
      offset = offsetAt(quarter * 15 * minuteMs)
      if (known.size > offsetsCached) known.clear()
      known.set(quarter, offset)
    }
    return offset
  }

  function civil(time: number): Civil {
    const date = new Date(time + offsetMs(time))
    return {
      year: date.getUTCFullYear(),
      month: date.getUTCMonth() + 1,
      day: date.getUTCDate(),
      hour: date.getUTCHours(),
      minute: date.getUTCMinutes(),
      second: date.getUTCSeconds(),
      weekday: date.getUTCDay() || 7,
    }
  }

  const dayOf = (time: number): number => Math.floor((time + offsetMs(time)) / dayMs)

  function startOfDay(day: number): number {
    const local = day * dayMs
    // Midnight may come twice (take the first) or not at all (take the end of the jump).
    for (const guess of [local - offsetMs(local - dayMs), local - offsetMs(local + dayMs)]) {
      if (dayOf(guess) === day && dayOf(guess - 1) < day) return guess
    }
    let time = local - offsetMs(local + dayMs)
    while (dayOf(time) >= day) time -= 15 * minuteMs
    while (dayOf(time) < day) time += 15 * minuteMs
    return time
  }

  function startOfHour(time: number): number {
    const offset = offsetMs(time)
    const start = Math.floor((time + offset) / hourMs) * hourMs - offset
    let cut = start
    while (offsetMs(cut) !== offset) cut += 15 * minuteMs
    return cut
  }

  function endOfHour(time: number): number {
    const offset = offsetMs(time)
    const end = (Math.floor((time + offset) / hourMs) + 1) * hourMs - offset
    let cut = Math.floor(time / (15 * minuteMs)) * 15 * minuteMs
    while (cut < end && offsetMs(cut) === offset) cut += 15 * minuteMs
    return Math.min(cut, end)
  }

  return { name, offsetMs, civil, dayOf, startOfDay, startOfHour, endOfHour }
}

function offsetReader(name: string): (time: number) => number {
  const format = formatterOf(name)
  return (time) => {
    const part: Record<string, number> = {}
    for (const { type, value } of format.formatToParts(time)) part[type] = Number(value)
    const { year = 1970, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part
    return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(time / 1000) * 1000
  }
}

function formatterOf(name: string): Intl.DateTimeFormat {
  const options = {
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  } as const
  try {
    return new Intl.DateTimeFormat('en-u-ca-gregory', { timeZone: name, ...options })
  } catch {
    return new Intl.DateTimeFormat('en-u-ca-gregory', { timeZone: 'UTC', ...options })
  }
}
