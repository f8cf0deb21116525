import { describe, expect, it } from 'vitest'
import { age, clock, longDate, moment, preciseSpan, span, weekdayAndDay, zoneWords } from './words.ts'
import { dayMs, hourMs, minuteMs, zoneOf } from './zone.ts'

const newYork = zoneOf('America/New_York')
const stormEve = Date.parse('2013-11-28T23:00:04Z')
const plain = (text: string) => text.replaceAll('\u00a0', ' ')

describe('words of time', () => {
  it('the site decides the clock', () => {
    expect(clock(stormEve, newYork)).toBe('18:00')
    expect(clock(stormEve, zoneOf('UTC'))).toBe('23:00')
  })

  it('a date is named in full, and by its day alone', () => {
    const day = newYork.dayOf(stormEve)
    expect(longDate(day)).toBe('Thu 28 November 2013')
    expect(weekdayAndDay(day)).toBe('Thu 28')
  })

  it('a zone is named by its short name and its city', () => {
    expect(zoneWords(stormEve, newYork)).toBe('EST, New York')
    expect(zoneWords(Date.parse('2013-07-01T00:00:00Z'), newYork)).toBe('EDT, New York')
    expect(zoneWords(stormEve, zoneOf('Europe/Berlin'))).toBe('CET, Berlin')
    expect(zoneWords(stormEve, zoneOf('UTC'))).toBe('UTC')
  })

  it.each([
    [4_000, '4 s'],
    [89_000, '89 s'],
    [90_000, '2 min'],
    [89 * minuteMs, '89 min'],
    [90 * minuteMs, '2 h'],
    [47 * hourMs, '47 h'],
    [72 * hourMs, '3 days'],
    [-5, '0 s'],
  ])('%i ms is %s', (ms, words) => {
    expect(plain(span(ms))).toBe(words)
  })

  it('hours carry their minutes where that says more', () => {
    expect(plain(preciseSpan(3 * hourMs + 41 * minuteMs))).toBe('3 h 41 min')
    expect(plain(preciseSpan(6 * hourMs))).toBe('6 h')
    expect(plain(preciseSpan(30 * minuteMs))).toBe('30 min')
  })

  it('an age beyond two days is a date', () => {
    expect(plain(age(stormEve - 4_000, stormEve, newYork))).toBe('4 s old')
    expect(age(stormEve - 3 * dayMs, stormEve, newYork)).toBe('of 25 November 2013, 18:00')
  })

  it('a moment of today is a time, of this month a day, of long ago a date', () => {
    expect(moment(stormEve - hourMs, stormEve, newYork)).toBe('17:00')
    expect(moment(stormEve - dayMs, stormEve, newYork)).toBe('Wed 27, 18:00')
    expect(moment(Date.parse('2013-01-01T06:00:00Z'), stormEve, newYork)).toBe('1 January 2013, 01:00')
  })
})
