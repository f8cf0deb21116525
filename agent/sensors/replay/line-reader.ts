import { createHash, type Hash } from 'node:crypto'
import { open, type FileHandle } from 'node:fs/promises'

/** A record's text, with the file's line that it begins on (from 1) and its end. */
export interface CsvRecord {
  readonly line: number
  readonly text: string
  /** Bytes of the file up to and with this record. */
  readonly endByte: number
  /** Lines of the file up to and with this record. */
  readonly endLine: number
  /** False when a quote opened in it is not closed within the limit: then it is one line only. */
  readonly closed: boolean
}

const chunkBytes = 65_536
/** A record with line breaks in quotes may be this long; beyond it the quote counts as never closed. */
const recordBytes = 65_536
/** No line may be longer: such a file is no CSV. */
export const lineBytes = 1_048_576

interface Shape {
  readonly length: number
  readonly lines: number
  readonly closed: boolean
}

const decode = (part: Buffer): string => part.toString('utf8').replace(/\r?\n$/, '')

const newline = 0x0a
const quoteSign = 0x22

/** Reads a file record by record in bounded memory, from any record on, and keeps the digest of all before. */
export interface LineReader {
  /**
   * Up to `count` further records; fewer only at the end of the file. Null: a line is too long to be one. A record of
   * several lines must pass `isWhole`, so that two stray quotes do not swallow the lines between them.
   */
  next(count: number, isWhole: (text: string) => boolean): Promise<CsvRecord[] | null>
  /** SHA-256 of the first `endByte` bytes; only forwards, and only up to records that `next` gave. */
  digestAt(endByte: number): string
  close(): Promise<void>
}

/** Where a reader begins: bytes and lines before it. */
export interface LineStart {
  readonly bytes: number
  readonly line: number
}

/** Opens a file and reads over the bytes before `start`, so that their digest can be compared. Rejects as `open` does. */
export async function openLineReader(
  path: string,
  start: LineStart,
  signal: AbortSignal,
): Promise<LineReader> {
  const file = await open(path, 'r')
  try {
    const hash = createHash('sha256')
    await hashPrefix(file, hash, start.bytes, signal)
    return createLineReader(file, hash, start)
  } catch (error) {
    await file.close()
    throw error
  }
}

async function hashPrefix(file: FileHandle, hash: Hash, bytes: number, signal: AbortSignal): Promise<void> {
  const buffer = Buffer.allocUnsafe(chunkBytes)
  for (let at = 0; at < bytes; ) {
    signal.throwIfAborted()
    const { bytesRead } = await file.read(buffer, 0, Math.min(chunkBytes, bytes - at), at)
    if (bytesRead === 0) return // shorter than before: the digest will tell
    hash.update(buffer.subarray(0, bytesRead))
    at += bytesRead
  }
}

function createLineReader(file: FileHandle, hash: Hash, start: LineStart): LineReader {
  let buffered: Buffer = Buffer.alloc(0)
  let consumed = 0 // of buffered
  let bytes = start.bytes
  let line = start.line
  let isAtEnd = false
  let hashedBytes = start.bytes
  const unhashed: Buffer[] = []

  async function fill(): Promise<void> {
    const chunk = Buffer.allocUnsafe(chunkBytes)
    const at = bytes + (buffered.length - consumed)
    const { bytesRead } = await file.read(chunk, 0, chunkBytes, at)
    if (bytesRead === 0) isAtEnd = true
    buffered = Buffer.concat([buffered.subarray(consumed), chunk.subarray(0, bytesRead)])
    consumed = 0
  }

  /** Length of the line that begins `offset` bytes ahead, its newline included; 0: the file ends there; -1: too long. */
  async function lineLength(offset: number): Promise<number> {
    for (;;) {
      const from = consumed + offset
      const end = buffered.indexOf(newline, from)
      if (end >= 0) return end + 1 - from
      if (buffered.length - from > lineBytes) return -1
      if (isAtEnd) return buffered.length - from
      await fill()
    }
  }

  function take(length: number): Buffer {
    const part = buffered.subarray(consumed, consumed + length)
    consumed += length
    bytes += length
    unhashed.push(part)
    return part
  }

  /** The length and lines of the record ahead: more than one line while a quote is open. */
  async function recordShape(isWhole: (text: string) => boolean): Promise<Shape> {
    const firstLength = await lineLength(0)
    let length = firstLength
    let lines = 1
    let isOpen = firstLength > 0 && oddQuotes(buffered.subarray(consumed, consumed + length))
    while (isOpen && length < recordBytes) {
      const more = await lineLength(length)
      if (more <= 0) break
      const part = buffered.subarray(consumed + length, consumed + length + more)
      if (oddQuotes(part)) isOpen = false
      length += more
      lines += 1
    }
    if (!isOpen && (lines === 1 || isWhole(decode(buffered.subarray(consumed, consumed + length)))))
      return { length, lines, closed: true }
    return { length: firstLength, lines: 1, closed: false }
  }

  async function nextRecord(isWhole: (text: string) => boolean): Promise<CsvRecord | null | 'too-long'> {
    for (;;) {
      const { length, lines, closed } = await recordShape(isWhole)
      if (length < 0) return 'too-long'
      if (length === 0) return null
      const isFirst = bytes === 0
      const text = decode(take(length))
      const begins = line + 1
      line += lines
      const clean = isFirst ? text.replace(/^\uFEFF/, '') : text
      if (clean.trim() !== '') return { line: begins, text: clean, endByte: bytes, endLine: line, closed }
    }
  }

  return {
    async next(count, isWhole) {
      const records: CsvRecord[] = []
      while (records.length < count) {
        const record = await nextRecord(isWhole)
        if (record === 'too-long') return records.length > 0 ? records : null
        if (record === null) break
        records.push(record)
      }
      return records
    },
    digestAt(endByte) {
      let open = endByte - hashedBytes
      while (open > 0 && unhashed[0]) {
        const part = unhashed[0]
        const piece = part.subarray(0, open)
        hash.update(piece)
        open -= piece.length
        hashedBytes += piece.length
        if (piece.length < part.length) unhashed[0] = part.subarray(piece.length)
        else unhashed.shift()
      }
      return hash.copy().digest('hex').slice(0, 32)
    },
    close: () => file.close(),
  }
}

function oddQuotes(part: Buffer): boolean {
  let odd = false
  for (let at = part.indexOf(quoteSign); at >= 0; at = part.indexOf(quoteSign, at + 1)) odd = !odd
  return odd
}
