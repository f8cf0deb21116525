import type { SqliteFileOptions } from '../sqlite-file.ts'

/**
 * A record's key is partition * 2^43 + offset: one number, so that SQLite keeps each partition's records in order
 * without a second index. Together they fill the 53 bits of an exact JavaScript number.
 */
const offsetsPerPartition = 2 ** 43
/** A log has at most this many partitions; more are refused. */
export const mostPartitions = 1024

/** The key of a record. */
export const keyOf = (partition: number, offset: number): number =>
  partition * offsetsPerPartition + Math.min(offset, offsetsPerPartition - 1)
/** The offset inside a key. */
export const offsetOf = (key: number): number => key % offsetsPerPartition

const version1 = `
  CREATE TABLE identity (only INTEGER PRIMARY KEY CHECK (only = 1), id TEXT NOT NULL,
    partitions INTEGER NOT NULL) STRICT;
  CREATE TABLE partitions (partition INTEGER PRIMARY KEY, next INTEGER NOT NULL) STRICT;
  CREATE TABLE records (key INTEGER PRIMARY KEY, kind TEXT NOT NULL, device TEXT NOT NULL, ingest INTEGER NOT NULL,
    quarantine_after INTEGER, value BLOB NOT NULL) STRICT;

  CREATE TABLE dead_letters (id INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT NOT NULL, device TEXT,
    ingest INTEGER NOT NULL, code TEXT NOT NULL, reason TEXT NOT NULL, value BLOB NOT NULL) STRICT;
  CREATE TABLE dead_letter_counts (code TEXT PRIMARY KEY, count INTEGER NOT NULL) STRICT;
  CREATE TABLE dead_letters_kept (only INTEGER PRIMARY KEY CHECK (only = 1), letters INTEGER NOT NULL,
    bytes INTEGER NOT NULL) STRICT;
  INSERT INTO dead_letters_kept VALUES (1, 0, 0);
`

/** How a log's file is opened: 'BgLg' in its header, and the SQL from each schema version to the next. */
export const logFile = {
  what: 'log',
  applicationId: 0x42674c67,
  migrations: [version1],
} as const satisfies Partial<SqliteFileOptions>
