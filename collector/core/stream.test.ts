import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { origin } from './position.ts'
import { newStream, noteTimes, untouchedBefore } from './stream.ts'

const start = Date.UTC(2026, 0, 1)

describe("a stream's lags", () => {
  test('tell a time before which nothing came since, and not one that is much too old', () => {
    const arrival = fc.record({
      after: fc.oneof(fc.nat(10_000), fc.nat(86_400_000)),
      lag: fc.oneof(fc.nat(5_000), fc.nat(100 * 86_400_000)),
    })
    fc.assert(
      fc.property(fc.array(arrival, { minLength: 1, maxLength: 200 }), fc.nat(100), (arrivals, share) => {
        const stream = newStream('a', 's', origin)
        let now = start
        const came = arrivals.map(({ after, lag }) => {
          now += after
          noteTimes(stream, now - lag, now - lag, now)
          return { now, time: now - lag, lag }
        })
        expect(stream.lags?.length).toBeLessThanOrEqual(32)
        const since = start + ((now - start) * share) / 100
        const untouched = untouchedBefore(stream, since) ?? Number.NaN
        const later = came.filter((one) => one.now > since)
        for (const one of later) expect(one.time).toBeGreaterThanOrEqual(untouched)
        const largest = Math.max(1_000, ...later.map(({ lag }) => lag))
        const isExact = (stream.lags?.length ?? 0) < 32
        expect(since - untouched).toBeLessThanOrEqual(isExact ? largest * 1.2 + 1 : Number.POSITIVE_INFINITY)
      }),
      { numRuns: 300 },
    )
  })

  test('of a stream that an older program kept begin with the oldest reading it has', () => {
    const stream = { ...newStream('a', 's', origin), lags: null, smallestTime: start - 9_000_000 }
    expect(untouchedBefore(stream, start)).toBeNull()
    noteTimes(stream, start, start, start + 10)
    expect(untouchedBefore(stream, start)).toBeLessThanOrEqual(start - 9_000_000)
    expect(untouchedBefore(stream, start + 10)).toBe(start + 10)
  })
})
