import { basename, dirname, join } from 'node:path'
import {
  addRange,
  emptySet,
  has,
  hasAll,
  intersect,
  isCoded,
  lastOf,
  type RangeSet,
  rangeOf,
  sizeOf,
  subtract,
  union,
} from '@barograph/proto'
import type { Clock } from '../../core/clock.ts'
import type { Log } from '../../core/log.ts'
import { entryChecksum } from '../checksum.ts'
import { errnoOf, explain } from '../errors.ts'
import { decodePayload } from '../payload.ts'
import type { Streams } from '../streams.ts'
import { summaryChecksum, setOf } from '../summary-table.ts'
import { withLost } from '../lost-ranges.ts'
import type { StreamState } from '../stream-table.ts'
import type { Tables } from '../tables.ts'
import { removeRead } from './aside.ts'
import { type DamagedFile, type FoundEntry, type FoundSummary, openDamagedFile } from './damaged-file.ts'

/** What of one stream a damaged file may hold. */
export interface Expected {
  readonly rows: RangeSet
  readonly summaries: RangeSet
  /** True: how far the stream went is not known; what is found beyond belongs to it. */
  readonly isOpen: boolean
}

/** A damaged file that is being read; kept in the new one, so that a kill in between costs nothing. */
export interface Source {
  /** Beside the buffer. */
  readonly file: string
  readonly nextPage: number
  readonly expected: Readonly<Record<number, Expected>>
  readonly found: Readonly<Record<number, RangeSet>>
}

/** Pages read in one transaction. */
const pagesPerStep = 128
/** Between two of them samplers and shipper have their turn. */
const stepMs = 25
/** The disk took none of it. */
const retryMs = 5_000

export const corruptCause = 'corrupt buffer'
const stateKey = 'salvageState'

