import { CodedError } from '@barograph/proto'
import { describe, expect, test } from 'vitest'
import type { Log, LogRecord } from './log.ts'
import { createMemoryLog } from './testing/memory-log.ts'
import { stretchesOf, tail, type TailClock } from './tailing.ts'

const device = 'balcony'
const clock: TailClock = { monotonicMs: () => 0, sleep: async () => {} }

async function logOf(count: number): Promise<ReturnType<typeof createMemoryLog>> {
  const log = createMemoryLog()
  await append(log, 0, count)
  return log
}

const append = (log: Log, from: number, count: number) =>
  log.append(
    Array.from({ length: count }, (_, i) => ({
      device,
      kind: 'batch' as const,
      ingestMs: from + i,
      quarantineAfterMs: null,
      value: new Uint8Array(),
    })),
  )

/** Tails until so many records were taken. */
async function tailed(
  log: Log,
  { start, count, onTake }: { start: number; count: number; onTake?: (offset: number) => Promise<unknown> },
): Promise<{ offsets: number[]; said: string[] }> {
  const ending = new AbortController()
  const offsets: number[] = []
  const said: string[] = []
  await tail({
    log,
    stretch: { partition: 0, start, end: null },
    clock,
    signal: ending.signal,
    async take(records: readonly LogRecord[]) {
      for (const { offset } of records) {
        offsets.push(offset)
        await onTake?.(offset)
      }
      if (offsets.length >= count) ending.abort()
    },
    say: (words) => void said.push(words),
  })
  return { offsets, said }
}

describe('where a tail begins', () => {
  test('at the beginning is the oldest record kept; latest is behind all', async () => {
    const log = await logOf(10)
    await log.prune(4)
    expect(await stretchesOf(log, [0], 'beginning', false)).toEqual([{ partition: 0, start: 4, end: 10 }])
    expect(await stretchesOf(log, [0], 'latest', true)).toEqual([{ partition: 0, start: 10, end: null }])
    expect(await stretchesOf(log, [0], 4, true)).toEqual([{ partition: 0, start: 4, end: null }])
  })

  test.each([
    [3, /--from 3: partition 0 holds records 4 to 9\./],
    [11, /--from 11: partition 0 holds records 4 to 9\./],
  ])('an offset that is not there (%i) is refused with those that are', async (from, words) => {
    const log = await logOf(10)
    await log.prune(4)
    await expect(stretchesOf(log, [0], from, true)).rejects.toThrow(words)
  })

  test('of several partitions each that does not hold the offset is named', async () => {
    const log = createMemoryLog({ partitions: 3 })
    await append(log, 0, 2)
    await expect(stretchesOf(log, [0, 1, 2], 1, true)).rejects.toThrow(
      /partition \d holds no record, the next one is 0; partition \d holds no record, the next one is 0\.$/,
    )
  })
})

describe('a tail', () => {
  test('goes on by itself after the log was away, at the record where it was', async () => {
    const log = await logOf(5)
    let failures = 2
    const shaky: Log = {
      ...log,
      async *follow(partition, from, options) {
        for await (const records of log.follow(partition, from, { ...options, limit: 2 })) {
          if (from > 0 && failures-- > 0)
            throw new CodedError('log-unreachable', 'Kafka is away.', { retryable: true })
          yield records
          if (failures === 2) throw new CodedError('log-unreachable', 'Kafka is away.', { retryable: true })
        }
      },
    }
    const { offsets, said } = await tailed(shaky, { start: 0, count: 5 })
    expect(offsets).toEqual([0, 1, 2, 3, 4])
    expect(said).toEqual(['partition 0: Kafka is away. Trying again.', 'partition 0: goes on at record 2'])
  })

  test('ends with a failure that another try does not mend', async () => {
    const log: Log = {
      ...(await logOf(1)),
      async *follow() {
        yield []
        throw new CodedError('log-replaced', 'It is another log.')
      },
    }
    await expect(tailed(log, { start: 0, count: 1 })).rejects.toThrow('It is another log.')
  })

  test('names what retention dropped before it was read', async () => {
    const log = await logOf(300)
    const { offsets, said } = await tailed(log, {
      start: 0,
      count: 290,
      onTake: async (offset) => offset === 0 && (await log.prune(266)),
    })
    expect([offsets.at(0), offsets.at(255), offsets.at(256), offsets.at(-1)]).toEqual([0, 255, 266, 299])
    expect(said).toEqual([
      'partition 0: records 256 to 265 are skipped: retention dropped them before they were read',
    ])
  })

  test('sees that another log took the place of the one it reads, though nothing comes', async () => {
    let ms = 0
    const log = await logOf(0)
    const replaced: Log = {
      ...log,
      async *follow() {
        for (;;) yield []
      },
      extent: () => Promise.reject(new CodedError('log-replaced', 'It is another log.')),
    }
    const passing = { ...clock, monotonicMs: () => (ms += 4_000) }
    await expect(
      tail({
        log: replaced,
        stretch: { partition: 0, start: 0, end: null },
        clock: passing,
        signal: new AbortController().signal,
        take: async () => {},
        say: () => {},
      }),
    ).rejects.toThrow('It is another log.')
  })
})
