import { type Calendar, isKeptAt, type Level, levels, longestMs, partOf, type Window } from './calendar.ts'
import { findInWindow } from './findings.ts'
import type { Places } from './places.ts'
import { isBefore, later } from './position.ts'
import { parseDocument, readDocument } from './read.ts'
import { type Report, words } from './report.ts'
import type { Checkpoint, Documents, Position } from './schema.ts'
import { endOfTime, type RollupRow, type StoreReader } from './store-reader.ts'
import { createStretches, type Expired, type Expiry, type Item } from './stretch.ts'
import {
  addMinute,
  addReading,
  compareRollup,
  compareSealed,
  keepsPart,
  newTally,
  type Tally,
} from './tally.ts'

interface Options {
  readonly store: StoreReader
  readonly report: Report
  readonly places: Places
  readonly calendar: Calendar
  readonly device: string
  readonly sensor: string
  readonly expired: Expired
  /** Told how many readings were added up. */
  readonly progress: (readings: number) => void
}

/** A window that its readings have begun to fill. */
interface Open {
  readonly level: Level
  readonly start: number
  end: number
  readonly tally: Tally
  /** Of records that the checkpoint does not cover: only a document that is further holds them. */
  readonly pending: Placed[]
  /** Readings of it expired, as their bucket shows; or may have. */
  expiry: Expiry
  newest: Position | null
  /** Zone and end as the oldest record in it had them: a document keeps those that it was made with. */
  oldest: { readonly at: Position; readonly zones: string[]; readonly ends: number[] } | null
}

/** An item in a window of its. */
interface Placed {
  readonly item: Item
  readonly zone: string
  readonly end: number
  readonly partStart: number | null
}

/** The documents of one level, in the order of time. */
interface Shelf {
  readonly level: Level
  /** Start of the next document to read. */
  next: number
  /** Read, and not over yet. */
  waiting: RollupRow[]
}

/** Adds up every reading of a stream again and compares each rollup, one stretch of time after the other. */
export function checkWindows(options: Options): void {
  const { store, device, sensor, expired, places, progress } = options
  const checkpoint = places.checkpointOf(device)
  const takeStretch = createStretches({ store, device, sensor, expired })
  const isDropped = droppedWindows(options)
  const open = new Map<string, Open>()
  const shelves = levels.map((level): Shelf => ({ level, next: -endOfTime, waiting: [] }))
  const span = createSpan(checkpoint)
  for (let from = -endOfTime; from < endOfTime; ) {
    const { items, end } = takeStretch(from)
    for (const item of items) {
      span.take(item)
      addToWindows(options, open, item, checkpoint, isDropped)
    }
    for (const shelf of shelves) compareShelf(options, open, shelf, end, checkpoint, isDropped)
    progress(items.length)
    from = end
  }
  checkStream(options, span, checkpoint)
}

/** Windows that retention has dropped: they are gone, or about to go, and nothing is added to them. */
type IsDropped = (level: Level, end: number) => boolean

function droppedWindows({ store, places, device, sensor }: Options): IsDropped {
  const [row] = store.stream(device, sensor)
  const before = row ? parseDocument('streams', row)?.expiredBefore : undefined
  const bounds = new Map(
    levels.map((level) => [
      level,
      Math.max(
        before?.[level] ?? Number.NEGATIVE_INFINITY,
        places.logged.levelMayExpire(`${device}/${sensor}`, level),
      ),
    ]),
  )
  return (level, end) => end <= (bounds.get(level) ?? Number.NEGATIVE_INFINITY)
}

function addToWindows(
  { places, calendar, device }: Options,
  open: Map<string, Open>,
  item: Item,
  { position }: Checkpoint,
  isDropped: IsDropped,
): void {
  const { time, at, intervalMs, minute } = item
  const kept = places.levelsAt(device, at)
  for (const level of levels) {
    // Thinned readings are known by the minute only.
    if (!kept.includes(level) || !isKeptAt(level, intervalMs) || (minute && level === '10s')) continue
    const { zone, from, to } = places.zoneOf(device, level, time, at)
    const whole = calendar.windowOf(level, time, zone)
    const window = { start: Math.max(whole.start, from), end: Math.min(whole.end, to) }
    if (isDropped(level, window.end)) continue
    const part = partOf[level]
    const partStart =
      part && keepsPart(level, intervalMs) ? Math.max(from, calendar.windowOf(part, time, zone).start) : null
    const its = openWindow(open, level, window)
    if (item.expiry !== 'none') its.expiry = item.expiry
    if (item.expiry === 'expired') continue
    const placed = { item, zone, end: window.end, partStart }
    if (isBefore(at, position)) include(its, placed)
    else its.pending.push(placed)
  }
}

