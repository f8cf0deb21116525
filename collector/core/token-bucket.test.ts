import { describe, expect, test } from 'vitest'
import { createTokenBuckets } from './token-bucket.ts'

describe('a token bucket', () => {
  test('lets a burst through, then asks to wait until the debt is paid', () => {
    const buckets = createTokenBuckets({ perSecond: 10, burst: 5, maxKeys: 10 })
    const waits = Array.from({ length: 7 }, () => buckets.take('a', 1, 1_000))
    expect(waits).toEqual([0, 0, 0, 0, 0, 100, 200])
    expect(buckets.has('a', 1, 1_200)).toBe(false)
    expect(buckets.has('a', 1, 1_300)).toBe(true)
    expect(buckets.take('a', 1, 1_300)).toBe(0)
  })

  test('of one key is not that of another', () => {
    const buckets = createTokenBuckets({ perSecond: 1, burst: 1, maxKeys: 10 })
    buckets.take('a', 1, 0)
    expect(buckets.has('a', 1, 0)).toBe(false)
    expect(buckets.has('b', 1, 0)).toBe(true)
  })

  test('gains nothing from a clock that goes back, and no more than the burst from one that leaps', () => {
    const buckets = createTokenBuckets({ perSecond: 1, burst: 2, maxKeys: 10 })
    buckets.take('a', 2, 10_000)
    expect(buckets.has('a', 1, 5_000)).toBe(false)
    expect(buckets.has('a', 3, 1e9)).toBe(false)
  })

  test('is forgotten when too many others came after it', () => {
    const buckets = createTokenBuckets({ perSecond: 1, burst: 1, maxKeys: 2 })
    for (const key of ['a', 'b', 'c']) buckets.take(key, 1, 0)
    expect(['a', 'b', 'c'].map((key) => buckets.has(key, 1, 0))).toEqual([true, false, false])
  })
})
