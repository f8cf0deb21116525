import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cosineOf as protoCosineOf, limits, sineOf as protoSineOf } from '@barograph/proto'
import { windowAt } from '../core/windows.ts'
import { zoneOf } from '../core/zone.ts'
import { createCalendar, isKeptAt, levels, longestMs } from './calendar.ts'
import { cosineOf, sineOf } from './tally.ts'

const iso = (time: number): string => new Date(time).toISOString().replace('.000Z', 'Z')
const windowOf = (level: (typeof levels)[number], time: string, zone: string): string[] => {
  const { start, end } = createCalendar().windowOf(level, Date.parse(time), zone)
  return [iso(start), iso(end)]
}

describe("the audit's calendar", () => {
  test.each<[(typeof levels)[number], string, string, string, string]>([
    ['10s', '2013-11-03T05:30:19.999Z', 'UTC', '2013-11-03T05:30:10Z', '2013-11-03T05:30:20Z'],
    ['10s', '1969-12-31T23:59:59.999Z', 'UTC', '1969-12-31T23:59:50Z', '1970-01-01T00:00:00Z'],
    ['1m', '2013-11-03T05:30:19Z', 'Asia/Kathmandu', '2013-11-03T05:30:00Z', '2013-11-03T05:31:00Z'],
    ['hour', '2013-11-03T05:30:00Z', 'America/New_York', '2013-11-03T05:00:00Z', '2013-11-03T06:00:00Z'],
    ['hour', '2013-11-03T06:30:00Z', 'America/New_York', '2013-11-03T06:00:00Z', '2013-11-03T07:00:00Z'],
    ['hour', '2013-11-03T05:30:00Z', 'Asia/Kathmandu', '2013-11-03T05:15:00Z', '2013-11-03T06:15:00Z'],
    // Lord Howe goes back half an hour at 15:00Z: 01:30 to 02:00 comes twice.
    ['hour', '2026-04-04T14:50:00Z', 'Australia/Lord_Howe', '2026-04-04T14:00:00Z', '2026-04-04T15:00:00Z'],
    ['hour', '2026-04-04T15:10:00Z', 'Australia/Lord_Howe', '2026-04-04T15:00:00Z', '2026-04-04T15:30:00Z'],
    ['hour', '2026-04-04T15:30:00Z', 'Australia/Lord_Howe', '2026-04-04T15:30:00Z', '2026-04-04T16:30:00Z'],
    ['day', '2013-03-10T12:00:00Z', 'America/New_York', '2013-03-10T05:00:00Z', '2013-03-11T04:00:00Z'],
    ['day', '2013-11-03T12:00:00Z', 'America/New_York', '2013-11-03T04:00:00Z', '2013-11-04T05:00:00Z'],
    ['week', '2013-11-03T12:00:00Z', 'America/New_York', '2013-10-28T04:00:00Z', '2013-11-04T05:00:00Z'],
    ['week', '2013-11-04T12:00:00Z', 'UTC', '2013-11-04T00:00:00Z', '2013-11-11T00:00:00Z'],
    ['month', '2013-11-03T03:59:59Z', 'America/New_York', '2013-11-01T04:00:00Z', '2013-12-01T05:00:00Z'],
    ['year', '2013-01-01T04:59:59Z', 'America/New_York', '2012-01-01T05:00:00Z', '2013-01-01T05:00:00Z'],
  ])('%s around %s in %s', (level, time, zone, start, end) => {
    expect(windowOf(level, time, zone)).toEqual([start, end])
  })

  // Two calendars that share no code: what they agree on is what users are promised.
  test('agrees with that of the fold at any time in any zone', () => {
    const zones = [
      'UTC',
      'America/New_York',
      'Asia/Kathmandu',
      'Australia/Lord_Howe',
      'Pacific/Apia',
      'Europe/Dublin',
    ]
    const time = fc.oneof(
      fc.integer({ min: -3e12, max: 5e12 }),
      fc.integer({ min: limits.earliestTimeMs + 4e10, max: limits.latestTimeMs }),
    )
    const calendar = createCalendar()
    fc.assert(
      fc.property(time, fc.constantFrom(...zones), fc.constantFrom(...levels), (at, zone, level) => {
        const window = calendar.windowOf(level, at, zone)
        expect(window).toEqual(windowAt(level, at, zoneOf(zone)))
        expect(window.start <= at && at < window.end).toBe(true)
        expect(window.end - window.start).toBeLessThanOrEqual(longestMs[level])
      }),
      { numRuns: 2_000, seed: 4 },
    )
  }, 30_000)

  test('keeps no level that is shorter than the interval', () => {
    expect(levels.filter((level) => isKeptAt(level, 0))).toEqual(levels)
    expect(levels.filter((level) => isKeptAt(level, 60_000))).toEqual(levels.slice(1))
    expect(levels.filter((level) => isKeptAt(level, 900_000))).toEqual(levels.slice(2))
    expect(levels.filter((level) => isKeptAt(level, 86_400_001))).toEqual(levels.slice(4))
  })
})

test("the audit's angles are those of the wire, at every thousandth of a degree", () => {
  let apart = 0
  for (let angle = 0; angle <= 360_000; angle++)
    if (sineOf(angle) !== protoSineOf(angle) || cosineOf(angle) !== protoCosineOf(angle)) apart++
  expect(apart).toBe(0)
})
