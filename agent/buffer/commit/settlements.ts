import {
  addRange,
  type Epoch,
  emptySet,
  intersect,
  pairs,
  type RangeSet,
  rangeOf,
  sizeOf,
  subtract,
  union,
} from '@barograph/proto'
import type { LostRange, Settlement } from '../../core/buffer.ts'
import type { Clock } from '../../core/clock.ts'
import type { Streams } from '../streams.ts'
import type { SummaryRange } from '../summary-table.ts'
import { withoutSettled } from '../lost-ranges.ts'
import type { StreamState } from '../stream-table.ts'
import type { Tables } from '../tables.ts'

export type Settlements = ReturnType<typeof createSettlements>

/** What the collector has settled: it counts at once in memory, and waits here for the file. */
export function createSettlements(options: {
  readonly epoch: Epoch
  readonly tables: Tables
  readonly streams: Streams
  readonly clock: Clock
}) {
  const { epoch, tables, streams, clock } = options
  let waiting: (Settlement & { readonly summaries: readonly SummaryRange[] })[] = []

  /** True: that is news, to be committed. */
  function settle(settlement: Settlement): boolean {
    const stream = streams.get(settlement)
    if (!stream) return false
    const stored = intersect(settlement.stored, stream.rows)
    const storedThinned = intersect(settlement.stored, stream.thinned)
    let rows = subtract(stream.rows, stored)
    let thinned = subtract(stream.thinned, storedThinned)
    let refusedNumbers = emptySet
    const refused = settlement.refused.flatMap(({ firstSeq, lastSeq, reason }) => {
      const set = intersect(rangeOf(firstSeq, lastSeq), union(rows, thinned))
      rows = subtract(rows, set)
      thinned = subtract(thinned, set)
      refusedNumbers = union(refusedNumbers, rangeOf(firstSeq, lastSeq))
      return [...pairs(set)].map(([first, last]) => ({ firstSeq: first, lastSeq: last, reason }))
    })
    const untakeable = untakeableOf(stream, thinned, settlement.lost)
    thinned = subtract(thinned, untakeable)
    stream.rows = rows
    const isThinned = thinned !== stream.thinned
    stream.thinned = thinned
    // A loss is accounted for when declared, and also when the number came after all.
    const accounted = union(union(settlement.lost, settlement.stored), refusedNumbers)
    const lost = withoutSettled(stream.lost, accounted)
    // More than ours: this file was restored from a copy, and the run went on further than the copy knows.
    const ends = stream.endPending && settlement.ended > stream.lastSeq
    const isNews = stored.length + storedThinned.length + refused.length + untakeable.length > 0 || ends
    if (!isNews && sameLost(lost, stream.lost)) return false
    stream.lost = lost
    if (ends) stream.endPending = false
    // A summary goes when the last of its numbers is settled; until then the rest of them is told again after a restart.
    const summaries = isThinned ? stream.summaries.filter((one) => isSettled(stream, one)) : []
    stream.summaries = stream.summaries.filter((one) => !summaries.includes(one))
    waiting.push({ ...settlement, stored, refused, summaries })
    return true
  }

  function writeOne(settlement: (typeof waiting)[number]): void {
    const stream = streams.get(settlement)
    if (!stream) return
    let gone = settlement.stored
    for (const range of settlement.refused) {
      gone = addRange(gone, range.firstSeq, range.lastSeq)
      tables.addRefused(stream, range, clock.now())
    }
    tables.remove(stream.id, gone)
    tables.removeSummaries(stream.id, settlement.summaries)
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

/**
 * Numbers of summaries that the collector will not take: a part of the summary is settled, and it takes a whole one or
 * none. It knows the rest as lost, declared by a copy of this buffer, and so does not refuse it.
 */
function untakeableOf({ summaries }: StreamState, thinned: RangeSet, lost: RangeSet): RangeSet {
  if (intersect(thinned, lost).length === 0) return emptySet
  return summaries.reduce((untakeable, { firstSeq, lastSeq }) => {
    const left = intersect(thinned, rangeOf(firstSeq, lastSeq))
    const isPart = left.length > 0 && sizeOf(left) < lastSeq - firstSeq + 1
    return isPart && subtract(left, lost).length === 0 ? union(untakeable, left) : untakeable
  }, emptySet)
}

const isSettled = (stream: StreamState, { firstSeq, lastSeq }: SummaryRange): boolean =>
  intersect(stream.thinned, rangeOf(firstSeq, lastSeq)).length === 0

const sameLost = (a: readonly LostRange[], b: readonly LostRange[]): boolean =>
  a.length === b.length &&
  a.every((range, i) => range.firstSeq === b[i]?.firstSeq && range.lastSeq === b[i]?.lastSeq)
