import { makeBatch, offlineStatus, type Status } from '@barograph/proto'
import { expect, test } from 'vitest'
import { newDevice, noteBatch, noteStatus } from './device.ts'
import { runOf } from './testing/messages.ts'

const at = { g: 0, n: 1 }
const status = (clock?: Status['clock']): Status => ({ ...offlineStatus, online: true, clock })
const batch = (clock: 'synced' | 'uncertain') =>
  makeBatch('balcony', { clock, runs: [runOf(1, 3, Date.UTC(2026, 0, 1))] })

test('a device that tells of its clock is believed, whatever the boots before were', () => {
  const device = newDevice('balcony', 0, at)
  noteStatus(device, status({ source: 'none', errorMs: 0, offMs: 0 }), 1)
  expect(device.clock).toBe('uncertain')
  noteStatus(device, status({ source: 'collector', errorMs: 20, offMs: -5_000 }), 2)
  noteBatch(device, batch('uncertain'), { at, ingestMs: 3, defaultTimeZone: 'UTC' })
  expect(device).toMatchObject({
    clock: 'synced',
    clockTold: { source: 'collector', errorMs: 20, offMs: -5_000 },
  })
})

test('of one that does not, the last batch tells', () => {
  const device = newDevice('balcony', 0, at)
  noteStatus(device, status(), 1)
  noteBatch(device, batch('uncertain'), { at, ingestMs: 2, defaultTimeZone: 'UTC' })
  expect(device.clock).toBe('uncertain')
  noteBatch(device, batch('synced'), { at, ingestMs: 3, defaultTimeZone: 'UTC' })
  expect(device.clock).toBe('synced')
})
