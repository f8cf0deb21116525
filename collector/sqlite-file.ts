// What the embedded log, the embedded store and the registry of devices share: a SQLite file opened so that a commit is durable, its schema
// checked, and its failures in words. It stands beside the adapters because they never import each other.
import { existsSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { CodedError } from '@barograph/proto'
import Database from 'better-sqlite3'

export interface SqliteFileOptions {
  readonly path: string
  /** What the file is to its users; error codes begin with it: `store-full`, `log-corrupt`. */
  readonly what: keyof typeof keyOf
  /** Four bytes in the file's header that tell this kind of file from any other SQLite file. */
  readonly applicationId: number
  /** SQL that brings the schema from version i to i + 1; the schema's version is the number of these. */
  readonly migrations: readonly string[]
  readonly readOnly: boolean
  /** False: the last commits may be lost when the power goes; never when only the process does. */
  readonly isDurable?: boolean
  /** The file does not grow beyond: writes then fail as on a full disk. */
  readonly maxBytes: number | undefined
  /** The file is or becomes a copy in the making (core/copy): everybody else refuses it until `completeCopy`. */
  readonly isCopy?: boolean
  /** How the database is opened; default: as the file at `path`. The simulation keeps its disks in memory. */
  readonly open?: () => Database.Database
}

export interface SqliteFile {
  readonly db: Database.Database
  /** Runs the work; what SQLite objects to comes out as a coded error. */
  guard<T>(work: () => T): T
  /** The same inside one transaction: all of it or nothing. Takes the write lock first, so it never has to restart. */
  transact<T>(work: () => T): T
  /** The same with one unchanging view of the file. */
  snapshot<T>(work: () => T): T
  close(): void
}

/** In the header of a copy that is not whole. Programs that know nothing of copies take it for a foreign file. */
const halfCopyIdOf = (applicationId: number): number => applicationId - 1

/** Is the file a copy that is not whole yet? */
export const isHalfCopy = ({ db }: Pick<SqliteFile, 'db'>, applicationId: number): boolean =>
  db.pragma('application_id', { simple: true }) === halfCopyIdOf(applicationId)

/** Inside a transaction: from now on the copy is a file like any other. */
export function completeCopy({ db }: Pick<SqliteFile, 'db'>, applicationId: number): void {
  db.pragma(`application_id = ${applicationId}`)
}

/** The configuration key that says where each file is. */
const keyOf = { log: 'log.url', store: 'store.url', registry: 'devices.folder' } as const

/** Another process or thread may hold the file's write lock this long before we give up with `-busy`. */
const lockWaitMs = 10_000
/** Pages that a connection keeps in memory, where SQLite's own 16 MB are more than they are good for. */
const cacheKiB = {
  /** It is written and read at its end. */
  log: 2_048,
  /** Of those who only read: answers to people ask for a few pages each. */
  reader: 4_096,
} as const
/** After a checkpoint the write-ahead log is cut back to this size. */
const walKeptBytes = 64 * 1024 * 1024

/** What kind of file it says that it is; 0: nothing of ours; null: it is not there. */
export function applicationIdOf(path: string): number | null {
  if (!existsSync(path)) return null
  try {
    const db = new Database(path, { readonly: true, fileMustExist: true, timeout: lockWaitMs })
    try {
      return numberOf(db.pragma('application_id', { simple: true }))
    } finally {
      db.close()
    }
  } catch (error) {
    if (codeOf(error) === 'SQLITE_NOTADB') return 0
    throw error
  }
}

/** Opens, and unless read-only creates or migrates, one of the collector's files. */
export function openSqliteFile(options: SqliteFileOptions): SqliteFile {
  const guard = <T>(work: () => T): T => {
    try {
      return work()
    } catch (cause) {
      throw explain(cause, options)
    }
  }
  const db = guard(() => (options.open ? options.open() : open(options)))
  try {
    guard(() => {
      checkHeader(db, options)
      if (!options.readOnly) prepare(db, options)
    })
  } catch (error) {
    db.close()
    throw error
  }
  // Damage to the schema shows itself where statements are prepared: whoever uses the file does that in many places.
  const prepareStatement = db.prepare.bind(db)
  db.prepare = ((sql: string) => guard(() => prepareStatement(sql))) as typeof db.prepare
  return {
    db,
    guard,
    transact: (work) => guard(() => db.transaction(work).immediate()),
    snapshot: (work) => guard(() => db.transaction(work).deferred()),
    close: () => guard(() => void db.close()),
  }
}

function open({ path, what, readOnly }: SqliteFileOptions): Database.Database {
  if (!readOnly) mkdirSync(dirname(path), { recursive: true })
  const db = new Database(path, { readonly: readOnly, fileMustExist: readOnly, timeout: lockWaitMs })
  if (what === 'log') db.pragma(`cache_size = -${cacheKiB.log}`)
  else if (readOnly) db.pragma(`cache_size = -${cacheKiB.reader}`)
  return db
}

function checkHeader(db: Database.Database, options: SqliteFileOptions): void {
  const { what, path, applicationId, migrations, readOnly } = options
  const found = numberOf(db.pragma('application_id', { simple: true }))
  const version = numberOf(db.pragma('user_version', { simple: true }))
  const isEmpty = numberOf(db.prepare('SELECT count(*) FROM sqlite_schema').pluck().get()) === 0
  if (isEmpty && !readOnly) return
  if (isEmpty) {
    throw new CodedError(`${what}-missing`, `${path} is empty: the ${what} has not been made yet.`, {
      retryable: true,
      hint: 'Start the collector once; it makes the file.',
    })
  }
  if (found === halfCopyIdOf(applicationId)) {
    if (options.isCopy) return
    throw new CodedError(`${what}-half-copied`, `${path} is a copy of a ${what} that is not whole yet.`, {
      hint: `Run the "barograph-collector copy" again that was broken off: it goes on where it was. Or name another file in ${keyOf[what]}.`,
    })
  }
  if (found !== applicationId) {
    throw new CodedError(`${what}-foreign`, `${path} is an SQLite file, but not a Barograph ${what}.`, {
      hint: `Name another file in ${keyOf[what]}; a new one is made if there is none.`,
    })
  }
  if (version > migrations.length) {
    throw new CodedError(
      `${what}-newer`,
      `${path} was written by a newer Barograph: its schema is version ${version}, this program knows up to ${migrations.length}.`,
      { hint: 'Run that newer version, or name another file.' },
    )
  }
  if (version < migrations.length && readOnly) {
    throw new CodedError(
      `${what}-older`,
      `${path} has schema version ${version}; this program reads version ${migrations.length}.`,
      { retryable: true, hint: 'Start the collector once; it brings the file up to date.' },
    )
  }
}

function prepare(db: Database.Database, options: SqliteFileOptions): void {
  const { migrations, applicationId, isDurable = true, maxBytes, isCopy = false } = options
  useWriteAheadLog(db)
  db.pragma(`synchronous = ${isDurable ? 'FULL' : 'NORMAL'}`)
  db.pragma(`journal_size_limit = ${walKeptBytes}`)
  db.transaction(() => {
    const from = numberOf(db.pragma('user_version', { simple: true }))
    if (from === migrations.length) return
    for (const sql of migrations.slice(from)) db.exec(sql)
    const isHalf = isCopy && (from === 0 || isHalfCopy({ db }, applicationId))
    db.pragma(`application_id = ${isHalf ? halfCopyIdOf(applicationId) : applicationId}`)
    db.pragma(`user_version = ${migrations.length}`)
  }).immediate()
  if (maxBytes !== undefined) {
    const pageBytes = numberOf(db.pragma('page_size', { simple: true }))
    db.pragma(`max_page_count = ${Math.max(1, Math.floor(maxBytes / pageBytes))}`)
  }
}

// The switch needs the file for itself, and SQLite does not wait for it: two that open a new file at once collide.
function useWriteAheadLog(db: Database.Database): void {
  const giveUpAt = performance.now() + lockWaitMs
  for (;;) {
    try {
      db.pragma('journal_mode = WAL')
      return
    } catch (error) {
      if (!(error instanceof Database.SqliteError) || !error.code.startsWith('SQLITE_BUSY')) throw error
      if (performance.now() > giveUpAt) throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10)
    }
  }
}

