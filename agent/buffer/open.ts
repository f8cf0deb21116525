import { existsSync, mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { CodedError } from '@barograph/proto'
import Sqlite from 'better-sqlite3'
import { codeOf, explain, isBroken } from './errors.ts'
import { bearsOurMark, finishSettingAside, isHeaderRight, setAside } from './salvage/aside.ts'
import { sidecarVersion } from './salvage/sidecar.ts'
import { readWal } from './salvage/wal.ts'
import { openTailFile, type TailStore } from './tail/store.ts'

/** Raised with every change of the tables; an older file is brought up to it, a newer one refused. */
export const schemaVersion = 2

/** "Baro": tells our files from other programs' databases. */
const applicationId = 0x4261726f

const positionColumns =
  '(sensor TEXT PRIMARY KEY, stream INTEGER NOT NULL, seq INTEGER NOT NULL, position TEXT NOT NULL, crc INTEGER)'

const tablesOf2 = `
  CREATE TABLE boots (
    boot TEXT PRIMARY KEY, offset_ms INTEGER, error_ms INTEGER, source TEXT, first_wall INTEGER NOT NULL,
    first_monotonic INTEGER NOT NULL, last_wall INTEGER NOT NULL, last_monotonic INTEGER NOT NULL,
    crc INTEGER NOT NULL)
    STRICT, WITHOUT ROWID;
  CREATE TABLE sent (
    stream INTEGER NOT NULL, first_seq INTEGER NOT NULL, last_seq INTEGER NOT NULL,
    PRIMARY KEY (stream, first_seq)) STRICT, WITHOUT ROWID;
  CREATE TABLE summaries (
    stream INTEGER NOT NULL, first_seq INTEGER NOT NULL, last_seq INTEGER NOT NULL, accepted INTEGER NOT NULL,
    monotonic INTEGER NOT NULL, payload BLOB NOT NULL, crc INTEGER NOT NULL,
    PRIMARY KEY (stream, first_seq)) STRICT, WITHOUT ROWID;
  CREATE TABLE positions_copy ${positionColumns} STRICT, WITHOUT ROWID;
`

/** What each version adds to the one before: migrations[0] makes version 2 of version 1. */
const migrations = [
  `
  ALTER TABLE streams ADD COLUMN gone INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE streams ADD COLUMN crc INTEGER;
  ALTER TABLE entries ADD COLUMN crc INTEGER;
  ${tablesOf2}
  ALTER TABLE positions RENAME TO positions_of_1;
  CREATE TABLE positions ${positionColumns} STRICT, WITHOUT ROWID;
  INSERT INTO positions SELECT sensor, coalesce(max(id), 0), coalesce(last_seq, 0), position, NULL
    FROM positions_of_1 LEFT JOIN streams USING (sensor) GROUP BY sensor;
  INSERT INTO positions_copy SELECT * FROM positions;
  DROP TABLE positions_of_1;
  UPDATE streams SET gone = last_seq - (SELECT count(*) FROM entries WHERE stream = streams.id);
  -- Nobody noted what was sent: all of it may have been.
  INSERT INTO sent SELECT id, 1, last_seq FROM streams WHERE last_seq > 0;
  `,
]

/** For looking at a file of version 1 that no agent has brought up to this version: what it would be. */
const asIfNow = `
  CREATE TEMP VIEW entries AS SELECT *, NULL AS crc FROM main.entries;
  CREATE TEMP VIEW streams AS SELECT *, 0 AS gone, NULL AS crc FROM main.streams;
  ${tablesOf2.replaceAll('CREATE TABLE', 'CREATE TEMP TABLE')}
`

/**
 * Version 2. `crc` proves a row (checksum.ts; null: written by version 1). `gone`: how many numbers of the stream have
 * left the buffer, so that entries and summaries, and these, add up to `last_seq`. `synced`: 1 when `wall` is final, 0
 * when it is to be made of boot and monotonic time once the boot's offset is known, 2 when that was made and is uncertain. `sent`: numbers that were ever
 * handed to the uplink, or may have been: marked before. `summaries`: whole minutes that were condensed. `positions_copy`:
 * the same as `positions`, on another page.
 */
const tables = `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE streams (
    id INTEGER PRIMARY KEY, sensor TEXT NOT NULL, epoch TEXT NOT NULL, boot TEXT NOT NULL,
    interval_ms INTEGER NOT NULL, historical INTEGER NOT NULL, last_seq INTEGER NOT NULL,
    ended INTEGER NOT NULL, gone INTEGER NOT NULL DEFAULT 0, crc INTEGER, UNIQUE (sensor, epoch)) STRICT;
  CREATE TABLE entries (
    stream INTEGER NOT NULL, seq INTEGER NOT NULL, accepted INTEGER NOT NULL, monotonic INTEGER NOT NULL,
    wall INTEGER NOT NULL, synced INTEGER NOT NULL, payload BLOB NOT NULL,
    crc INTEGER, PRIMARY KEY (stream, seq)) STRICT, WITHOUT ROWID;
  CREATE TABLE positions ${positionColumns} STRICT, WITHOUT ROWID;
  CREATE TABLE lost (
    stream INTEGER NOT NULL, first_seq INTEGER NOT NULL, last_seq INTEGER NOT NULL, cause TEXT NOT NULL,
    PRIMARY KEY (stream, first_seq)) STRICT, WITHOUT ROWID;
  CREATE TABLE refused (
    id INTEGER PRIMARY KEY, sensor TEXT NOT NULL, epoch TEXT NOT NULL, first_seq INTEGER NOT NULL,
    last_seq INTEGER NOT NULL, reason TEXT NOT NULL, at INTEGER NOT NULL) STRICT;
  CREATE TABLE metrics (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, unit TEXT NOT NULL, kind TEXT NOT NULL,
    UNIQUE (name, unit, kind)) STRICT;
  ${tablesOf2}
`

/** A database with our tables that nobody else writes until `unlock`. */
export interface OwnDatabase {
  readonly db: Sqlite.Database
  /** Where the damaged file was moved that stood in the way; null: none did. */
  readonly damagedPath?: string | null
  /** True: there was no database before. */
  readonly isNew?: boolean
  /** Moves a file that turned out to be damaged away. Returns where it is; `reopen` makes another in its place. */
  setAside?(): string
  reopen?(): Sqlite.Database
  /** Where it stands beside the database how far that is committed. */
  readonly tail?: TailStore
  unlock(): void
}

/**
 * A database with our tables that only this process writes; a damaged one is set aside, and a new one takes its place.
 * Throws coded errors that say what is in the way.
 */
export function openForWriting(path: string, lockWaitMs: number, now: () => number = Date.now): OwnDatabase {
  makeFolder(path)
  const unlock = lock(path, lockWaitMs)
  try {
    const isNew = !existsSync(path) || statSync(path).size === 0
    const { db, damagedPath } = openWhole(path, now)
    let current = db
    return {
      db,
      damagedPath,
      isNew,
      setAside() {
        current.close()
        return setAside(path, now())
      },
      reopen() {
        current = openFile(path)
        return current
      },
      tail: openTailFile(path),
      unlock,
    }
  } catch (error) {
    unlock()
    throw explain(error, path)
  }
}

/** The file, or a new one where it is damaged. Anything that never was ours is left alone. */
function openWhole(path: string, now: () => number): { db: Sqlite.Database; damagedPath: string | null } {
  const interrupted = finishSettingAside(path)
  if (interrupted !== null) return { db: openFile(path), damagedPath: interrupted }
  try {
    const wal = readWal(`${path}-wal`)
    if (wal?.isDamaged) throw new CodedError('buffer-corrupt', 'the log is damaged')
    const isOfThisVersion =
      sidecarVersion(path) === schemaVersion && existsSync(path) && statSync(path).size > 0
    if (isOfThisVersion && !isHeaderRight(path, wal, applicationId, schemaVersion))
      throw new CodedError('buffer-corrupt', 'the header is damaged')
    return { db: openFile(path), damagedPath: null }
  } catch (error) {
    if (!isBroken(error) || !isOurs(path)) throw error
    const damagedPath = setAside(path, now())
    return { db: openFile(path), damagedPath }
  }
}

const isOurs = (path: string): boolean => sidecarVersion(path) !== null || bearsOurMark(path, applicationId)

function openFile(path: string): Sqlite.Database {
  const db = connect(path, {})
  try {
    db.pragma('journal_mode = WAL')
    // An accepted reading survives power loss: the commit waits for the disk.
    db.pragma('synchronous = FULL')
    // After a burst the log file gives its room back.
    db.pragma('journal_size_limit = 8388608')
    prepare(db, path)
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

/** The same file for looking only, also while an agent writes it. */
export function openForReading(path: string): Sqlite.Database {
  try {
    const db = connect(path, { readonly: true, fileMustExist: true })
    if (checkVersion(db, path) < schemaVersion) db.exec(asIfNow)
    return db
  } catch (error) {
    throw explain(error, path)
  }
}

function makeFolder(path: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true })
  } catch (error) {
    throw new CodedError('buffer-unwritable', `the folder of the buffer, ${dirname(path)}, cannot be made`, {
      hint: 'set buffer.path to a folder that this user may write',
      cause: error,
    })
  }
}

