import { describe, expect, it } from 'vitest'
import { formatPlace, parsePlace, startPlace } from './address.ts'

describe('address', () => {
  it('a visit without one begins at the start', () => {
    expect(parsePlace('')).toEqual(startPlace)
    expect(formatPlace(startPlace)).toBe('')
  })

  it('says device, range, end, crosshair, metric, day and table, and reads them back', () => {
    const place = {
      view: 'station',
      device: 'newark-2013',
      range: 'day',
      to: Date.parse('2013-11-28T23:00:00Z'),
      at: Date.parse('2013-11-28T02:00:10Z'),
      metric: 'windSpeed',
      day: 15_990,
      isTable: true,
    } as const
    const address = formatPlace(place)
    expect(address).toBe(
      '?device=newark-2013&range=day&to=2013-11-28T23:00Z&at=2013-11-28T02:00:10Z&metric=windSpeed&day=2013-10-12&table=1',
    )
    expect(parsePlace(address)).toEqual(place)
  })

  it('what it says wrongly is as at the start', () => {
    expect(parsePlace('?device=../etc&range=decade&to=soon&view=kiosk&day=x')).toEqual(startPlace)
  })
})
