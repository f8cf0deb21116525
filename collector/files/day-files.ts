import { join } from 'node:path'
import type { Position } from '../core/documents.ts'
import { readDay } from '../core/export/day.ts'
import type { ExportStore } from '../core/export/read.ts'
import { isBefore } from '../core/position.ts'
import type { Change, Life, Store } from '../core/store.ts'
import { prepareFolder, writeAtomically } from './atomic-file.ts'
import { mergeDay } from './merge-day.ts'
import { createParquetWith, rowsPerGroup } from './parquet.ts'
import { openPlaceFile, type PlaceFile } from './place-file.ts'

/** What is kept as files of days: raw entries, and windows of ten seconds. */
export const dayKinds = ['raw', '10s'] as const
export type DayKind = (typeof dayKinds)[number]

/** One file: `raw/device=balcony/date=2013-03-10/raw.parquet`, of a day by UTC. */
export interface Day {
  readonly kind: DayKind
  readonly device: string
  readonly date: string
}

/** Writes Parquet of raw entries and windows by device and day into a folder. */
export interface DayFiles {
  /** Writes the files of the days that changed in the store, and returns them. Rejects with `files-busy` or `file-unwritten`. */
  update(): Promise<readonly Day[]>
  close(): void
}

export const pathOf = ({ kind, device, date }: Day): string =>
  join(kind, `device=${device}`, `date=${date}`, `${kind}.parquet`)

const limits = {
  /** Changes looked at in one step. */
  changes: 256,
  /** Changes, or days, after which files are written and the place is noted: what a kill makes us do again. */
  changesPerRound: 20_000,
  daysPerRound: 2_000,
} as const
const dayMs = 86_400_000

export type DayStore = ExportStore & Pick<Store, 'isOfLife' | 'checkpoint'>

interface DayFilesOptions {
  readonly folder: string
  readonly store: DayStore
  /** Lets others work between two pages. */
  readonly pause: () => Promise<void>
  /** Wall clock, ms since 1970. */
  readonly now: () => number
  readonly signal: AbortSignal
}

/**
 * Which days changed follows from the store: every write raises its counter of changes, and beside the files stands how far they
 * go. A file is replaced whole, and the place is noted after the files: a kill at any moment makes work twice, and leaves no day
 * behind. One program writes at a time; another one takes over when it has ended.
 */
