import type { Epoch } from '@barograph/proto'
import { checksum } from '../checksum.ts'
import type { StreamTraits } from '../stream-table.ts'

/** A stream, and the last number of it that is known to be committed. */
export interface TailStream extends StreamTraits {
  readonly id: number
  readonly lastSeq: number
}

/** What a tail file says. */
export interface Tail {
  readonly device: string
  /** Of the database: another one gave its numbers of streams anew. */
  readonly history: string
  readonly streams: readonly TailStream[]
}

const version = 1
const headerBytes = 512
/** Streams of one block: their numbers stand together, so that one write covers them; what names them follows. */
export const blockStreams = 128
/** Two of them for each stream, written in turn: a write that was torn leaves the other one. */
const slotBytes = 16
const numberBytes = 2 * slotBytes
/** A sensor has up to 63 letters, an epoch 16, a boot 36. */
const nameBytes = 256
const blockBytes = blockStreams * (numberBytes + nameBytes)

/** Bytes that a file with so many streams has. */
export const bytesFor = (streams: number): number =>
  headerBytes + Math.max(1, Math.ceil(streams / blockStreams)) * blockBytes

/** Where the two slots of the stream at this place begin, and where they end. */
export function numberRange(place: number): [start: number, end: number] {
  const start =
    headerBytes + Math.floor(place / blockStreams) * blockBytes + (place % blockStreams) * numberBytes
  return [start, start + numberBytes]
}

/** Where what names the stream at this place stands. */
export function nameRange(place: number): [start: number, end: number] {
  const block = headerBytes + Math.floor(place / blockStreams) * blockBytes + blockStreams * numberBytes
  const start = block + (place % blockStreams) * nameBytes
  return [start, start + nameBytes]
}

/** False: it does not fit, so it is left out. */
export function writeHeader(bytes: Buffer, device: string, history: string): boolean {
  return writeText(bytes.subarray(0, headerBytes), JSON.stringify([version, device, history]))
}

/** False: it does not fit, so the stream is left out. */
export function writeName(
  bytes: Buffer,
  place: number,
  stream: StreamTraits & { readonly id: number },
): boolean {
  const { id, sensor, epoch, boot, intervalMs, historical } = stream
  const text = JSON.stringify([id, sensor, epoch, boot, intervalMs, historical])
  return writeText(bytes.subarray(...nameRange(place)), text)
}

/** Into one of the two slots. The higher of two right ones counts, as numbers only grow. */
export function writeNumber(bytes: Buffer, place: number, slot: 0 | 1, lastSeq: number): void {
  const at = numberRange(place)[0] + slot * slotBytes
  bytes.writeDoubleLE(lastSeq, at)
  bytes.writeUInt32LE(checksum([lastSeq], bytes.subarray(...nameRange(place))), at + 8)
}

/** Null: it is none, or what names device and database is not what was written. Streams that are not are left out. */
export function readTail(bytes: Buffer): Tail | null {
  const header = bytes.length > headerBytes ? readList(bytes.subarray(0, headerBytes)) : null
  if (header?.[0] !== version) return null
  const streams: TailStream[] = []
  for (let place = 0; nameRange(place)[1] <= bytes.length; place++) {
    const stream = readStream(bytes, place)
    if (stream) streams.push(stream)
  }
  return { device: String(header[1]), history: String(header[2]), streams }
}

function readStream(bytes: Buffer, place: number): TailStream | null {
  const name = bytes.subarray(...nameRange(place))
  const list = readList(name)
  if (!list) return null
  const [id, sensor, epoch, boot, intervalMs, historical] = list as unknown as [
    number,
    string,
    Epoch,
    string,
    number,
    boolean,
  ]
  const [start] = numberRange(place)
  const numbers = [start, start + slotBytes].map((at) => {
    const lastSeq = bytes.readDoubleLE(at)
    const isRight = Number.isSafeInteger(lastSeq) && bytes.readUInt32LE(at + 8) === checksum([lastSeq], name)
    return isRight ? lastSeq : 0
  })
  const lastSeq = Math.max(...numbers)
  return lastSeq > 0 ? { id, sensor, epoch, boot, intervalMs, historical, lastSeq } : null
}

/** Length, checksum, text. */
const textAt = 6

function writeText(bytes: Buffer, text: string): boolean {
  const length = Buffer.byteLength(text)
  if (textAt + length > bytes.length) return false
  bytes.write(text, textAt)
  bytes.writeUInt16LE(length, 0)
  bytes.writeUInt32LE(checksum([], bytes.subarray(textAt, textAt + length)), 2)
  return true
}

function readList(bytes: Buffer): unknown[] | null {
  const length = bytes.readUInt16LE(0)
  const text = bytes.subarray(textAt, textAt + length)
  if (length === 0 || text.length < length || bytes.readUInt32LE(2) !== checksum([], text)) return null
  const list: unknown = JSON.parse(text.toString())
  return Array.isArray(list) ? list : null
}
