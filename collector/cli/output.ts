import { once } from 'node:events'

/**
 * Writes lines to standard output, no faster than they are taken; false when nobody reads any more (`| head`), which is
 * no failure.
 */
export async function writeLines(lines: readonly string[]): Promise<boolean> {
  if (lines.length === 0) return isOpen
  if (!isWatched) {
    isWatched = true
    process.stdout.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
      isOpen = false
    })
  }
  if (isOpen && !process.stdout.write(`${lines.join('\n')}\n`))
    await Promise.race([once(process.stdout, 'drain'), once(process.stdout, 'close')])
  return isOpen
}

let isOpen = true
let isWatched = false
