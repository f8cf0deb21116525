import { describe, expect, test } from 'vitest'
import type { StoredSite } from './documents.ts'
import { createZoning, siteAt, withSite } from './sites.ts'

const site = (version: number, timeZone: string, validFrom: number) => ({
  version,
  name: 'Roof',
  latitude: 1,
  longitude: 2,
  altitudeM: 3,
  timeZone,
  validFrom,
  unknowns: [],
})
const at = (n: number) => ({ g: 0, n })
const zoneAt = (sites: readonly StoredSite[], time: number) => {
  const { zone, from, to } = createZoning(sites, 'UTC')('day', time)
  return [zone.name, from, to]
}

describe('a site that came when windows were sealed', () => {
  test('leaves them the default zone when it is the first', () => {
    const sites = withSite([], site(1, 'Asia/Tokyo', 0), at(5), { day: 1_000 })
    expect(siteAt(sites, 999, 'day')).toBeNull()
    expect(zoneAt(sites, 999)).toEqual(['UTC', Number.NEGATIVE_INFINITY, 1_000])
    expect(zoneAt(sites, 1_000)).toEqual(['Asia/Tokyo', 1_000, Number.POSITIVE_INFINITY])
    expect(siteAt(sites, 999, 'hour')?.timeZone).toBe('Asia/Tokyo')
  })

  test('that holds from later on is the first before that, but for what was sealed', () => {
    const sites = withSite([], site(1, 'Asia/Tokyo', 9_000), at(5), { day: 1_000 })
    expect(zoneAt(sites, 999)).toEqual(['UTC', Number.NEGATIVE_INFINITY, 1_000])
    expect(zoneAt(sites, 5_000)).toEqual(['Asia/Tokyo', 1_000, Number.POSITIVE_INFINITY])
  })

  test('leaves them the zone of the site that held, also when that has the higher version', () => {
    const first = withSite([], site(2, 'Asia/Tokyo', 9_000), at(5), {})
    const sites = withSite(first, site(1, 'Europe/Paris', 0), at(7), { day: 1_000 })
    expect(zoneAt(sites, 999)).toEqual(['Asia/Tokyo', Number.NEGATIVE_INFINITY, 1_000])
    expect(zoneAt(sites, 1_000)).toEqual(['Europe/Paris', 1_000, 9_000])
    expect(zoneAt(sites, 9_000)).toEqual(['Asia/Tokyo', 9_000, Number.POSITIVE_INFINITY])
  })
})
