/** The local calendar of New York in 2013 by asking Intl for every hour: no time-zone arithmetic at all. */
export type Level = 'hour' | 'day' | 'week' | 'month' | 'year'

export interface Span {
  readonly start: number
  readonly end: number
}

const hourMs = 3_600_000
const local = new Intl.DateTimeFormat('en-CA', {
  timeZone: 'America/New_York',
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
})

/** For each level, the window that each hour from 2012 to 2015 belongs to. */
export function createCalendar(): (level: Level, time: number) => Span {
  const spans: Record<Level, Map<string, { start: number; end: number }>> = {
    hour: new Map(),
    day: new Map(),
    week: new Map(),
    month: new Map(),
    year: new Map(),
  }
  for (let time = Date.UTC(2012, 0, 1); time < Date.UTC(2015, 0, 1); time += hourMs)
    for (const level of Object.keys(spans) as Level[]) {
      const key = keyOf(level, time)
      const span = spans[level].get(key)
      if (span) span.end = time + hourMs
      else spans[level].set(key, { start: time, end: time + hourMs })
    }
  return (level, time) => {
    const span = spans[level].get(keyOf(level, time))
    if (!span) throw new Error(`no ${level} for ${new Date(time).toISOString()}`)
    return span
  }
}

function keyOf(level: Level, time: number): string {
  const date = local.format(time) // 2013-03-10
  switch (level) {
    case 'hour':
      return String(Math.floor(time / hourMs))
    case 'day':
      return date
    case 'week': {
      const day = new Date(`${date}T00:00:00Z`)
      day.setUTCDate(day.getUTCDate() - ((day.getUTCDay() + 6) % 7))
      return day.toISOString()
    }
    case 'month':
      return date.slice(0, 7)
    case 'year':
      return date.slice(0, 4)
  }
}
