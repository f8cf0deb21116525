import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { levels } from './documents.ts'
import { windowAt } from './windows.ts'
import { zoneOf } from './zone.ts'

const iso = (time: number): string => new Date(time).toISOString().replace('.000Z', 'Z')
const at = (text: string): number => Date.parse(text)
const windowOf = (level: (typeof levels)[number], time: string, zone: string): string[] => {
  const { start, end } = windowAt(level, at(time), zoneOf(zone))
  return [iso(start), iso(end)]
}

describe('windows', () => {
  test('seconds and minutes are aligned to UTC', () => {
    expect(windowOf('10s', '2026-03-01T12:34:59.999Z', 'UTC')).toEqual([
      '2026-03-01T12:34:50Z',
      '2026-03-01T12:35:00Z',
    ])
    expect(windowOf('1m', '2026-03-01T12:34:59.999Z', 'UTC')).toEqual([
      '2026-03-01T12:34:00Z',
      '2026-03-01T12:35:00Z',
    ])
  })

  test('a day has 23 hours when the clocks go forward and 25 when they go back', () => {
    expect(windowOf('day', '2013-03-10T12:00:00Z', 'America/New_York')).toEqual([
      '2013-03-10T05:00:00Z',
      '2013-03-11T04:00:00Z',
    ])
    expect(windowOf('day', '2013-11-03T12:00:00Z', 'America/New_York')).toEqual([
      '2013-11-03T04:00:00Z',
      '2013-11-04T05:00:00Z',
    ])
  })

  test('the hour that comes twice is two windows', () => {
    expect(windowOf('hour', '2013-11-03T05:30:00Z', 'America/New_York')).toEqual([
      '2013-11-03T05:00:00Z',
      '2013-11-03T06:00:00Z',
    ])
    expect(windowOf('hour', '2013-11-03T06:30:00Z', 'America/New_York')).toEqual([
      '2013-11-03T06:00:00Z',
      '2013-11-03T07:00:00Z',
    ])
  })

  test('hours are local where the offset is not a whole hour', () => {
    expect(windowOf('hour', '2026-03-01T12:10:00Z', 'Asia/Kolkata')).toEqual([
      '2026-03-01T11:30:00Z',
      '2026-03-01T12:30:00Z',
    ])
  })

  test('a change of half an hour cuts the local hour in two', () => {
    // Lord Howe goes back from 02:00 (+11) to 01:30 (+10:30) on 2026-04-05.
    expect(windowOf('hour', '2026-04-04T14:50:00Z', 'Australia/Lord_Howe')).toEqual([
      '2026-04-04T14:00:00Z',
      '2026-04-04T15:00:00Z',
    ])
    expect(windowOf('hour', '2026-04-04T15:10:00Z', 'Australia/Lord_Howe')).toEqual([
      '2026-04-04T15:00:00Z',
      '2026-04-04T15:30:00Z',
    ])
  })

  test('weeks start on Monday, months and years on their first', () => {
    expect(windowOf('week', '2013-11-28T12:00:00Z', 'America/New_York')).toEqual([
      '2013-11-25T05:00:00Z',
      '2013-12-02T05:00:00Z',
    ])
    expect(windowOf('month', '2013-11-28T12:00:00Z', 'America/New_York')).toEqual([
      '2013-11-01T04:00:00Z',
      '2013-12-01T05:00:00Z',
    ])
    expect(windowOf('year', '2013-11-28T12:00:00Z', 'America/New_York')).toEqual([
      '2013-01-01T05:00:00Z',
      '2014-01-01T05:00:00Z',
    ])
    expect(windowOf('year', '2437-07-01T00:00:00Z', 'UTC')).toEqual([
      '2437-01-01T00:00:00Z',
      '2438-01-01T00:00:00Z',
    ])
  })

  test('a day that begins at one o clock begins there', () => {
    // Until 2019 the clocks of Sao Paulo went forward at midnight.
    expect(windowOf('day', '2018-11-04T12:00:00Z', 'America/Sao_Paulo')).toEqual([
      '2018-11-04T03:00:00Z',
      '2018-11-05T02:00:00Z',
    ])
  })

  test('the windows of a level cover time without overlap, in every zone', () => {
    const zones = [
      'UTC',
      'America/New_York',
      'Europe/Vienna',
      'Asia/Kolkata',
      'Australia/Lord_Howe',
      'Pacific/Apia',
      'America/Sao_Paulo',
      'Asia/Kathmandu',
    ]
    fc.assert(
      fc.property(
        fc.integer({ min: at('1901-01-01T00:00:00Z'), max: at('2400-01-01T00:00:00Z') }),
        fc.constantFrom(...zones),
        fc.constantFrom(...levels),
        (time, name, level) => {
          const zone = zoneOf(name)
          const window = windowAt(level, time, zone)
          expect(window.start).toBeLessThanOrEqual(time)
          expect(window.end).toBeGreaterThan(time)
          expect(windowAt(level, window.start, zone)).toEqual(window)
          expect(windowAt(level, window.end - 1, zone)).toEqual(window)
          expect(windowAt(level, window.end, zone).start).toBe(window.end)
        },
      ),
      { numRuns: 2_000, seed: 1 },
    )
  })
})
