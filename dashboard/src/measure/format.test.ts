import { describe, expect, it } from 'vitest'
import { compassPoint, count, counted, difference, figure, position, withUnit } from './format.ts'

describe('figures', () => {
  it('have a true minus and no grouping below 10,000', () => {
    expect(figure(-6.14, 1)).toBe('\u22126.1')
    expect(figure(1030.4, 1)).toBe('1030.4')
    expect(figure(12_345.6, 1)).toBe('12,345.6')
  })

  it('nothing is minus nothing', () => {
    expect(figure(-0.04, 1)).toBe('0.0')
    expect(difference(-0.04, 1)).toBe('0.0')
  })

  it('no value is a dash', () => {
    expect(figure(null, 1)).toBe('\u2013')
    expect(figure(Number.NaN, 1)).toBe('\u2013')
  })

  it('a difference carries its sign', () => {
    expect(difference(3.5, 1)).toBe('+3.5')
    expect(difference(-1.7, 1)).toBe('\u22121.7')
  })

  it('counts are grouped and take their noun', () => {
    expect(count(7930)).toBe('7,930')
    expect(counted(1, 'gap')).toBe('1\u00a0gap')
    expect(counted(2115, 'gap')).toBe('2,115\u00a0gaps')
  })

  it('units stand apart, where there is one', () => {
    expect(withUnit('36', '%')).toBe('36\u00a0%')
    expect(withUnit('3', '')).toBe('3')
  })

  it('winds come from points of the compass', () => {
    expect([0, 310, 348.7, 359, 360, -90].map(compassPoint)).toEqual(['N', 'NW', 'NNW', 'N', 'N', 'W'])
  })

  it('a position names its hemispheres', () => {
    expect(position(40.6925, -74.1687, 5).replaceAll('\u00a0', ' ')).toBe('40.69° N 74.17° W, 5 m')
  })
})
