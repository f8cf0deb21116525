import { randomUUID } from 'node:crypto'
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { CodedError } from '@barograph/proto'

const ending = '.new'
/** A writer needs moments: what is older was left behind by one that was killed. */
const leftAfterMs = 60_000

type Piece = string | Uint8Array

/**
 * Puts a text, or what comes piece by piece, in the place of a file in one step: a reader sees the old one whole or the new one
 * whole, after a crash or a power cut too. Any number of writers may do so at once. Throws `file-unwritten`, or what the
 * pieces throw.
 */
export async function writeAtomically(
  path: string,
  content: Piece | Iterable<Piece> | AsyncIterable<Piece>,
): Promise<void> {
  const fresh = join(dirname(path), `.${basename(path)}.${randomUUID()}${ending}`)
  const pieces = typeof content === 'string' || content instanceof Uint8Array ? [content] : content
  try {
    const file = await open(fresh, 'wx')
    try {
      for await (const piece of pieces) await file.writeFile(piece)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(fresh, path)
    await syncFolder(dirname(path))
  } catch (error) {
    await rm(fresh, { force: true }).catch(() => undefined)
    throw isSystemError(error) ? unwritten(path, error) : error
  }
}

/** The new name survives a power cut, too. Not every system lets a folder be synced: then it is left to it. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => null)
  await handle?.sync().catch(() => undefined)
  await handle?.close()
}

const isSystemError = (error: unknown): boolean =>
  error instanceof Error && 'syscall' in error && typeof error.syscall === 'string'

/** Makes the folder, and removes what killed writers of these files left in it. Throws `file-unwritten`. */
export async function prepareFolder(folder: string, names: readonly string[], now: number): Promise<void> {
  try {
    await mkdir(folder, { recursive: true })
    for (const name of await readdir(folder)) {
      if (!name.endsWith(ending) || !names.some((one) => name.startsWith(`.${one}.`))) continue
      const path = join(folder, name)
      const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: now }))
      if (now - mtimeMs > leftAfterMs) await rm(path, { force: true })
    }
  } catch (error) {
    throw unwritten(folder, error)
  }
}

/** null: there is none, or nobody may read it. */
export async function readIfThere(path: string): Promise<string | null> {
  return readFile(path, 'utf8').catch(() => null)
}

function unwritten(path: string, cause: unknown): CodedError {
  const why = cause instanceof Error ? cause.message : String(cause)
  return new CodedError('file-unwritten', `${path} cannot be written (${why}).`, {
    retryable: true,
    hint: 'Name a folder that this user may write to, on a disk that has room.',
    cause,
  })
}
