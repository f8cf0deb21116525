import type { SiteConfig } from '../core/sensor-type.ts'

/** Places along a line from south to north, so that devices differ. */
export const siteOf = (number: number): SiteConfig => ({
  name: `Simulated ${number}`,
  latitude: Math.round((-40 + ((number * 17) % 100)) * 1e4) / 1e4,
  longitude: ((number * 29) % 360) - 180,
  altitudeM: (number * 37) % 900,
  timeZone: 'UTC',
})

/** Far apart, so that no two devices of near seeds are the same. */
export const seedOf = (seed: number, number: number): number => (seed * 10_007 + number * 7_919) % 2 ** 31

/** Between two readings of a device, whole milliseconds. */
export const intervalOf = (rate: number): number => Math.max(1, Math.round(1000 / rate))
