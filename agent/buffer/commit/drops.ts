import {
  addRange,
  emptySet,
  intersect,
  type RangeSet,
  rangeOf,
  sizeOf,
  subtract,
  union,
} from '@barograph/proto'
import type { Clock } from '../../core/clock.ts'
import type { Streams } from '../streams.ts'
import { lowest, type StreamState, type Tables, withLost } from '../tables.ts'
import { roomAgain } from './trouble.ts'

/** Why rows went, in the words of the ledger. */
export type DropCause = 'buffer full' | 'expired' | 'unreadable'

export interface Drop {
  readonly stream: StreamState
  readonly set: RangeSet
  readonly cause: DropCause
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
  readonly whenFull: 'drop-oldest' | 'stop'
  readonly tables: Tables
  readonly streams: Streams
  readonly clock: Clock
}) {
  const { boot, whenFull, tables, streams, clock } = options
  const maxBytes = options.maxMb * 2 ** 20
  const maxAgeMs = options.maxAgeDays * 86_400_000
  let ageAt = 0
  /** Rows that were to be read and could not be: without them the others go on. */
  let unreadable = new Map<StreamState, RangeSet>()

  function choose(): Drop[] {
    const all = streams.all()
    const nowMs = clock.monotonicMs()
    let drops = [...unreadable]
      .map(([stream, set]): Drop => ({ stream, set: intersect(set, stream.rows), cause: 'unreadable' }))
      .filter(({ set }) => set.length > 0)
    // One cause at a time, so that no row is dropped for two.
    if (drops.length === 0 && nowMs >= ageAt) {
      drops = chooseExpired(all, tables, { wallMs: clock.now(), monotonicMs: nowMs, boot }, maxAgeMs)
      ageAt = nowMs + agingMs
    }
    const excess = tables.usedBytes() - maxBytes
    if (drops.length === 0 && excess > 0 && whenFull === 'drop-oldest') {
      const rows = all.reduce((sum, stream) => sum + sizeOf(stream.rows), 0)
      const bytesPerRow = tables.usedBytes() / Math.max(1, rows)
      drops = chooseOldest(all, tables, Math.ceil((excess + maxBytes * (1 - roomAgain)) / bytesPerRow))
    }
    return drops
  }

  return {
    noteUnreadable(stream: StreamState, seq: number): void {
      unreadable.set(stream, addRange(unreadable.get(stream) ?? emptySet, seq, seq))
    },
    /** Inside the transaction, after everything else. */
    write(): Drop[] {
      const drops = choose()
      for (const { stream, set, cause } of drops) {
        tables.remove(stream.id, set)
        tables.setLost(stream.id, withLost(stream.lost, set, cause))
      }
      return drops
    },
    /** Memory follows the file. */
    committed(drops: readonly Drop[]): void {
      unreadable = new Map()
      for (const { stream, set, cause } of drops) {
        stream.rows = subtract(stream.rows, set)
        stream.lost = withLost(stream.lost, set, cause)
      }
    },
  }
}

/**
 * Rows that are older than they may get. Age counts from acceptance, not from event time: a replay of last year is
 * new. Within this boot the monotonic clock measures it, so that a wall clock that is set cannot expire anything.
 */
function chooseExpired(
  streams: readonly StreamState[],
  tables: Tables,
  now: { readonly wallMs: number; readonly monotonicMs: number; readonly boot: string },
  maxAgeMs: number,
): Drop[] {
  return streams.flatMap((stream) => {
    if (stream.rows.length === 0) return []
    const fresh =
      stream.boot === now.boot
        ? tables.firstSince(stream.id, 'monotonic', now.monotonicMs - maxAgeMs)
        : tables.firstSince(stream.id, 'accepted', now.wallMs - maxAgeMs)
    const last = fresh === undefined ? stream.lastSeq : fresh - 1
    const set = intersect(stream.rows, rangeOf(1, last))
    return set.length > 0 ? [{ stream, set, cause: 'expired' as const }] : []
  })
}

/** The `count` rows that were accepted first, over all streams. */
function chooseOldest(streams: readonly StreamState[], tables: Tables, count: number): Drop[] {
  const chosen = new Map<StreamState, RangeSet>()
  const heads = new Map<StreamState, number>()
  const look = (stream: StreamState): void => {
    const first = subtract(stream.rows, chosen.get(stream) ?? emptySet)[0]
    if (first === undefined) heads.delete(stream)
    else heads.set(stream, tables.acceptedAt(stream.id, first))
  }
  for (const stream of streams) look(stream)
  for (let left = count; left > 0 && heads.size > 0; ) {
    const [oldest] = [...heads].reduce((a, b) => (b[1] < a[1] ? b : a))
    const before = chosen.get(oldest) ?? emptySet
    const step = lowest(subtract(oldest.rows, before), Math.min(left, rowsPerStep))
    chosen.set(oldest, union(before, step))
    left -= sizeOf(step)
    look(oldest)
  }
  return [...chosen].map(([stream, set]) => ({ stream, set, cause: 'buffer full' }))
}
