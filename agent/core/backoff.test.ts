import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createBackoff } from './backoff.ts'

test('waits stay between the shortest and the longest, and never more than triple', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { minLength: 1 }), (draws) => {
      let at = 0
      const backoff = createBackoff({ shortestMs: 500, longestMs: 30_000, random: () => draws[at++] ?? 0 })
      let before = 500
      for (const _ of draws) {
        const wait = backoff.next()
        expect(wait).toBeGreaterThanOrEqual(500)
        expect(wait).toBeLessThanOrEqual(Math.min(30_000, 3 * before))
        before = wait
      }
    }),
  )
})

test('two devices that lost the same broker come back at different moments', () => {
  const waits = [0.2, 0.7].map((draw) =>
    createBackoff({ shortestMs: 500, longestMs: 30_000, random: () => draw }).next(),
  )
  expect(waits[0]).not.toBe(waits[1])
})

test('after a good connection the first wait is short again', () => {
  const backoff = createBackoff({ shortestMs: 500, longestMs: 30_000, random: () => 0.99 })
  for (let i = 0; i < 10; i++) backoff.next()
  expect(backoff.next()).toBeGreaterThan(20_000)
  backoff.reset()
  expect(backoff.next()).toBeLessThan(1_500)
})
