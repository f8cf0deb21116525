import { describe, expect, test } from 'vitest'
import { placeAt, placeOf } from './place.ts'

describe('where home stands', () => {
  test('a time zone stands for its main city', () => {
    expect(placeOf('Europe/Vienna')).toEqual({
      name: 'Vienna',
      latitude: 48.22,
      longitude: 16.33,
      timeZone: 'Europe/Vienna',
    })
    expect(placeOf('America/Argentina/Buenos_Aires').name).toBe('Buenos Aires')
  })

  test('under UTC, or in a zone without a city, it is Greenwich', () => {
    for (const zone of ['UTC', 'Etc/GMT+3']) expect(placeOf(zone).name).toBe('Greenwich')
  })

  test('a place given by hand keeps the time zone', () => {
    expect(placeAt(1, 2, 'Asia/Tokyo')).toEqual({
      name: 'Home',
      latitude: 1,
      longitude: 2,
      timeZone: 'Asia/Tokyo',
    })
  })
})
