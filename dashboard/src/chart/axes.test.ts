import { describe, expect, it } from 'vitest'
import { dateToDay } from '../time/calendar.ts'
import { dayMs, hourMs, minuteMs, zoneOf } from '../time/zone.ts'
import { runsToDraw } from './samples.ts'
import { timeAxis } from './time-axis.ts'
import { toColumns } from './trace.ts'
import { multiples, niceStep, valueAxis } from './value-axis.ts'

const free = { fixed: null, leastSpan: 4, heightPx: 172 }

describe('value axis', () => {
  it('steps are 1, 2 or 5 times a power of ten', () => {
    expect([0.03, 0.1, 1, 1.1, 3, 7.2, 20, 21].map(niceStep)).toEqual([0.05, 0.1, 1, 2, 5, 10, 20, 50])
  })

  it('a week of pressure is ruled at 10, 5 and 2.5', () => {
    const axis = valueAxis({ ...free, low: 995.1, high: 1032.7 })
    expect(axis).toMatchObject({ major: 10, minor: 5, fine: 2.5 })
    expect(axis.low).toBeLessThanOrEqual(995.1)
    expect(axis.high).toBeGreaterThanOrEqual(1032.7)
  })

  it('a flat trace is not blown up', () => {
    const { low, high } = valueAxis({ ...free, low: 20, high: 20.01 })
    expect(high - low).toBeGreaterThanOrEqual(4)
  })

  it('fixed ends stay', () => {
    expect(valueAxis({ low: 29, high: 100, fixed: [0, 100], leastSpan: 0, heightPx: 78 })).toMatchObject({
      low: 0,
      high: 100,
      major: 50,
    })
    expect(valueAxis({ low: 0, high: 18, fixed: [0, null], leastSpan: 5, heightPx: 78 })).toMatchObject({
      low: 0,
      high: 20,
    })
  })

  it('rules do not drift off their step', () => {
    expect(multiples(0.1, 0, 0.35)).toEqual([0, 0.1, 0.2, 0.30000000000000004])
    expect(multiples(10, -12, 20)).toEqual([-10, 0, 10, 20])
  })
})

describe('time axis', () => {
  const zone = zoneOf('America/New_York')
  const layout = { width: 1084, axis: 46, isCompact: false }
  const to = Date.parse('2013-11-28T23:00:00Z')
  const axis = (span: number, wide = layout) =>
    timeAxis({ from: to - span, to, now: to, nowLabel: 'now' }, wide, zone)

  it('a week is named by its days and figured each six hours', () => {
    const { head, foot, rules } = axis(7 * dayMs)
    expect(head.map(({ names }) => names[0]?.join(' '))).toEqual([
      'Thursday 21',
      'Friday 22',
      'Saturday 23',
      'Sunday 24',
      'Monday 25',
      'Tuesday 26',
      'Wednesday 27',
      'Thursday 28',
    ])
    expect(new Set(foot.map(({ label }) => label))).toEqual(new Set(['00', '06', '12', '18']))
    expect(rules.filter(({ weight }) => weight === 3).map(({ time }) => zone.civil(time).hour)).toEqual(
      Array(7).fill(0),
    )
  })

  it('an hour is figured in minutes', () => {
    expect(axis(hourMs).foot.every(({ label }) => /^\d\d:\d[05]$/.test(label))).toBe(true)
    expect(axis(5 * minuteMs).foot.length).toBeGreaterThan(3)
  })

  it('a month is figured by dates, a year by months', () => {
    expect(axis(30 * dayMs).foot.map(({ label }) => label)).toContain('28')
    expect(axis(365 * dayMs).foot.map(({ label }) => label)).toContain('Jun')
    expect(axis(365 * dayMs).head.map(({ names }) => names[0]?.[1])).toEqual(['2012', '2013'])
    expect(axis(10 * 365 * dayMs).foot.map(({ label }) => label)).toContain('2010')
  })

  it('midnight of a day when clocks change stands at midnight', () => {
    const from = zone.startOfDay(dateToDay(2013, 3, 9))
    const { rules } = timeAxis(
      { from, to: zone.startOfDay(dateToDay(2013, 3, 12)), now: null, nowLabel: '' },
      layout,
      zone,
    )
    expect(rules.filter(({ weight }) => weight === 3).map(({ time }) => zone.civil(time).hour)).toEqual([
      0, 0, 0, 0,
    ])
  })
})

describe('trace', () => {
  const point = (start: number, value: number, end = start + 10) => ({
    start,
    end,
    value,
    low: value - 1,
    high: value + 1,
    revision: 0,
    sealed: false,
    timeZone: 'UTC',
    count: 1,
  })

  it('goes through the centres of windows and ends at the newest reading', () => {
    const [run] = runsToDraw([point(0, 1), point(10, 2)], { time: 19, value: 5 })
    expect(run?.samples.map(({ time, value }) => [time, value])).toEqual([
      [5, 1],
      [15, 2],
      [19, 5],
    ])
  })

  it('the mean of an open window stands before its newest reading', () => {
    const [run] = runsToDraw([point(0, 1), point(10, 2)], { time: 12, value: 5 })
    expect(run?.samples.map(({ time }) => time)).toEqual([5, 11, 12])
  })

  it('a reading after a gap does not continue it', () => {
    const [run] = runsToDraw([point(0, 1)], { time: 45, value: 5 })
    expect(run?.samples).toHaveLength(1)
  })

  it('is interrupted by a row of nulls where a window is missing', () => {
    expect(toColumns(runsToDraw([point(0, 1), point(20, 2)], null))).toEqual([
      [5, 15, 25],
      [1, null, 2],
      [0, null, 1],
      [2, null, 3],
    ])
  })
})