/** Takes what can be read out of damaged files into the new one, and declares the rest lost. */
export function createSalvager(options: {
  readonly path: string
  readonly tables: Tables
  readonly streams: Streams
  /** Runs a transaction; false: the disk took nothing. */
  readonly transact: (act: () => void) => boolean
  /** Something new is there to be sent or declared. */
  readonly changed: (stream: StreamState) => void
  /** Rows whose time was not final when they were written. */
  readonly untimed: (stream: StreamState, rows: RangeSet) => void
  readonly clock: Clock
  readonly log: Log
}) {
  const { path, tables, streams, transact, changed, untimed, clock, log } = options
  let sources: readonly Source[] = []
  let cancel: (() => void) | null = null
  let open: { readonly name: string; readonly file: DamagedFile } | null = null
  /** Why the next file cannot be opened now: said once. */
  let waitsFor = ''

  function schedule(delayMs: number): void {
    cancel?.()
    cancel = sources.length > 0 ? clock.setTimer(delayMs, step) : null
  }

  /** What may come back out of them is not done, even where nothing of it is here. */
  function follow(next: readonly Source[]): void {
    sources = next
    streams.await(next.flatMap(({ expected }) => Object.keys(expected).map(Number)))
  }

  function step(): void {
    cancel = null
    const [source] = sources
    if (!source) return
    const file = fileOf(source)
    if (file === 'later') {
      schedule(retryMs)
      return
    }
    const last = Math.min(source.nextPage + pagesPerStep - 1, file?.pages ?? 0)
    const isOver = !file || last >= file.pages
    const taken = createTaken(source)
    let next = sources
    const isDone = transact(() => {
      if (file) for (const row of file.held(source.nextPage, last)) take(taken, row)
      for (const id of taken.ids()) writeCounts(taken, id)
      const after = { ...source, nextPage: last + 1, found: taken.found }
      next = isOver ? sources.slice(1) : [after, ...sources.slice(1)]
      if (isOver) declareMissing(after)
      tables.setText(stateKey, next.length > 0 ? JSON.stringify(next) : null)
    })
    if (!isDone) {
      schedule(retryMs)
      return
    }
    follow(next)
    if (sources.length === 0) removeRead(path)
    for (const id of taken.ids()) remember(taken, id)
    if (isOver) finish({ ...source, found: taken.found })
    schedule(stepMs)
  }

  /** Null: there is no such file any more. Whatever else keeps it from being opened may pass, and loses nothing. */
  function fileOf(source: Source): DamagedFile | 'later' | null {
    if (open?.name === source.file) return open.file
    const damagedPath = join(dirname(path), source.file)
    try {
      open = { name: source.file, file: openDamagedFile(damagedPath) }
      waitsFor = ''
      return open.file
    } catch (error) {
      const errno = errnoOf(error)
      if (!errno) throw error
      if (errno === 'ENOENT') {
        log.error({ file: source.file, err: error }, 'the damaged buffer is gone: all of it is lost')
        return null
      }
      if (waitsFor !== errno)
        log.error(
          { err: explain(error, damagedPath) },
          'the damaged buffer cannot be opened now: it is tried again',
        )
      waitsFor = errno
      return 'later'
    }
  }

  const streamOf = (id: number): StreamState | undefined => streams.all().find((one) => one.id === id)

  /** Takes a row that is what was written, and expected. */
  function take(taken: Taken, row: FoundEntry | FoundSummary): void {
    const expected = taken.source.expected[row.stream]
    const stream = streamOf(row.stream)
    if (!expected || !stream) return
    if ('seq' in row) takeEntry(taken, stream, expected, row)
    else takeSummary(taken, stream, expected, row)
  }

  function takeEntry(taken: Taken, { id, lastSeq }: StreamState, expected: Expected, row: FoundEntry): void {
    const { seq, monotonic, wall, payload, crc, synced } = row
    const isExpected = has(expected.rows, seq) || (expected.isOpen && seq > lastSeq)
    if (!isExpected) return
    if (crc !== null && crc !== entryChecksum(id, seq, monotonic, wall, synced, payload)) return
    if (![0, 1, 2].includes(synced)) return
    try {
      decodePayload(payload, tables.metrics)
    } catch (error) {
      if (!isCoded(error, 'corrupt')) throw error
      return
    }
    // A page that was left behind may hold an older form of the same row: the one with its final time counts.
    tables.restoreEntry(row)
    taken.addRow(id, seq, synced !== 1)
  }

  function takeSummary(taken: Taken, { id }: StreamState, expected: Expected, row: FoundSummary): void {
    const { firstSeq, lastSeq, payload, crc } = row
    if (!hasAll(expected.summaries, firstSeq, lastSeq) || crc !== summaryChecksum(id, row, payload)) return
    if (!taken.addSummary(id, { firstSeq, lastSeq })) return
    tables.restoreSummary(row)
  }

  /** Inside the transaction: what came is not gone any more; what is found beyond the end moves the end. */
  function writeCounts(taken: Taken, id: number): void {
    const stream = streamOf(id)
    if (!stream) return
    const end = Math.max(stream.lastSeq, lastOf(taken.newOf(id)))
    tables.addGone(id, end - stream.lastSeq - sizeOf(taken.newOf(id)))
    if (end > stream.lastSeq) tables.setLastSeq(stream, end)
    tables.setLost(id, lostWithout(stream, taken.newOf(id)))
  }

  function remember(taken: Taken, id: number): void {
    const stream = streamOf(id)
    if (!stream) return
    const rows = taken.rowsOf(id)
    stream.lastSeq = Math.max(stream.lastSeq, lastOf(taken.newOf(id)))
    stream.rows = union(stream.rows, rows)
    untimed(stream, taken.unsyncedOf(id))
    stream.lost = lostWithout(stream, taken.newOf(id))
    for (const summary of taken.summariesOf(id)) {
      stream.thinned = addRange(stream.thinned, summary.firstSeq, summary.lastSeq)
      stream.summaries.push(summary)
    }
    stream.summaries.sort((a, b) => a.firstSeq - b.firstSeq)
    changed(stream)
  }

  /** Inside the transaction that ends it. */
  function declareMissing(source: Source): void {
    for (const { stream, set } of missingOf(source))
      tables.setLost(stream.id, withLost(lostWithout(stream, found(source, stream.id)), set, corruptCause))
  }

  function missingOf({ expected, found: all }: Source): { stream: StreamState; set: RangeSet }[] {
    return Object.entries(expected).flatMap(([id, { rows, summaries, isOpen }]) => {
      const stream = streamOf(Number(id))
      if (!stream) return []
      const taken = all[Number(id)] ?? emptySet
      // Whatever stands before a number that was found was accepted too, and may not have been stored.
      const before = isOpen && taken.length > 0 ? rangeOf(1, lastOf(taken)) : emptySet
      const expectedAll = union(union(rows, summaries), subtract(before, setOf(stream.lost)))
      const set = subtract(expectedAll, taken)
      return set.length > 0 ? [{ stream, set }] : []
    })
  }

  function finish(source: Source): void {
    open?.file.close()
    open = null
    const missing = missingOf(source)
    for (const { stream, set } of missing) {
      stream.lost = withLost(stream.lost, set, corruptCause)
      const { sensor, epoch } = stream
      const [firstSeq, lastSeq, numbers] = [set[0], lastOf(set), sizeOf(set)]
      log.error(
        { sensor, epoch, firstSeq, lastSeq, numbers, cause: corruptCause },
        'could not be read, declared lost',
      )
      changed(stream)
    }
    const rows = Object.values(source.found).reduce((sum, set) => sum + sizeOf(set), 0)
    const lost = missing.reduce((sum, { set }) => sum + sizeOf(set), 0)
    log.warn({ file: source.file, rows, lost }, 'read what could be read of the damaged buffer')
  }

  return {
    isIdle: (): boolean => sources.length === 0,
    /** Of the file that was opened: goes on where a kill ended it. */
    resume(): void {
      const text = tables.text(stateKey)
      follow(text === undefined ? [] : (JSON.parse(text) as Source[]))
      if (sources.length > 0)
        log.warn({ files: sources.map(({ file }) => file).join(' ') }, 'goes on reading damaged buffers')
      schedule(stepMs)
    },
    /** Those of memory: when a file breaks that others were being read into. */
    unfinished: (): readonly Source[] => sources,
    stop(): void {
      cancel?.()
      cancel = null
      open?.file.close()
      open = null
    },
  }
}

