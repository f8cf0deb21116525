import { expect, it } from 'vitest'
import type { LogRecord } from '../core/log.ts'
import { createFollow } from './follow.ts'
import { recordOf } from './testing/records.ts'

it('an append of the same process wakes a follower that would look again only much later', async () => {
  const records: LogRecord[] = []
  const wakers = new Set<() => void>()
  const follow = createFollow({
    read: async (_, from, limit) => records.slice(from, from + limit),
    wakers,
    closing: new AbortController().signal,
    pollIntervalMs: 3_600_000,
  })
  const options = { signal: new AbortController().signal, idleMs: 3_600_000, limit: 9 }
  const batches = follow(0, 0, options)[Symbol.asyncIterator]()
  const first = batches.next()
  await new Promise((resolve) => setImmediate(resolve))
  expect(wakers.size).toBe(1)
  records.push({ ...recordOf('a', 1), partition: 0, offset: 0 })
  for (const wake of wakers) wake()
  expect((await first).value).toEqual(records)
  expect(wakers.size).toBe(0)
  await batches.return?.()
})
