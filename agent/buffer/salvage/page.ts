/**
 * SQLite's b-tree pages, read without SQLite: a damaged file is read page by page, and each page stands for itself.
 * Format: https://www.sqlite.org/fileformat2.html 1.6 and 2.1.
 */

/** One value of a record. Integers beyond 2^53 do not occur in our tables: they are damage, and read as null. */
export type Cell = number | string | Uint8Array | null

/** One row as a page holds it. */
export interface PageRow {
  /** Of tables that have one, else 0. */
  readonly rowid: number
  readonly cells: readonly Cell[]
}

/** Reads another page: large rows go on there. Null: there is none. */
export type ReadPage = (page: number) => Uint8Array | null

const tableLeaf = 13
const indexLeaf = 10
const indexInner = 2
const firstPageHeader = 100
/** No row of ours is larger; a larger one is damage. */
const largestRow = 1_048_576
const mostColumns = 16

/** The rows of a page, those that make sense; none when it is another kind of page. */
export function* rowsOf(page: Uint8Array, number: number, readPage: ReadPage): Generator<PageRow> {
  const view = new DataView(page.buffer, page.byteOffset, page.byteLength)
  const start = number === 1 ? firstPageHeader : 0
  const kind = page[start]
  if (kind !== tableLeaf && kind !== indexLeaf && kind !== indexInner) return
  const pointers = start + (kind === indexInner ? 12 : 8)
  const count = Math.min(view.getUint16(start + 3), Math.floor((page.length - pointers) / 2))
  for (let i = 0; i < count; i++) {
    const row = readRow(page, view, view.getUint16(pointers + 2 * i), kind, readPage)
    if (row) yield row
  }
}

function readRow(
  page: Uint8Array,
  view: DataView,
  offset: number,
  kind: number,
  readPage: ReadPage,
): PageRow | null {
  const cursor = { at: offset + (kind === indexInner ? 4 : 0) }
  const size = varint(page, cursor)
  const rowid = kind === tableLeaf ? varint(page, cursor) : 0
  if (!(size > 0 && size <= largestRow) || Number.isNaN(rowid)) return null
  const usable = page.length
  const most = kind === tableLeaf ? usable - 35 : Math.floor(((usable - 12) * 64) / 255) - 23
  let local = size
  if (size > most) {
    const least = Math.floor(((usable - 12) * 32) / 255) - 23
    const wanted = least + ((size - least) % (usable - 4))
    local = wanted <= most ? wanted : least
  }
  if (cursor.at + local + (local < size ? 4 : 0) > usable) return null
  const head = page.subarray(cursor.at, cursor.at + local)
  const record =
    local === size ? head : withOverflow(head, size, view.getUint32(cursor.at + local), usable, readPage)
  const cells = record && readRecord(record)
  return cells && { rowid, cells }
}

function withOverflow(
  head: Uint8Array,
  size: number,
  firstPage: number,
  usable: number,
  readPage: ReadPage,
): Uint8Array | null {
  const record = new Uint8Array(size)
  record.set(head)
  let filled = head.length
  for (let next = firstPage; filled < size; ) {
    const page = readPage(next)
    if (!page) return null
    const part = page.subarray(4, Math.min(usable, 4 + size - filled))
    record.set(part, filled)
    filled += part.length
    next = new DataView(page.buffer, page.byteOffset, 4).getUint32(0)
  }
  return record
}

function readRecord(record: Uint8Array): Cell[] | null {
  const view = new DataView(record.buffer, record.byteOffset, record.byteLength)
  const cursor = { at: 0 }
  const headerEnd = varint(record, cursor)
  if (!(headerEnd <= record.length)) return null
  const types: number[] = []
  while (cursor.at < headerEnd && types.length <= mostColumns) types.push(varint(record, cursor))
  if (cursor.at !== headerEnd || types.length > mostColumns) return null
  let at = headerEnd
  const cells: Cell[] = []
  for (const type of types) {
    const size = sizeOfType(type)
    if (Number.isNaN(size) || at + size > record.length) return null
    cells.push(readCell(record, view, at, type, size))
    at += size
  }
  return at === record.length ? cells : null
}

const integerSizes = [0, 1, 2, 3, 4, 6, 8, 8, 0, 0]

function sizeOfType(type: number): number {
  if (type < 10) return integerSizes[type] ?? Number.NaN
  return type < 12 ? Number.NaN : Math.floor((type - 12) / 2)
}

function readCell(record: Uint8Array, view: DataView, at: number, type: number, size: number): Cell {
  if (type >= 12) {
    const bytes = record.subarray(at, at + size)
    return type % 2 === 0 ? bytes.slice() : Buffer.from(bytes).toString()
  }
  if (type === 8 || type === 9) return type - 8
  if (type === 0) return null
  if (type === 7) return view.getFloat64(at)
  if (size === 8) {
    const value = Number(view.getBigInt64(at))
    return Number.isSafeInteger(value) ? value : null
  }
  // 1, 2, 3, 4 or 6 bytes, the sign in the first.
  let value = view.getInt8(at)
  for (let i = 1; i < size; i++) value = value * 256 + (record[at + i] as number)
  return value
}

/** NaN when the bytes end first. */
function varint(bytes: Uint8Array, cursor: { at: number }): number {
  let value = 0
  for (let i = 0; i < 8; i++) {
    const byte = bytes[cursor.at++]
    if (byte === undefined) return Number.NaN
    value = value * 128 + (byte & 127)
    if (byte < 128) return value
  }
  const last = bytes[cursor.at++]
  return last === undefined ? Number.NaN : value * 256 + last
}
