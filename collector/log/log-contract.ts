// What every log promises (core/log.ts), tested through the port alone: each backend runs this suite.
import { partitionOf } from '@barograph/proto'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Extent, Log, LogRecord, NewRecord } from '../core/log.ts'
import { startProcess } from '../testing-process.ts'
import type { LogModule } from './testing/appender.ts'
import { numberIn, recordOf } from './testing/records.ts'

export interface LogHarness extends LogModule {
  /** Makes room for an empty log and names the place. */
  create(): Promise<string>
  remove(location: string): Promise<void>
  /** A second opening that only reads. */
  openReader(location: string, partitions: number): Promise<Log>
  /** Path of a module that exports `openLog`, for other processes. */
  readonly module: string
}

const appender = new URL('./testing/appender.ts', import.meta.url).pathname
const partitions = 4

/** The first device name of a partition. */
const deviceIn = (partition: number): string => {
  for (let i = 0; ; i++) if (partitionOf(`device-${i}`, partitions) === partition) return `device-${i}`
}
const device = deviceIn(2)
const numbered = (count: number, from = 0) =>
  Array.from({ length: count }, (_, i) => recordOf(device, from + i))
const numbersOf = (records: readonly LogRecord[]) => records.map((record) => numberIn(record.value))
const offsetsOf = (records: readonly LogRecord[]) => records.map((record) => record.offset)

