import {
  customMetric,
  type Kind,
  limits,
  type Mark,
  type MarkKind,
  metricByName,
  metricKey,
  metricNameOf,
  type Run,
  type StreamEpoch,
} from '@barograph/proto'
import type { BucketDocument, BucketEvent, Position, StoredColumn, StoredMark } from './documents.ts'
import { bucketId, bucketSlot } from './identity.ts'
import { isSame, origin } from './position.ts'

const size = limits.entriesPerBucket

/** How a number came, as small integers. */
const kinds = ['', 'arrived', 'quarantined', 'summarised'] as const
type ArrivalKind = Exclude<BucketEvent['what'], 'released'>

/** Which record brings an entry, and in which state. */
export interface Arrival {
  readonly at: Position
  readonly what: 'arrived' | 'quarantined'
  /** quarantined: why; else empty. */
  readonly reason: string
  readonly ingestMs: number
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
  /** The record that released this number; null: none did. */
  release(seq: number): Position | null
  /** True when this number was quarantined and not released yet. */
  isWaiting(seq: number): boolean
  /** The record since which the entry's value counts in windows; null: it does not. Summarised numbers count elsewhere. */
  countedSince(seq: number): Position | null
  /** Takes entry i of a run, which is this mark or a reading. */
  put(run: Run, i: number, mark: Mark | undefined, arrival: Arrival): void
  /** Marks a number as part of a summary that begins with number `firstSeq`. */
  summarise(seq: number, firstSeq: number, arrival: Pick<Arrival, 'at' | 'ingestMs'>): void
  /** Lets a quarantined number count. */
  noteRelease(seq: number, at: Position): void
  /** The entries of these numbers, as runs of one interval; numbers that are not here are left out. */
  runs(first: number, last: number): Run[]
  /** First numbers of the summaries that overlap this bucket. */
  readonly summaries: ReadonlySet<number>
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
  const releases = new Map<number, Position>()
  const summaries = new Set<number>(from?.summaries)
  let newestIngest = from?.newestIngest ?? null
  if (from) restore(from)

  function restore(document: BucketDocument): void {
    for (const { first: start, last, at, what: kind, reason } of document.events)
      for (let seq = start; seq <= last; seq++)
        if (kind === 'released') releases.set(bucketSlot(seq), at)
        else note(seq, at, kind, reason ?? '')
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

  function note(seq: number, at: Position, kind: ArrivalKind, reason: string): void {
    const slot = bucketSlot(seq)
    what[slot] = kinds.indexOf(kind)
    atOffset[slot] = at.n
    atGeneration[slot] = at.g
    if (reason !== '') reasons.set(slot, reason)
  }

  function noteIngest(ingestMs: number): void {
    newestIngest = Math.max(newestIngest ?? ingestMs, ingestMs)
  }

  function put(
    run: Run,
    i: number,
    mark: Mark | undefined,
    { at, what: kind, reason, ingestMs }: Arrival,
  ): void {
    const seq = run.firstSeq + i
    const slot = bucketSlot(seq)
    note(seq, at, kind, reason)
    noteIngest(ingestMs)
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

  /** What brought a number, and what released it, as ranges: arrivals first, each in the order of the numbers. */
  function events(): BucketEvent[] {
    const arrivals: GrowingEvent[] = []
    const released: GrowingEvent[] = []
    for (let slot = 0; slot < size; slot++) {
      const kind = kinds[what[slot] as number]
      if (!kind) continue
      const seq = first + slot
      const at = { g: atGeneration[slot] as number, n: atOffset[slot] as number }
      grow(arrivals, seq, at, kind, reasons.get(slot))
      const release = releases.get(slot)
      if (release) grow(released, seq, release, 'released', undefined)
    }
    return [...arrivals, ...released]
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
      summaries: [...summaries].sort((a, b) => a - b),
      newestIngest,
    }
  }

  const arrivalAt = (slot: number): Position => ({
    g: atGeneration[slot] as number,
    n: atOffset[slot] as number,
  })

  /** Slots from <= slot < to as a run. */
  function runOf(from: number, to: number): Run {
    const runMarks: Mark[] = []
    for (let slot = from; slot < to; slot++) {
      const mark = marks.get(slot)
      if (mark)
        runMarks.push({
          index: slot - from,
          kind: mark.kind as MarkKind,
          code: mark.code,
          detail: mark.detail,
        })
    }
    return {
      ...stream,
      intervalMs: intervals[from] as number,
      firstSeq: first + from,
      times: times.slice(from, to),
      columns: [...columns].map(([key, { unit, kind, values, flags }]) => ({
        metric: metricByName(key) ?? customMetric(metricNameOf(key), unit, kind),
        values: values.slice(from, to),
        flags: flags.slice(from, to),
      })),
      marks: runMarks,
    }
  }

  function runs(firstSeq: number, lastSeq: number): Run[] {
    const list: Run[] = []
    const end = bucketSlot(lastSeq) + 1
    for (let from = bucketSlot(firstSeq); from < end; ) {
      let to = from
      while (to < end && !Number.isNaN(times[to]) && intervals[to] === intervals[from]) to++
      if (to > from) list.push(runOf(from, to))
      from = Math.max(to, from + 1)
    }
    return list
  }

  const bucket: Bucket = {
    o: from?.o ?? origin,
    arrival(seq) {
      const slot = bucketSlot(seq)
      return what[slot] === 0 ? null : arrivalAt(slot)
    },
    release: (seq) => releases.get(bucketSlot(seq)) ?? null,
    isWaiting(seq) {
      const slot = bucketSlot(seq)
      return kinds[what[slot] as number] === 'quarantined' && !releases.has(slot)
    },
    countedSince(seq) {
      const slot = bucketSlot(seq)
      if (marks.has(slot)) return null
      const kind = kinds[what[slot] as number]
      if (kind === 'arrived') return arrivalAt(slot)
      return kind === 'quarantined' ? (releases.get(slot) ?? null) : null
    },
    put,
    summarise(seq, firstSeq, { at, ingestMs }) {
      note(seq, at, 'summarised', '')
      noteIngest(ingestMs)
      summaries.add(firstSeq)
    },
    noteRelease: (seq, at) => void releases.set(bucketSlot(seq), at),
    runs,
    summaries,
    toDocument,
  }
  return bucket
}

type GrowingEvent = BucketEvent & { last: number }

/** Adds what happened to a number to the list: to its last range where that goes on. */
function grow(
  list: GrowingEvent[],
  seq: number,
  at: Position,
  what: BucketEvent['what'],
  reason: string | undefined,
): void {
  const last = list[list.length - 1]
  if (last && last.last === seq - 1 && last.what === what && isSame(last.at, at) && last.reason === reason)
    last.last = seq
  else list.push({ first: seq, last: seq, at, what, ...(reason === undefined ? {} : { reason }) })
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
