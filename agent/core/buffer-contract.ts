import { customMetric, hasAll, intersect, type Metric, metricByName, rangeOf, sizeOf } from '@barograph/proto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Buffer, BufferedStream, Entry, Settlement } from './buffer.ts'
import { createFakeClock, type FakeClock } from './fake-clock.ts'

/** One place to keep a buffer in, opened again and again. */
export interface BufferHarness {
  open(options: {
    clock: FakeClock
    epoch: string
    site?: string
    whenFull?: 'thin' | 'drop-oldest' | 'stop'
    maxMb?: number
  }): Buffer
  /** Ends the buffer as a killed process would: nothing more is committed. */
  kill(buffer: Buffer): void
  /** What the collector refused, as the ledger has it. */
  refusals(): { sensor: string; firstSeq: number; lastSeq: number; reason: string }[]
  cleanUp(): void
}

export const epochs = ['00000000000000aa', '00000000000000bb', '00000000000000cc'] as const
const temperature = metricByName('temperature') as Metric
const commitMs = 200

/** A reading of one temperature, thousandths of degC. */
export function reading(time: number, thousandths = 20_000): Entry {
  return { time, monotonicMs: 5, values: [{ metric: temperature, thousandths, flag: 0 }], mark: null }
}

const nothing = { stored: [], refused: [], lost: [], ended: 0 }

/** A settlement that says only what is given. */
export const settlement = (sensor: string, epoch: string, parts: Partial<Settlement>): Settlement => ({
  sensor,
  epoch,
  ...nothing,
  ...parts,
})

