import {
  emptySet,
  hasAll,
  intersect,
  lowest,
  type RangeSet,
  rangeOf,
  sizeOf,
  subtract,
  union,
} from '@barograph/proto'
import type { Clock } from '../../core/clock.ts'
import type { Streams } from '../streams.ts'
import { type SummaryRange, setOf } from '../summary-table.ts'
import { withLost } from '../lost-ranges.ts'
import type { StreamState } from '../stream-table.ts'
import type { Tables } from '../tables.ts'
import type { Boots } from './boots.ts'
import type { Thinned, Thinner } from './thinner.ts'
import { roomAgain, type WhenFull } from './trouble.ts'

/** Why rows went, in the words of the ledger. */
export type DropCause = 'buffer full' | 'expired' | 'corrupt buffer'

export interface Drop {
  readonly stream: StreamState
  /** Numbers, of rows and of whole summaries. */
  readonly set: RangeSet
  readonly cause: DropCause
}

/** What one transaction took out to make room or because it could not stay. */
export interface Removal {
  readonly drops: readonly Drop[]
  readonly thinned: readonly Thinned[]
  /** There is not enough room yet: the next transaction goes on at once. */
  readonly goesOn: boolean
}

/** Between looks for rows that are too old. */
export const agingMs = 60_000
/** Rows of one stream that go before the next oldest stream is looked for. */
const rowsPerStep = 256

export type Dropper = ReturnType<typeof createDropper>

/** Drops what cannot be read, is too old or too much, and declares it in the same transaction. */
export function createDropper(options: {
  readonly boot: string
  readonly maxMb: number
  readonly maxAgeDays: number
  readonly whenFull: WhenFull
  readonly tables: Tables
  readonly streams: Streams
  readonly thinner: Thinner
  readonly boots: Boots
  readonly clock: Clock
}) {
  const { boot, whenFull, tables, streams, thinner, boots, clock } = options
  const maxBytes = options.maxMb * 2 ** 20
  const maxAgeMs = options.maxAgeDays * 86_400_000
  let ageAt = 0
  /** Rows that were to be read and could not be: without them the others go on. */
  let unreadable = new Map<StreamState, RangeSet>()

  /** True while room is being made: it goes on until there is some to spare. */
  let isMakingRoom = false

  /** By which clock what a stream holds is too old, and before when; null: nobody knows how old it is. */
  function oldestKept(stream: StreamState, nowMs: number): Expiry | null {
    if (stream.boot === boot) return { column: 'monotonic', beforeMs: nowMs - maxAgeMs }
    if (clock.isUnconfirmed) return null
    const rightBefore = clock.now() - maxAgeMs
    const timing = boots.timingOf(stream.boot)
    if (timing) return { column: 'monotonic', beforeMs: rightBefore - timing.offsetMs - timing.errorMs }
    return boots.isKnown(stream.boot) ? null : { column: 'accepted', beforeMs: rightBefore }
  }

  /** What is damaged or too old; one cause at a time, so that nothing is dropped for two. */
  function choose(): Drop[] {
    const damaged = [...unreadable]
      .map(
        ([stream, set]): Drop => ({ stream, set: intersect(set, heldBy(stream)), cause: 'corrupt buffer' }),
      )
      .filter(({ set }) => set.length > 0)
    if (damaged.length > 0) return damaged
    const nowMs = clock.monotonicMs()
    if (nowMs < ageAt) return []
    ageAt = nowMs + agingMs
    return chooseExpired(streams.all(), tables, (stream) => oldestKept(stream, nowMs))
  }

  function makeRoom(): Removal {
    const used = tables.usedBytes()
    if (whenFull === 'stop' || used <= maxBytes * (isMakingRoom ? roomAgain : 1)) {
      isMakingRoom = false
      return nothing
    }
    const all = streams.all()
    const held = all.reduce((sum, stream) => sum + sizeOf(stream.rows) + stream.summaries.length, 0)
    const excess = Math.ceil((used - maxBytes * roomAgain) / (used / Math.max(1, held)))
    const thinned = whenFull === 'thin' ? thinner.write(excess) : []
    isMakingRoom = thinned.length > 0
    if (isMakingRoom) return { drops: [], thinned, goesOn: true }
    const drops = chooseOldest(all, tables, excess)
    return { drops, thinned, goesOn: false }
  }

  function remove({ stream, set, cause }: Drop): void {
    tables.remove(stream.id, intersect(set, stream.rows))
    tables.removeSummaries(stream.id, summariesIn(stream, set))
    tables.setLost(stream.id, withLost(stream.lost, set, cause))
  }

  return {
    noteUnreadable(stream: StreamState, set: RangeSet): void {
      unreadable.set(stream, union(unreadable.get(stream) ?? emptySet, set))
    },
    /** Inside the transaction, after everything else. */
    write(): Removal {
      const drops = choose()
      const removal = drops.length > 0 ? { ...nothing, drops } : makeRoom()
      for (const drop of removal.drops) remove(drop)
      return removal
    },
    /** Memory follows the file. */
    committed({ drops, thinned }: Removal): void {
      unreadable = new Map()
      thinner.committed(thinned)
      for (const { stream, set, cause } of drops) {
        const gone = summariesIn(stream, set)
        stream.rows = subtract(stream.rows, set)
        stream.thinned = subtract(stream.thinned, set)
        stream.summaries = stream.summaries.filter((one) => !gone.includes(one))
        stream.lost = withLost(stream.lost, set, cause)
      }
    },
    /** The transaction came to nothing. */
    failed: thinner.forget,
  }
}

