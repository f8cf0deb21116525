import { emptySet, type RangeSet, rangeOf, type StreamEpoch, subtract, union } from '@barograph/proto'
import type { LostRange } from '../../core/buffer.ts'
import type { Log } from '../../core/log.ts'
import type { BootRow } from '../boot-table.ts'
import { type StreamState, streamChecksum } from '../stream-table.ts'
import { setOf } from '../summary-table.ts'
import type { Tables } from '../tables.ts'
import { type Catalogue, type FoundStream, openDamagedFile } from './damaged-file.ts'
import { positionsOf } from './positions.ts'
import { addSource, type Expected, isSalvageState, readSources, type Source } from './salvager.ts'
import type { Sidecar } from './sidecar.ts'
import type { Tail } from '../tail/layout.ts'

/**
 * Inside a transaction on the new file: everything but the rows themselves, as this run has it in memory. The rows follow
 * page by page out of the damaged file.
 */
export function renewFromMemory(options: {
  readonly damagedPath: string
  readonly tables: Tables
  readonly streams: readonly StreamState[]
  readonly unfinished: readonly Source[]
}): void {
  const { damagedPath, tables, streams, unfinished } = options
  const expected: Record<number, Expected> = {}
  for (const stream of streams) {
    const { id, rows, summaries, lost, sent } = stream
    expected[id] = { rows, summaries: setOf(summaries), isOpen: false }
    tables.restoreStream(stream, !stream.endPending)
    tables.setLost(id, lost)
    tables.setSent(id, sent)
  }
  addSource(tables, damagedPath, expected, unfinished)
}

/** The same after a start: what the damaged file still says of itself, and what stands beside it. */
export function renewFromFile(options: {
  /** Null: there is no file any more, only what stood beside it. */
  readonly damagedPath: string | null
  readonly sidecar: Sidecar | null
  readonly tail: Tail | null
  /** False: somebody removed it. */
  readonly wasThere: boolean
  /** This one: what it knows of itself is better than nothing. */
  readonly boot: string
  readonly tables: Tables
  readonly log: Log
}): void {
  const { damagedPath, sidecar, tail, wasThere, boot, tables, log } = options
  const catalogue = damagedPath === null ? null : readCatalogue(damagedPath)
  for (const metric of [...(catalogue?.metrics ?? []), ...(sidecar?.metrics ?? [])])
    tables.restoreMetric(metric)
  tables.metrics.reload()
  for (const { key, value } of catalogue?.texts ?? []) restoreText(tables, key, value)
  for (const row of catalogue?.refused ?? []) tables.addRefused(row, row, row.at)
  const expected: Record<number, Expected> = {}
  const streams = streamsOf(catalogue, sidecar, tail)
  tables.boots.restore(
    bootsOf(
      catalogue,
      streams.map(({ stream }) => stream.boot).filter((one) => one !== boot),
    ),
  )
  const positions = positionsOf(
    catalogue,
    sidecar,
    // Whoever removed the file and what lists its positions wants them to begin anew.
    wasThere || sidecar ? streams.map(({ stream }) => stream) : [],
  )
  for (const [sensor, held] of positions) {
    tables.restorePosition(sensor, held)
    if (held.isLost) log.error({ sensor }, 'the damaged buffer does not tell how far this sensor had come')
  }
  for (const { stream, isExact, isOpen } of streams) {
    const lost = mergeLost(catalogue, stream)
    const summaries = (catalogue?.summaries ?? [])
      .filter((one) => one.stream === stream.id && (one.set[1] ?? 0) <= stream.lastSeq)
      .reduce<RangeSet>((set, one) => union(set, one.set), emptySet)
    const rows = subtract(rangeOf(1, stream.lastSeq), union(summaries, setOf(lost)))
    expected[stream.id] = { rows, summaries, isOpen }
    // An end that is not known is not declared: what the collector heard of it stays open there, and says so.
    tables.restoreStream(stream, stream.ended || !isExact)
    tables.setLost(stream.id, lost)
    tables.setSent(stream.id, rangeOf(1, stream.lastSeq))
    if (!isExact)
      log.error(
        { sensor: stream.sensor, epoch: stream.epoch, atLeast: stream.lastSeq },
        'the damaged buffer does not tell how far this run went: numbers beyond what is found stay unknown',
      )
  }
  if (Object.keys(expected).length === 0)
    log.error(
      {},
      'the damaged buffer does not tell whose readings it held: what was not sent is lost, undeclared',
    )
  const unfinished = readSources(catalogue?.texts.find(({ key }) => isSalvageState(key))?.value)
  addSource(tables, damagedPath ?? 'none', expected, unfinished)
}

function readCatalogue(path: string): Catalogue {
  const file = openDamagedFile(path)
  try {
    return file.catalogue()
  } finally {
    file.close()
  }
}

/** What is known of a stream that a damaged file held. */
interface Known {
  readonly stream: Omit<FoundStream, 'crc'>
  /** Its end is known, and declared. */
  readonly isExact: boolean
  /** Rows beyond that may be found. */
  readonly isOpen: boolean
}

