import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { errnoOf } from '../errors.ts'

/** Frames of a write-ahead log that belong to committed transactions, damaged ones too. */
export interface WalFrames {
  /** Where the newest bytes of a page stand in the log, by page. */
  readonly offsets: ReadonlyMap<number, number>
  /** SQLite would drop transactions that were committed: something in the middle is not what was written. */
  readonly isDamaged: boolean
}

const headerBytes = 32
const frameHeaderBytes = 24
const magic = 0x377f0682

/**
 * Looks through the log of a database: SQLite itself ends at the first frame with a wrong checksum and takes the rest for
 * a transaction that was never finished, so that one turned byte would undo everything committed after it, silently.
 * Null: there is none, or nothing in it. Throws when there may be one that cannot be opened now: without it the database
 * would seem whole, and older than it is. Format: https://www.sqlite.org/fileformat2.html 4.
 */
export function readWal(path: string): WalFrames | null {
  let file: number
  try {
    file = openSync(path, 'r')
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error
    return null
  }
  try {
    return scan(file, fstatSync(file).size)
  } finally {
    closeSync(file)
  }
}

function scan(file: number, size: number): WalFrames | null {
  const header = Buffer.alloc(headerBytes)
  if (size <= headerBytes || readSync(file, header, 0, headerBytes, 0) < headerBytes) return null
  const isLittle = header.readUInt32BE(0) === magic
  let sum: [number, number] = checksum([0, 0], header.subarray(0, 24), isLittle)
  const isHeaderRight =
    (header.readUInt32BE(0) | 1) === (magic | 1) &&
    sum[0] === header.readUInt32BE(24) &&
    sum[1] === header.readUInt32BE(28)
  const pageSize = isHeaderRight ? header.readUInt32BE(8) : 4_096
  const frame = Buffer.alloc(frameHeaderBytes + pageSize)
  let salt = isHeaderRight ? header.subarray(16, 24) : null
  let isWrong = !isHeaderRight
  let isDamaged = false
  let open = new Map<number, number>()
  const offsets = new Map<number, number>()
  for (let at = headerBytes; at + frame.length <= size; at += frame.length) {
    readSync(file, frame, 0, frame.length, at)
    salt ??= Buffer.from(frame.subarray(8, 16))
    const isOfThisLog = frame.subarray(8, 16).equals(salt)
    if (!isWrong) {
      sum = checksum(sum, frame.subarray(0, 8), isLittle)
      sum = checksum(sum, frame.subarray(frameHeaderBytes), isLittle)
      isWrong = !isOfThisLog || sum[0] !== frame.readUInt32BE(16) || sum[1] !== frame.readUInt32BE(20)
    }
    if (!isOfThisLog) continue
    open.set(frame.readUInt32BE(0), at + frameHeaderBytes)
    const isCommit = frame.readUInt32BE(4) !== 0
    if (!isCommit) continue
    for (const [page, offset] of open) offsets.set(page, offset)
    open = new Map()
    if (isWrong) isDamaged = true
  }
  // Without a header nothing of it counts, so it is damage whatever the frames say.
  return { offsets, isDamaged: isDamaged || !isHeaderRight }
}

function checksum([a, b]: [number, number], bytes: Uint8Array, isLittle: boolean): [number, number] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let s0 = a
  let s1 = b
  for (let at = 0; at + 8 <= bytes.length; at += 8) {
    s0 = (s0 + view.getUint32(at, isLittle) + s1) >>> 0
    s1 = (s1 + view.getUint32(at + 4, isLittle) + s0) >>> 0
  }
  return [s0, s1]
}
