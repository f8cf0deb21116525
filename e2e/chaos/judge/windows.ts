import type { StoredReading, StoredWindow, WindowFigures } from './store.ts'

/** A window that is not what its readings come to. */
export interface WrongWindow {
  readonly stream: string
  readonly level: string
  readonly start: number
  readonly end: number
  readonly why: string
}

const levels = ['10s', '1m', 'hour', 'day', 'week', 'month', 'year'] as const
type Level = (typeof levels)[number]

/** All offsets from UTC are whole quarters of an hour, so that all instants of one have the same local calendar. */
const quarterMs = 900_000

/** Every window of the store against what the stored readings come to, by addition and by asking Intl for the calendar. */
export function findWrongWindows(
  readings: Iterable<StoredReading>,
  windows: readonly StoredWindow[],
  zoneOf: (stream: string) => string,
): WrongWindow[] {
  const wrong: WrongWindow[] = []
  const calendars = new Map<string, Calendar>()
  const calendarOf = (stream: string): Calendar => {
    const zone = zoneOf(stream)
    const known = calendars.get(zone) ?? createCalendar(zone)
    calendars.set(zone, known)
    return known
  }
  const expected = new Map<string, Group>()
  for (const reading of readings) {
    if (!reading.counts) continue
    const calendar = calendarOf(reading.stream)
    for (const level of levels) {
      const key = `${reading.stream} ${level} ${calendar(level, reading.time)}`
      let group = expected.get(key)
      if (!group) {
        group = { stream: reading.stream, level, time: reading.time, figures: null, received: 0 }
        expected.set(key, group)
      }
      group.received++
      group.figures = add(group.figures, reading)
    }
  }
  for (const window of windows) {
    const { stream, level, start, end } = window
    const say = (why: string): void => void wrong.push({ stream, level, start, end, why })
    const calendar = calendarOf(stream)
    const label = calendar(level as Level, start)
    if (label !== calendar(level as Level, end - 1)) say('its ends are not in one window')
    if (label === calendar(level as Level, start - 1) || label === calendar(level as Level, end))
      say('it is cut short')
    const key = `${stream} ${level} ${label}`
    const group = expected.get(key)
    expected.delete(key)
    if (!group) {
      if (window.received > 0) say(`it has ${window.received} readings, the buckets have none`)
      continue
    }
    const difference = differenceOf(window, group)
    if (difference) say(difference)
  }
  for (const { stream, level, time, received } of expected.values())
    wrong.push({ stream, level, start: time, end: time, why: `it is missing, with ${received} readings` })
  return wrong
}

interface Group {
  readonly stream: string
  readonly level: Level
  readonly time: number
  received: number
  figures: Figures | null
}

type Figures = { -readonly [K in keyof WindowFigures]: WindowFigures[K] } & {
  firstAt: number
  lastAt: number
}

/** Equal event times: the smaller value is first, the larger last; extremes take the earliest time. */
function add(figures: Figures | null, { time, thousandths }: StoredReading): Figures {
  if (!figures)
    return {
      count: 1,
      sum: thousandths,
      min: thousandths,
      minAt: time,
      max: thousandths,
      maxAt: time,
      first: thousandths,
      firstAt: time,
      last: thousandths,
      lastAt: time,
    }
  figures.count++
  figures.sum += thousandths
  if (thousandths < figures.min || (thousandths === figures.min && time < figures.minAt)) {
    figures.min = thousandths
    figures.minAt = time
  }
  if (thousandths > figures.max || (thousandths === figures.max && time < figures.maxAt)) {
    figures.max = thousandths
    figures.maxAt = time
  }
  if (time < figures.firstAt || (time === figures.firstAt && thousandths < figures.first)) {
    figures.first = thousandths
    figures.firstAt = time
  }
  if (time > figures.lastAt || (time === figures.lastAt && thousandths > figures.last)) {
    figures.last = thousandths
    figures.lastAt = time
  }
  return figures
}

const compared = ['count', 'sum', 'min', 'minAt', 'max', 'maxAt', 'first', 'last'] as const

function differenceOf(window: StoredWindow, { received, figures }: Group): string | null {
  if (window.received !== received) return `received is ${window.received}, should be ${received}`
  for (const name of compared) {
    const should = figures?.[name]
    if (should !== undefined && window.figures[name] !== should)
      return `${name} is ${window.figures[name]}, should be ${should}`
  }
  return null
}

type Calendar = (level: Level, time: number) => string

/** Names the window of a level that an instant is in. */
function createCalendar(timeZone: string): Calendar {
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    hourCycle: 'h23',
    timeZoneName: 'longOffset',
  })
  const known = new Map<number, Readonly<Record<Level, string>>>()

  function labelsOf(quarter: number): Readonly<Record<Level, string>> {
    const parts = Object.fromEntries(
      format.formatToParts(quarter * quarterMs).map(({ type, value }) => [type, value]),
    )
    const day = `${parts.year}-${parts.month}-${parts.day}`
    const monday = new Date(`${day}T00:00:00Z`)
    monday.setUTCDate(monday.getUTCDate() - ((monday.getUTCDay() + 6) % 7))
    return {
      '10s': '',
      '1m': '',
      // With the offset: an hour that comes twice in autumn is two windows.
      hour: `${day} ${parts.hour} ${parts.timeZoneName}`,
      day,
      week: monday.toISOString(),
      month: day.slice(0, 7),
      year: day.slice(0, 4),
    }
  }

  return (level, time) => {
    if (level === '10s') return String(Math.floor(time / 10_000))
    if (level === '1m') return String(Math.floor(time / 60_000))
    const quarter = Math.floor(time / quarterMs)
    let labels = known.get(quarter)
    if (!labels) {
      labels = labelsOf(quarter)
      known.set(quarter, labels)
    }
    return labels[level]
  }
}