/** Registers the suite for one backend. */
export function describeLog(name: string, harness: LogHarness): void {
  let location: string
  let log: Log
  beforeEach(async () => {
    location = await harness.create()
    log = await harness.openLog(location, partitions)
  })
  afterEach(async () => {
    await log.close()
    await harness.remove(location)
  })
  const reopen = async () => {
    await log.close()
    log = await harness.openLog(location, partitions)
  }
  const startAppender = (of: string, count: number) =>
    startProcess(appender, [harness.module, location, String(partitions), of, String(count)])

  describe(`${name}: append and read`, () => {
    it('a record comes back as it was appended, after a restart too', async () => {
      const every: NewRecord[] = [
        { ...recordOf(device, 1), value: new Uint8Array([0, 255, 10]) },
        { ...recordOf(device, 2), kind: 'status', value: new Uint8Array(0) },
        {
          ...recordOf(device, 3),
          kind: 'refusal',
          quarantineAfterMs: -5,
          value: new Uint8Array(262_144).fill(7),
        },
      ]
      await log.append(every)
      const expected = every.map((record, offset) => ({ ...record, partition: 2, offset }))
      expect(await log.read(2, 0, 10)).toEqual(expected)
      await reopen()
      expect(await log.read(2, 0, 10)).toEqual(expected)
    })

    it('offsets count from 0 in each partition, in the order of the appends', async () => {
      const devices = [0, 1, 2, 3].map(deviceIn)
      const places = await log.append(devices.flatMap((each) => [recordOf(each, 0), recordOf(each, 1)]))
      expect(places).toEqual(
        [0, 1, 2, 3].flatMap((partition) => [0, 1].map((offset) => ({ partition, offset }))),
      )
      expect(await log.append([recordOf(device, 2)])).toEqual([{ partition: 2, offset: 2 }])
      expect(await log.append([])).toEqual([])
      expect(await log.extent(2)).toEqual({ first: 0, next: 3 })
      expect(numbersOf(await log.read(2, 1, 9))).toEqual([1, 2])
    })

    it('appends that run at once keep their order and their answers', async () => {
      const appends = Array.from({ length: 200 }, (_, i) => log.append(numbered(1 + (i % 3), 3 * i)))
      const places = (await Promise.all(appends)).flat()
      expect(places).toEqual(places.map((_, offset) => ({ partition: 2, offset })))
      const expected = Array.from({ length: 200 }, (_, i) => i).flatMap((i) =>
        [0, 1, 2].slice(0, 1 + (i % 3)).map((k) => 3 * i + k),
      )
      expect(numbersOf(await log.read(2, 0, 1000))).toEqual(expected)
    })

    it('a settings record goes into the partition that it names', async () => {
      const settings: NewRecord = { ...recordOf('', 1), kind: 'settings', partition: 3 }
      expect(await log.append([settings])).toEqual([{ partition: 3, offset: 0 }])
      expect(await log.read(3, 0, 1)).toEqual([{ ...settings, offset: 0 }])
    })

    it('a record for a partition that is not its own is a bug, and nothing of that append is kept', async () => {
      const wrong: NewRecord = { ...recordOf(device, 1), partition: 1 }
      await expect(log.append([recordOf(device, 0), wrong])).rejects.toThrow(RangeError)
      await expect(log.append([{ ...recordOf('', 1), kind: 'settings', partition: 4 }])).rejects.toThrow(
        RangeError,
      )
      expect(await log.extent(2)).toEqual({ first: 0, next: 0 })
    })

    it('reading is bounded by the limit and empty at the end', async () => {
      await log.append(numbered(5))
      expect(offsetsOf(await log.read(2, 1, 2))).toEqual([1, 2])
      expect(await log.read(2, 5, 2)).toEqual([])
      expect(await log.read(2, 99, 2)).toEqual([])
      expect(await log.read(1, 0, 2)).toEqual([])
    })

    it('any sequence of appends leaves in each partition what an array would hold', async () => {
      const appends = fc.array(fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 5 }), { maxLength: 12 })
      const property = fc.asyncProperty(appends, fc.integer({ min: 1, max: 7 }), async (devices, limit) => {
        const { model, found, extents } = await runAppends(harness, devices, limit)
        expect(found).toEqual(model)
        expect(extents).toEqual(model.map((records) => ({ first: 0, next: records.length })))
      })
      await fc.assert(property, { numRuns: 25 })
    })
  })

  describe(`${name}: identity`, () => {
    it('the identity stays over a restart and differs from every other log', async () => {
      const { id } = log
      await reopen()
      expect(log.id).toBe(id)
      expect(log.partitions).toBe(partitions)
      const elsewhere = await harness.create()
      const other = await harness.openLog(elsewhere, partitions)
      expect(other.id).not.toBe(id)
      await other.close()
      await harness.remove(elsewhere)
    })

    it('the hash before a position tells what the record there was', async () => {
      await log.append([recordOf(device, 1), recordOf(device, 2), recordOf(device, 2)])
      expect(await log.hashBefore(2, 0)).toBeNull()
      expect(await log.hashBefore(2, 4)).toBeNull()
      const hashes = await Promise.all([1, 2, 3].map((position) => log.hashBefore(2, position)))
      expect(new Set(hashes).size).toBe(3)
      expect(hashes).not.toContain(null)
      await reopen()
      expect(await Promise.all([1, 2, 3].map((position) => log.hashBefore(2, position)))).toEqual(hashes)
    })

    it('a log with other records has another hash at the same position', async () => {
      const elsewhere = await harness.create()
      const other = await harness.openLog(elsewhere, partitions)
      await log.append([recordOf(device, 1)])
      await other.append([recordOf(device, 2)])
      expect(await other.hashBefore(2, 1)).not.toBe(await log.hashBefore(2, 1))
      await other.close()
      await harness.remove(elsewhere)
    })
  })

  describe(`${name}: follow`, () => {
    it('a follower gets what is there, then what comes, each record once and in order', async () => {
      await log.append(numbered(5))
      const stop = new AbortController()
      const seen: number[] = []
      for await (const records of log.follow(2, 2, { signal: stop.signal, idleMs: 10_000, limit: 2 })) {
        expect(records.length).toBeLessThanOrEqual(2)
        seen.push(...offsetsOf(records))
        if (seen.length === 3) void log.append(numbered(4, 5))
        if (seen.length >= 7) stop.abort()
      }
      expect(seen).toEqual([2, 3, 4, 5, 6, 7, 8])
    })

    it('a follower from before the oldest record starts there', async () => {
      await log.append([recordOf(device, 0, 1_000), ...numbered(3, 1)])
      await log.prune(2_000)
      const stop = new AbortController()
      const seen: number[] = []
      for await (const records of log.follow(2, 0, { signal: stop.signal, idleMs: 10_000, limit: 2 })) {
        seen.push(...offsetsOf(records))
        if (seen.length >= 3) stop.abort()
      }
      expect(seen).toEqual([1, 2, 3])
    })

    it('an idle follower gets empty batches, and ends when told', async () => {
      const stop = new AbortController()
      let empty = 0
      for await (const records of log.follow(0, 0, { signal: stop.signal, idleMs: 5, limit: 9 })) {
        expect(records).toEqual([])
        if (++empty === 3) stop.abort()
      }
      expect(empty).toBe(3)
    })

    it('a follower that waits ends when it is told and when the log closes', async () => {
      const stop = new AbortController()
      const follow = async (signal: AbortSignal) => {
        let batches = 0
        for await (const _ of log.follow(0, 0, { signal, idleMs: 60_000, limit: 9 })) batches++
        return batches
      }
      const [told, closed] = [follow(stop.signal), follow(new AbortController().signal)]
      stop.abort()
      expect(await told).toBe(0)
      await log.close()
      expect(await closed).toBe(0)
    })

    it('a reader sees what another process appends', async () => {
      const reader = await harness.openReader(location, partitions)
      const other = startAppender(device, 60)
      const stop = new AbortController()
      const seen: LogRecord[] = []
      for await (const records of reader.follow(2, 0, { signal: stop.signal, idleMs: 1000, limit: 7 })) {
        seen.push(...records)
        if (seen.length === 60) stop.abort()
      }
      await other.ended()
      expect(offsetsOf(seen)).toEqual(Array.from({ length: 60 }, (_, i) => i))
      expect(new Set(numbersOf(seen)).size).toBe(60)
      await reader.close()
    })
  })

  describe(`${name}: retention`, () => {
    it('old records go, offsets do not move and are never used again', async () => {
      await log.append([...numbered(700), recordOf(device, 700, 1_700_000_000_500)])
      await log.append([recordOf(deviceIn(1), 1, 1_700_000_000_999)])
      expect(await log.prune(1_700_000_000_500)).toBe(700)
      expect(await log.extent(2)).toEqual({ first: 700, next: 701 })
      expect(offsetsOf(await log.read(2, 0, 5))).toEqual([700])
      expect(await log.hashBefore(2, 700)).toBeNull()
      expect(await log.hashBefore(2, 701)).not.toBeNull()
      expect(await log.prune(1_700_000_000_501)).toBe(1)
      expect(await log.extent(2)).toEqual({ first: 701, next: 701 })
      expect(await log.extent(1)).toEqual({ first: 0, next: 1 })
      await reopen()
      expect(await log.append([recordOf(device, 701)])).toEqual([{ partition: 2, offset: 701 }])
    })

    it('a record younger than its successors keeps them: no hole inside a partition', async () => {
      const [young, old] = [2_000, 1_000]
      await log.append([recordOf(device, 0, old), recordOf(device, 1, young), recordOf(device, 2, old)])
      expect(await log.prune(1_500)).toBe(1)
      expect(offsetsOf(await log.read(2, 0, 9))).toEqual([1, 2])
    })

    it('appends go on while old records are dropped', async () => {
      await log.append(numbered(3000))
      const pruning = log.prune(1_700_000_000_001)
      const places = await log.append([recordOf(device, 3000, 1_800_000_000_000)])
      expect(places).toEqual([{ partition: 2, offset: 3000 }])
      expect((await log.extent(2)).first).toBeLessThan(3000)
      expect(await pruning).toBe(3000)
      expect(await log.extent(2)).toEqual({ first: 3000, next: 3001 })
    })
  })

  describe(`${name}: several processes`, () => {
    it('everything acknowledged is there after kill -9', async () => {
      for (let round = 1; round <= 3; round++) {
        const other = startAppender(device, 0)
        await other.printed(100 * round)
        await other.kill()
        const { next } = await log.extent(2)
        const kept = new Map(
          (await log.read(2, 0, next)).map((record) => [record.offset, numberIn(record.value)]),
        )
        expect([...kept.keys()]).toEqual(Array.from({ length: next }, (_, i) => i))
        // The last line may be cut short by the kill.
        for (const line of other.lines.filter((text) => /^\d+ \d+ \d+$/.test(text)).slice(0, -1)) {
          const [, offset, number] = line.split(' ').map(Number)
          expect(kept.get(offset ?? -1)).toBe(number)
        }
      }
    })

    it('two processes append at once: every record once, offsets without a hole', async () => {
      const both = [startAppender(device, 150), startAppender(device, 150)]
      await Promise.all(both.map((other) => other.ended()))
      const records = await log.read(2, 0, 1000)
      expect(offsetsOf(records)).toEqual(Array.from({ length: 300 }, (_, i) => i))
      const acknowledged = both.flatMap((other) => other.lines.map((line) => line.split(' ').map(Number)))
      expect(acknowledged).toHaveLength(300)
      for (const [, offset, number] of acknowledged) expect(numbersOf(records)[offset ?? -1]).toBe(number)
    })
  })
}

/** Appends at once to an empty log and to arrays, then reads every partition in pages. */
async function runAppends(
  harness: LogHarness,
  appends: readonly (readonly number[])[],
  limit: number,
): Promise<{ model: LogRecord[][]; found: LogRecord[][]; extents: Extent[] }> {
  const location = await harness.create()
  const log = await harness.openLog(location, partitions)
  const model: LogRecord[][] = Array.from({ length: partitions }, () => [])
  let number = 0
  const running = appends.map((devices) => {
    const records = devices.map((each) => recordOf(`device-${each}`, number++))
    for (const record of records) {
      const partition = partitionOf(record.device, partitions)
      const kept = model[partition] ?? []
      kept.push({ ...record, partition, offset: kept.length })
    }
    return log.append(records)
  })
  await Promise.all(running)
  const found: LogRecord[][] = []
  const extents: Extent[] = []
  for (let partition = 0; partition < partitions; partition++) {
    const records: LogRecord[] = []
    for (let more = true; more; ) {
      const page = await log.read(partition, records.length, limit)
      records.push(...page)
      more = page.length > 0
    }
    found.push(records)
    extents.push(await log.extent(partition))
  }
  await log.close()
  await harness.remove(location)
  return { model, found, extents }
}
