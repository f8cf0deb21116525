import { addRange, type Epoch, emptySet, intersect, pairs, rangeOf, subtract, union } from '@barograph/proto'
import type { LostRange, Settlement } from '../../core/buffer.ts'
import type { Clock } from '../../core/clock.ts'
import type { Streams } from '../streams.ts'
import { type Tables, withoutSettled } from '../tables.ts'

export type Settlements = ReturnType<typeof createSettlements>

/** What the collector has settled: it counts at once in memory, and waits here for the file. */
export function createSettlements(options: {
  readonly epoch: Epoch
  readonly tables: Tables
  readonly streams: Streams
  readonly clock: Clock
}) {
  const { epoch, tables, streams, clock } = options
  let waiting: Settlement[] = []

  /** True: that is news, to be committed. */
  function settle(settlement: Settlement): boolean {
    const stream = streams.get(settlement)
    if (!stream) return false
    const stored = intersect(settlement.stored, stream.rows)
    let rows = subtract(stream.rows, stored)
    let refusedNumbers = emptySet
    const refused = settlement.refused.flatMap(({ firstSeq, lastSeq, reason }) => {
      const set = intersect(rangeOf(firstSeq, lastSeq), rows)
      rows = subtract(rows, set)
      refusedNumbers = union(refusedNumbers, rangeOf(firstSeq, lastSeq))
      return [...pairs(set)].map(([first, last]) => ({ firstSeq: first, lastSeq: last, reason }))
    })
    stream.rows = rows
    // A loss is accounted for when declared, and also when the number came after all.
    const accounted = union(union(settlement.lost, settlement.stored), refusedNumbers)
    const lost = withoutSettled(stream.lost, accounted)
    // More than ours: this file was restored from a copy, and the run went on further than the copy knows.
    const ends = stream.endPending && settlement.ended > stream.lastSeq
    if (stored.length === 0 && refused.length === 0 && !ends && sameLost(lost, stream.lost)) return false
    stream.lost = lost
    if (ends) stream.endPending = false
    waiting.push({ ...settlement, stored, refused })
    return true
  }

  function writeOne(settlement: Settlement): void {
    const stream = streams.get(settlement)
    if (!stream) return
    let gone = settlement.stored
    for (const range of settlement.refused) {
      gone = addRange(gone, range.firstSeq, range.lastSeq)
      tables.addRefused(stream, range, clock.now())
    }
    tables.remove(stream.id, gone)
    tables.setLost(stream.id, stream.lost)
    if (!stream.endPending && stream.epoch !== epoch) tables.setEnded(stream.id)
    if (streams.isDone(stream)) tables.deleteStream(stream.id)
  }

  return {
    isEmpty: (): boolean => waiting.length === 0,
    settle,
    /** Inside the transaction: everything that waits. */
    write(): void {
      for (const settlement of waiting) writeOne(settlement)
    },
    committed(): void {
      waiting = []
    },
  }
}

const sameLost = (a: readonly LostRange[], b: readonly LostRange[]): boolean =>
  a.length === b.length &&
  a.every((range, i) => range.firstSeq === b[i]?.firstSeq && range.lastSeq === b[i]?.lastSeq)