const nothing: Removal = { drops: [], thinned: [], goesOn: false }

/** Numbers of rows and summaries, whole ones: a summary goes whole or not at all. */
const heldBy = (stream: StreamState): RangeSet => union(stream.rows, setOf(stream.summaries))

const summariesIn = (stream: StreamState, set: RangeSet): SummaryRange[] =>
  set.length === 0 ? [] : stream.summaries.filter(({ firstSeq, lastSeq }) => hasAll(set, firstSeq, lastSeq))

/** What was accepted while the clock of this kind showed less is too old. */
interface Expiry {
  readonly column: 'monotonic' | 'accepted'
  readonly beforeMs: number
}

/**
 * Rows that are older than they may get. Age counts from acceptance, not from event time: a replay of last year is
 * new. The monotonic clock measures it, so that a wall clock that is set cannot expire anything: within this boot alone,
 * in others with what is known of when they were. Only rows of older files have nothing but the wall clock of then.
 */
function chooseExpired(
  streams: readonly StreamState[],
  tables: Tables,
  oldestKept: (stream: StreamState) => Expiry | null,
): Drop[] {
  return streams.flatMap((stream) => {
    const expiry = oldestKept(stream)
    if (!expiry) return []
    const { column, beforeMs } = expiry
    let set: RangeSet = emptySet
    if (stream.rows.length > 0) {
      const fresh = tables.firstSince(stream.id, column, beforeMs)
      set = intersect(stream.rows, rangeOf(1, fresh === undefined ? stream.lastSeq : fresh - 1))
    }
    for (const { firstSeq, lastSeq } of stream.summaries) {
      if (tables.summaryAge(stream.id, firstSeq)[column] >= beforeMs) break
      set = union(set, rangeOf(firstSeq, lastSeq))
    }
    return set.length > 0 ? [{ stream, set, cause: 'expired' as const }] : []
  })
}

/** The `count` rows and summaries that were accepted first, over all streams. */
function chooseOldest(streams: readonly StreamState[], tables: Tables, count: number): Drop[] {
  const chosen = new Map<StreamState, { rows: RangeSet; summaries: number }>()
  const heads = new Map<StreamState, { accepted: number; isSummary: boolean }>()
  const look = (stream: StreamState): void => {
    const { rows, summaries } = chosen.get(stream) ?? { rows: emptySet, summaries: 0 }
    const row = subtract(stream.rows, rows)[0]
    const summary = stream.summaries[summaries]?.firstSeq
    if (row === undefined && summary === undefined) {
      heads.delete(stream)
      return
    }
    // The numbers of one stream ascend with time.
    const isSummary = summary !== undefined && (row === undefined || summary < row)
    const { accepted } = isSummary
      ? tables.summaryAge(stream.id, summary)
      : tables.ageOf(stream.id, row as number)
    heads.set(stream, { accepted, isSummary })
  }
  for (const stream of streams) look(stream)
  for (let left = count; left > 0 && heads.size > 0; ) {
    const [oldest, { isSummary }] = [...heads].reduce((a, b) => (b[1].accepted < a[1].accepted ? b : a))
    const { rows, summaries } = chosen.get(oldest) ?? { rows: emptySet, summaries: 0 }
    const before = isSummary ? Number.MAX_SAFE_INTEGER : (oldest.summaries[summaries]?.firstSeq ?? Infinity)
    const step = isSummary
      ? emptySet
      : lowest(intersect(subtract(oldest.rows, rows), rangeOf(1, before - 1)), Math.min(left, rowsPerStep))
    chosen.set(oldest, { rows: union(rows, step), summaries: summaries + (isSummary ? 1 : 0) })
    left -= isSummary ? 1 : sizeOf(step)
    look(oldest)
  }
  return [...chosen].map(([stream, { rows, summaries }]) => ({
    stream,
    set: union(rows, setOf(stream.summaries.slice(0, summaries))),
    cause: 'buffer full',
  }))
}
