import { closeSync, fsyncSync, linkSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'

/** Readable by its owner alone. */
export const privateMode = 0o600
export const publicMode = 0o644

/** Writes a file whole and durable, in the place of an older one. */
export function replaceFile(path: string, text: string, mode: number = privateMode): void {
  const aside = writeAside(path, text, mode)
  renameSync(aside, path)
}

/** The same where there must be none yet; false: there is one, and it stays. */
export function createFile(path: string, text: string, mode: number = privateMode): boolean {
  const aside = writeAside(path, text, mode)
  try {
    linkSync(aside, path)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  } finally {
    rmSync(aside)
  }
}

function writeAside(path: string, text: string, mode: number): string {
  const aside = `${path}.${process.pid}.new`
  rmSync(aside, { force: true })
  const file = openSync(aside, 'wx', mode)
  try {
    writeSync(file, text)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  return aside
}
