import { closeSync, existsSync, fstatSync, ftruncateSync, openSync, writeSync } from 'node:fs'

/** Changes bytes here and there in a file that nobody has open. */
export function flipBytes(path: string, count: number, random: () => number): void {
  withFile(path, (file, size) => {
    for (let i = 0; i < count; i++)
      writeSync(file, Uint8Array.of(Math.floor(random() * 256)), 0, 1, Math.floor(random() * size))
  })
}

/** Cuts a file off at a random place. */
export function truncate(path: string, random: () => number): void {
  withFile(path, (file, size) => ftruncateSync(file, Math.floor(random() * size)))
}

function withFile(path: string, work: (file: number, size: number) => void): void {
  if (!existsSync(path)) return
  const file = openSync(path, 'r+')
  try {
    const { size } = fstatSync(file)
    if (size > 0) work(file, size)
  } finally {
    closeSync(file)
  }
}
