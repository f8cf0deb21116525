import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import type { Epoch, RangeSet } from '@barograph/proto'
import { type BootRow, bootChecksum } from '../boot-table.ts'
import type { PositionRow } from '../position-table.ts'
import { pageBytes } from './aside.ts'
import { type Cell, type PageRow, rowsOf } from './page.ts'
import { readWal } from './wal.ts'

/** A row of the table of entries, unchecked. */
export interface FoundEntry {
  readonly stream: number
  readonly seq: number
  readonly accepted: number
  readonly monotonic: number
  readonly wall: number
  readonly synced: number
  readonly payload: Uint8Array
  readonly crc: number | null
}

/** A row of the table of summaries, unchecked. */
export interface FoundSummary {
  readonly stream: number
  readonly firstSeq: number
  readonly lastSeq: number
  readonly accepted: number
  readonly monotonic: number
  readonly payload: Uint8Array
  readonly crc: number
}

/** A row of the table of streams, unchecked. */
export interface FoundStream {
  readonly id: number
  readonly sensor: string
  readonly epoch: Epoch
  readonly boot: string
  readonly intervalMs: number
  readonly historical: boolean
  readonly lastSeq: number
  readonly ended: boolean
  readonly crc: number | null
}

/** What stands in the small tables of a damaged file. */
export interface Catalogue {
  readonly streams: FoundStream[]
  readonly metrics: { id: number; name: string; unit: string; kind: string }[]
  readonly lost: { stream: number; firstSeq: number; lastSeq: number; cause: string }[]
  readonly refused: {
    sensor: string
    epoch: string
    firstSeq: number
    lastSeq: number
    reason: string
    at: number
  }[]
  readonly boots: BootRow[]
  readonly texts: { key: string; value: string }[]
  readonly positions: PositionRow[]
  /** True: which pages a damaged log held is not known, and older bytes of one may pass for the newest. */
  readonly isPartial: boolean
  /** Numbers that summaries hold, by stream: rows of them that were left behind are older. */
  readonly summaries: { stream: number; set: RangeSet }[]
}

/** What a damaged header says of it is not believed. */
const pageSize = pageBytes

export type DamagedFile = ReturnType<typeof openDamagedFile>

/** A database file and its log as they are, page by page, the newest bytes of each; never through SQLite. */
export function openDamagedFile(path: string) {
  const wal = readWal(`${path}-wal`)
  const log = wal && openSync(`${path}-wal`, 'r')
  const file = openBeside(path, log)
  const bytes = fstatSync(file).size
  let pages = Math.ceil(bytes / pageSize)
  // A page number of damaged bytes is not believed beyond what the log could hold.
  const mostPages = pages + (wal?.offsets.size ?? 0) + 1
  for (const page of wal?.offsets.keys() ?? []) if (page <= mostPages) pages = Math.max(pages, page)

  function readPage(page: number): Uint8Array | null {
    if (page < 1 || page > pages) return null
    const offset = wal?.offsets.get(page)
    const buffer = Buffer.alloc(pageSize)
    try {
      if (log !== null && offset !== undefined) readSync(log, buffer, 0, pageSize, offset)
      else readSync(file, buffer, 0, pageSize, (page - 1) * pageSize)
    } catch {
      // A bad sector: the page cannot be read, the next one may.
      return null
    }
    return buffer
  }

  function* rows(from: number, to: number): Generator<PageRow> {
    for (let page = from; page <= Math.min(to, pages); page++) {
      const content = readPage(page)
      if (content) yield* rowsOf(content, page, readPage)
    }
  }

  return {
    pages,
    /** Rows that have the form of entries and summaries. */
    *held(from: number, to: number): Generator<FoundEntry | FoundSummary> {
      for (const { rowid, cells } of rows(from, to)) {
        const found = rowid === 0 ? (asEntry(cells) ?? asSummary(cells)) : null
        if (found) yield found
      }
    },
    /** One pass over all pages. */
    catalogue(): Catalogue {
      const found: Catalogue = {
        streams: [],
        metrics: [],
        lost: [],
        refused: [],
        boots: [],
        texts: [],
        positions: [],
        isPartial: wal?.isDamaged ?? false,
        summaries: [],
      }
      for (const row of rows(1, pages)) note(found, row)
      return found
    },
    close(): void {
      closeSync(file)
      if (log !== null) closeSync(log)
    },
  }
}

