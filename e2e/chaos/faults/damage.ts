import { closeSync, existsSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs'

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

/** Cuts SQLite's write-ahead log off behind one of its frames. */
export function truncateFrames(path: string, random: () => number): void {
  withFile(path, (file, size) => {
    const frames = Math.floor((size - walHeaderBytes) / walFrameBytes)
    ftruncateSync(file, Math.min(size, walHeaderBytes + Math.floor(random() * (frames + 1)) * walFrameBytes))
  })
}

/** Cuts the last transaction off a write-ahead log that is whole. */
export function dropLastCommit(path: string): void {
  withFile(path, (file, size) => {
    const salt = bytesAt(file, 16, 8)
    const ends: number[] = []
    for (let at = walHeaderBytes; at + walFrameBytes <= size; at += walFrameBytes) {
      const head = bytesAt(file, at, 16)
      // What an earlier log left behind.
      if (!head.subarray(8).equals(salt)) break
      if (head.readUInt32BE(4) !== 0) ends.push(at + walFrameBytes)
    }
    ftruncateSync(file, ends.at(-2) ?? 0)
  })
}

function bytesAt(file: number, at: number, length: number): Buffer {
  const bytes = Buffer.alloc(length)
  readSync(file, bytes, 0, length, at)
  return bytes
}

const walHeaderBytes = 32
/** Of a page of 4 KiB. */
const walFrameBytes = 24 + 4_096

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