export function createDayFiles({ folder, store, pause, now, signal }: DayFilesOptions): DayFiles {
  let file: PlaceFile | null = null
  const prepared = new Set<string>()

  async function open(): Promise<PlaceFile> {
    await prepareFolder(folder, [], now())
    return openPlaceFile(join(folder, '.place.db'))
  }

  async function writeDay(day: Day): Promise<void> {
    const path = join(folder, pathOf(day))
    const parent = join(path, '..')
    if (!prepared.has(parent)) {
      await prepareFolder(parent, [`${day.kind}.parquet`], now())
      prepared.add(parent)
    }
    const fresh = await readDay(store, day, { rowsPerBatch: rowsPerGroup, pause })
    const { columns, rows } = await mergeDay(path, day.kind, fresh, rowsPerGroup)
    const encoder = createParquetWith(fresh.notes)(columns)
    async function* pieces() {
      yield encoder.begin()
      for await (const batch of fresh.noting(columns, rows)) {
        yield encoder.rows(batch)
        await pause()
      }
      yield encoder.end()
    }
    await writeAtomically(path, pieces())
  }

  /** Up to some changes or days further; true: that was all. */
  async function advance(place: Place, places: PlaceFile, written: Day[]): Promise<[Place, boolean]> {
    const due = new Map(place.waiting.map((day) => [pathOf(day), day]))
    let { cursor } = place
    let isAll = false
    for (let seen = 0; !isAll && seen < limits.changesPerRound && due.size < limits.daysPerRound; ) {
      const { changes, cursor: next } = await store.changes(cursor, limits.changes, ['readings', 'rollups'])
      for (const change of changes)
        for (const day of daysOf(change)) {
          const known = due.get(pathOf(day))
          if (!known || isBefore(known.o, day.o)) due.set(pathOf(day), day)
        }
      seen += changes.length
      cursor = next
      isAll = changes.length < limits.changes
      await pause()
    }
    const isFolded = await createFolded()
    const waiting: ChangedDay[] = []
    for (const day of due.values()) {
      if (signal.aborted) return [place, true]
      if (!isFolded(day)) {
        waiting.push(day)
        continue
      }
      await writeDay(day)
      written.push({ kind: day.kind, device: day.device, date: day.date })
    }
    const further = await placeAt(store, cursor, waiting)
    // Another copy of the store, or other windows, came in between: all is read from the beginning the next time.
    if (further === null || !(await isGood(place))) return [place, true]
    const text = JSON.stringify(further)
    if (text !== places.read()) places.write(text)
    return [further, isAll]
  }

  /**
   * Is all written that belongs to a change? A flush writes buckets and windows first, and then what tells of them: metrics,
   * sites, what expired. The checkpoint comes last.
   */
  async function createFolded(): Promise<(day: ChangedDay) => boolean> {
    const partitions = new Map((await store.devices()).map(({ device, partition }) => [device, partition]))
    const positions = new Map<number, Position>()
    for (const partition of new Set(partitions.values())) {
      const checkpoint = await store.checkpoint(partition)
      if (checkpoint) positions.set(partition, checkpoint.position)
    }
    return ({ device, o }) => {
      const position = positions.get(partitions.get(device) ?? -1)
      return position !== undefined && !isBefore(position, o)
    }
  }

  const isGood = (place: Place): Promise<boolean> => store.isOfLife(place.life, place.at)

  return {
    async update() {
      const places = (file ??= await open())
      const known = placeFrom(places.read())
      let place = known && (await isGood(known)) ? known : await placeAt(store, 0, [])
      const written: Day[] = []
      for (let isAll = place === null; !isAll && place && !signal.aborted; )
        [place, isAll] = await advance(place, places, written)
      return written
    },
    close() {
      file?.close()
    },
  }
}

/** A day, and the newest position of what changed in it. */
interface ChangedDay extends Day {
  readonly o: Position
}

/** All changes up to `cursor` are in the files, but for the days that wait. `at` was the newest change in that life of the store. */
interface Place {
  readonly life: Life
  readonly at: number
  readonly cursor: number
  readonly waiting: readonly ChangedDay[]
}

async function placeAt(
  store: DayStore,
  cursor: number,
  waiting: readonly ChangedDay[],
): Promise<Place | null> {
  const life = await store.life()
  const at = await store.newestChange()
  return life && (await store.isOfLife(life, at)) ? { life, at, cursor, waiting } : null
}

/** What was noted, whoever wrote it; null: nothing that can be understood. */
function placeFrom(text: string | null): Place | null {
  if (text === null) return null
  const { life, at, cursor, waiting } = JSON.parse(text) as Partial<Place>
  const isPlace =
    typeof life?.id === 'string' &&
    typeof at === 'number' &&
    typeof cursor === 'number' &&
    Array.isArray(waiting)
  return isPlace ? { life, at, cursor, waiting } : null
}

function daysOf({ document }: Change): ChangedDay[] {
  if ('level' in document) {
    const { level, device, start, o } = document
    return level === '10s' ? [{ kind: '10s', device, date: dateOf(start), o }] : []
  }
  if (!('times' in document)) return []
  const { device, times, o } = document
  const days = new Set<number>()
  for (const time of times) if (time !== null) days.add(Math.floor(time / dayMs))
  return [...days].map((day) => ({ kind: 'raw', device, date: dateOf(day * dayMs), o }))
}

const dateOf = (ms: number): string => new Date(ms).toISOString().split('T')[0] as string
