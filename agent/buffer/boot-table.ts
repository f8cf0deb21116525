import { CodedError, type RangeSet } from '@barograph/proto'
import type Sqlite from 'better-sqlite3'
import type { BootTiming } from '../core/time/row-time.ts'
import { timeLimits } from '../core/time/timekeeper.ts'
import { checksum } from './checksum.ts'

/** A boot as the file has it; `source` null: its time is not known. */
export interface BootRow {
  readonly boot: string
  readonly offsetMs: number | null
  readonly errorMs: number | null
  readonly source: 'system' | 'collector' | 'uncertain' | null
  /** Both clocks when it was heard of last; when synchronised, the right time. */
  readonly lastWall: number
  readonly lastMonotonic: number
}

/** Every statement on boots, and those that give rows their times. What writes is to be called inside a transaction. */
export function openBootTable(db: Sqlite.Database) {
  const readBoots = db.prepare<[], BootRow & { crc: number }>(
    `SELECT boot, offset_ms AS offsetMs, error_ms AS errorMs, source, last_wall AS lastWall,
       last_monotonic AS lastMonotonic, crc FROM boots`,
  )
  const readOrder = db.prepare<[], string>("SELECT value FROM meta WHERE key = 'boots'").pluck()
  const untimed = db.prepare<[number], { first: number; last: number }>(
    `SELECT min(seq) AS first, max(seq) AS last FROM
       (SELECT seq, seq - row_number() OVER (ORDER BY seq) AS run FROM entries WHERE stream = ? AND synced <> 1)
     GROUP BY run ORDER BY first`,
  )
  const lastMonotonic = db
    .prepare<[number], number>('SELECT monotonic FROM entries WHERE stream = ? ORDER BY seq DESC LIMIT 1')
    .pluck()
  const chunkEnd = db
    .prepare<[number, number, number], number>(
      `SELECT max(seq) FROM
         (SELECT seq FROM entries WHERE stream = ? AND seq > ? AND synced = 0 ORDER BY seq LIMIT ?)`,
    )
    .pluck()
  const rightTime = `CASE WHEN abs(wall - (monotonic + :offset)) <= :tolerance THEN wall ELSE monotonic + :offset END`

  /** Oldest first. Throws `buffer-corrupt` when one is not what was written: it gives rows their times. */
  function all(): BootRow[] {
    const order = JSON.parse(readOrder.get() ?? '[]') as string[]
    const rows = readBoots.all().map(({ crc, ...row }) => {
      if (crc === bootChecksum(row)) return row
      throw new CodedError('buffer-corrupt', 'what the buffer knows of a boot is not what was written')
    })
    return rows.sort((a, b) => order.indexOf(a.boot) - order.indexOf(b.boot))
  }

  function setOrder(boots: readonly string[]): void {
    db.prepare("INSERT OR REPLACE INTO meta VALUES ('boots', ?)").run(JSON.stringify(boots))
  }

  function prove(boot: string): void {
    const row = readBoots.all().find((one) => one.boot === boot)
    if (row) db.prepare('UPDATE boots SET crc = ? WHERE boot = ?').run(bootChecksum(row), boot)
  }

  return {
    all,
    add(boot: string, wall: number, monotonic: number): void {
      const before = all().map((one) => one.boot)
      db.prepare('INSERT INTO boots VALUES (?, NULL, NULL, NULL, ?, ?, ?, ?, 0)').run(
        boot,
        wall,
        monotonic,
        wall,
        monotonic,
      )
      prove(boot)
      setOrder([...before, boot])
    },
    /** Rows as another file had them, in this order. */
    restore(boots: readonly BootRow[]): void {
      for (const { boot, offsetMs, errorMs, source, lastWall, lastMonotonic } of boots) {
        db.prepare('INSERT OR IGNORE INTO boots VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0)').run(
          boot,
          offsetMs,
          errorMs,
          source,
          lastWall,
          lastMonotonic,
          lastWall,
          lastMonotonic,
        )
        prove(boot)
      }
      setOrder(boots.map(({ boot }) => boot))
    },
    forget(boots: readonly string[]): void {
      for (const boot of boots) db.prepare('DELETE FROM boots WHERE boot = ?').run(boot)
      setOrder(all().map(({ boot }) => boot))
    },
    /** Once for each boot: its rows get their times by it, also those that were sent already. */
    setTime(boot: string, timing: Pick<BootTiming, 'offsetMs' | 'errorMs'>, source: BootRow['source']): void {
      db.prepare('UPDATE boots SET offset_ms = ?, error_ms = ?, source = ? WHERE boot = ?').run(
        timing.offsetMs,
        timing.errorMs,
        source,
        boot,
      )
      prove(boot)
    },
    setLast(boot: string, wall: number, monotonic: number): void {
      db.prepare('UPDATE boots SET last_wall = ?, last_monotonic = ? WHERE boot = ?').run(
        wall,
        monotonic,
        boot,
      )
      prove(boot)
    },
    /** Rows of a stream whose time was not final when they were written. */
    untimed: (stream: number): RangeSet => untimed.all(stream).flatMap(({ first, last }) => [first, last]),
    /** Monotonic time of the last row; 0: none. */
    lastMonotonic: (stream: number): number => lastMonotonic.get(stream) ?? 0,
    /**
     * Writes the final times of the next `count` rows after a number; returns the last of them, null: none is left. A
     * damaged row stays as it is, so that whoever reads it finds out.
     */
    convert(stream: number, after: number, count: number, timing: BootTiming): number | null {
      const last = chunkEnd.get(stream, after, count) ?? null
      if (last === null) return null
      const { offsetMs: offset, toleranceMs: tolerance, isUncertain } = timing
      db.prepare(
        `UPDATE entries SET wall = ${rightTime}, synced = :synced,
           crc = row_checksum(stream, seq, monotonic, ${rightTime}, :synced, payload)
         WHERE stream = :stream AND seq > :after AND seq <= :last AND synced = 0
           AND (crc IS NULL OR crc = row_checksum(stream, seq, monotonic, wall, synced, payload))`,
      ).run({ stream, after, last, offset, tolerance, synced: isUncertain ? 2 : 1 })
      return last
    },
  }
}

/** Over all that gives rows their times, or bounds those of others. */
export const bootChecksum = ({ boot, offsetMs, errorMs, source, lastWall, lastMonotonic }: BootRow): number =>
  checksum([offsetMs ?? -1, errorMs ?? -1, lastWall, lastMonotonic], Buffer.from(`${boot} ${source}`))

/** How the rows of a boot get their times; null: nobody knows yet. */
export function timingOf({ offsetMs, errorMs, source }: BootRow): BootTiming | null {
  if (source === null || offsetMs === null) return null
  const isUncertain = source === 'uncertain'
  return {
    offsetMs,
    errorMs: errorMs ?? 0,
    toleranceMs: isUncertain ? 0 : timeLimits.agreementMs,
    isUncertain,
  }
}

/** Rows of these streams are read with the times that are known for their boots. */
export function applyTimings(
  db: Sqlite.Database,
  tables: { setTiming(stream: number, timing: BootTiming): void },
  streams: readonly { readonly id: number; readonly boot: string }[],
): void {
  const boots = new Map(
    openBootTable(db)
      .all()
      .map((row) => [row.boot, timingOf(row)]),
  )
  for (const { id, boot } of streams) {
    const timing = boots.get(boot)
    if (timing) tables.setTiming(id, timing)
  }
}
