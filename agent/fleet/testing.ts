import {
  type Batch,
  CodedError,
  decodeBatch,
  emptySet,
  encodeReceipt,
  type Lost,
  rangeOf,
  type RangeSet,
  union,
} from '@barograph/proto'
import type { Uplink, UplinkListener } from '../core/uplink.ts'

/** One reading as it arrived. */
export interface ArrivedReading {
  readonly seq: number
  readonly timeMs: number
  readonly values: Readonly<Record<string, number>>
}

/** A collector in memory at the other end of an uplink: stores each number once and confirms at once. */
export interface FakeCollector extends Uplink {
  readonly readings: Map<number, ArrivedReading>
  readonly lost: Lost[]
  /** Readings that came again. */
  repeats: number
  /** While true, nothing is answered. */
  silent: boolean
}

/** For one device, which speaks of one stream. */
export function createFakeCollector(): FakeCollector {
  let listener: UplinkListener | null = null
  let stored: RangeSet = emptySet
  let lostSet: RangeSet = emptySet

  function store(batch: Batch): void {
    for (const run of batch.runs) {
      const marks = new Set(run.marks.map(({ index }) => index))
      run.times.forEach((timeMs, i) => {
        const seq = run.firstSeq + i
        stored = union(stored, rangeOf(seq, seq))
        if (marks.has(i)) return
        if (self.readings.has(seq)) self.repeats += 1
        const values = Object.fromEntries(
          run.columns.map(({ metric, values: column }) => [metric.name, column[i] ?? Number.NaN]),
        )
        self.readings.set(seq, { seq, timeMs, values })
      })
    }
    for (const lost of batch.lost) {
      self.lost.push(lost)
      lostSet = union(lostSet, rangeOf(lost.firstSeq, lost.lastSeq))
    }
  }

  function answer(batch: Batch): void {
    const named = [...batch.runs, ...batch.lost, ...(batch.hello ?? [])]
    const streams = named.slice(0, 1).map(({ sensor, epoch }) => ({
      sensor,
      epoch,
      logged: stored,
      stored,
      lost: lostSet,
      refused: [],
      ended: 0,
    }))
    const receipt = { collectorTime: 0, siteVersion: batch.site?.version ?? batch.siteVersion, streams }
    listener?.received(encodeReceipt(receipt))
  }

  const self: FakeCollector = {
    readings: new Map(),
    lost: [],
    repeats: 0,
    silent: false,
    start(given) {
      listener = given
      given.connected()
    },
    async send(bytes) {
      if (self.silent) throw new CodedError('offline', 'nobody there', { retryable: true })
      const batch = decodeBatch(bytes)
      store(batch)
      // An answer comes after the acknowledgement.
      setTimeout(() => answer(batch), 0)
    },
    async sendStatus() {},
    async close() {},
  }
  return self
}