/** The way out when a file is damaged: what agents were told to be stored they do not have any more. */
const afterDamage = {
  store:
    'Put a copy of it in its place: what came since is folded from the log, as far as that reaches back. Without one, move the file and its -wal and -shm away: a new store gets what the log still holds.',
  registry:
    'Put a copy of it in its place, or move the file and its -wal and -shm away and add the devices anew.',
  log: 'Move the file and its -wal and -shm away, and go over to a new log: barograph-collector rebuild --new-log. Agents send what was not stored.',
} as const

const numberOf = (value: unknown): number => (typeof value === 'number' ? value : 0)

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''

function explain(error: unknown, { what, path, readOnly }: SqliteFileOptions): unknown {
  if (error instanceof CodedError) return error
  const code = codeOf(error)
  const reason = error instanceof Error ? error.message : String(error)
  const coded = (suffix: string, message: string, retryable: boolean, hint: string) =>
    new CodedError(`${what}-${suffix}`, message, { retryable, hint, cause: error })
  if (/^(SQLITE_FULL|ENOSPC|EDQUOT|SQLITE_IOERR_WRITE|SQLITE_IOERR_SHMSIZE)$/.test(code)) {
    const hint = 'Make room on that disk; the collector goes on by itself. Agents keep what is not stored.'
    return coded('full', `The ${what} cannot grow: no room for ${path} (${reason}).`, true, hint)
  }
  if (code === 'SQLITE_NOTADB') {
    const hint = `Name another file in ${keyOf[what]}, or restore a copy of this one.`
    return coded(
      'corrupt',
      `${path} is not a ${what}, or its first bytes are damaged (${reason}).`,
      false,
      hint,
    )
  }
  if (code.startsWith('SQLITE_CORRUPT') || error instanceof SyntaxError || isOfOtherSchema(code, reason)) {
    return coded('corrupt', `The ${what} in ${path} is damaged (${reason}).`, false, afterDamage[what])
  }
  if (/^SQLITE_(BUSY|LOCKED)/.test(code)) {
    const hint = 'Another program holds the file; see who has it open (lsof).'
    return coded('busy', `The ${what} in ${path} stayed locked for ${lockWaitMs} ms.`, true, hint)
  }
  if (code.startsWith('SQLITE_IOERR')) {
    return coded(
      'io',
      `The disk failed under the ${what} in ${path} (${reason}).`,
      true,
      'Look at the disk (dmesg).',
    )
  }
  if (readOnly && code.startsWith('SQLITE_READONLY')) {
    const hint = 'Only the collector that runs may change it.'
    return coded('read-only', `The ${what} in ${path} is open for reading only.`, false, hint)
  }
  if (readOnly && isMissing(error, code)) {
    const hint = 'Start the collector once; it makes the file.'
    return coded('missing', `There is no ${what} at ${path}.`, true, hint)
  }
  if (/^(SQLITE_CANTOPEN|SQLITE_READONLY|SQLITE_PERM|EACCES|EPERM|EROFS|ENOTDIR|EEXIST|EISDIR)/.test(code)) {
    const hint = `The collector needs to ${readOnly ? 'read' : 'write'} that file and its folder; check who owns them.`
    return coded('unusable', `The ${what} at ${path} cannot be used (${reason}).`, false, hint)
  }
  return error
}

/** The version in its header says that what our statements name is there. */
const isOfOtherSchema = (code: string, reason: string): boolean =>
  code === 'SQLITE_ERROR' &&
  /no such (table|column)|has no column named|does not match any PRIMARY KEY|has \d+ columns but/.test(reason)

// better-sqlite3 reports a missing folder as a TypeError without a code.
const isMissing = (error: unknown, code: string): boolean =>
  code.startsWith('SQLITE_CANTOPEN') ||
  code === 'ENOENT' ||
  (error instanceof TypeError && /director/.test(error.message))
