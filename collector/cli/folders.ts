import { existsSync } from 'node:fs'
import { dirname } from 'node:path'

/** The folder itself, or the nearest one above it that is there. */
export function existingFolder(folder: string): string {
  let here = folder
  while (!existsSync(here) && dirname(here) !== here) here = dirname(here)
  return here
}
