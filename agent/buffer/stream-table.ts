import { CodedError, type Epoch, emptySet, type RangeSet } from '@barograph/proto'
import type Sqlite from 'better-sqlite3'
import type { BufferedStream, LostRange } from '../core/buffer.ts'
import { checksum } from './checksum.ts'
import type { SummaryRange } from './summary-table.ts'

/** A stream as memory holds it; the tables hold the same after each commit. */
export interface StreamState extends BufferedStream {
  readonly id: number
  readonly boot: string
  lastSeq: number
  rows: RangeSet
  thinned: RangeSet
  sent: RangeSet
  /** Ascending; `thinned` is what of them is not settled. */
  summaries: SummaryRange[]
  untimed: RangeSet
  uncertain: RangeSet
  clockErrorMs: number
  lost: LostRange[]
  endPending: boolean
}

/** What names a stream and holds for all of it. */
export type StreamTraits = Pick<StreamState, 'sensor' | 'epoch' | 'boot' | 'intervalMs' | 'historical'>

interface StreamRow {
  id: number
  sensor: string
  epoch: string
  boot: string
  interval_ms: number
  historical: number
  last_seq: number
  ended: number
  gone: number
  crc: number | null
}

/** Over what names a stream and says how far it went. */
export const streamChecksum = (stream: StreamTraits, lastSeq: number): number =>
  checksum(
    [stream.intervalMs, stream.historical ? 1 : 0, lastSeq],
    Buffer.from(`${stream.sensor} ${stream.epoch} ${stream.boot}`),
  )

/** What the table of streams tells, and what the other tables hold of each. */
export function loadStreams(
  db: Sqlite.Database,
  currentEpoch: Epoch | null,
): Omit<StreamState, 'sent' | 'summaries' | 'thinned'>[] {
  const rows = db.prepare<[], StreamRow>('SELECT * FROM streams ORDER BY id').all()
  // Consecutive numbers share the difference to their rank: one group per range.
  const ranges = db.prepare<[number], { first: number; last: number; count: number }>(
    `SELECT min(seq) AS first, max(seq) AS last, count(*) AS count FROM
       (SELECT seq, seq - row_number() OVER (ORDER BY seq) AS run FROM entries WHERE stream = ?)
     GROUP BY run ORDER BY first`,
  )
  const lost = db.prepare<[number], LostRange>(
    'SELECT first_seq AS firstSeq, last_seq AS lastSeq, cause FROM lost WHERE stream = ? ORDER BY first_seq',
  )
  const summarised = new Map(
    db
      .prepare<[], { stream: number; count: number }>(
        'SELECT stream, sum(last_seq - first_seq + 1) AS count FROM summaries GROUP BY stream',
      )
      .all()
      .map(({ stream, count }) => [stream, count]),
  )
  return rows.map((row) => {
    const held = ranges.all(row.id)
    const stream = {
      id: row.id,
      sensor: row.sensor,
      epoch: row.epoch,
      boot: row.boot,
      intervalMs: row.interval_ms,
      historical: row.historical === 1,
      lastSeq: row.last_seq,
      rows: held.flatMap(({ first, last }) => [first, last]),
      // boots.ts knows.
      untimed: emptySet,
      uncertain: emptySet,
      clockErrorMs: 0,
      lost: lost.all(row.id),
      endPending: row.epoch !== currentEpoch && row.ended === 0,
    }
    checkStream(stream, row, held, summarised.get(row.id) ?? 0)
    return stream
  })
}

/**
 * Pages that were zeroed, swapped or cut off are not always damage to SQLite, which then holds less, or other numbers.
 * Ours add up, or the file is damaged.
 */
function checkStream(
  stream: StreamTraits,
  { last_seq: lastSeq, gone, crc }: StreamRow,
  held: readonly { first: number; last: number; count: number }[],
  summarised: number,
): void {
  const rows = held.reduce((sum, { count }) => sum + count, 0)
  const isRight =
    (crc === null || crc === streamChecksum(stream, lastSeq)) &&
    // Version 1 did not count what is gone, and is only looked at.
    (rows + summarised + gone === lastSeq || (crc === null && gone === 0)) &&
    held.every(({ first, last, count }) => first >= 1 && last <= lastSeq && last - first + 1 === count)
  if (!isRight)
    throw new CodedError('buffer-corrupt', `the rows of ${stream.sensor} ${stream.epoch} do not add up`, {
      hint: 'the agent sets the file aside when it starts, and takes out of it what can be read',
    })
}
