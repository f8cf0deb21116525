import { emptySet, intersect, type RangeSet, union } from '@barograph/proto'
import type { BufferListener } from '../../core/buffer.ts'
import type { Clock } from '../../core/clock.ts'
import type { Log } from '../../core/log.ts'
import { type BootTiming, boundBoots } from '../../core/time/row-time.ts'
import type { Synchronisation } from '../../core/time/timekeeper.ts'
import { type BootRow, timingOf } from '../boot-table.ts'
import type { Streams } from '../streams.ts'
import type { StreamState } from '../stream-table.ts'
import type { Tables } from '../tables.ts'

/** Rows that get their final time in one transaction; readers know it before. */
const rowsPerCommit = 2_000
/** Between notes of how far this boot has come. */
const noteMs = 60_000
/** Nothing here was measured before this program was written. */
const earliestTime = Date.UTC(2025, 0, 1)

export type Boots = ReturnType<typeof openBoots>

/** What this file knows of the machine's boots, and the times that rows get by it. To be opened in a transaction. */
export function openBoots(options: {
  readonly boot: string
  readonly tables: Tables
  readonly streams: Streams
  readonly listeners: readonly BufferListener[]
  readonly clock: Clock
  readonly log: Log
}) {
  const { boot, tables, streams, listeners, clock, log } = options
  const monotonic = (): number => Math.round(clock.monotonicMs())
  let found: Synchronisation | null = null
  let notedAtMs = Number.NEGATIVE_INFINITY
  /** Streams with rows whose final time is not written, and up to where it is. */
  const unwritten = new Map<StreamState, number>()
  let isTimed = false
  let current: BootRow
  /** All of them, oldest first, as they were committed when their times changed last. */
  let rows: readonly BootRow[] = []
  let timings = new Map<string, BootTiming>()

  load()
  function load(): void {
    const inUse = new Set(streams.all().map((stream) => stream.boot))
    const known = tables.boots.all()
    const lastRight = known.findLast(({ source }) => source === 'system' || source === 'collector')
    const useless = known.filter((one) => one.boot !== boot && one !== lastRight && !inUse.has(one.boot))
    if (useless.length > 0) tables.boots.forget(useless.map((one) => one.boot))
    if (!known.some((one) => one.boot === boot)) tables.boots.add(boot, Math.round(clock.now()), monotonic())
    if (!clock.isUnconfirmed && !ownRow().source)
      writeTimes({ offsetMs: Math.round(clock.now()) - monotonic(), errorMs: 0, source: 'system' })
    refresh()
    for (const stream of streams.all()) {
      const rows = stream.historical ? emptySet : tables.boots.untimed(stream.id)
      const timing = timings.get(stream.boot)
      if (rows.length === 0) continue
      if (timing) unwritten.set(stream, 0)
      give(stream, rows, timing ?? null)
    }
  }

  function ownRow(): BootRow {
    const row = tables.boots.all().find((one) => one.boot === boot)
    if (!row) throw new Error('this boot is not in the buffer')
    return row
  }

  function refresh(): void {
    current = ownRow()
    rows = tables.boots.all()
    timings = new Map(
      tables.boots.all().flatMap((row): [string, BootTiming][] => {
        const timing = timingOf(row)
        return timing ? [[row.boot, timing]] : []
      }),
    )
    for (const stream of streams.all()) {
      const timing = timings.get(stream.boot)
      if (timing) tables.setTiming(stream.id, timing)
    }
  }

  /** Says in memory which rows wait for their time, and which have an uncertain one. */
  function give(stream: StreamState, rows: RangeSet, timing: BootTiming | null): void {
    stream.untimed = timing ? emptySet : rows
    stream.uncertain = timing?.isUncertain ? rows : emptySet
    stream.clockErrorMs = timing?.isUncertain ? timing.errorMs : 0
  }

  /**
   * This boot, unless that was known, and with it all others of which it is known now that nobody will ever know more:
   * also those that a damaged file gave back without their times.
   */
  function writeTimes({ offsetMs, errorMs, source }: Synchronisation): void {
    let unknown: BootRow[] = []
    let earliest = earliestTime
    for (const one of tables.boots.all().filter((other) => other.boot !== boot)) {
      if (one.source === null) unknown.push(one)
      if (one.source !== 'system' && one.source !== 'collector') continue
      // A damaged file may give back a boot without its time that was before one whose time is known.
      boundThem(unknown, earliest, (one.offsetMs ?? 0) + (one.errorMs ?? 0))
      unknown = []
      earliest = Math.max(earliest, one.lastWall - (one.errorMs ?? 0))
    }
    boundThem(unknown, earliest, offsetMs + errorMs)
    if (!timings.has(boot))
      tables.boots.setTime(boot, { offsetMs: Math.round(offsetMs), errorMs: Math.ceil(errorMs) }, source)
  }

  /** Boots one after the other, of which nobody ever told the time. */
  function boundThem(boots: readonly BootRow[], earliestMs: number, latestMs: number): void {
    const known = boots.map((one) => ({
      lastedMs: lastedMs(one),
      believedOffsetMs: one.lastWall - one.lastMonotonic,
    }))
    boundBoots(known, earliestMs, latestMs).forEach((bound, i) => {
      const { boot: of } = boots[i] as BootRow
      tables.boots.setTime(of, bound, 'uncertain')
    })
  }

  /** A row may be younger than the last note of its boot. */
  function lastedMs(row: BootRow): number {
    const own = streams.all().filter((stream) => stream.boot === row.boot)
    return Math.max(row.lastMonotonic, ...own.map((stream) => tables.boots.lastMonotonic(stream.id)))
  }

  function note(): void {
    const nowMs = clock.monotonicMs()
    if (nowMs - notedAtMs < noteMs) return
    notedAtMs = nowMs
    for (const stream of streams.all()) prune(stream)
    tables.boots.setLast(boot, Math.round(clock.now()), monotonic())
  }

  /** Of rows that are gone nobody needs to know more. */
  function prune(stream: StreamState): void {
    if (stream.untimed.length > 0) stream.untimed = intersect(stream.untimed, stream.rows)
    if (stream.uncertain.length > 0) stream.uncertain = intersect(stream.uncertain, stream.rows)
  }

  /** The next rows of one stream. */
  function convertSome(): void {
    for (const [stream, after] of unwritten) {
      const timing = timings.get(stream.boot)
      const last = timing ? tables.boots.convert(stream.id, after, rowsPerCommit, timing) : null
      if (last === null) unwritten.delete(stream)
      else unwritten.set(stream, last)
      if (last !== null) return
    }
  }

  return {
    /** What an earlier run knew of this boot at last. */
    get known(): Synchronisation | null {
      const { source, errorMs, lastWall, lastMonotonic } = current
      if (source === null || source === 'uncertain') return null
      return { source, errorMs: errorMs ?? 0, offsetMs: lastWall - lastMonotonic }
    },
    /** How the rows of a boot get their times; null: nobody knows yet. */
    timingOf: (of: string): BootTiming | null => timings.get(of) ?? null,
    /** False: nothing was noted of that boot, as in files of version 1. */
    isKnown: (of: string): boolean => tables.boots.all().some((one) => one.boot === of),
    /** To be committed at once: everything waits for it. */
    synchronise(next: Synchronisation): void {
      found = next
    },
    /** Final times wait to be written, in one of the next transactions. */
    hasMore: (): boolean => unwritten.size > 0,
    isEmpty: (): boolean => found === null,
    /**
     * Inside the transaction, before anything else. The last one notes how far this boot has come, and from time to time
     * one that has something to write anyway.
     */
    write({ isLast, accepts }: { readonly isLast: boolean; readonly accepts: boolean }): void {
      if (isLast) notedAtMs = Number.NEGATIVE_INFINITY
      if (found) {
        isTimed = true
        writeTimes(found)
        notedAtMs = Number.NEGATIVE_INFINITY
      }
      if (found || isLast || accepts) note()
      if (!found) convertSome()
    },
    /** Memory follows the file. */
    committed(): void {
      if (!found) return
      found = null
      const before = timings
      refresh()
      for (const stream of streams.all()) {
        const timing = timings.get(stream.boot)
        if (!timing || before.has(stream.boot) || stream.untimed.length === 0) continue
        unwritten.set(stream, 0)
        give(stream, stream.untimed, timing)
        if (timing.isUncertain)
          log.warn(
            { sensor: stream.sensor, epoch: stream.epoch, errorMs: timing.errorMs },
            'readings of a boot whose clock nobody ever set: they are sent as uncertain',
          )
      }
    },
    /** Inside the transaction that begins a new file. */
    writeAnyway: () => tables.boots.restore(rows),
    /** The new file is there, without its rows. */
    renewed(): void {
      unwritten.clear()
      refresh()
    },
    /** Rows came back out of a damaged file whose time was not final when they were written. */
    restored(stream: StreamState, unsynced: RangeSet): void {
      if (unsynced.length === 0 || stream.historical) return
      const timing = timings.get(stream.boot) ?? null
      if (timing) {
        tables.setTiming(stream.id, timing)
        unwritten.set(stream, 0)
      }
      give(stream, union(union(stream.untimed, stream.uncertain), unsynced), timing)
    },
    /** Rows are in the file that wait for their time. */
    added(stream: StreamState, rows: RangeSet): void {
      if (!timings.has(stream.boot)) stream.untimed = union(stream.untimed, rows)
      else {
        const timing = timings.get(stream.boot)
        if (timing) tables.setTiming(stream.id, timing)
        unwritten.set(stream, Math.min(unwritten.get(stream) ?? Number.POSITIVE_INFINITY, (rows[0] ?? 1) - 1))
      }
    },
    tell(): void {
      if (!isTimed) return
      isTimed = false
      for (const listener of listeners) listener.timed?.()
    },
  }
}