const keyOf = (level: string, start: number): string => `${level} ${start}`

function openWindow(open: Map<string, Open>, level: Level, { start, end }: Window): Open {
  const key = keyOf(level, start)
  let its = open.get(key)
  if (!its) {
    its = { level, start, end, tally: newTally(), pending: [], expiry: 'none', newest: null, oldest: null }
    open.set(key, its)
  }
  its.end = Math.max(its.end, end)
  return its
}

function include(its: Open, { item, zone, end, partStart }: Placed): void {
  if (item.minute) addMinute(its.tally, { ...item.minute, intervalMs: item.intervalMs }, partStart)
  else addReading(its.tally, item, partStart)
  its.newest = its.newest ? later(its.newest, item.at) : item.at
  if (!its.oldest || isBefore(item.at, its.oldest.at)) its.oldest = { at: item.at, zones: [], ends: [] }
  if (isBefore(its.oldest.at, item.at)) return
  if (!its.oldest.zones.includes(zone)) its.oldest.zones.push(zone)
  if (!its.oldest.ends.includes(end)) its.oldest.ends.push(end)
}

/** Compares all windows of a level that are over by `end`, both those stored and those that should be. */
function compareShelf(
  options: Options,
  open: Map<string, Open>,
  shelf: Shelf,
  end: number,
  checkpoint: Checkpoint,
  isDropped: IsDropped,
): void {
  const { store, device, sensor, report } = options
  const { level } = shelf
  const waiting: RollupRow[] = []
  const compareRow = (row: RollupRow): void => {
    const its = open.get(keyOf(level, row.start))
    // What no reading has filled yet may be filled until its longest possible end.
    const until = its?.end ?? Math.min(row.start + longestMs[level], endOfTime)
    if (until > end) {
      waiting.push(row)
      return
    }
    open.delete(keyOf(level, row.start))
    compareDocument(options, row, its, checkpoint, isDropped)
  }
  for (const row of shelf.waiting) compareRow(row)
  for (const row of store.rollups(device, sensor, level, shelf.next, end)) compareRow(row)
  shelf.waiting = waiting
  shelf.next = end
  for (const [key, its] of open) {
    if (its.level !== level || its.end > end) continue
    open.delete(key)
    // What an expiry took with it is not to be told, whether there was a window or not.
    if (its.tally.received === 0) continue
    const id = `${device}/${sensor}/${level}/${its.start}`
    report.compare({ collection: 'rollups', id, field: 'document' }, undefined, readingsIn(its.tally))
    report.find(`the window ${id} is gone: ${readingsIn(its.tally)} belong into it`)
  }
}

const readingsIn = ({ received }: Tally): string => `${received} reading${received === 1 ? '' : 's'}`

