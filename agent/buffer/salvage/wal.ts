import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { errnoOf } from '../errors.ts'

/** Frames of a write-ahead log that belong to committed transactions, damaged ones too. */
export interface WalFrames {
  /** Where the newest bytes of a page stand in the log, by page. */
  readonly offsets: ReadonlyMap<number, number>
  /** SQLite would drop transactions that were committed: something in the middle is not what was written. */
  readonly isDamaged: boolean
}

/** As `readSync`: fills the bytes from a place of the file on, and throws where the disk does not give them. */
export type ReadBytes = (
  file: number,
  bytes: Uint8Array,
  offset: number,
  length: number,
  at: number,
) => number

const headerBytes = 32
const frameHeaderBytes = 24
const magic = 0x377f0682

/**
 * Looks through the log of a database: SQLite itself ends at the first frame with a wrong checksum and takes the rest for
 * a transaction that was never finished, so that one turned byte would undo everything committed after it, silently.
 * Null: there is none, or nothing in it. Throws when there may be one that cannot be opened now: without it the database
 * would seem whole, and older than it is. Format: https://www.sqlite.org/fileformat2.html 4.
 */
export function readWal(path: string, read: ReadBytes = readSync): WalFrames | null {
  let file: number
  try {
    file = openSync(path, 'r')
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error
    return null
  }
  try {
    return scan(file, fstatSync(file).size, read)
  } finally {
    closeSync(file)
  }
}

function scan(file: number, size: number, read: ReadBytes): WalFrames | null {
  if (size <= headerBytes) return null
  const header = readOrNull(file, Buffer.alloc(headerBytes), 0, read) ?? Buffer.alloc(headerBytes)
  const isLittle = header.readUInt32BE(0) === magic
  let sum: [number, number] = checksum([0, 0], header.subarray(0, 24), isLittle)
  const isHeaderRight =
    (header.readUInt32BE(0) | 1) === (magic | 1) &&
    sum[0] === header.readUInt32BE(24) &&
    sum[1] === header.readUInt32BE(28)
  const pageSize = isHeaderRight ? header.readUInt32BE(8) : 4_096
  const frameBytes = frameHeaderBytes + pageSize
  const buffer = Buffer.alloc(frameBytes)
  let salt = isHeaderRight ? header.subarray(16, 24) : null
  let isWrong = !isHeaderRight
  let isDamaged = false
  /** Frames of an earlier log begin here: those that nobody overwrote yet. */
  let isBehindEnd = false
  let isUnread = false
  let open = new Map<number, number>()
  const offsets = new Map<number, number>()
  for (let at = headerBytes; at + frameBytes <= size; at += frameBytes) {
    const frame = readOrNull(file, buffer, at, read)
    // A bad sector may leave the frame's own header, which tells of which page the newest bytes are gone.
    const head = frame ?? readOrNull(file, buffer.subarray(0, frameHeaderBytes), at, read)
    if (!frame && !isBehindEnd) isUnread = true
    if (!frame) isWrong = true
    if (!head) continue
    salt ??= Buffer.from(head.subarray(8, 16))
    const isOfThisLog = head.subarray(8, 16).equals(salt)
    if (frame && !isWrong) {
      sum = checksum(sum, frame.subarray(0, 8), isLittle)
      sum = checksum(sum, frame.subarray(frameHeaderBytes), isLittle)
      isWrong = !isOfThisLog || sum[0] !== frame.readUInt32BE(16) || sum[1] !== frame.readUInt32BE(20)
    }
    if (!isOfThisLog) {
      isBehindEnd = true
      continue
    }
    open.set(head.readUInt32BE(0), at + frameHeaderBytes)
    const isCommit = head.readUInt32BE(4) !== 0
    if (!isCommit) continue
    for (const [page, offset] of open) offsets.set(page, offset)
    open = new Map()
    if (isWrong) isDamaged = true
  }
  // Without a header nothing of it counts, so it is damage whatever the frames say.
  isDamaged ||= isUnread || !isHeaderRight
  // What is damaged may have been the end of the last transaction too.
  if (isDamaged) for (const [page, offset] of open) offsets.set(page, offset)
  return { offsets, isDamaged }
}

/** Null: the disk does not give these bytes. */
function readOrNull(file: number, bytes: Buffer, at: number, read: ReadBytes): Buffer | null {
  try {
    return read(file, bytes, 0, bytes.length, at) === bytes.length ? bytes : null
  } catch (error) {
    if (!errnoOf(error)) throw error
    return null
  }
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
