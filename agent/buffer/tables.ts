import { CodedError, type Epoch, emptySet, isCoded, pairs, type RangeSet } from '@barograph/proto'
import type Sqlite from 'better-sqlite3'
import type { LostRange, NumberedEntry, SiteState } from '../core/buffer.ts'
import { type BootTiming, finalTime } from '../core/time/row-time.ts'
import { openBootTable } from './boot-table.ts'
import { entryChecksum } from './checksum.ts'
import { type MetricRow, openMetricTable } from './metric-table.ts'
import { decodePayload } from './payload.ts'
import { type HeldPosition, openPositionTable } from './position-table.ts'
import { loadStreams, streamChecksum, type StreamState, type StreamTraits } from './stream-table.ts'
import {
  openSentTable,
  openSummaryTable,
  setOf,
  type SummaryAge,
  type SummaryRange,
} from './summary-table.ts'

/** An entry as the file has it. */
export interface StoredEntry extends NumberedEntry {
  /** False: its time is not final. */
  readonly synced: boolean
}

/** One row that is about to be written. */
export interface EntryRow {
  readonly seq: number
  readonly monotonicMs: number
  readonly time: number
  readonly payload: Uint8Array
  /** False: stamped by a clock that nobody had confirmed, to be stamped again when its boot is synchronised. */
  readonly synced: boolean
}

/** Rows of the ledger of refusals that are kept; the oldest go. */
const refusalsKept = 1_000
const nextStreamKey = 'nextStream'
/** Rows of one INSERT: one call into SQLite instead of many. */
const rowsPerInsert = 32
const columnsPerRow = 8

interface ReadRow {
  seq: number
  wall: number
  monotonic: number
  synced: number
  payload: Uint8Array
  crc: number | null
}

/** A row of the table of entries, as another file had it. */
export interface RestoredEntry {
  readonly stream: number
  readonly seq: number
  readonly accepted: number
  readonly monotonic: number
  readonly wall: number
  readonly synced: number
  readonly payload: Uint8Array
  readonly crc: number | null
}

export type Tables = ReturnType<typeof openTables>

