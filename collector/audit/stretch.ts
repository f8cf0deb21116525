import { type Reading, readingsOf } from './bucket.ts'
import { parseDocument } from './read.ts'
import type { Position, StoredFigures } from './schema.ts'
import { endOfTime, type StoreReader } from './store-reader.ts'

/** What adds to windows: a reading, or a minute of thinned ones. */
export type Item = (Omit<Reading, 'seq'> & { readonly minute: null; readonly expiry: Expiry }) | Minute

/** Whether retention gave an entry up that is still there: its document is deleted later than it is dropped. */
export type Expiry = 'none' | 'expired' | 'maybe'

/** What retention gave up of a stream. */
export interface Expired {
  /** Of any number of a range. */
  of(epoch: string, first: number, last: number): Expiry
  readonly isAny: boolean
}

export interface Minute {
  readonly expiry: Expiry
  readonly time: number
  readonly at: Position
  readonly intervalMs: number
  readonly minute: {
    readonly received: number
    readonly metrics: Readonly<Record<string, StoredFigures>>
  }
}

/** Everything of a stream with from <= time < end. */
export interface Stretch {
  readonly items: readonly Item[]
  readonly end: number
}

/** Readings in memory at once; a stretch of time that holds more is cut shorter. */
export const itemsPerStretch = 5000

/** Cuts a stream's time into stretches of bounded size: call with the end of the one before, up to `endOfTime`. */
export function createStretches({
  store,
  device,
  sensor,
  expired,
  limit = itemsPerStretch,
}: {
  store: StoreReader
  device: string
  sensor: string
  expired: Expired
  limit?: number
}): (from: number) => Stretch {
  const summaries = listSummaries(store, device, sensor)

  return (from) => {
    let items: Item[] = []
    let end = endOfTime

    function take(fresh: readonly Item[], wish: number): void {
      for (const item of fresh) if (item.time >= from && item.time < end) items.push(item)
      if (items.length <= limit) return
      end = cut(items, limit, wish)
      items = items.filter((item) => item.time < end)
    }

    for (const row of store.bucketsFrom(device, sensor, from)) {
      const first = row.first_time ?? endOfTime
      if (first >= end) break
      const bucket = parseDocument('readings', row)
      if (bucket)
        take(
          readingsOf(bucket).map(({ seq, ...reading }) => ({
            ...reading,
            minute: null,
            expiry: expired.of(bucket.epoch, seq, seq),
          })),
          first,
        )
    }
    for (const { id, first, last } of summaries)
      if (first < end && last >= from) take(minutesOf(store, id, expired), first)
    return { items, end }
  }
}

/** Where to end so that at most `limit` items are left: at the wish if that leaves enough, else in their middle. */
function cut(items: readonly Item[], limit: number, wish: number): number {
  const before = items.reduce((count, item) => count + (item.time < wish ? 1 : 0), 0)
  if (before >= limit / 2 && before <= limit) return wish
  const times = Float64Array.from(items, (item) => item.time).sort()
  const middle = times[Math.floor(limit / 2)] ?? 0
  // A stretch is at least a millisecond: what happened at one time cannot be cut.
  return Math.max(middle, (times[0] ?? 0) + 1)
}

function listSummaries(store: StoreReader, device: string, sensor: string) {
  const list: { id: string; first: number; last: number }[] = []
  for (const row of store.summaries(device, sensor)) {
    const starts = parseDocument('summaries', row)?.minutes.map((minute) => minute.start) ?? []
    if (starts.length > 0) list.push({ id: row.id, first: Math.min(...starts), last: Math.max(...starts) })
  }
  return list
}

function minutesOf(store: StoreReader, id: string, expired: Expired): Minute[] {
  const row = store.summary(id)
  const summary = row ? parseDocument('summaries', row) : null
  if (!summary) return []
  // Written once, by the record before its own position, unless the log was replaced since.
  const at = summary.at ?? { g: summary.o.g, n: summary.o.n - 1 }
  // A summary is in its windows whole: without a part of it they cannot be computed again.
  const expiry = expired.of(summary.epoch, summary.firstSeq, summary.lastSeq)
  return summary.minutes.map(({ start, received, metrics }) => ({
    expiry,
    time: start,
    at,
    intervalMs: summary.intervalMs,
    minute: { received, metrics },
  }))
}