/** The promises of the buffer port, for every implementation. */
export function testBuffer(name: string, makeHarness: () => BufferHarness): void {
  describe(`${name} keeps the buffer's promises`, () => {
    let harness: BufferHarness
    let clock: FakeClock
    beforeEach(() => {
      harness = makeHarness()
      clock = createFakeClock()
    })
    afterEach(() => harness.cleanUp())

    const open = (epoch: string = epochs[0], more: object = {}): Buffer => {
      const buffer = harness.open({ clock, epoch, ...more })
      buffer.register('attic', { intervalMs: 1_000, historical: false })
      return buffer
    }
    const streamOf = (buffer: Buffer, epoch: string = epochs[0], sensor = 'attic'): BufferedStream => {
      const stream = buffer.streams().find((one) => one.epoch === epoch && one.sensor === sensor)
      if (!stream) throw new Error(`no stream ${sensor} ${epoch}`)
      return stream
    }
    const fill = async (buffer: Buffer, count: number, sensor = 'attic'): Promise<void> => {
      const entries = Array.from({ length: count }, (_, i) => ({
        ...reading(1_000 * i, i),
        monotonicMs: clock.monotonicMs(),
      }))
      await Promise.all([buffer.accept({ sensor, entries }), clock.pass(commitMs)])
    }

    test('accept resolves after the commit, and nothing can be read before it', async () => {
      const buffer = open()
      const seen: number[][] = []
      buffer.subscribe({
        committed: (_, first, last) => seen.push([first, last]),
        dropped() {},
        troubled() {},
      })
      let done = false
      const taken = buffer.accept({ sensor: 'attic', entries: [reading(1)] }).then(() => {
        done = true
      })
      await clock.pass(commitMs - 1)
      expect(done).toBe(false)
      expect(buffer.streams()).toEqual([])
      expect(seen).toEqual([])
      await clock.pass(1)
      await taken
      expect(streamOf(buffer).rows).toEqual([1, 1])
      expect(seen).toEqual([[1, 1]])
      await buffer.close()
    })

    test('entries come back as they were: values, flags, custom metrics, marks', async () => {
      const buffer = open()
      const volts = customMetric('panelVoltage', 'V', 'level')
      const entries: Entry[] = [
        { time: 7, monotonicMs: 3, values: [], mark: { kind: 'start', code: '', detail: '' } },
        {
          time: -62_000_000_000_000,
          monotonicMs: 4,
          values: [
            { metric: temperature, thousandths: -40_123, flag: 0 },
            { metric: volts, thousandths: 2 ** 39 + 1, flag: 129 },
          ],
          mark: null,
        },
        {
          time: 9,
          monotonicMs: 5,
          values: [],
          mark: { kind: 'fault', code: 'no-answer', detail: 'a: b\nc' },
        },
        { time: 10, monotonicMs: 6, values: [], mark: null },
      ]
      const taken = buffer.accept({ sensor: 'attic', entries })
      await clock.pass(commitMs)
      await taken
      const expected = entries.map((entry, i) => ({ ...entry, seq: i + 1 }))
      expect(buffer.read(streamOf(buffer), 1, 4)).toEqual(expected)
      await buffer.close()
      const again = open(epochs[1])
      expect(again.read(streamOf(again), 1, 4)).toEqual(expected)
      await again.close()
    })

    test('numbers of each sensor run from 1 in the order of the calls', async () => {
      const buffer = open()
      await fill(buffer, 2)
      await fill(buffer, 3)
      await fill(buffer, 1, 'shed')
      expect(streamOf(buffer)).toMatchObject({
        lastSeq: 5,
        rows: [1, 5],
        intervalMs: 1_000,
        historical: false,
      })
      expect(streamOf(buffer, epochs[0], 'shed')).toMatchObject({ lastSeq: 1, rows: [1, 1] })
      expect(buffer.read(streamOf(buffer), 3, 5).map(({ values }) => values[0]?.thousandths)).toEqual([
        0, 1, 2,
      ])
      await buffer.close()
    })

    test('a position is what was committed last, also without entries, also after a restart', async () => {
      const buffer = open()
      expect(buffer.position('attic')).toBe(null)
      const first = buffer.accept({ sensor: 'attic', entries: [reading(1)], position: { row: 1 } })
      expect(buffer.position('attic')).toBe(null)
      await clock.pass(commitMs)
      await first
      const second = buffer.accept({ sensor: 'attic', entries: [], position: { row: [2, null, 'x'] } })
      await clock.pass(commitMs)
      await second
      expect(buffer.position('attic')).toEqual({ row: [2, null, 'x'] })
      harness.kill(buffer)
      const again = open(epochs[1])
      expect(again.position('attic')).toEqual({ row: [2, null, 'x'] })
      await again.close()
    })

    test('a kill loses what was not committed, and nothing else, positions included', async () => {
      const buffer = open()
      await fill(buffer, 3)
      buffer.accept({ sensor: 'attic', entries: [reading(9)], position: 'beyond' }).catch(() => {})
      harness.kill(buffer)
      const again = open(epochs[1])
      expect(streamOf(again)).toMatchObject({ rows: [1, 3], lastSeq: 3, endPending: true })
      expect(again.position('attic')).toBe(null)
      await again.close()
    })

    test('older epochs keep their names, and their ends are declared until the collector has them', async () => {
      const buffer = open()
      await fill(buffer, 4)
      expect(streamOf(buffer).endPending).toBe(false)
      harness.kill(buffer)
      const next = open(epochs[1])
      await fill(next, 1)
      expect(streamOf(next)).toMatchObject({ epoch: epochs[0], rows: [1, 4], endPending: true })
      expect(streamOf(next, epochs[1])).toMatchObject({ rows: [1, 1], endPending: false })
      next.settle(settlement('attic', epochs[0], { stored: [1, 4] }))
      next.settle(settlement('attic', epochs[0], { ended: 3 }))
      expect(streamOf(next)).toMatchObject({ rows: [], endPending: true })
      await next.close()
      const last = open(epochs[2])
      expect(streamOf(last)).toMatchObject({ rows: [], lastSeq: 4, endPending: true })
      last.settle(settlement('attic', epochs[0], { ended: 5 }))
      await clock.pass(commitMs)
      expect(last.streams().map(({ epoch }) => epoch)).toEqual([epochs[1]])
      await last.close()
    })

    test('the end of a run is settled when the collector knows a later one: this is a restored copy', async () => {
      const buffer = open()
      await fill(buffer, 4)
      harness.kill(buffer)
      const copy = open(epochs[1])
      copy.settle(settlement('attic', epochs[0], { stored: [1, 9], ended: 10 }))
      await clock.pass(commitMs)
      expect(copy.streams()).toEqual([])
      await copy.close()
    })

    test('a row goes when stored or refused, and only then', async () => {
      const buffer = open()
      await fill(buffer, 10)
      buffer.settle(settlement('attic', epochs[0], { stored: [2, 3, 9, 400] }))
      buffer.settle(
        settlement('attic', epochs[0], {
          refused: [{ firstSeq: 3, lastSeq: 5, reason: 'too old' }],
        }),
      )
      buffer.settle(settlement('attic', epochs[2], { stored: [1, 10] }))
      buffer.settle(settlement('shed', epochs[0], { stored: [1, 10] }))
      expect(streamOf(buffer).rows).toEqual([1, 1, 6, 8])
      await buffer.close()
      const again = open(epochs[1])
      expect(streamOf(again).rows).toEqual([1, 1, 6, 8])
      expect(again.read(streamOf(again), 6, 8).map(({ seq }) => seq)).toEqual([6, 7, 8])
      await again.close()
      expect(harness.refusals()).toEqual([
        expect.objectContaining({ sensor: 'attic', firstSeq: 4, lastSeq: 5, reason: 'too old' }),
      ])
    })

    test('a settlement that a kill undid takes effect when it comes again', async () => {
      const buffer = open()
      await fill(buffer, 2)
      buffer.settle(settlement('attic', epochs[0], { stored: [1, 2] }))
      harness.kill(buffer)
      const again = open(epochs[1])
      expect(streamOf(again).rows).toEqual([1, 2])
      again.settle(settlement('attic', epochs[0], { stored: [1, 2] }))
      await again.close()
      const last = open(epochs[2])
      expect(streamOf(last).rows).toEqual([])
      await last.close()
    })

    test('full, it drops the oldest rows and declares them lost until that is stored', async () => {
      const buffer = open(epochs[0], { maxMb: 1 })
      const drops: string[] = []
      buffer.subscribe({ committed() {}, dropped: ({ sensor }) => drops.push(sensor), troubled() {} })
      for (let i = 0; i < 100; i++) await fill(buffer, 500)
      const { lost, rows, lastSeq } = streamOf(buffer)
      expect(lastSeq).toBe(50_000)
      expect(drops.length).toBeGreaterThan(0)
      expect(lost).toHaveLength(1)
      expect(lost[0]).toMatchObject({ firstSeq: 1, cause: 'buffer full' })
      const dropped = lost[0]?.lastSeq ?? 0
      // Every number is either still there or declared.
      expect(rows).toEqual([dropped + 1, 50_000])
      await buffer.close()
      const again = open(epochs[1], { maxMb: 1 })
      expect(streamOf(again).lost).toEqual([{ firstSeq: 1, lastSeq: dropped, cause: 'buffer full' }])
      // The first hundred had arrived after all; the rest of the loss is stored.
      again.settle(
        settlement('attic', epochs[0], { stored: rangeOf(1, 100), lost: rangeOf(101, dropped - 1) }),
      )
      expect(streamOf(again).lost).toEqual([{ firstSeq: dropped, lastSeq: dropped, cause: 'buffer full' }])
      await again.close()
      const last = open(epochs[2], { maxMb: 1 })
      expect(streamOf(last).lost).toEqual([{ firstSeq: dropped, lastSeq: dropped, cause: 'buffer full' }])
      await last.close()
    })

    test('full and told to stop, it takes nothing, says so once, and goes on when there is room', async () => {
      const buffer = open(epochs[0], { maxMb: 1, whenFull: 'stop' })
      const troubles: (string | null)[] = []
      buffer.subscribe({
        committed() {},
        dropped() {},
        troubled: (trouble) => troubles.push(trouble?.code ?? null),
      })
      let rejected = 0
      for (let i = 0; i < 100; i++) await fill(buffer, 500).catch(() => rejected++)
      expect(rejected).toBeGreaterThan(10)
      expect(troubles).toEqual(['buffer-full'])
      await expect(buffer.accept({ sensor: 'attic', entries: [reading(1)] })).rejects.toMatchObject({
        code: 'buffer-full',
        retryable: true,
      })
      const { rows, lost, lastSeq } = streamOf(buffer)
      expect(rows).toEqual([1, lastSeq])
      expect(lost).toEqual([])
      buffer.settle(settlement('attic', epochs[0], { stored: rows }))
      await clock.pass(commitMs)
      expect(troubles).toEqual(['buffer-full', null])
      await fill(buffer, 1)
      expect(streamOf(buffer).rows).toEqual([lastSeq + 1, lastSeq + 1])
      await buffer.close()
    })

    /** A reading each second from the start of a minute on; a fault at the numbers that `isFault` names. */
    const sample = async (
      buffer: Buffer,
      from: number,
      count: number,
      isFault = (_seq: number) => false,
    ): Promise<void> => {
      const entries = Array.from({ length: count }, (_, i): Entry => {
        const seq = from + i
        const time = 1_763_700_000_000 + 1_000 * (seq - 1)
        if (!isFault(seq)) return { ...reading(time, seq), monotonicMs: clock.monotonicMs() }
        return {
          time,
          monotonicMs: 5,
          values: [],
          mark: { kind: 'fault', code: 'no-answer', detail: 'x'.repeat(150) },
        }
      })
      await Promise.all([buffer.accept({ sensor: 'attic', entries }), clock.pass(commitMs)])
    }
    /** Everything that a stream holds or has declared, as numbers: disjoint, and all of them. */
    const accountedFor = ({ rows, thinned, lost }: BufferedStream): number =>
      sizeOf(rows) + sizeOf(thinned) + lost.reduce((sum, one) => sum + one.lastSeq - one.firstSeq + 1, 0)

    test('full and told to thin, it condenses whole minutes that were never sent, oldest first', async () => {
      const buffer = open(epochs[0], { maxMb: 0.304, whenFull: 'thin' })
      const troubles: (string | null)[] = []
      buffer.subscribe({
        committed() {},
        dropped() {},
        troubled: (trouble) => troubles.push(trouble?.detail ?? null),
      })
      // Minutes 10 and 20 hold a fault: they stay as they are.
      const isFault = (seq: number): boolean => seq === 10 * 60 + 7 || seq === 20 * 60 + 60
      for (let i = 0; i < 30; i++) await sample(buffer, 1 + 600 * i, 600, isFault)
      await clock.pass(1_000)
      const stream = streamOf(buffer)
      expect(stream).toMatchObject({ lastSeq: 18_000, lost: [], sent: [] })
      expect(accountedFor(stream)).toBe(18_000)
      expect(stream.rows.slice(0, 4)).toEqual([601, 660, 1201, 1260])
      expect(stream.thinned[0]).toBe(1)
      expect(sizeOf(stream.thinned) % 60).toBe(0)
      expect(sizeOf(stream.thinned)).toBeGreaterThan(5_000)
      const summary = buffer.readSummary(stream, 300)
      expect(summary).toMatchObject({ sensor: 'attic', epoch: epochs[0], firstSeq: 1, lastSeq: 600 })
      expect(summary?.minutes).toHaveLength(10)
      expect(summary?.minutes[1]).toMatchObject({
        start: 1_763_700_060_000,
        received: 60,
        figures: [{ count: 60, flagged: 0, sum: 30 * 181, min: 61, max: 120, lastAt: 1_763_700_119_000 }],
      })
      expect(buffer.readSummary(stream, 601)).toBe(null)
      expect(troubles).toEqual([expect.stringContaining('the oldest readings are condensed into minutes')])
      await buffer.close()
    })

    test('what was marked as sent is never condensed: it is dropped and declared when nothing else helps', async () => {
      const buffer = open(epochs[0], { maxMb: 0.304, whenFull: 'thin' })
      for (let i = 0; i < 6; i++) await sample(buffer, 1 + 600 * i, 600)
      buffer.markSent(streamOf(buffer), [1, 90, 3_000, 3_000])
      for (let i = 6; i < 30; i++) await sample(buffer, 1 + 600 * i, 600)
      await clock.pass(1_000)
      const stream = streamOf(buffer)
      expect(accountedFor(stream)).toBe(18_000)
      expect(stream.lost).toEqual([])
      // Minutes 1, 2 and 50 hold something that was sent: only whole minutes are condensed.
      expect(stream.rows.slice(0, 4)).toEqual([1, 120, 2_941, 3_000])
      buffer.markSent(stream, [1, 18_000])
      for (let i = 30; i < 60; i++) {
        await sample(buffer, 1 + 600 * i, 600)
        buffer.markSent(stream, [1, 600 * (i + 1)])
      }
      await clock.pass(1_000)
      expect(accountedFor(stream)).toBe(36_000)
      expect(stream.lost).toHaveLength(1)
      expect(stream.lost[0]).toMatchObject({ firstSeq: 1, cause: 'buffer full' })
      expect(buffer.trouble?.detail).toContain('dropped and declared lost')
      await buffer.close()
    })

    test('summaries survive a kill, and go when all their numbers are settled', async () => {
      const buffer = open(epochs[0], { maxMb: 0.304, whenFull: 'thin' })
      const isFault = (seq: number): boolean => seq === 10 * 60 + 7
      for (let i = 0; i < 30; i++) await sample(buffer, 1 + 600 * i, 600, isFault)
      await clock.pass(1_000)
      const before = { ...streamOf(buffer) }
      const summary = buffer.readSummary(streamOf(buffer), 1)
      harness.kill(buffer)
      const next = open(epochs[1], { maxMb: 0.304, whenFull: 'thin' })
      expect(streamOf(next)).toMatchObject({ rows: before.rows, thinned: before.thinned, lost: [] })
      expect(next.readSummary(streamOf(next), 1)).toEqual(summary)
      next.settle(settlement('attic', epochs[0], { stored: [1, 599] }))
      expect(streamOf(next).thinned[0]).toBe(600)
      await next.close()
      // One number of it is not settled: it is still there, whole.
      const again = open(epochs[2], { maxMb: 0.304, whenFull: 'thin' })
      expect(streamOf(again).thinned[0]).toBe(1)
      const refused = [{ firstSeq: 600, lastSeq: 600, reason: 'overlap' }]
      again.settle(settlement('attic', epochs[0], { stored: [1, 599], refused }))
      expect(streamOf(again).thinned[0]).toBe(661)
      await again.close()
      expect(harness.refusals()).toEqual([
        expect.objectContaining({ firstSeq: 600, lastSeq: 600, reason: 'overlap' }),
      ])
      const last = open(epochs[1], { maxMb: 0.304, whenFull: 'thin' })
      expect(streamOf(last).thinned[0]).toBe(661)
      const { lastSeq } = streamOf(last)
      last.settle(settlement('attic', epochs[0], { stored: [1, lastSeq], ended: lastSeq + 1 }))
      await clock.pass(commitMs)
      expect(last.streams()).toEqual([])
      await last.close()
    })

    test('entries are marked as sent with the commit that accepts them while they are live, and only then', async () => {
      const buffer = open()
      await sample(buffer, 1, 100)
      expect(streamOf(buffer).sent).toEqual([])
      buffer.markLive(true)
      await sample(buffer, 101, 100)
      expect(intersect(streamOf(buffer).sent, [1, 200])).toEqual([101, 200])
      buffer.markLive(false)
      await sample(buffer, 201, 100)
      expect(streamOf(buffer).sent).toEqual([101, 200])
      buffer.markSent(streamOf(buffer), [5, 9])
      harness.kill(buffer)
      const again = open(epochs[1])
      expect(streamOf(again).sent).toEqual([5, 9, 101, 200])
      await again.close()
    })

    test('rows that are too old are declared lost; a wall clock that is set expires nothing', async () => {
      const buffer = open()
      await fill(buffer, 2)
      clock.step(400 * 86_400_000)
      await clock.pass(120_000)
      expect(streamOf(buffer)).toMatchObject({ rows: [1, 2], lost: [] })
      clock.stall(89 * 86_400_000)
      await fill(buffer, 1)
      expect(streamOf(buffer).rows).toEqual([1, 3])
      clock.stall(2 * 86_400_000)
      await clock.pass(120_000)
      expect(streamOf(buffer)).toMatchObject({
        rows: [3, 3],
        lost: [{ firstSeq: 1, lastSeq: 2, cause: 'expired' }],
      })
      await buffer.close()
    })

    test('another site is another version, valid from now; the first one is valid for ever back', async () => {
      const first = open(epochs[0], { site: 'here' })
      expect(first.site).toMatchObject({
        version: Math.floor(clock.now() / 1000),
        validFrom: -62_135_596_800_000,
        confirmed: false,
      })
      first.confirmSite(first.site.version)
      await first.close()
      const same = open(epochs[1], { site: 'here' })
      expect(same.site).toMatchObject({ version: first.site.version, confirmed: true })
      await same.close()
      const moved = open(epochs[2], { site: 'there' })
      expect(moved.site).toMatchObject({ validFrom: clock.now(), confirmed: false })
      expect(moved.site.version).toBeGreaterThan(first.site.version)
      moved.confirmSite(first.site.version)
      expect(moved.site.confirmed).toBe(false)
      await moved.close()
    })

    test('closing commits what waits; afterwards nothing is taken', async () => {
      const buffer = open()
      const taken = buffer.accept({ sensor: 'attic', entries: [reading(1)] })
      await buffer.close()
      await taken
      await expect(buffer.accept({ sensor: 'attic', entries: [reading(2)] })).rejects.toMatchObject({
        code: 'buffer-closed',
      })
      const again = open(epochs[1])
      expect(hasAll(streamOf(again).rows, 1, 1)).toBe(true)
      await again.close()
    })
  })
}