/** Every statement on the buffer's tables. What writes is to be called inside a transaction. */
export function openTables(db: Sqlite.Database) {
  db.function('row_checksum', { deterministic: true }, (stream, seq, monotonic, wall, synced, payload) =>
    entryChecksum(
      stream as number,
      seq as number,
      monotonic as number,
      wall as number,
      synced as number,
      payload as Uint8Array,
    ),
  )
  const values = '(?, ?, ?, ?, ?, ?, ?, ?)'
  /** Prepared when it is used first: a file that is only looked at may be of an older version. */
  const writing = (sql: string) => {
    let statement: Sqlite.Statement<unknown[]> | undefined
    return {
      run(...values: readonly unknown[]): Sqlite.RunResult {
        statement ??= db.prepare(sql)
        return statement.run(...values)
      },
    }
  }
  // The same lists for every statement: at hundreds of thousands of rows a second new ones are felt.
  const one: unknown[] = new Array(columnsPerRow)
  const many: unknown[] = new Array(rowsPerInsert * columnsPerRow)
  const insertOne = writing(`INSERT INTO entries VALUES ${values}`)
  const insertMany = writing(
    `INSERT INTO entries VALUES ${Array.from({ length: rowsPerInsert }, () => values).join()}`,
  )
  const addStream = writing('INSERT INTO streams VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
  const nextStream = db.prepare<[], number>('SELECT coalesce(max(id), 0) + 1 FROM streams').pluck()
  const setLastSeq = writing('UPDATE streams SET last_seq = ?, crc = ? WHERE id = ?')
  const addGone = writing('UPDATE streams SET gone = gone + ? WHERE id = ?')
  const restoreEntry = writing(
    `INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
       accepted = excluded.accepted, monotonic = excluded.monotonic, wall = excluded.wall,
       synced = excluded.synced, payload = excluded.payload, crc = excluded.crc
     WHERE excluded.synced > entries.synced`,
  )
  const restoreMetric = writing('INSERT OR IGNORE INTO metrics VALUES (?, ?, ?, ?)')
  const setEnded = writing('UPDATE streams SET ended = 1 WHERE id = ?')
  const deleteStream = writing('DELETE FROM streams WHERE id = ?')
  const deleteRange = writing('DELETE FROM entries WHERE stream = ? AND seq BETWEEN ? AND ?')
  const readRange = db.prepare<[number, number, number], ReadRow>(
    'SELECT seq, wall, monotonic, synced, payload, crc FROM entries WHERE stream = ? AND seq BETWEEN ? AND ? ORDER BY seq',
  )
  const ageOf = db.prepare<[number, number], SummaryAge>(
    'SELECT accepted, monotonic FROM entries WHERE stream = ? AND seq = ?',
  )
  // Numbers ascend with time, so this ends at the first row that is young enough.
  const firstSince = (column: string) =>
    db
      .prepare<[number, number], number>(
        `SELECT seq FROM entries WHERE stream = ? AND ${column} >= ? ORDER BY seq LIMIT 1`,
      )
      .pluck()
  const firstSinceBy = { accepted: firstSince('accepted'), monotonic: firstSince('monotonic') }
  const setMeta = writing('INSERT OR REPLACE INTO meta VALUES (?, ?)')
  const deleteMeta = writing('DELETE FROM meta WHERE key = ?')
  const getMeta = db.prepare<[string], string>('SELECT value FROM meta WHERE key = ?').pluck()
  const clearLost = writing('DELETE FROM lost WHERE stream = ?')
  const addLost = writing('INSERT INTO lost VALUES (?, ?, ?, ?)')
  const addRefused = writing('INSERT INTO refused VALUES (NULL, ?, ?, ?, ?, ?, ?)')
  const trimRefused = writing(
    `DELETE FROM refused WHERE id <= (SELECT max(id) FROM refused) - ${refusalsKept}`,
  )
  const metrics = openMetricTable(db)
  const summaries = openSummaryTable(db, writing)
  const sent = openSentTable(db, writing)
  // Prepared, as they are asked at every commit.
  const pageCount = db.prepare('PRAGMA page_count').pluck()
  const freePages = db.prepare('PRAGMA freelist_count').pluck()
  const pageSize = Number(db.pragma('page_size', { simple: true }))
  const positions = openPositionTable(db, writing)
  const timings = new Map<number, BootTiming>()

  /** Throws `corrupt` when the row is not what was written. */
  function decodeRow(stream: number, row: ReadRow): NumberedEntry {
    const { seq, wall, monotonic, synced, payload, crc } = row
    if (crc !== null && crc !== entryChecksum(stream, seq, monotonic, wall, synced, payload))
      throw new CodedError('corrupt', 'a row of the buffer is not what was written')
    // The final time, also where it is not written yet; or what the clock said, while nobody knows better.
    const timing = synced === 0 ? timings.get(stream) : undefined
    const time = timing ? finalTime(timing, wall, monotonic) : wall
    return { seq, time, monotonicMs: monotonic, ...decodePayload(payload, metrics) }
  }

  const numberNext = (): number => Math.max(nextStream.get() ?? 1, Number(getMeta.get(nextStreamKey) ?? 1))
  /** Lower numbers of streams were given already. */
  const keepFrom = (next: number): void =>
    void setMeta.run(nextStreamKey, String(Math.max(next, Number(getMeta.get(nextStreamKey) ?? 1))))

  return {
    metrics,
    boots: openBootTable(db),
    ...summaries,
    ...positions,
    setSent: sent.setSent,
    insert(stream: number, accepted: number, rows: readonly EntryRow[]): void {
      let at = 0
      for (; at + rowsPerInsert <= rows.length; at += rowsPerInsert) {
        for (let i = 0; i < rowsPerInsert; i++) bind(many, i, stream, accepted, rows[at + i] as EntryRow)
        insertMany.run(many)
      }
      for (; at < rows.length; at++) {
        bind(one, 0, stream, accepted, rows[at] as EntryRow)
        insertOne.run(one)
      }
    },
    /** Numbers of streams are never given twice: rows that a damaged page kept could be taken for another stream's. */
    addStream(stream: StreamTraits): number {
      const id = numberNext()
      const { sensor, epoch, boot, intervalMs, historical } = stream
      const crc = streamChecksum(stream, 0)
      addStream.run(id, sensor, epoch, boot, intervalMs, historical ? 1 : 0, 0, 0, 0, crc)
      setMeta.run(nextStreamKey, String(id + 1))
      return id
    },
    /** Every number of a stream that this file ever gave is lower. */
    nextStream: numberNext,
    /** A stream as another file had it, without one of its rows. */
    restoreStream(
      stream: StreamTraits & { readonly id: number; readonly lastSeq: number },
      isEnded: boolean,
    ): void {
      const { id, sensor, epoch, boot, intervalMs, historical, lastSeq } = stream
      const crc = streamChecksum(stream, lastSeq)
      const flags = [historical ? 1 : 0, lastSeq, isEnded ? 1 : 0] as const
      addStream.run(id, sensor, epoch, boot, intervalMs, ...flags, lastSeq, crc)
      keepFrom(id + 1)
    },
    restoreEntry(row: RestoredEntry): void {
      const { stream, seq, accepted, monotonic, wall, synced, payload, crc } = row
      restoreEntry.run(stream, seq, accepted, monotonic, wall, synced, payload, crc)
    },
    restoreMetric: ({ id, name, unit, kind }: MetricRow) => restoreMetric.run(id, name, unit, kind),
    /** A position as another file had it: streams of this one are greater than what it names. */
    restorePosition(sensor: string, held: HeldPosition): void {
      keepFrom(held.stream + 1)
      positions.setPosition(sensor, held)
    },
    /** Numbers that left the buffer, or came back to it. */
    addGone(stream: number, count: number): void {
      addGone.run(count, stream)
    },
    setLastSeq: (stream: StreamTraits & { readonly id: number }, lastSeq: number) =>
      setLastSeq.run(lastSeq, streamChecksum(stream, lastSeq), stream.id),
    setEnded: (stream: number) => setEnded.run(stream),
    deleteStream(stream: number): void {
      deleteStream.run(stream)
      sent.setSent(stream, emptySet)
    },
    /** Rows that leave the buffer. */
    remove(stream: number, set: RangeSet): void {
      let gone = 0
      for (const [first, last] of pairs(set)) gone += deleteRange.run(stream, first, last).changes
      if (gone > 0) addGone.run(gone, stream)
    },
    /** Rows that a summary holds from now on. */
    moveToSummary(stream: number, set: RangeSet): void {
      for (const [first, last] of pairs(set)) deleteRange.run(stream, first, last)
    },
    /** Summaries that leave the buffer. */
    removeSummaries(stream: number, ranges: readonly SummaryRange[]): void {
      for (const { firstSeq, lastSeq } of ranges) {
        if (summaries.removeSummary(stream, firstSeq)) addGone.run(lastSeq - firstSeq + 1, stream)
      }
    },
    /** Rows of this stream that were stamped without confirmation have their times by this from now on. */
    setTiming: (stream: number, timing: BootTiming): void => void timings.set(stream, timing),
    /** Entries of a range; the numbers of those that cannot be read go to `unreadable`, or are thrown without it. */
    read(stream: number, first: number, last: number, unreadable?: (seq: number) => void): NumberedEntry[] {
      const entries: NumberedEntry[] = []
      for (const row of readRange.all(stream, first, last))
        try {
          entries.push(decodeRow(stream, row))
        } catch (error) {
          if (!unreadable || !isCoded(error, 'corrupt')) throw error
          unreadable(row.seq)
        }
      return entries
    },
    /** Those of them that can be read. */
    readStored(stream: number, first: number, last: number): StoredEntry[] {
      const entries: StoredEntry[] = []
      for (const row of readRange.all(stream, first, last))
        try {
          const isRight = timings.get(stream)?.isUncertain === false
          entries.push({
            ...decodeRow(stream, row),
            synced: row.synced === 1 || (row.synced === 0 && isRight),
          })
        } catch (error) {
          // It stays a row: whoever is to send it declares it lost.
          if (!isCoded(error, 'corrupt')) throw error
        }
      return entries
    },
    /** When a row was accepted, by both clocks of then. */
    ageOf: (stream: number, seq: number): SummaryAge =>
      ageOf.get(stream, seq) ?? { accepted: 0, monotonic: 0 },
    /** The lowest number of a stream that was accepted at or after a time. */
    firstSince: (stream: number, column: keyof typeof firstSinceBy, time: number): number | undefined =>
      firstSinceBy[column].get(stream, time),
    setLost(stream: number, lost: readonly LostRange[]): void {
      clearLost.run(stream)
      for (const { firstSeq, lastSeq, cause } of lost) addLost.run(stream, firstSeq, lastSeq, cause)
    },
    addRefused(
      stream: { sensor: string; epoch: Epoch },
      range: { firstSeq: number; lastSeq: number; reason: string },
      at: number,
    ): void {
      addRefused.run(stream.sensor, stream.epoch, range.firstSeq, range.lastSeq, range.reason, at)
      trimRefused.run()
    },
    site(): (SiteState & { readonly text: string }) | null {
      const text = getMeta.get('site')
      return text === undefined ? null : (JSON.parse(text) as SiteState & { text: string })
    },
    device: (): string | undefined => getMeta.get('device'),
    text: (key: string): string | undefined => getMeta.get(key),
    /** Null: there is none any more. */
    setText(key: string, text: string | null): void {
      if (text === null) deleteMeta.run(key)
      else setMeta.run(key, text)
    },
    setDevice: (device: string) => setMeta.run('device', device),
    setSite: (site: SiteState & { readonly text: string }) => setMeta.run('site', JSON.stringify(site)),
    /** Bytes that rows take; free pages are not counted, they will be used again. */
    usedBytes(): number {
      return (Number(pageCount.get()) - Number(freePages.get())) * pageSize
    },
    streams: (currentEpoch: Epoch | null): StreamState[] =>
      loadStreams(db, currentEpoch).map((stream) => {
        const held = summaries.summaryRanges(stream.id)
        return { ...stream, sent: sent.sent(stream.id), summaries: held, thinned: setOf(held) }
      }),
  }
}

/** Sets the columns of the row at this place in a statement. */
function bind(bound: unknown[], place: number, stream: number, accepted: number, row: EntryRow): void {
  const { seq, monotonicMs, time, payload } = row
  const synced = row.synced ? 1 : 0
  let at = place * columnsPerRow
  bound[at++] = stream
  bound[at++] = seq
  bound[at++] = accepted
  bound[at++] = monotonicMs
  bound[at++] = time
  bound[at++] = synced
  bound[at++] = payload
  bound[at] = entryChecksum(stream, seq, monotonicMs, time, synced, payload)
}
