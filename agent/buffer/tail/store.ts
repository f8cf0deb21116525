import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { errnoOf } from '../errors.ts'

/** Where the bytes of a tail are kept. All of it throws what the system throws. */
export interface TailStore {
  /** Null: there are none. */
  read(): Buffer | null
  /** All of them anew: the old ones or these are there, never a mixture. */
  replace(bytes: Buffer): void
  /** A part of what was replaced. Not synced: it outlives the process, and is on the disk when the system gets to it. */
  write(bytes: Buffer, at: number): void
  close(): void
}

const comesLater = ['EACCES', 'EPERM', 'EMFILE', 'ENFILE']

/** A file beside the buffer. */
export function openTailFile(path: string): TailStore {
  const name = `${path}.tail`
  let file: number | null = null

  function close(): void {
    if (file !== null) closeSync(file)
    file = null
  }

  return {
    read() {
      try {
        return readFileSync(name)
      } catch (error) {
        // It may say more than the database, so it is waited for. One that the disk does not give never comes.
        if (comesLater.includes(errnoOf(error))) throw error
        return null
      }
    },
    replace(bytes) {
      close()
      file = openSync(`${name}.new`, 'w')
      writeSync(file, bytes)
      fsyncSync(file)
      renameSync(`${name}.new`, name)
    },
    write(bytes, at) {
      if (file !== null) writeSync(file, bytes, 0, bytes.length, at)
    },
    close,
  }
}
