import { randomUUID } from 'node:crypto'
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { CodedError } from '@barograph/proto'

const ending = '.new'
/** A writer needs moments: what is older was left behind by one that was killed. */
const leftAfterMs = 60_000

/**
 * Puts a text in the place of a file in one step: a reader sees the old one whole or the new one whole, after a crash or a
 * power cut too. Any number of writers may do so at once. Throws `file-unwritten`.
 */
export async function writeAtomically(path: string, text: string): Promise<void> {
  const fresh = join(dirname(path), `.${basename(path)}.${randomUUID()}${ending}`)
  try {
    const file = await open(fresh, 'wx')
    try {
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(fresh, path)
  } catch (error) {
    await rm(fresh, { force: true }).catch(() => undefined)
    throw unwritten(path, error)
  }
}

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
