import fc from 'fast-check'
import { expect, test } from 'vitest'
import { lastInstant, nextInstant, onRing, stamp, stampToleranceMs } from './schedule.ts'

const interval = fc.integer({ min: 10, max: 86_400_000 })
const time = fc.integer({ min: 0, max: 4_000_000_000_000 })

test('instants are the multiples of the interval, so every window of n intervals holds n of them', () => {
  fc.assert(
    fc.property(time, interval, (now, intervalMs) => {
      expect(nextInstant(now, intervalMs) % intervalMs).toBe(0)
      expect(nextInstant(now, intervalMs) - lastInstant(now, intervalMs)).toBe(intervalMs)
      expect(nextInstant(now, intervalMs)).toBeGreaterThan(now)
      expect(lastInstant(now, intervalMs)).toBeLessThanOrEqual(now)
    }),
  )
})

test('a punctual reading is stamped with its instant, a late one with the time it was taken', () => {
  expect(stamp(10_003, 10_000, 1_000)).toBe(10_000)
  expect(stamp(10_050, 10_000, 1_000)).toBe(10_000)
  expect(stamp(10_051, 10_000, 1_000)).toBe(10_051)
  expect(stamp(10_006, 10_000, 100)).toBe(10_006)
  expect(stamp(9_999, 10_000, 1_000)).toBe(9_999)
  expect(stamp(10_003, null, 1_000)).toBe(10_003)
  expect(stampToleranceMs(900_000)).toBe(50)
})

test('a timer that rings early waits on; one that rings late asks for the newest instant only', () => {
  expect(onRing(9_999, 10_000, 1_000)).toEqual({ waitFor: 10_000 })
  expect(onRing(10_001, 10_000, 1_000)).toEqual({ ask: 10_000 })
  expect(onRing(17_400, 10_000, 1_000)).toEqual({ ask: 17_000 })
})

test('a clock that was set back does not silence a sensor until the old time comes again', () => {
  expect(onRing(10_000 - 3_600_000 + 5, 10_000, 1_000)).toEqual({ waitFor: 10_000 - 3_600_000 + 1_000 })
})
