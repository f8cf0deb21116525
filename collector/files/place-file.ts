import { CodedError } from '@barograph/proto'
import Database from 'better-sqlite3'

/** How far files go, written down beside them. Whoever has it open is the one who writes the files. */
export interface PlaceFile {
  /** null: nothing was noted yet. */
  read(): string | null
  write(text: string): void
  close(): void
}

/**
 * Throws `files-busy` while another program or thread has it open. The system lets go of what a killed one held; that is why it is
 * a file of SQLite.
 */
export function openPlaceFile(path: string): PlaceFile {
  let db: Database.Database | null = null
  try {
    db = new Database(path, { timeout: 0 })
    const opened = db
    // Held from the first write on until it is closed.
    opened.pragma('locking_mode = EXCLUSIVE')
    opened.exec(
      'BEGIN IMMEDIATE; CREATE TABLE IF NOT EXISTS place (only INTEGER PRIMARY KEY CHECK (only = 1), text TEXT NOT NULL) STRICT; COMMIT',
    )
    opened.exec('BEGIN EXCLUSIVE; COMMIT')
    const select = opened.prepare<[], string>('SELECT text FROM place').pluck()
    const replace = opened.prepare<[string]>('INSERT OR REPLACE INTO place VALUES (1, ?)')
    return {
      read: () => guarded(path, () => select.get() ?? null),
      write: (text) => void guarded(path, () => replace.run(text)),
      close: () => void opened.close(),
    }
  } catch (error) {
    db?.close()
    throw explained(path, error)
  }
}

function guarded<T>(path: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw explained(path, error)
  }
}

function explained(path: string, error: unknown): unknown {
  if (!(error instanceof Database.SqliteError)) return error
  if (error.code.startsWith('SQLITE_BUSY'))
    return new CodedError('files-busy', `Another program writes the files beside ${path}.`, {
      retryable: true,
      hint: 'One is enough; this one takes over when that one has ended.',
      cause: error,
    })
  return new CodedError('file-unwritten', `${path} cannot be used (${error.message}).`, {
    retryable: true,
    hint: 'Remove it to have all files written anew; look at the disk first.',
    cause: error,
  })
}
