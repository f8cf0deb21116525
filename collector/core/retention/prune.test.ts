import { CodedError } from '@barograph/proto'
import { expect, test } from 'vitest'
import type { NewRecord } from '../log.ts'
import { keepPruned, pruneIntervalMs, pruneLog } from './prune.ts'
import type { Checkpoint } from '../store.ts'
import { createMemoryLog } from '../testing/memory-log.ts'

const day = 86_400_000
const now = 100 * day
const retentionMs = 7 * day

async function logOf(...ingestDays: number[]) {
  const log = createMemoryLog()
  const records = ingestDays.map(
    (days): NewRecord => ({
      device: 'balcony',
      kind: 'batch',
      ingestMs: days * day,
      quarantineAfterMs: null,
      value: new Uint8Array(),
    }),
  )
  await log.append(records)
  return log
}

const storeAt = (n: number | null) => ({
  checkpoint: async (partition: number): Promise<Checkpoint | null> =>
    n === null
      ? null
      : {
          partition,
          logId: 'memory',
          position: { g: 0, n },
          reach: n,
          reachHash: null,
          phase: null,
          swaps: 0,
          before: null,
        },
})

test('records past the retention go once they are folded', async () => {
  const log = await logOf(90, 91, 92, 94, 99)
  expect(await pruneLog({ log, store: storeAt(5), now, retentionMs })).toBe(3)
  expect(await log.extent(0)).toEqual({ first: 3, next: 5 })
})

test('a record that is not folded stays, however old it is, and all behind it', async () => {
  const log = await logOf(90, 91, 92, 94, 99)
  expect(await pruneLog({ log, store: storeAt(1), now, retentionMs })).toBe(1)
  expect(await log.extent(0)).toEqual({ first: 1, next: 5 })
})

test('nothing goes before anything is folded', async () => {
  const log = await logOf(1, 2, 3)
  expect(await pruneLog({ log, store: storeAt(null), now, retentionMs })).toBe(0)
})

test('a disk without room for deleting is tried again later, and ends nothing', async () => {
  const log = await logOf(90, 91, 99)
  const ending = new AbortController()
  const outcomes: (number | string)[] = []
  const pauses: number[] = []
  await keepPruned({
    log: {
      ...log,
      prune: async (before) => {
        if (outcomes.length === 0) throw new CodedError('log-full', 'no room', { retryable: true })
        return log.prune(before)
      },
    },
    store: storeAt(3),
    clock: {
      now: () => now,
      sleep: async (ms) => {
        pauses.push(ms)
        if (pauses.length === 2) ending.abort()
      },
    },
    retentionMs,
    signal: ending.signal,
    report: (outcome) => outcomes.push(outcome),
  })
  expect(outcomes).toEqual(['no room', 2])
  expect(pauses).toEqual([pruneIntervalMs, pruneIntervalMs])
})
