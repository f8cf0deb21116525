import { addRange, emptySet, has, type RangeSet, union } from '@barograph/proto'
import Database from 'better-sqlite3'

/** One reading as it lies in a raw bucket. Temperature and number are as the source said, in thousandths and whole. */
export interface StoredReading {
  readonly stream: string
  readonly epoch: string
  readonly seq: number
  readonly time: number
  /** What the ledger called it. */
  readonly number: number
  readonly thousandths: number
  /** False: quarantined, so that no window holds it. */
  readonly counts: boolean
}

/** What the store knows of one stream in one run of its agent. */
export interface StoredEpoch {
  readonly stream: string
  readonly epoch: string
  /** Numbers in buckets: readings and marks. */
  readonly stored: RangeSet
  /** Numbers that two events of buckets claim. */
  readonly twice: RangeSet
  /** Declared lost or refused, by any cause. */
  readonly declared: RangeSet
  /** Last number that the agent declared or said to have accepted; 0: none. */
  readonly last: number
}

/** Figures of a window; null: the window has no counting value. */
export interface WindowFigures {
  readonly count: number
  readonly sum: number
  readonly min: number
  readonly minAt: number
  readonly max: number
  readonly maxAt: number
  readonly first: number
  readonly last: number
}

export interface StoredWindow {
  readonly stream: string
  readonly level: string
  readonly start: number
  readonly end: number
  readonly timeZone: string
  readonly received: number
  readonly figures: WindowFigures
}

export interface StoreContent {
  readonly readings: readonly StoredReading[]
  readonly epochs: ReadonlyMap<string, StoredEpoch>
  readonly windows: readonly StoredWindow[]
}

/** Only what is looked at; a document may have more. */
export interface Bucket {
  device: string
  sensor: string
  epoch: string
  index: number
  times: (number | null)[]
  columns: Record<string, { values: (number | null)[] }>
  marks: { seq: number }[]
  events: { first: number; last: number; what: string }[]
}
export interface EpochBody {
  device: string
  sensor: string
  epoch: string
  lost: Record<string, number[]>
  refused: Record<string, number[]>
  ended: number | null
  accepted: number
}
export interface RollupBody {
  device: string
  sensor: string
  level: string
  start: number
  end: number
  timeZone: string
  received: number
  metrics: Record<string, WindowFigures>
}

/** A rebuild makes a new set of a device's windows beside the one that holds. */
const currentSets =
  'WHERE in_set = coalesce((SELECT current FROM sets WHERE sets.device = rollups.device), 0)'

/** Numbers of one bucket. */
const bucketSize = 256

export const epochKey = (stream: string, epoch: string): string => `${stream} ${epoch}`

/** The documents that are looked at, of a store wherever it is. Windows are those that hold. */
export interface Documents {
  readonly epochs: Iterable<EpochBody>
  readonly buckets: Iterable<Bucket>
  readonly windows: Iterable<RollupBody>
}

/** What windows are judged by, and what carries the ledger's number. */
export interface Metrics {
  readonly metric?: string
  readonly number?: string
}

/** The whole store in a file, read with SQL and JSON alone: no code of the collector judges the collector. */
export function readStore(path: string, metrics: Metrics = {}): StoreContent {
  const db = new Database(path, { readonly: true })
  try {
    const bodies = function* <T>(table: string, where = ''): Iterable<T> {
      for (const body of db.prepare<[], string>(`SELECT body FROM ${table} ${where}`).pluck().iterate())
        yield JSON.parse(body) as T
    }
    const documents: Documents = {
      epochs: bodies('epochs'),
      buckets: bodies('readings'),
      windows: bodies('rollups', currentSets),
    }
    return contentOf(documents, metrics)
  } finally {
    db.close()
  }
}

export function contentOf(
  documents: Documents,
  { metric = 'temperature', number = 'tally' }: Metrics = {},
): StoreContent {
  const epochs = new Map<string, StoredEpoch>()
  for (const body of documents.epochs) {
    const stream = `${body.device}/${body.sensor}`
    epochs.set(epochKey(stream, body.epoch), {
      stream,
      epoch: body.epoch,
      stored: emptySet,
      twice: emptySet,
      declared: [...Object.values(body.lost), ...Object.values(body.refused)].reduce<RangeSet>(
        (all, set) => union(all, set),
        emptySet,
      ),
      last: Math.max(body.ended ?? 0, body.accepted),
    })
  }
  const readings: StoredReading[] = []
  for (const bucket of documents.buckets) takeBucket(bucket, readings, epochs, metric, number)
  const windows: StoredWindow[] = []
  for (const body of documents.windows) {
    const figures = Object.entries(body.metrics).find(([key]) => isMetric(key, metric))?.[1]
    const { device, sensor, level, start, end, timeZone, received } = body
    if (figures)
      windows.push({ stream: `${device}/${sensor}`, level, start, end, timeZone, received, figures })
  }
  return { readings, epochs, windows }
}

/** Keys of metrics begin with the name; custom ones add unit and kind. */
const isMetric = (key: string, name: string): boolean => key === name || key.startsWith(`${name}|`)

function takeBucket(
  { device, sensor, epoch, index, times, columns, marks, events }: Bucket,
  readings: StoredReading[],
  epochs: Map<string, StoredEpoch>,
  metric: string,
  number: string,
): void {
  const stream = `${device}/${sensor}`
  const key = epochKey(stream, epoch)
  const known = epochs.get(key) ?? {
    stream,
    epoch,
    stored: emptySet,
    twice: emptySet,
    declared: emptySet,
    last: 0,
  }
  const columnOf = (name: string) => Object.entries(columns).find(([id]) => isMetric(id, name))?.[1].values
  const values = columnOf(metric)
  const numbers = columnOf(number)
  const markSeqs = new Set(marks.map(({ seq }) => seq))
  const released = new Set(events.filter(({ what }) => what === 'released').flatMap(seqsOf))
  let stored: RangeSet = emptySet
  let twice: RangeSet = emptySet
  for (const event of events) {
    if (event.what === 'released') continue
    for (const seq of seqsOf(event)) {
      if (has(stored, seq)) twice = addRange(twice, seq, seq)
      stored = addRange(stored, seq, seq)
      if (markSeqs.has(seq)) continue
      const slot = seq - index * bucketSize - 1
      const time = times[slot]
      if (time === null || time === undefined) continue
      readings.push({
        stream,
        epoch,
        seq,
        time,
        number: Math.round((numbers?.[slot] ?? 0) / 1000),
        thousandths: values?.[slot] ?? Number.NaN,
        counts: event.what === 'arrived' || released.has(seq),
      })
    }
  }
  epochs.set(key, { ...known, stored: union(known.stored, stored), twice: union(known.twice, twice) })
}

const seqsOf = ({ first, last }: { first: number; last: number }): number[] =>
  Array.from({ length: last - first + 1 }, (_, i) => first + i)
