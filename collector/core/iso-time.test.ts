import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatTime, parseTime } from './iso-time.ts'

describe('times in words', () => {
  test('what is written is read back to the millisecond', () => {
    fc.assert(
      fc.property(fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 }), (ms) => {
        expect(parseTime(formatTime(ms))).toBe(ms)
      }),
    )
  })

  test('milliseconds are written only when there are any', () => {
    expect(formatTime(0)).toBe('1970-01-01T00:00:00Z')
    expect(formatTime(5)).toBe('1970-01-01T00:00:00.005Z')
  })

  test.each([
    ['2013-03-10', '2013-03-10T00:00:00Z'],
    ['2013-03-10T05:00Z', '2013-03-10T05:00:00Z'],
    ['2013-03-10T00:00:00-05:00', '2013-03-10T05:00:00Z'],
    ['2013-03-10T05:30:00.25+05:30', '2013-03-10T00:00:00.250Z'],
    ['2024-02-29', '2024-02-29T00:00:00Z'],
  ])('%s is %s', (text, time) => {
    expect(formatTime(parseTime(text) ?? Number.NaN)).toBe(time)
  })

  test.each([
    '',
    'yesterday',
    '1362891600',
    '2013-02-30',
    '2023-02-29',
    '2013-13-01',
    '2013-03-10T24:00:00Z',
    '2013-03-10T05:60:00Z',
    '2013-03-10T05:00:00', // whose time?
    '2013-03-10T05:00:00+25:00',
    '2013-03-10 05:00:00Z',
    ' 2013-03-10',
    '0000-01-01',
  ])('"%s" is no time', (text) => {
    expect(parseTime(text)).toBeNull()
  })
})
