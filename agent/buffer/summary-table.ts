import {
  addRange,
  decodeBatch,
  emptySet,
  encodeBatch,
  isCoded,
  makeBatch,
  type RangeSet,
  type Summary,
} from '@barograph/proto'
import type Sqlite from 'better-sqlite3'
import { checksum } from './checksum.ts'

/** A summary as memory knows it. */
export interface SummaryRange {
  readonly firstSeq: number
  readonly lastSeq: number
}

/** When the oldest of its readings was accepted. */
export interface SummaryAge {
  readonly accepted: number
  readonly monotonic: number
}

interface SummaryRow extends SummaryRange, SummaryAge {
  readonly payload: Uint8Array
  readonly crc: number
}

/** Whom the payload names does not matter: a row belongs to its stream. */
const anyone = 'summary'

/** Over all of a summary's row that is told to anyone. */
export const summaryChecksum = (
  stream: number,
  { firstSeq, lastSeq }: SummaryRange,
  payload: Uint8Array,
): number => checksum([stream, firstSeq, lastSeq], payload)

/** Statements on the table of condensed minutes. `writing` prepares what changes the file. */
export function openSummaryTable(
  db: Sqlite.Database,
  writing: (sql: string) => { run(...values: readonly unknown[]): Sqlite.RunResult },
) {
  const insert = writing('INSERT INTO summaries VALUES (?, ?, ?, ?, ?, ?, ?)')
  const remove = writing('DELETE FROM summaries WHERE stream = ? AND first_seq = ?')
  const columns = 'first_seq AS firstSeq, last_seq AS lastSeq, accepted, monotonic, payload, crc'
  const at = db.prepare<[number, number], SummaryRow>(
    `SELECT ${columns} FROM summaries WHERE stream = ? AND first_seq <= ? ORDER BY first_seq DESC LIMIT 1`,
  )
  const ranges = db.prepare<[number], SummaryRange>(
    'SELECT first_seq AS firstSeq, last_seq AS lastSeq FROM summaries WHERE stream = ? ORDER BY first_seq',
  )

  return {
    insertSummary(stream: number, summary: Summary, age: SummaryAge): void {
      const payload = encodeBatch(makeBatch(anyone, { summaries: [summary] }))
      insert.run(
        stream,
        summary.firstSeq,
        summary.lastSeq,
        age.accepted,
        age.monotonic,
        payload,
        summaryChecksum(stream, summary, payload),
      )
    },
    /** The summary that begins at this number or holds it; null: none. Throws `corrupt` when it is not what was written. */
    readSummary(stream: number, seq: number): Summary | null {
      const row = at.get(stream, seq)
      if (!row || row.lastSeq < seq || row.crc !== summaryChecksum(stream, row, row.payload)) return null
      try {
        return decodeBatch(row.payload).summaries[0] ?? null
      } catch (error) {
        if (!isCoded(error)) throw error
        return null
      }
    },
    summaryAge: (stream: number, firstSeq: number): SummaryAge =>
      at.get(stream, firstSeq) ?? { accepted: 0, monotonic: 0 },
    /** False: it is not there. */
    removeSummary: (stream: number, firstSeq: number): boolean => remove.run(stream, firstSeq).changes > 0,
    /** A row as another file had it. */
    restoreSummary(row: SummaryRow & { readonly stream: number }): void {
      const { stream, firstSeq, lastSeq, accepted, monotonic, payload, crc } = row
      insert.run(stream, firstSeq, lastSeq, accepted, monotonic, payload, crc)
    },
    summaryRanges: (stream: number): SummaryRange[] => ranges.all(stream),
  }
}

/** Statements on the table of what was handed to the uplink. */
export function openSentTable(
  db: Sqlite.Database,
  writing: (sql: string) => { run(...values: readonly unknown[]): Sqlite.RunResult },
) {
  const clear = writing('DELETE FROM sent WHERE stream = ?')
  const add = writing('INSERT INTO sent VALUES (?, ?, ?)')
  const ranges = db.prepare<[number], { first: number; last: number }>(
    'SELECT first_seq AS first, last_seq AS last FROM sent WHERE stream = ? ORDER BY first_seq',
  )

  return {
    setSent(stream: number, set: RangeSet): void {
      clear.run(stream)
      for (let i = 0; i < set.length; i += 2) add.run(stream, set[i], set[i + 1])
    },
    sent: (stream: number): RangeSet => ranges.all(stream).flatMap(({ first, last }) => [first, last]),
  }
}

/** The numbers of some ranges. */
export const setOf = (ranges: readonly SummaryRange[]): RangeSet =>
  ranges.reduce<RangeSet>((set, { firstSeq, lastSeq }) => addRange(set, firstSeq, lastSeq), emptySet)
