import { limits } from '@barograph/proto'
import type { ApiPause } from '@barograph/proto/api'
import type { BucketDocument } from '../../core/documents.ts'
import { formatTime } from '../../core/iso-time.ts'
import type { Store } from '../../core/store.ts'
import { serveLimits } from '../limits.ts'
import { readEntries } from './read-entries.ts'
import { compareEntries, type EntryKey, type EntryRef, markOf, refsOf } from './entries.ts'

const bucketsPerPage = 32

/** An agent that was away for so many intervals of the sensor was off; less is a restart. */
const offIntervals = 3

/**
 * The times within from <= time < to in which the sensor said that it had nothing to say or its agent was off, and how far the search came:
 * it reads a bounded number of buckets.
 */
export async function readPauses(
  store: Pick<Store, 'buckets'>,
  query: {
    device: string
    sensor: string
    from: number
    to: number
    intervalMs: number
    /** The sensor has entries before `from`. */
    hasBefore: boolean
  },
): Promise<{ pauses: ApiPause[]; to: number }> {
  // Of a bucket without marks only the times are kept.
  const marks: EntryRef[] = []
  const readings: number[] = []
  let read = 0
  let cursor: string | null = null
  let reached = query.to
  do {
    const page: Awaited<ReturnType<Store['buckets']>> = await store.buckets({
      ...query,
      limit: bucketsPerPage,
      ...(cursor === null ? {} : { cursor }),
    })
    for (const bucket of page.items) collect(bucket, query, marks, readings)
    read += page.items.length
    cursor = page.cursor
    if (cursor !== null && read >= serveLimits.pauseBuckets) {
      reached = page.items.at(-1)?.firstTime ?? query.to
      break
    }
  } while (cursor !== null)
  const pauses = pausesOf(marks.sort(compareEntries), Float64Array.from(readings).sort(), {
    before: query.hasBefore ? query.from : null,
    offAfterMs: offIntervals * query.intervalMs,
  })
  const last = pauses.at(-1)
  if (last?.end === null) last.end = await nextReading(store, query, reached)
  return { pauses, to: reached }
}

/** The time of the first reading from a time on; null: there is none. */
async function nextReading(
  store: Pick<Store, 'buckets'>,
  { device, sensor }: { device: string; sensor: string },
  from: number,
): Promise<string | null> {
  let after: EntryKey | null = null
  for (;;) {
    const to = limits.latestTimeMs + 1
    const page = await readEntries(store, { device, sensor, from, to, after, limit: 256 })
    const reading = page.entries.find((ref) => !markOf(ref))
    if (reading) return formatTime(reading.time)
    after = page.entries.at(-1) ?? null
    if (!page.hasMore) return null
  }
}

function collect(
  bucket: BucketDocument,
  { from, to }: { from: number; to: number },
  marks: EntryRef[],
  readings: number[],
): void {
  for (const ref of refsOf(bucket, from, to)) {
    if (bucket.marks.length > 0 && markOf(ref)) marks.push(ref)
    else readings.push(ref.time)
  }
}

/**
 * One pause for all marks up to the next reading; both lists ascend. A start without a stop before it ends the time in
 * which the agent was off: from the entry before it, or from `before` where that is not at hand.
 */
function pausesOf(
  marks: readonly EntryRef[],
  readings: Float64Array,
  { before, offAfterMs }: { readonly before: number | null; readonly offAfterMs: number },
): ApiPause[] {
  const pauses: ApiPause[] = []
  let next = 0
  let open: { pause: ApiPause; end: number } | null = null
  for (const ref of marks) {
    const mark = markOf(ref)
    if (!mark) continue
    if (open && ref.time < open.end) {
      if (mark.kind !== 'start') open.pause.count++
      continue
    }
    while (next < readings.length && (readings[next] as number) <= ref.time) next++
    const start = mark.kind === 'start' ? (readings[next - 1] ?? before) : ref.time
    if (start === null || (mark.kind === 'start' && ref.time - start <= offAfterMs)) continue
    const end = readings[next] ?? Number.POSITIVE_INFINITY
    const pause: ApiPause = {
      kind: pauseKind(mark.kind),
      code: mark.kind === 'start' ? '' : mark.code,
      detail: mark.kind === 'start' ? '' : mark.detail,
      start: formatTime(start),
      end: Number.isFinite(end) ? formatTime(end) : null,
      count: 1,
    }
    open = { pause, end }
    pauses.push(pause)
  }
  return pauses
}

function pauseKind(kind: string): ApiPause['kind'] {
  if (kind === 'start') return 'off'
  return kind === 'stop' ? 'stop' : 'fault'
}
