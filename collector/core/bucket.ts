import { type Kind, limits, type Mark, metricKey, type Run, type StreamEpoch } from '@barograph/proto'
import type { BucketDocument, BucketEvent, Position, StoredColumn, StoredMark } from './documents.ts'
import { bucketId, bucketSlot } from './identity.ts'
import { isSame, origin } from './position.ts'

const size = limits.entriesPerBucket

/** What happened to a number, as small integers. */
const kinds = ['', 'arrived', 'quarantined', 'summarised'] as const
type EventKind = BucketEvent['what']

/** Which record brings an entry, and in which state. */
export interface Arrival {
  readonly at: Position
  readonly what: 'arrived' | 'quarantined'
  /** quarantined: why; else empty. */
  readonly reason: string
}

interface MutableColumn {
  readonly unit: string
  readonly kind: Kind
  readonly values: Float64Array
  readonly flags: Uint8Array
}

/** The raw entries of 256 consecutive numbers, in the form that the fold changes. */
export interface Bucket {
  o: Position
  /** The record that brought this number; null: it is not here. */
  arrival(seq: number): Position | null
  /** True when the entry's value counts in windows. */
  isCounted(seq: number): boolean
  /** Takes entry i of a run, which is this mark or a reading. */
  put(run: Run, i: number, mark: Mark | undefined, arrival: Arrival): void
  /** Marks a number as part of a summary. */
  summarise(seq: number, at: Position): void
  toDocument(): BucketDocument
}

/** A bucket from its document, or a new one. */
export function createBucket(
  device: string,
  stream: StreamEpoch,
  index: number,
  from: BucketDocument | null,
): Bucket {
  const first = index * size + 1
  const what = new Uint8Array(size)
  const atOffset = new Float64Array(size)
  const atGeneration = new Float64Array(size)
  const reasons = new Map<number, string>()
  const times = new Float64Array(size).fill(Number.NaN)
  const columns = new Map<string, MutableColumn>()
  const intervals = new Float64Array(size)
  const marks = new Map<number, StoredMark>()
  if (from) restore(from)

  function restore(document: BucketDocument): void {
    for (const event of document.events)
      for (let seq = event.first; seq <= event.last; seq++)
        note(seq, event.at, event.what, event.reason ?? '')
    document.times.forEach((time, slot) => {
      times[slot] = time ?? Number.NaN
    })
    for (const [key, column] of Object.entries(document.columns)) {
      const into = columnOf(key, column)
      column.values.forEach((value, slot) => {
        into.values[slot] = value ?? Number.NaN
      })
      column.flags?.forEach((flag, slot) => {
        into.flags[slot] = flag
      })
    }
    for (const [start, end, ms] of document.intervals)
      intervals.fill(ms, bucketSlot(start), bucketSlot(end) + 1)
    for (const { seq, ...mark } of document.marks) marks.set(bucketSlot(seq), mark)
  }

  function columnOf(key: string, { unit, kind }: { unit: string; kind: Kind }): MutableColumn {
    let column = columns.get(key)
    if (!column) {
      column = { unit, kind, values: new Float64Array(size).fill(Number.NaN), flags: new Uint8Array(size) }
      columns.set(key, column)
    }
    return column
  }

  function note(seq: number, at: Position, kind: EventKind, reason: string): void {
    const slot = bucketSlot(seq)
    what[slot] = kinds.indexOf(kind)
    atOffset[slot] = at.n
    atGeneration[slot] = at.g
    if (reason !== '') reasons.set(slot, reason)
  }

  function put(run: Run, i: number, mark: Mark | undefined, { at, what: kind, reason }: Arrival): void {
    const seq = run.firstSeq + i
    const slot = bucketSlot(seq)
    note(seq, at, kind, reason)
    times[slot] = run.times[i] as number
    intervals[slot] = run.intervalMs
    for (const { metric, values, flags } of run.columns) {
      const value = values[i] as number
      if (Number.isNaN(value)) continue
      const column = columnOf(metricKey(metric), metric)
      column.values[slot] = value
      column.flags[slot] = flags === null ? 0 : (flags[i] as number)
    }
    if (mark)
      marks.set(slot, { time: run.times[i] as number, kind: mark.kind, code: mark.code, detail: mark.detail })
  }

  function events(): BucketEvent[] {
    const list: BucketEvent[] = []
    let last: (BucketEvent & { last: number }) | null = null
    for (let slot = 0; slot < size; slot++) {
      const kind = kinds[what[slot] as number]
      if (!kind) continue
      const seq = first + slot
      const at = { g: atGeneration[slot] as number, n: atOffset[slot] as number }
      const reason = reasons.get(slot)
      if (
        last &&
        last.last === seq - 1 &&
        last.what === kind &&
        isSame(last.at, at) &&
        last.reason === reason
      )
        last.last = seq
      else {
        last = { first: seq, last: seq, at, what: kind, ...(reason === undefined ? {} : { reason }) }
        list.push(last)
      }
    }
    return list
  }

  function storedIntervals(): [number, number, number][] {
    const list: [number, number, number][] = []
    for (let slot = 0; slot < size; slot++) {
      if (Number.isNaN(times[slot])) continue
      const before = list[list.length - 1]
      if (before && before[1] === first + slot - 1 && before[2] === intervals[slot]) before[1] = first + slot
      else list.push([first + slot, first + slot, intervals[slot] as number])
    }
    return list
  }

  function toDocument(): BucketDocument {
    let end = 0
    let firstTime: number | null = null
    let lastTime: number | null = null
    for (let slot = 0; slot < size; slot++) {
      const time = times[slot] as number
      if (Number.isNaN(time)) continue
      end = slot + 1
      if (firstTime === null || time < firstTime) firstTime = time
      if (lastTime === null || time > lastTime) lastTime = time
    }
    return {
      id: bucketId(device, stream, index),
      o: bucket.o,
      device,
      sensor: stream.sensor,
      epoch: stream.epoch,
      index,
      firstTime,
      lastTime,
      times: withNulls(times, end),
      columns: Object.fromEntries([...columns].map(([key, column]) => [key, storedColumn(column, end)])),
      intervals: storedIntervals(),
      marks: [...marks].sort(([a], [b]) => a - b).map(([slot, mark]) => ({ seq: first + slot, ...mark })),
      events: events(),
    }
  }

  const bucket: Bucket = {
    o: from?.o ?? origin,
    arrival(seq) {
      const slot = bucketSlot(seq)
      return what[slot] === 0 ? null : { g: atGeneration[slot] as number, n: atOffset[slot] as number }
    },
    isCounted: (seq) => what[bucketSlot(seq)] === 1 && !marks.has(bucketSlot(seq)),
    put,
    summarise: (seq, at) => note(seq, at, 'summarised', ''),
    toDocument,
  }
  return bucket
}

function storedColumn({ unit, kind, values, flags }: MutableColumn, end: number): StoredColumn {
  const column = { unit, kind, values: withNulls(values, end) }
  return flags.some((flag) => flag !== 0) ? { ...column, flags: Array.from(flags.subarray(0, end)) } : column
}

function withNulls(numbers: Float64Array, end: number): (number | null)[] {
  const list = new Array<number | null>(end)
  for (let i = 0; i < end; i++) {
    const n = numbers[i] as number
    list[i] = Number.isNaN(n) ? null : n
  }
  return list
}
