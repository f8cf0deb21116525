import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isTimePattern, parseTime } from './time-rule.ts'

const iso = { unit: 'iso' } as const
const parse = (text: string | number, rule: Parameters<typeof parseTime>[1] = iso): number | string => {
  const instant = parseTime(text, rule, null)
  return 'ms' in instant ? instant.ms : instant.problem
}

describe('a time', () => {
  test('every instant written as ISO 8601 comes back', () => {
    fc.assert(
      fc.property(
        fc.date({
          min: new Date(Date.UTC(1, 0, 2)),
          max: new Date(Date.UTC(9999, 11, 30)),
          noInvalidDate: true,
        }),
        (date) => {
          expect(parse(date.toISOString())).toBe(date.getTime())
        },
      ),
    )
  })

  test.each([
    ['2020-02-29', '2020-02-29T00:00:00Z', true],
    ['2020-02-29T12:34Z', '2020-02-29T12:34:00Z', false],
    ['2020-02-29 12:34:56,789Z', '2020-02-29T12:34:56.789Z', false],
    ['2020-02-29T12:34:56.123456789Z', '2020-02-29T12:34:56.123Z', false],
    ['2020-02-29T12:34:56+05:30', '2020-02-29T07:04:56Z', false],
    ['2020-02-29T12:34:56-0330', '2020-02-29T16:04:56Z', false],
    ['2020-02-29T12:34:56+02', '2020-02-29T10:34:56Z', false],
    ['2020-02-29t12:34:56z', '2020-02-29T12:34:56Z', false],
  ])('%s is %s', (text, expected, isLocal) => {
    expect(parse(text, isLocal ? { ...iso, timeZone: 'UTC' } : iso)).toBe(Date.parse(expected))
  })

  test.each([
    '2021-02-29T00:00Z',
    '2020-13-01T00:00Z',
    '2020-00-10T00:00Z',
    '2020-01-01T24:00Z',
    '2020-01-01T10:60Z',
    'yesterday',
    '',
    '20200101',
    '2020-01-01T10:00Zjunk',
  ])('%j is none', (text) => expect(parse(text)).toMatch(/^(is|does) /))

  test('a local day that the zone skipped is none', () => {
    expect(parse('2011-12-30T12:00', { ...iso, timeZone: 'Pacific/Apia' })).toMatch(/does not exist/)
  })

  test('years beyond 9999 are none, also as numbers', () => {
    expect(parse(1e18, { unit: 'ms' })).toMatch(/outside the years/)
    expect(parse('1e5', { unit: 's' })).toMatch(/no number/)
  })

  test.each([
    ['dd.MM.yyyy HH:mm', '5.1.2020 7:08', '2020-01-05T07:08:00Z'],
    ['yyyy/MM/dd', '2020/01/05', '2020-01-05T00:00:00Z'],
    ['(MM-dd-yyyy) HHmmss', '(01-05-2020) 070809', '2020-01-05T07:08:09Z'],
  ])('pattern %s', (pattern, text, expected) => {
    expect(isTimePattern(pattern)).toBe(true)
    expect(parse(text, { ...iso, pattern, timeZone: 'UTC' })).toBe(Date.parse(expected))
    expect(parse('nonsense', { ...iso, pattern, timeZone: 'UTC' })).toMatch(/does not match/)
  })

  test.each(['yyyy', 'dd.MM.yy', 'yyyy-MM-dd dd', ''])('%j is no pattern', (pattern) =>
    expect(isTimePattern(pattern)).toBe(false),
  )
})