function connect(path: string, options: Sqlite.Options): Sqlite.Database {
  const db = new Sqlite(path, options)
  // Nobody else writes; whoever does by hand delays sampling no longer than this.
  db.pragma('busy_timeout = 250')
  return db
}

/**
 * Two agents on one file would mix their streams. The lock is an open transaction on a second, empty database: the
 * system drops it with the process, however that ends, and readers of the buffer do not feel it.
 */
function lock(path: string, waitMs: number): () => void {
  let held: Sqlite.Database | null = null
  try {
    held = new Sqlite(`${path}.lock`, { timeout: waitMs })
    held.exec('BEGIN EXCLUSIVE')
    const db = held
    return () => db.close()
  } catch (error) {
    held?.close()
    if (codeOf(error).startsWith('SQLITE_BUSY'))
      throw new CodedError('buffer-in-use', `another agent is using the buffer ${path}`, {
        hint: 'stop it, or give this agent a buffer.path of its own',
        cause: error,
      })
    throw explain(error, path)
  }
}

/** Makes our tables in a database that has none, and refuses what is not ours. */
export function prepare(db: Sqlite.Database, path: string): void {
  const isNew = db.prepare('SELECT count(*) AS n FROM sqlite_schema').pluck().get() === 0
  if (isNew)
    db.transaction(() => {
      db.exec(tables)
      db.pragma(`application_id = ${applicationId}`)
      db.pragma(`user_version = ${schemaVersion}`)
    })()
  const version = checkVersion(db, path)
  if (version === schemaVersion) return
  db.transaction(() => {
    for (const migration of migrations.slice(version - 1)) db.exec(migration)
    db.pragma(`user_version = ${schemaVersion}`)
  })()
}

function checkVersion(db: Sqlite.Database, path: string): number {
  const version = Number(db.pragma('user_version', { simple: true }))
  if (db.pragma('application_id', { simple: true }) !== applicationId)
    throw new CodedError('buffer-foreign', `${path} is a database, but not the buffer of a Barograph agent`, {
      hint: 'set buffer.path to another file',
    })
  if (version > schemaVersion)
    throw new CodedError(
      'buffer-newer',
      `the buffer ${path} was written by a newer Barograph (schema ${version}; this one knows ${schemaVersion})`,
      { hint: 'run the newer agent again, or let it send everything and start with a new buffer.path' },
    )
  return version
}
