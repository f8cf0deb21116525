import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { boundBoots, finalTime } from './row-time.ts'

describe('the final time of a row', () => {
  const timing = { offsetMs: 1_000_000, errorMs: 10, toleranceMs: 2_000, isUncertain: false }
  test('is what the clock said where that agrees', () => {
    expect(finalTime(timing, 1_005_000 + 1_999, 5_000)).toBe(1_006_999)
    expect(finalTime(timing, 1_005_000 - 2_000, 5_000)).toBe(1_003_000)
  })
  test('is monotonic time plus offset where it does not', () => {
    expect(finalTime(timing, 1_005_000 + 2_001, 5_000)).toBe(1_005_000)
    expect(finalTime(timing, 7, 5_000)).toBe(1_005_000)
  })
})

test('boots that nobody ever set lie where they must: bounds hold whatever their clocks believed', () => {
  const boot = fc.record({
    off: fc.nat(1e9),
    lasted: fc.nat(1e8),
    believed: fc.oneof(fc.constant(0), fc.integer({ min: -1e12, max: 1e12 })),
  })
  fc.assert(
    fc.property(
      fc.nat(1e10),
      fc.array(boot, { minLength: 1, maxLength: 5 }),
      fc.nat(1e9),
      (earliest, list, off) => {
        let at = earliest
        const truths = list.map(({ off: before, lasted, believed }) => {
          const started = at + before
          at = started + lasted
          return { started, lastedMs: lasted, believedOffsetMs: started + believed }
        })
        const bounds = boundBoots(truths, earliest, at + off)
        expect(bounds).toHaveLength(list.length)
        truths.forEach(({ started }, i) => {
          const { offsetMs = 0, errorMs = 0 } = bounds[i] ?? {}
          expect(Math.abs(offsetMs - started)).toBeLessThanOrEqual(errorMs)
        })
      },
    ),
  )
})

test('a clock that fits in between is believed', () => {
  const [bound] = boundBoots([{ lastedMs: 1_000, believedOffsetMs: 50_000 }], 0, 100_000)
  expect(bound).toMatchObject({ offsetMs: 50_000, errorMs: 50_001, isUncertain: true })
  const [late] = boundBoots([{ lastedMs: 1_000, believedOffsetMs: 5e12 }], 0, 100_000)
  expect(late).toMatchObject({ offsetMs: 99_000, errorMs: 99_001 })
})
