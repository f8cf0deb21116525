import { basename, dirname } from 'node:path'
import { prepareFolder, writeAtomically } from './atomic-file.ts'

/** A file that holds one answer, as JSON. */
export interface LatestFile {
  update(): Promise<readonly string[]>
}

/** The folder is made when it is not there. Rejects with `file-unwritten`. */
export async function createLatestFile({
  path,
  read,
  now,
}: {
  readonly path: string
  readonly read: () => Promise<object>
  /** Wall clock, ms since 1970. */
  readonly now: () => number
}): Promise<LatestFile> {
  await prepareFolder(dirname(path), [basename(path)], now())
  return {
    async update() {
      await writeAtomically(path, JSON.stringify(await read()))
      return [path]
    },
  }
}
