import type Database from 'better-sqlite3'
import type { Level } from './calendar.ts'
import { openToRead } from './file.ts'
import type { Collection } from './schema.ts'

/** A document as it lies in the file: its body is not looked at yet. */
export interface Row {
  readonly id: string
  readonly g: number
  readonly n: number
  readonly body: string
}

export interface StreamRow extends Row {
  readonly device: string
  readonly sensor: string
}

export interface BucketRow extends StreamRow {
  readonly first_time: number | null
  readonly last_time: number | null
}

export interface RollupRow extends StreamRow {
  readonly level: string
  readonly start: number
  readonly in_set: number
}

export interface CheckpointRow {
  readonly partition: number
  readonly log_id: string
  readonly g: number
  readonly n: number
  readonly reach: number
  readonly reach_hash: string | null
  readonly phase: string | null
}

/** Which of a device's sets of windows holds; a device that never had a rebuild has none of these and is at set 0. */
export interface SetRow {
  readonly device: string
  readonly partition: number
  readonly current: number
  /** Everything before this position is in it by what was known here. */
  readonly g: number
  readonly n: number
  /** A set beyond the current one is being made. */
  readonly claimed: number
}

/** The second reader of the store: its own SQL, one view of one moment, whatever is written meanwhile. */
export interface StoreReader {
  checkpoints(): CheckpointRow[]
  sets(): SetRow[]
  /** Windows of sets that neither hold nor are being made, by device. */
  leftOver(): { device: string; in_set: number; count: number }[]
  settings(): Row[]
  devices(): Row[]
  /** Every (device, sensor) that any document names, in order. */
  streams(): { device: string; sensor: string }[]
  stream(device: string, sensor: string): StreamRow[]
  epochs(device: string, sensor: string): Iterable<StreamRow>
  buckets(device: string, sensor: string): Iterable<BucketRow>
  /** With a reading at or after `time`, by their first reading. */
  bucketsFrom(device: string, sensor: string, time: number): Iterable<BucketRow>
  bucket(id: string): BucketRow | undefined
  summaries(device: string, sensor: string): Iterable<StreamRow>
  summary(id: string): StreamRow | undefined
  /** from <= start < to. */
  rollups(device: string, sensor: string, level: Level, from: number, to: number): Iterable<RollupRow>
  /** Rollups of a level that does not exist. */
  rollupsBeside(levels: readonly Level[]): Iterable<RollupRow>
  count(collection: Collection): number
  close(): void
}

/** Beyond every time that a document can have. */
export const endOfTime = 9_007_199_254_740_991

/** Opens the store to read, at the moment of the call. */
export function openStore(path: string): StoreReader {
  const db = openToRead(path, { what: 'store', applicationId: 0x42675374, schemaVersion: 3 })
  db.exec('BEGIN')
  // The first read decides the moment; the log is opened after it, so that it holds all that the store does.
  db.prepare('SELECT count(*) FROM checkpoints').get()
  return createStoreReader(db)
}

/** Reads tables that look like those of a store. */
export function createStoreReader(db: Database.Database): StoreReader {
  const all = <R>(sql: string, ...values: (string | number)[]): R[] =>
    db.prepare<unknown[], R>(sql).all(...values)
  const each = createEach(db)
  const own = 'SELECT id, g, n, body, device, sensor'
  const ofStream = 'WHERE device = ? AND sensor = ?'
  // A rebuild may be making another set of windows beside the one that holds.
  const current = 'in_set = coalesce((SELECT current FROM sets WHERE sets.device = rollups.device), 0)'
  // What owners of before wrote when their device had gone over to another log is nothing (docs/protocol.md 5).
  const isHere = 'g >= coalesce((SELECT devices.g FROM devices WHERE devices.id = readings.device), 0)'
  return {
    checkpoints: () => all('SELECT * FROM checkpoints ORDER BY partition'),
    sets: () => all('SELECT * FROM sets ORDER BY device'),
    leftOver: () =>
      all(`SELECT device, in_set, count(*) AS count FROM rollups WHERE NOT ${current}
        AND in_set <> coalesce((SELECT claimed FROM sets WHERE sets.device = rollups.device), 0)
        GROUP BY device, in_set`),
    settings: () => all('SELECT id, g, n, body FROM settings ORDER BY id'),
    devices: () => all('SELECT id, g, n, body FROM devices ORDER BY id'),
    streams: () =>
      all(`SELECT device, sensor FROM streams UNION SELECT device, sensor FROM epochs
        UNION SELECT device, sensor FROM readings UNION SELECT device, sensor FROM rollups
        UNION SELECT device, sensor FROM summaries ORDER BY device, sensor`),
    stream: (device, sensor) => all(`${own} FROM streams ${ofStream}`, device, sensor),
    epochs: (device, sensor) =>
      each(`${own} FROM epochs ${ofStream} ORDER BY first_ingest, id`, device, sensor),
    buckets: (device, sensor) =>
      each(`${own}, first_time, last_time FROM readings ${ofStream} AND ${isHere}`, device, sensor),
    bucketsFrom: (device, sensor, time) =>
      each(
        `${own}, first_time, last_time FROM readings ${ofStream} AND ${isHere} AND first_time IS NOT NULL AND last_time >= ?
         ORDER BY first_time, id`,
        device,
        sensor,
        time,
      ),
    bucket: (id) =>
      all<BucketRow>(`${own}, first_time, last_time FROM readings WHERE id = ? AND ${isHere}`, id)[0],
    // By id, for there is no index by stream; what is filed under the wrong id is found by the count.
    summaries: (device, sensor) =>
      each(`${own} FROM summaries WHERE id > ? AND id < ?`, `${device}/${sensor}/`, `${device}/${sensor}0`),
    summary: (id) => all<StreamRow>(`${own} FROM summaries WHERE id = ?`, id)[0],
    rollups: (device, sensor, level, from, to) =>
      each(
        `${own}, level, start, in_set FROM rollups ${ofStream} AND ${current} AND level = ? AND start >= ? AND start < ? ORDER BY start`,
        device,
        sensor,
        level,
        from,
        to,
      ),
    rollupsBeside: (levels) =>
      each(
        `${own}, level, start, in_set FROM rollups
         WHERE level NOT IN (${levels.map(() => '?').join()}) AND ${current} ORDER BY id`,
        ...levels,
      ),
    count(collection) {
      const where = { rollups: `WHERE ${current}`, readings: `WHERE ${isHere}` }[String(collection)] ?? ''
      return db.prepare<[], number>(`SELECT count(*) FROM ${collection} ${where}`).pluck().get() ?? 0
    },
    close: () => void db.close(),
  }
}

/** Rows one by one, so that memory does not grow with their number. */
function createEach(db: Database.Database) {
  return <R>(sql: string, ...values: (string | number)[]): Iterable<R> =>
    db.prepare<unknown[], R>(sql).iterate(...values)
}
