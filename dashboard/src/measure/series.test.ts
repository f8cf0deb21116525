import { describe, expect, it } from 'vitest'
import { compareMeans, gapsOf, largest, pointsOf, runsOf, windowOf } from './series.ts'

const windows = (...starts: number[]) => starts.map((start) => ({ start, end: start + 10 }))
const range = { from: 0, to: 100, begun: 0, overdueMs: 10 }

describe('gaps', () => {
  it('windows that touch have none', () => {
    expect(gapsOf(windows(0, 10, 20), { ...range, to: 30 })).toEqual([])
  })

  it('a missing window is one, and neighbours are one gap', () => {
    expect(gapsOf(windows(0, 20, 50, 60, 70, 80, 90), range)).toEqual([
      { start: 10, end: 20 },
      { start: 30, end: 50 },
    ])
  })

  it('what was before the first reading is not missing', () => {
    expect(gapsOf(windows(40, 50, 60, 70, 80, 90), { ...range, begun: 43 })).toEqual([])
    expect(gapsOf([], { ...range, begun: null })).toEqual([])
  })

  it('what is shown but began earlier is missing from the edge on', () => {
    expect(gapsOf(windows(20, 30, 40, 50, 60, 70, 80, 90), { ...range, begun: -500 })).toEqual([
      { start: 0, end: 20 },
    ])
  })

  it('after the last window a reading may still come until it is overdue', () => {
    expect(gapsOf(windows(0, 10), { ...range, to: 29 })).toEqual([])
    expect(gapsOf(windows(0, 10), { ...range, to: 31 })).toEqual([{ start: 20, end: 31 }])
  })

  it('a window that reaches in from outside fills its part', () => {
    expect(gapsOf(windows(-5, 5, 15), { ...range, begun: -500, to: 25 })).toEqual([])
  })

  it('a trace breaks wherever a window is missing', () => {
    expect(runsOf(windows(0, 10, 30, 50, 60)).map((run) => run.length)).toEqual([2, 1, 2])
  })
})

describe('points', () => {
  const rollup = {
    level: 'hour',
    start: '2013-03-10T05:00:00Z',
    end: '2013-03-10T06:00:00Z',
    timeZone: 'America/New_York',
    revision: 2,
    received: 3,
    expected: 6,
    coverage: 0.5,
    sealed: false,
    metrics: {
      windSpeed: {
        unit: 'm/s',
        count: 3,
        flagged: 0,
        sum: 9,
        mean: 3,
        min: 2,
        minAt: null,
        max: 4,
        maxAt: null,
        first: 2,
        last: 4,
      },
      windGust: {
        unit: 'm/s',
        count: 1,
        flagged: 0,
        sum: 8,
        mean: 8,
        min: 8,
        minAt: null,
        max: 8,
        maxAt: null,
        first: 8,
        last: 8,
      },
      pressure: {
        unit: 'hPa',
        count: 0,
        flagged: 3,
        sum: 0,
        mean: null,
        min: null,
        minAt: null,
        max: null,
        maxAt: null,
        first: null,
        last: null,
      },
      precipitation: {
        unit: 'mm',
        count: 3,
        flagged: 0,
        sum: 1.5,
        min: 0,
        minAt: null,
        max: 1,
        maxAt: null,
        first: 0,
        last: 0.5,
      },
    },
  } as const

  it('a window whose values were all flagged is missing', () => {
    expect(pointsOf([windowOf(rollup)], 'pressure')).toEqual([])
  })

  it('gusts reach above the wind', () => {
    expect(pointsOf([windowOf(rollup)], 'windSpeed', 'windGust')[0]).toMatchObject({
      value: 3,
      low: 2,
      high: 8,
      revision: 2,
    })
  })

  it('a total counts by its sum', () => {
    expect(windowOf(rollup).metrics['precipitation']?.value).toBe(1.5)
  })
})

describe('highest and lowest', () => {
  it('means are compared exactly, not as they are rounded', () => {
    expect(compareMeans({ sum: 1, count: 3 }, { sum: 0.333, count: 1 })).toBe(1)
    expect(compareMeans({ sum: 2, count: 6 }, { sum: 1, count: 3 })).toBe(0)
    expect(compareMeans({ sum: -1, count: 3 }, { sum: 0, count: 5 })).toBe(-1)
  })

  it('ties go to the earliest', () => {
    const items = [{ n: 1 }, { n: 3, first: true }, { n: 3 }]
    expect(largest(items, (a, b) => a.n - b.n)).toEqual({ n: 3, first: true })
    expect(largest([], () => 0)).toBeNull()
  })
})
