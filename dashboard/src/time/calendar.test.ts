import { describe, expect, it } from 'vitest'
import { clockTicks, dateToDay, daysInMonth, dayToDate, hoursOfDay, weekNumber, weekOf } from './calendar.ts'
import { hourMs, zoneOf } from './zone.ts'

const newYork = zoneOf('America/New_York')

describe('hours of a day', () => {
  it('a day without a change of clocks has 24 columns that touch', () => {
    const { columns, absent } = hoursOfDay(dateToDay(2013, 6, 1), newYork)
    expect(columns.map(({ label }) => label)).toEqual(
      Array.from({ length: 24 }, (_, i) => String(i).padStart(2, '0')),
    )
    expect(absent).toEqual([])
    columns.slice(1).forEach(({ start }, i) => expect(start).toBe(columns[i]?.end))
  })

  it('a day of 23 hours lacks the column of 02:00 and says where it would stand', () => {
    const { columns, absent } = hoursOfDay(dateToDay(2013, 3, 10), newYork)
    expect(columns).toHaveLength(23)
    expect(columns.map(({ hour }) => hour)).not.toContain(2)
    expect(absent).toEqual([{ hour: 2, before: 2 }])
    expect(columns.at(-1)?.end).toBe(Date.parse('2013-03-11T04:00:00Z'))
  })

  it('a day of 25 hours has 01 and 01 again, an hour apart', () => {
    const { columns, absent } = hoursOfDay(dateToDay(2013, 11, 3), newYork)
    expect(columns).toHaveLength(25)
    expect(columns.slice(0, 4).map(({ label }) => label)).toEqual(['00', '01', '01 again', '02'])
    expect((columns[2]?.start ?? 0) - (columns[1]?.start ?? 0)).toBe(hourMs)
    expect(absent).toEqual([])
  })

  it('a zone that moves by half an hour has an hour in two pieces', () => {
    const { columns } = hoursOfDay(dateToDay(2024, 4, 7), zoneOf('Australia/Lord_Howe'))
    const lengths = columns.map(({ start, end }) => (end - start) / hourMs)
    expect(lengths.reduce((sum, length) => sum + length, 0)).toBe(24.5)
    expect(lengths.filter((length) => length === 0.5)).toHaveLength(1)
  })

  it('a day whose midnight does not exist begins at 01:00', () => {
    const { columns, absent } = hoursOfDay(dateToDay(2024, 9, 8), zoneOf('America/Santiago'))
    expect(columns[0]?.hour).toBe(1)
    expect(absent).toEqual([{ hour: 0, before: 0 }])
    expect(columns).toHaveLength(23)
  })
})

describe('weeks and dates', () => {
  it('a week begins on Monday', () => {
    const days = weekOf(dateToDay(2013, 11, 28)).map((day) => dayToDate(day).day)
    expect(days).toEqual([25, 26, 27, 28, 29, 30, 1])
  })

  it.each([
    [2013, 11, 28, 48],
    [2013, 12, 30, 1],
    [2021, 1, 3, 53],
    [2024, 12, 29, 52],
  ])('%i-%i-%i is in week %i', (year, month, day, week) => {
    expect(weekNumber(dateToDay(year, month, day))).toBe(week)
  })

  it('February has 29 days in a leap year', () => {
    expect([daysInMonth(2024, 2), daysInMonth(2013, 2), daysInMonth(2013, 12)]).toEqual([29, 28, 31])
  })

  it('ticks of six hours stand on the clock, across a change of it', () => {
    const ticks = clockTicks(
      newYork.startOfDay(dateToDay(2013, 3, 10)),
      newYork.startOfDay(dateToDay(2013, 3, 11)),
      6,
      newYork,
    )
    expect(ticks.map(({ hour }) => hour)).toEqual([0, 6, 12, 18, 0])
    expect(ticks.map(({ time }) => newYork.civil(time).hour)).toEqual([0, 6, 12, 18, 0])
  })
})
