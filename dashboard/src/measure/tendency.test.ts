import { describe, expect, it } from 'vitest'
import { arrowDegrees, tendencyOf } from './tendency.ts'

const words = (metric: string, now: number, before: number) => tendencyOf(metric, now, before)?.words

describe('tendency', () => {
  it.each([
    [0.09, 'steady'],
    [0.1, 'rising slowly'],
    [1.5, 'rising slowly'],
    [1.6, 'rising'],
    [3.5, 'rising'],
    [3.6, 'rising quickly'],
    [6, 'rising quickly'],
    [6.1, 'rising very rapidly'],
    [-1.6, 'falling'],
    [-6.1, 'falling very rapidly'],
  ])('pressure by %f hPa in three hours is %s', (difference, expected) => {
    expect(words('pressure', 1000 + difference, 1000)).toBe(expected)
  })

  it('steps are those of the metric', () => {
    expect(words('temperature', 0, 1.7)).toBe('falling')
    expect(words('humidity', 36, 30)).toBe('rising slowly')
    expect(words('windSpeed', 3.1, 6.2)).toBe('falling')
  })

  it('a difference of three decimals is not led astray by binary fractions', () => {
    expect(words('pressure', 1000.3, 1000.2)).toBe('rising slowly')
    expect(words('temperature', 0.3, 0)).toBe('rising slowly')
  })

  it('without a reading three hours ago there is none yet', () => {
    expect(tendencyOf('pressure', 1000, null)).toEqual({
      words: 'no tendency yet',
      steepness: 0,
      difference: null,
    })
  })

  it('a metric without published steps has none', () => {
    expect(tendencyOf('visibility', 1, 2)).toBeNull()
  })

  it('the arrow is steeper the faster it goes', () => {
    expect([0, 1, 2, 3, 4, -2].map(arrowDegrees)).toEqual([0, 25, 45, 65, 90, -45])
  })
})
