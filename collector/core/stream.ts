import { metricKey, type Run } from '@barograph/proto'
import type { Level, Position, StreamDocument } from './documents.ts'
import { streamId } from './identity.ts'

type Lags = NonNullable<StreamDocument['lags']>

/** A stream's document in the form that the fold changes. */
export type Stream = { -readonly [K in keyof StreamDocument]: StreamDocument[K] }

export function newStream(device: string, sensor: string, o: Position): Stream {
  return {
    id: streamId(device, sensor),
    o,
    device,
    sensor,
    largestTime: null,
    smallestTime: null,
    intervalMs: 0,
    metrics: {},
    latest: null,
    mark: null,
    lateRecords: 0,
    expiredBefore: {},
    lags: [],
  }
}

/** Windows of a level up to this end are expired. */
export function noteExpired(stream: Stream, level: Level, before: number): void {
  if ((stream.expiredBefore[level] ?? Number.NEGATIVE_INFINITY) < before)
    stream.expiredBefore = { ...stream.expiredBefore, [level]: before }
}

/**
 * What a run tells of its sensor: its metrics, and by the entries that `counts` admits its newest reading and mark.
 * `ingestMs`: of the record since which they count.
 */
export function noteRun(stream: Stream, run: Run, ingestMs: number, counts: (i: number) => boolean): void {
  const marks = new Map(run.marks.map((mark) => [mark.index, mark]))
  for (const { metric } of run.columns) {
    const key = metricKey(metric)
    if (!(key in stream.metrics))
      stream.metrics = { ...stream.metrics, [key]: { unit: metric.unit, kind: metric.kind } }
  }
  let newest = -1
  let oldest = Number.POSITIVE_INFINITY
  let latest = Number.NEGATIVE_INFINITY
  for (let i = 0; i < run.times.length; i++) {
    if (!counts(i)) continue
    const time = run.times[i] as number
    const mark = marks.get(i)
    if (mark) {
      if (stream.mark === null || time >= stream.mark.time)
        stream.mark = { time, kind: mark.kind, code: mark.code, detail: mark.detail }
      continue
    }
    oldest = Math.min(oldest, time)
    latest = Math.max(latest, time)
    if (newest < 0 || time >= (run.times[newest] as number)) newest = i
  }
  if (newest < 0) return
  noteTimes(stream, oldest, latest, ingestMs)
  if ((run.times[newest] as number) < (stream.latest?.time ?? Number.NEGATIVE_INFINITY)) return
  const values: Record<string, readonly [number, number]> = {}
  for (const { metric, values: numbers, flags } of run.columns) {
    const value = numbers[newest] as number
    if (!Number.isNaN(value))
      values[metricKey(metric)] = [value, flags === null ? 0 : (flags[newest] as number)]
  }
  stream.latest = { time: run.times[newest] as number, values }
  stream.intervalMs = run.intervalMs
}

/** Readings of this time and that, and of times in between, count since a record of `ingestMs`. */
export function noteTimes(stream: Stream, oldest: number, latest: number, ingestMs: number): void {
  if (stream.largestTime === null || latest > stream.largestTime) stream.largestTime = latest
  if (stream.smallestTime === null || oldest < stream.smallestTime) stream.smallestTime = oldest
  stream.lags = lagsWith(stream.lags ?? [[ingestMs, lagOf(ingestMs - stream.smallestTime)]], oldest, ingestMs)
}

/** Lags that one stream remembers; of more the oldest two become one, which retention then waits for longer. */
const lagsKept = 32

/** A later lag hides earlier ones that are no larger, so that the list falls and stays short. */
function lagsWith(lags: Lags, oldest: number, ingestMs: number): Lags {
  const lag = lagOf(ingestMs - oldest)
  // A clock that was set back does not make what comes now older than what came before.
  const until = Math.max(ingestMs, lags[lags.length - 1]?.[0] ?? ingestMs)
  const rest = lags.filter(([, before]) => before > lag)
  const [first, second] = rest
  if (rest.length >= lagsKept && first && second) rest.splice(0, 2, [second[0], first[1]])
  return [...rest, [until, lag]]
}

/** Rounded up to one of few steps, so that lags that are nearly the same are. At least a second. */
function lagOf(ms: number): number {
  if (ms <= 1_000) return 1_000
  const step = Math.ceil(4 * Math.log2(ms / 1_000))
  return Math.max(ms, Math.ceil(1_000 * 2 ** (step / 4)))
}

/**
 * Windows that end by then got no reading since a record of `since`: no reading that came later was as old. null: what
 * came before this program kept count, so that nobody can tell.
 */
export function untouchedBefore({ lags }: Pick<StreamDocument, 'lags'>, since: number): number | null {
  if (lags === null) return null
  return since - Math.max(0, ...lags.filter(([until]) => until > since).map(([, lag]) => lag))
}