/** Tries may be many: a failure leaves no handle behind. */
function openBeside(path: string, log: number | null): number {
  try {
    return openSync(path, 'r')
  } catch (error) {
    if (log !== null) closeSync(log)
    throw error
  }
}

/** No column of ours holds a fraction, and no table of ours takes one. */
const isNumber = (cell: Cell | undefined): cell is number => Number.isSafeInteger(cell)
const isText = (cell: Cell | undefined): cell is string => typeof cell === 'string'

function asEntry(cells: readonly Cell[]): FoundEntry | null {
  const [stream, seq, accepted, monotonic, wall, synced, payload, crc = null] = cells
  if (cells.length < 7 || cells.length > 8 || !(payload instanceof Uint8Array)) return null
  if (!isNumber(stream) || !isNumber(seq) || !isNumber(accepted)) return null
  if (!isNumber(monotonic) || !isNumber(wall) || !isNumber(synced)) return null
  return { stream, seq, accepted, monotonic, wall, synced, payload, crc: isNumber(crc) ? crc : null }
}

function asSummary(cells: readonly Cell[]): FoundSummary | null {
  const [stream, firstSeq, lastSeq, accepted, monotonic, payload, crc] = cells
  if (cells.length !== 7 || !(payload instanceof Uint8Array) || !isNumber(crc)) return null
  if (!isNumber(stream) || !isNumber(firstSeq) || !isNumber(lastSeq)) return null
  if (!isNumber(accepted) || !isNumber(monotonic)) return null
  return { stream, firstSeq, lastSeq, accepted, monotonic, payload, crc }
}

/** Files a row under the table whose form it has. */
function note(found: Catalogue, { rowid, cells }: PageRow): void {
  const [a, b, c, d, e, f, g, h, crc] = cells
  if (rowid > 0) {
    if (cells.length === 4 && isText(b) && isText(c) && isText(d))
      found.metrics.push({ id: rowid, name: b, unit: c, kind: d })
    if (
      cells.length === 7 &&
      isText(b) &&
      isText(c) &&
      isNumber(d) &&
      isNumber(e) &&
      isText(f) &&
      isNumber(g)
    )
      found.refused.push({ sensor: b, epoch: c, firstSeq: d, lastSeq: e, reason: f, at: g })
    const stream = asStream(rowid, cells)
    if (stream) found.streams.push(stream)
    return
  }
  if (cells.length === 2 && isText(a) && isText(b)) found.texts.push({ key: a, value: b })
  if (cells.length === 4 && isNumber(a) && isNumber(b) && isNumber(c) && isText(d))
    found.lost.push({ stream: a, firstSeq: b, lastSeq: c, cause: d })
  if (cells.length === 5 && isText(a) && isNumber(b) && isNumber(c) && isText(d))
    found.positions.push({ sensor: a, stream: b, seq: c, position: d, crc: isNumber(e) ? e : null })
  if (cells.length === 9 && isText(a) && isNumber(g) && isNumber(h)) {
    const boot = {
      boot: a,
      offsetMs: isNumber(b) ? b : null,
      errorMs: isNumber(c) ? c : null,
      source: isSource(d) ? d : null,
      lastWall: g,
      lastMonotonic: h,
    }
    // Rows of a boot that nobody knows become uncertain, not wrong.
    if (crc === bootChecksum(boot)) found.boots.push(boot)
  }
  const summary = asSummary(cells)
  if (summary) found.summaries.push({ stream: summary.stream, set: [summary.firstSeq, summary.lastSeq] })
}

const isSource = (cell: Cell | undefined): cell is 'system' | 'collector' | 'uncertain' =>
  cell === 'system' || cell === 'collector' || cell === 'uncertain'

function asStream(id: number, cells: readonly Cell[]): FoundStream | null {
  const [, sensor, epoch, boot, intervalMs, historical, lastSeq, ended, , crc = null] = cells
  if (cells.length < 8 || cells.length > 10 || !isText(sensor) || !isText(epoch) || !isText(boot)) return null
  if (!isNumber(intervalMs) || !isNumber(historical) || !isNumber(lastSeq) || !isNumber(ended)) return null
  if (!/^[0-9a-f]{16}$/.test(epoch)) return null
  return {
    id,
    sensor,
    epoch,
    boot,
    intervalMs,
    historical: historical === 1,
    lastSeq,
    ended: ended === 1,
    crc: isNumber(crc) ? crc : null,
  }
}