function compareDocument(
  options: Options,
  row: RollupRow,
  its: Open | undefined,
  checkpoint: Checkpoint,
  isDropped: IsDropped,
): void {
  const { store, report, device, sensor } = options
  const stored = readDocument(report, 'rollups', row, checkpoint)
  const { rollups, expired } = report.counts
  rollups[row.level] = (rollups[row.level] ?? 0) + 1
  if (!stored) return
  if (isDropped(row.level as Level, stored.end)) {
    expired[row.level] = (expired[row.level] ?? 0) + 1
    return
  }
  const at = (field: string) => ({ collection: 'rollups' as const, id: row.id, field })
  const set = row.in_set === 0 ? '' : `/${row.in_set}`
  report.compare(at('id'), row.id, `${device}/${sensor}/${row.level}/${row.start}${set}`)
  for (const field of ['device', 'sensor', 'level', 'start'] as const)
    report.compare(at(field), stored[field], row[field])
  const before = report.differed()
  const held = later(stored.o, checkpoint.position)
  for (const placed of its?.pending ?? []) if (its && isBefore(placed.item.at, held)) include(its, placed)
  if (stored.sealed) {
    checkSealed(options, stored, its, checkpoint)
    return
  }
  if (its?.expiry === 'expired') {
    report.compare(at('sealed'), false, 'true, for readings of it have expired')
    report.find(`the window ${row.id} is not sealed, and readings of it have expired`)
    return
  }
  if (!its?.newest || !its.oldest) {
    report.differ({ ...at('document'), stored: `${stored.received} received`, recomputed: 'no reading' })
    report.find(`the window ${row.id} holds ${stored.received} readings of which none is stored`)
    return
  }
  // A window changes with its readings only, and when its log is replaced.
  if (its.newest.g === stored.o.g)
    report.compare(at('o'), words(stored.o), words({ g: its.newest.g, n: its.newest.n + 1 }))
  const { zones, ends } = its.oldest
  report.compare(at('timeZone'), stored.timeZone, zones.find((zone) => zone === stored.timeZone) ?? zones[0])
  report.compare(at('end'), stored.end, ends.find((end) => end === stored.end) ?? ends[0])
  compareRollup(report, stored, its.tally)
  if (report.differed() > before) findInWindow(store, report, stored, its.tally.received)
}

/**
 * A sealed window lost raw readings to retention, so it is not to be recomputed. It must hold at least what is left of
 * them, and its device must know that there are sealed windows up to here.
 */
function checkSealed(
  { report, places, device }: Options,
  stored: Documents['rollups'],
  its: Open | undefined,
  { position }: Checkpoint,
): void {
  const { sealed } = report.counts
  sealed[stored.level] = (sealed[stored.level] ?? 0) + 1
  const at = (field: string) => ({ collection: 'rollups' as const, id: stored.id, field })
  const until = places.sealedUntil(device, stored.level)
  if (!isBefore(position, stored.o) && stored.end > until)
    report.compare(
      at('sealed'),
      `until ${stored.end}`,
      Number.isFinite(until) ? `its device has none beyond ${until}` : 'its device has none',
    )
  const left = its?.tally ?? newTally()
  if ((its?.expiry ?? 'none') === 'none' && stored.received <= left.received) {
    report.compare(at('sealed'), true, `false, for all ${left.received} readings of it are stored`)
    report.find(`the window ${stored.id} was sealed without a cause: none of its readings has expired`)
  }
  compareSealed(report, stored, left)
}

/** The span of event times of a stream. */
interface Span {
  take(item: Item): void
  /** Of all records before that position. */
  until(held: Position): { smallest: number | null; largest: number | null }
}

function createSpan({ position }: Checkpoint): Span {
  let smallest: number | null = null
  let largest: number | null = null
  const pending: Item[] = []
  const widen = ({ time }: Item): void => {
    smallest = Math.min(smallest ?? time, time)
    largest = Math.max(largest ?? time, time)
  }
  return {
    take(item) {
      if (isBefore(item.at, position)) widen(item)
      else pending.push(item)
    },
    until(held) {
      for (const item of pending) if (isBefore(item.at, held)) widen(item)
      return { smallest, largest }
    },
  }
}

function checkStream(
  { store, report, device, sensor, expired }: Options,
  span: Span,
  checkpoint: Checkpoint,
): void {
  const id = `${device}/${sensor}`
  const at = (field: string) => ({ collection: 'streams' as const, id, field })
  const [row] = store.stream(device, sensor)
  if (!row) {
    if (span.until(checkpoint.position).largest !== null)
      report.compare(at('document'), undefined, 'readings')
    return
  }
  report.counts.streams++
  const stream: Documents['streams'] | null = readDocument(report, 'streams', row, checkpoint)
  if (!stream) return
  const { smallest, largest } = span.until(later(stream.o, checkpoint.position))
  report.compare(at('id'), row.id, id)
  // A stream remembers the times of readings that have expired.
  const isWider = (stored: number | null, left: number | null, sign: 1 | -1): boolean =>
    expired.isAny && stored !== null && (left === null || sign * (stored - left) > 0)
  if (!isWider(stream.smallestTime, smallest, -1))
    report.compare(at('smallestTime'), stream.smallestTime, smallest)
  if (!isWider(stream.largestTime, largest, 1)) report.compare(at('largestTime'), stream.largestTime, largest)
}
