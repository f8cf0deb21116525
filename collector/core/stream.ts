import { metricKey, type Run } from '@barograph/proto'
import type { Level, Position, StreamDocument } from './documents.ts'
import { streamId } from './identity.ts'

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
  }
}

/** Windows of a level up to this end are expired. */
export function noteExpired(stream: Stream, level: Level, before: number): void {
  if ((stream.expiredBefore[level] ?? Number.NEGATIVE_INFINITY) < before)
    stream.expiredBefore = { ...stream.expiredBefore, [level]: before }
}

/** What a run tells of its sensor: its metrics, and by the entries that `counts` admits its newest reading and mark. */
export function noteRun(stream: Stream, run: Run, counts: (i: number) => boolean): void {
  const marks = new Map(run.marks.map((mark) => [mark.index, mark]))
  for (const { metric } of run.columns) {
    const key = metricKey(metric)
    if (!(key in stream.metrics))
      stream.metrics = { ...stream.metrics, [key]: { unit: metric.unit, kind: metric.kind } }
  }
  let newest = -1
  for (let i = 0; i < run.times.length; i++) {
    if (!counts(i)) continue
    const time = run.times[i] as number
    const mark = marks.get(i)
    if (mark) {
      if (stream.mark === null || time >= stream.mark.time)
        stream.mark = { time, kind: mark.kind, code: mark.code, detail: mark.detail }
      continue
    }
    widen(stream, time, time)
    if (newest < 0 || time >= (run.times[newest] as number)) newest = i
  }
  if (newest < 0 || (run.times[newest] as number) < (stream.latest?.time ?? Number.NEGATIVE_INFINITY)) return
  const values: Record<string, readonly [number, number]> = {}
  for (const { metric, values: numbers, flags } of run.columns) {
    const value = numbers[newest] as number
    if (!Number.isNaN(value))
      values[metricKey(metric)] = [value, flags === null ? 0 : (flags[newest] as number)]
  }
  stream.latest = { time: run.times[newest] as number, values }
  stream.intervalMs = run.intervalMs
}

/** The times of readings that count reach from here to there at least. */
export function widen(stream: Stream, from: number, to: number): void {
  if (stream.largestTime === null || to > stream.largestTime) stream.largestTime = to
  if (stream.smallestTime === null || from < stream.smallestTime) stream.smallestTime = from
}
