import {
  has,
  intersect,
  pairs,
  type RangeSet,
  rangeOf,
  sizeOf,
  subtract,
  type Summary,
  union,
} from '@barograph/proto'
import { condense, cutMinutes, isCondensable, type Minute } from '../../core/condensing.ts'
import type { Streams } from '../streams.ts'
import type { StreamState } from '../stream-table.ts'
import type { StoredEntry, Tables } from '../tables.ts'
import type { Marks } from './marks.ts'

/** Rows of one stream that are looked at together: they hold at least one whole minute that can be condensed. */
const rowsPerLook = 8_192 + 2
/** What suffices when little room is wanted, as long as no minute is longer. */
const leastPerLook = 1_024
/** Rows that one transaction condenses; more follow at once with the next one. */
const rowsPerStep = 16_384

/** Readings that one summary holds from now on. */
export interface Thinned {
  readonly stream: StreamState
  readonly summary: Summary
  readonly set: RangeSet
}

export type Thinner = ReturnType<typeof createThinner>

/** Condenses the oldest readings that were never sent, whole minutes of them. docs/protocol.md 7. */
export function createThinner(options: {
  readonly isOver: (stream: StreamState) => boolean
  readonly tables: Tables
  readonly streams: Streams
  readonly marks: Marks
}) {
  const { isOver, tables, streams, marks } = options
  /** Numbers up to this were looked at and have to stay as they are. */
  const lookedTo = new WeakMap<StreamState, number>()

  const candidates = (stream: StreamState): RangeSet =>
    intersect(
      subtract(stream.rows, marks.sentOf(stream)),
      rangeOf((lookedTo.get(stream) ?? 0) + 1, Number.MAX_SAFE_INTEGER),
    )

  /** Some of the oldest readings, condensed; empty: nothing is left that may be. */
  function step(most: number): Thinned[] {
    const thinned: Thinned[] = []
    let left = Math.min(most, rowsPerStep)
    const heads = new Map<StreamState, number>()
    const look = (stream: StreamState): void => {
      const first = candidates(stream)[0]
      if (first === undefined) heads.delete(stream)
      else heads.set(stream, tables.ageOf(stream.id, first).accepted)
    }
    for (const stream of streams.all()) look(stream)
    while (left > 0 && heads.size > 0) {
      const [stream] = [...heads].reduce((a, b) => (b[1] < a[1] ? b : a))
      const before = lookedTo.get(stream)
      const made = condenseOldest(stream, left)
      thinned.push(...made)
      left -= made.reduce((sum, { set }) => sum + sizeOf(set), 0)
      if (lookedTo.get(stream) === before) heads.delete(stream)
      else look(stream)
    }
    return thinned
  }

  /** Condenses what can be within the next rows of a stream, and moves on behind them. */
  function condenseOldest(stream: StreamState, wanted: number): Thinned[] {
    const [range] = pairs(candidates(stream))
    if (!range) return []
    const [first, end] = range
    let last = Math.min(end, first + Math.max(leastPerLook, Math.min(2 * wanted, rowsPerLook)) - 1)
    // With their neighbours: they tell whether the minutes at the edges are whole.
    let minutes = cutMinutes(tables.readStored(stream.id, first - 1, last + 1))
    if (last < end && (minutes.at(-1)?.entries[0]?.seq ?? 0) <= first) {
      last = Math.min(end, first + rowsPerLook - 1)
      minutes = cutMinutes(tables.readStored(stream.id, first - 1, last + 1))
    }
    const whole = minutes.filter((_, i) => isWhole(stream, minutes, i, first, last))
    const taken = firstOf(whole, wanted)
    const lastTaken = taken.at(-1)?.entries.at(-1)?.seq
    // More than is wanted stays as it is, and is looked at again when it is its turn.
    if (taken.length < whole.length) lookedTo.set(stream, lastTaken ?? first)
    else moveOn(stream, minutes.at(-1), first, last, end)
    return condense(taken).map((condensed) => {
      const { sensor, epoch, intervalMs } = stream
      const summary = { sensor, epoch, intervalMs, ...condensed }
      return { stream, summary, set: rangeOf(summary.firstSeq, summary.lastSeq) }
    })
  }

  /** A minute that may become whole is looked at again: one that goes on, here or behind what was read. */
  function moveOn(
    stream: StreamState,
    newest: Minute | undefined,
    first: number,
    last: number,
    end: number,
  ): void {
    const begin = newest?.entries[0]?.seq ?? first
    const isCut = last < end && begin > first && (newest?.entries.at(-1)?.seq ?? 0) > last
    const goesOn = end === stream.lastSeq && last === end && !isOver(stream)
    const next = isCut || goesOn ? Math.min(begin - 1, last) : last
    if (next >= first) lookedTo.set(stream, next)
  }

  /** Over, nothing of it missing, sent or other than readings with their final time. */
  function isWhole(
    stream: StreamState,
    minutes: readonly Minute[],
    index: number,
    first: number,
    last: number,
  ): boolean {
    const minute = minutes[index] as Minute
    const from = minute.entries[0]?.seq ?? 0
    const to = minute.entries.at(-1)?.seq ?? 0
    if (from < first || to > last) return false
    // Held next to it in another minute, or it would have been cut together with this one.
    const before =
      from === 1 || minutes[index - 1]?.entries.at(-1)?.seq === from - 1 || has(stream.thinned, from - 1)
    const after =
      to === stream.lastSeq
        ? isOver(stream)
        : minutes[index + 1]?.entries[0]?.seq === to + 1 || has(stream.thinned, to + 1)
    const synced = (minute.entries as readonly StoredEntry[]).every((entry) => entry.synced)
    return before && after && synced && isCondensable(minute)
  }

  return {
    /** Inside the transaction, after the marks. About as many rows as wanted, or as one step may. */
    write(wanted: number): Thinned[] {
      const thinned = step(wanted)
      for (const { stream, summary, set } of thinned) {
        const age = tables.ageOf(stream.id, summary.firstSeq)
        tables.moveToSummary(stream.id, set)
        tables.insertSummary(stream.id, summary, age)
      }
      return thinned
    },
    committed(thinned: readonly Thinned[]): void {
      for (const { stream, summary, set } of thinned) {
        stream.rows = subtract(stream.rows, set)
        stream.thinned = union(stream.thinned, set)
        stream.summaries.push({ firstSeq: summary.firstSeq, lastSeq: summary.lastSeq })
      }
      for (const stream of new Set(thinned.map((one) => one.stream)))
        stream.summaries.sort((a, b) => a.firstSeq - b.firstSeq)
    },
    /** A transaction came to nothing: what it looked at is to be looked at again. */
    forget(): void {
      for (const stream of streams.all()) lookedTo.delete(stream)
    },
  }
}

/** The first minutes that together have so many entries. */
function firstOf(minutes: readonly Minute[], entries: number): readonly Minute[] {
  let count = 0
  const end = minutes.findIndex((minute) => {
    count += minute.entries.length
    return count >= entries
  })
  return end < 0 ? minutes : minutes.slice(0, end + 1)
}