/** By id, the furthest form that is what was written; else what stands beside the file. */
function streamsOf(catalogue: Catalogue | null, sidecar: Sidecar | null, tail: Tail | null): Known[] {
  const streams = new Map<number, Known>()
  // The number is not in the checksum. A stream has one, and what stands beside the file knows it.
  const ids = new Map(sidecar?.streams.map((stream) => [keyOf(stream), stream.id]))
  for (const { crc, ...found } of catalogue?.streams ?? []) {
    const id = ids.get(keyOf(found)) ?? found.id
    const stream = { ...found, id }
    ids.set(keyOf(stream), id)
    if (crc !== null && crc !== streamChecksum(stream, stream.lastSeq)) continue
    const before = streams.get(stream.id)
    if (!before || before.stream.lastSeq < stream.lastSeq)
      streams.set(stream.id, { stream, isExact: true, isOpen: false })
  }
  for (const stream of sidecar?.streams ?? []) {
    const before = streams.get(stream.id)
    const isSame = before?.stream.epoch === stream.epoch && before.stream.sensor === stream.sensor
    if (!before || !isSame || before.stream.lastSeq < stream.lastSeq)
      streams.set(stream.id, { stream: { ...stream, ended: false }, isExact: false, isOpen: true })
  }
  if (catalogue?.isPartial) doubtLast(streams)
  addTail(streams, sidecar, tail)
  return [...streams.values()]
}

const keyOf = ({ sensor, epoch }: StreamEpoch): string => `${sensor} ${epoch}`

/** Rows of the run that wrote last may be older than what it committed last. */
function doubtLast(streams: Map<number, Known>): void {
  const lastEpoch = streams.get(Math.max(...streams.keys()))?.stream.epoch
  for (const [id, { stream }] of streams)
    if (stream.epoch === lastEpoch) streams.set(id, { stream, isExact: false, isOpen: true })
}

/** The tail is the newest of all, at most a commit behind, and says nothing of what had gone before. */
function addTail(streams: Map<number, Known>, sidecar: Sidecar | null, tail: Tail | null): void {
  const listed = Math.max(0, ...(sidecar?.streams ?? []).map(({ id }) => id))
  const ids = new Map([...streams.values()].map(({ stream }) => [keyOf(stream), stream.id]))
  for (const found of tail?.streams ?? []) {
    const id = ids.get(keyOf(found)) ?? found.id
    const before = streams.get(id)
    const isSame = before !== undefined && keyOf(before.stream) === keyOf(found)
    // Listed are all that were not settled whole when the list was written.
    if (isSame ? before.stream.lastSeq > found.lastSeq : before !== undefined || found.id <= listed) continue
    const isExact = isSame && before.isExact && before.stream.lastSeq === found.lastSeq
    const stream = isSame ? { ...before.stream, lastSeq: found.lastSeq } : { ...found, ended: false }
    streams.set(id, { stream, isExact: true, isOpen: !isExact })
  }
}

/** Oldest first. A boot that streams name and nothing else tells of: when it was has the widest bounds. */
function bootsOf(catalogue: Catalogue | null, named: readonly string[]): BootRow[] {
  const found = new Map(catalogue?.boots.map((row) => [row.boot, row]))
  const order = orderOf(catalogue?.texts.find(({ key }) => key === 'boots')?.value)
  const isOurs = (boot: string): boolean => found.has(boot) || named.includes(boot)
  const all = new Set([...order.filter(isOurs), ...found.keys(), ...named])
  const unknown = { offsetMs: null, errorMs: null, source: null, lastWall: 0, lastMonotonic: 0 }
  return [...all].map((boot) => found.get(boot) ?? { boot, ...unknown })
}

function orderOf(text: string | undefined): string[] {
  try {
    const order: unknown = JSON.parse(text ?? '[]')
    return Array.isArray(order) ? order.filter((boot) => typeof boot === 'string') : []
  } catch {
    return []
  }
}

function mergeLost(catalogue: Catalogue | null, stream: { id: number; lastSeq: number }): LostRange[] {
  let known: RangeSet = emptySet
  const lost: LostRange[] = []
  for (const { stream: id, firstSeq, lastSeq, cause } of catalogue?.lost ?? []) {
    if (id !== stream.id || firstSeq < 1 || lastSeq < firstSeq || lastSeq > stream.lastSeq) continue
    const set = subtract(rangeOf(firstSeq, lastSeq), known)
    known = union(known, set)
    for (let i = 0; i < set.length; i += 2)
      lost.push({ firstSeq: set[i] as number, lastSeq: set[i + 1] as number, cause })
  }
  return lost.sort((a, b) => a.firstSeq - b.firstSeq)
}

/** The site: no other text is worth more than what this run knows. */
function restoreText(tables: Tables, key: string, value: string): void {
  let parsed: unknown
  try {
    parsed = JSON.parse(value)
  } catch {
    return
  }
  const isSite = typeof parsed === 'object' && parsed !== null && 'validFrom' in parsed && 'text' in parsed
  if (key === 'site' && isSite) tables.setText(key, value)
}
