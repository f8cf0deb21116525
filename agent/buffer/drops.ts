import { emptySet, type RangeSet, rangeOf, intersect, sizeOf, subtract, union } from '@barograph/proto'
import { lowest, type StreamState, type Tables } from './tables.ts'

/** Why rows went, in the words of the ledger. */
export type DropCause = 'buffer full' | 'expired' | 'unreadable'

export interface Drop {
  readonly stream: StreamState
  readonly set: RangeSet
  readonly cause: DropCause
}

/** Rows of one stream that go before the next oldest stream is looked for. */
const rowsPerStep = 256

/**
 * Rows that are older than they may get. Age counts from acceptance, not from event time: a replay of last year is
 * new. Within this boot the monotonic clock measures it, so that a wall clock that is set cannot expire anything.
 */
export function chooseExpired(
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
export function chooseOldest(streams: readonly StreamState[], tables: Tables, count: number): Drop[] {
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
