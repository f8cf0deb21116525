import {
  type Epoch,
  emptySet,
  hasAll,
  intersect,
  lastOf,
  type RangeSet,
  rangeOf,
  sizeOf,
  type StreamEpoch,
  subtract,
  union,
} from '@barograph/proto'
import type { Streams } from '../streams.ts'
import type { StreamState } from '../stream-table.ts'
import type { Tables } from '../tables.ts'
import type { Group } from './acceptances.ts'

/** Live entries are marked so far ahead: the table changes once in so many entries and not with each commit. */
const aheadEntries = 512
/** A replay that waits for no more than this is marked like live entries. */
const historicalBacklog = 8_192

export type Marks = ReturnType<typeof createMarks>

/**
 * Which numbers were handed to the uplink, marked before they are. What is marked is never condensed: the collector may
 * have it already.
 */
export function createMarks(options: {
  readonly epoch: Epoch
  readonly tables: Tables
  readonly streams: Streams
}) {
  const { epoch, tables, streams } = options
  let isLive = false
  let waiting = new Map<StreamState, RangeSet>()
  let written = new Map<StreamState, RangeSet>()
  /** Marked ahead in the file, and not used: the file follows with the next entries. */
  const cut = new Set<StreamState>()

  function mark(stream: StreamState, first: number, last: number): void {
    const known = written.get(stream) ?? stream.sent
    if (hasAll(known, first, last)) return
    written.set(stream, union(known, rangeOf(first, last + aheadEntries)))
  }

  function markAccepted({ acceptances, added }: Group): void {
    const ranges = new Map<StreamState, [number, number]>()
    for (const { sensor, entries, firstSeq } of acceptances) {
      const stream = streams.get({ sensor, epoch }) ?? added.get(sensor)
      if (!stream || entries.length === 0) continue
      const last = firstSeq + entries.length - 1
      ranges.set(stream, [ranges.get(stream)?.[0] ?? firstSeq, last])
    }
    for (const [stream, [first, last]] of ranges) {
      if (isLive && !isBehind(stream)) mark(stream, first, last)
      else if (cut.has(stream) && !written.has(stream)) written.set(stream, stream.sent)
    }
  }

  /** Replayed data that has to wait is marked when its turn comes. */
  const isBehind = (stream: StreamState): boolean =>
    stream.historical && sizeOf(subtract(stream.rows, stream.sent)) > historicalBacklog

  return {
    isEmpty: (): boolean => waiting.size === 0,
    setLive(next: boolean): void {
      if (isLive && !next)
        for (const stream of streams.all())
          if (stream.epoch === epoch && lastOf(stream.sent) > stream.lastSeq) {
            stream.sent = intersect(stream.sent, rangeOf(1, stream.lastSeq))
            cut.add(stream)
          }
      isLive = next
    },
    /** True: that is news, to be committed. */
    add(of: StreamEpoch, set: RangeSet): boolean {
      const stream = streams.get(of)
      if (!stream || subtract(set, stream.sent).length === 0) return false
      waiting.set(stream, union(waiting.get(stream) ?? emptySet, set))
      return true
    },
    /** Inside the transaction, after what it accepts. */
    write(group: Group): void {
      written = new Map()
      for (const [stream, set] of waiting) written.set(stream, union(stream.sent, set))
      markAccepted(group)
      for (const [stream, set] of written) tables.setSent(stream.id, set)
    },
    /** What is marked with the transaction under way. */
    sentOf: (stream: StreamState): RangeSet => written.get(stream) ?? stream.sent,
    committed(): void {
      for (const [stream, set] of written) {
        stream.sent = set
        cut.delete(stream)
      }
      waiting = new Map()
      written = new Map()
    },
    /**
     * The disk takes nothing: what is in the file can still be sent, and that may be its last chance. The marks hold in
     * memory and are the first thing that is written; only a crash before that could let a sent row be condensed, and then
     * the collector refuses the overlap, with that reason.
     */
    holdInMemory(): void {
      for (const [stream, set] of waiting) stream.sent = union(stream.sent, set)
    },
  }
}