/** Inside the transaction that begins the new file: this one is to be read too, after those that were not finished. */
export function addSource(
  tables: Tables,
  damagedPath: string,
  expected: Source['expected'],
  unfinished: readonly Source[],
): void {
  const added = { file: basename(damagedPath), nextPage: 1, expected, found: {} }
  tables.setText(stateKey, JSON.stringify([...unfinished, added]))
}

/** States that a damaged file held of damaged files before it. */
export function readSources(text: string | undefined): readonly Source[] {
  if (text === undefined) return []
  try {
    return JSON.parse(text) as Source[]
  } catch {
    return []
  }
}

export const isSalvageState = (key: string): boolean => key === stateKey

const found = (source: Source, id: number): RangeSet => source.found[id] ?? emptySet

const lostWithout = ({ lost }: StreamState, set: RangeSet) =>
  lost.flatMap(({ firstSeq, lastSeq, cause }) => {
    const left = subtract(rangeOf(firstSeq, lastSeq), set)
    return Array.from({ length: left.length / 2 }, (_, i) => ({
      firstSeq: left[2 * i] as number,
      lastSeq: left[2 * i + 1] as number,
      cause,
    }))
  })

type Taken = ReturnType<typeof createTaken>

/** What one step took, by stream. */
function createTaken(source: Source) {
  const all: Record<number, RangeSet> = { ...source.found }
  const rows = new Map<number, RangeSet>()
  const unsynced = new Map<number, RangeSet>()
  const summaries = new Map<number, { firstSeq: number; lastSeq: number }[]>()
  const rowsOf = (id: number): RangeSet => rows.get(id) ?? emptySet
  const summariesOf = (id: number) => summaries.get(id) ?? []

  return {
    source,
    found: all,
    ids: (): number[] => [...new Set([...rows.keys(), ...summaries.keys()])],
    rowsOf,
    summariesOf,
    /** Rows and summaries. */
    newOf: (id: number): RangeSet =>
      summariesOf(id).reduce((set, one) => addRange(set, one.firstSeq, one.lastSeq), rowsOf(id)),
    /** Rows whose time was not final. */
    unsyncedOf: (id: number): RangeSet => unsynced.get(id) ?? emptySet,
    addRow(id: number, seq: number, isUnsynced: boolean): void {
      const before = all[id] ?? emptySet
      if (has(before, seq)) return
      all[id] = addRange(before, seq, seq)
      rows.set(id, addRange(rowsOf(id), seq, seq))
      if (isUnsynced) unsynced.set(id, addRange(unsynced.get(id) ?? emptySet, seq, seq))
    },
    /** False: some of it is there already. */
    addSummary(id: number, range: { firstSeq: number; lastSeq: number }): boolean {
      const before = all[id] ?? emptySet
      const set = rangeOf(range.firstSeq, range.lastSeq)
      if (intersect(set, before).length > 0) return false
      all[id] = union(before, set)
      summaries.set(id, [...summariesOf(id), range])
      return true
    },
  }
}
