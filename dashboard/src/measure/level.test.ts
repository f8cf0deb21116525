import { describe, expect, it } from 'vitest'
import { dayMs, hourMs, minuteMs, secondMs } from '../time/zone.ts'
import { chooseLevel } from './level.ts'

describe('level of windows', () => {
  it.each([
    ['5 min', 5 * minuteMs, '10s'],
    ['hour', hourMs, '10s'],
    ['day', dayMs, '1m'],
    ['week', 7 * dayMs, 'hour'],
    ['month', 30 * dayMs, 'hour'],
    ['year', 365 * dayMs, 'day'],
    ['ten years', 3652 * dayMs, 'week'],
  ])('%s on a wide plot is drawn in the finest windows that fit', (_, span, level) => {
    expect(chooseLevel(span, 1038, 10 * secondMs)).toBe(level)
  })

  it('a narrow plot takes coarser windows', () => {
    expect(chooseLevel(dayMs, 300, secondMs)).toBe('hour')
    expect(chooseLevel(hourMs, 300, secondMs)).toBe('10s')
  })

  it('windows as short as the interval are kept, shorter ones are not asked for', () => {
    expect(chooseLevel(5 * minuteMs, 1038, hourMs)).toBe('hour')
    expect(chooseLevel(dayMs, 1038, 15 * minuteMs)).toBe('hour')
    expect(chooseLevel(dayMs, 1038, minuteMs)).toBe('1m')
  })
})
