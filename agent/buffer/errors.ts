import { userInfo } from 'node:os'
import { CodedError, isCoded } from '@barograph/proto'
import Sqlite from 'better-sqlite3'

/** SQLite's name of what went wrong; empty for anything else. */
export function codeOf(error: unknown): string {
  return error instanceof Sqlite.SqliteError ? error.code : ''
}

/** The file system's name of what went wrong; empty for anything else. */
export function errnoOf(error: unknown): string {
  return error instanceof Error && 'syscall' in error && 'code' in error ? String(error.code) : ''
}

/** While opening, tables or columns that are not there are damage too. */
export const isBroken = (error: unknown): boolean => isDamage(error) || codeOf(error) === 'SQLITE_ERROR'

/** True for what says that the file is not what was written. That it cannot be opened now says nothing of it. */
export function isDamage(error: unknown): boolean {
  const code = codeOf(error)
  return (
    isCoded(error, 'buffer-corrupt') ||
    isCoded(error, 'corrupt') ||
    // A text of ours that is none any more.
    error instanceof SyntaxError ||
    code === 'SQLITE_NOTADB' ||
    code === 'SQLITE_IOERR_READ' ||
    code === 'SQLITE_IOERR_SHORT_READ' ||
    code.startsWith('SQLITE_CORRUPT')
  )
}

/** What kept the buffer from being opened, as a coded error. Bugs stay what they are. */
export function explain(error: unknown, path: string): unknown {
  const code = codeOf(error)
  const errno = errnoOf(error)
  if (errno) return explainErrno(errno, error, path)
  if (error instanceof TypeError || code.startsWith('SQLITE_CANTOPEN') || code.startsWith('SQLITE_READONLY'))
    return new CodedError('buffer-unwritable', `the buffer ${path} cannot be opened`, {
      hint: `does the folder exist, and may the user ${userName()} write it?`,
      cause: error,
    })
  if (code === 'SQLITE_NOTADB' || code.startsWith('SQLITE_CORRUPT'))
    return new CodedError('buffer-corrupt', `the buffer ${path} is damaged or no database at all`, {
      hint: 'move the file away: the agent starts a new one',
      cause: error,
    })
  if (code === 'SQLITE_FULL') return noRoom(path, error)
  if (code)
    return new CodedError('buffer-unusable', `the buffer ${path} cannot be used: ${String(error)}`, {
      retryable: code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_IOERR'),
      cause: error,
    })
  return error
}

function explainErrno(errno: string, error: unknown, path: string): CodedError {
  // One of those beside the buffer, perhaps.
  const file = (error as NodeJS.ErrnoException).path ?? path
  if (['EACCES', 'EPERM', 'EROFS'].includes(errno))
    return new CodedError('buffer-unwritable', `the user ${userName()} may not open ${file}`, {
      hint: 'give the file and its folder to that user, or set buffer.path to another place',
      cause: error,
    })
  if (['EMFILE', 'ENFILE'].includes(errno))
    return new CodedError('buffer-unusable', `too many files are open: ${file} cannot be opened now`, {
      retryable: true,
      hint: 'end what holds them, or raise the limit (ulimit -n)',
      cause: error,
    })
  if (errno === 'ENOSPC') return noRoom(path, error)
  return new CodedError('buffer-unusable', `${file} cannot be opened now (${errno})`, {
    retryable: true,
    hint: 'look at the disk',
    cause: error,
  })
}

const noRoom = (path: string, cause: unknown): CodedError =>
  new CodedError('disk-full', `there is no room on the disk for the buffer ${path}`, {
    hint: 'make room, or set buffer.path to another disk',
    cause,
  })

function userName(): string {
  try {
    return userInfo().username
  } catch {
    // In a container a number need not have a name.
    return String(process.getuid?.() ?? 'of this process')
  }
}
