import { decodeBatch, decodeExpire, decodeRefusal, decodeRelease, pairs } from '@barograph/proto'
import type { LogRecord } from '../../../collector/core/log.ts'

/** A record that brings a number. */
export interface Arrival {
  readonly record: LogRecord
  readonly isHistorical: boolean
  /** Its times are right within this; null: they are right. */
  readonly uncertainMs: number | null
}

/** What the log says of each number, by looking through it from its beginning. */
export interface LogFacts {
  /** All records that bring it, the first one first. A summary counts when it can be taken whole. */
  readonly arrivals: ReadonlyMap<string, readonly Arrival[]>
  /** Records that release it. */
  readonly releases: ReadonlyMap<string, readonly LogRecord[]>
}

export function readLog(history: readonly LogRecord[]): LogFacts {
  const arrivals = new Map<string, Arrival[]>()
  const releases = new Map<string, LogRecord[]>()
  const numbers = (first: number, last: number): number[] =>
    Array.from({ length: last - first + 1 }, (_, i) => first + i)
  const add = <T>(into: Map<string, T[]>, key: string, one: T): void => {
    const list = into.get(key)
    if (list) list.push(one)
    else into.set(key, [one])
  }
  for (const record of history) {
    const keyOf = ({ sensor, epoch }: { sensor: string; epoch: string }, seq: number): string =>
      `${record.device}/${sensor}/${epoch}/${seq}`
    if (record.kind === 'release')
      for (const range of decodeRelease(record.value).ranges)
        for (const seq of numbers(range.firstSeq, range.lastSeq)) add(releases, keyOf(range, seq), record)
    if (record.kind !== 'batch') continue
    const { clock, clockErrorMs, runs, summaries } = decodeBatch(record.value)
    const uncertainMs = clock === 'uncertain' ? clockErrorMs : null
    const arrival = { record, isHistorical: clock === 'historical', uncertainMs }
    for (const run of runs)
      for (const seq of numbers(run.firstSeq, run.firstSeq + run.times.length - 1))
        add(arrivals, keyOf(run, seq), arrival)
    for (const summary of summaries) {
      const bound = arrival.isHistorical ? null : record.quarantineAfterMs
      if (bound !== null && summary.minutes.some(({ start }) => start > bound)) continue
      const keys = numbers(summary.firstSeq, summary.lastSeq).map((seq) => keyOf(summary, seq))
      if (keys.every((key) => !arrivals.has(key))) for (const key of keys) add(arrivals, key, arrival)
    }
  }
  return { arrivals, releases }
}

/** All numbers that some record of a log brings, declares lost, refuses or lets expire, by device/sensor/epoch. */
export function numbersOf(log: readonly LogRecord[]): ReadonlyMap<string, ReadonlySet<number>> {
  const all = new Map<string, Set<number>>()
  for (const { device, kind, value } of log) {
    const add = ({ sensor, epoch }: { sensor: string; epoch: string }, first: number, last: number): void => {
      const name = `${device}/${sensor}/${epoch}`
      const set = all.get(name) ?? new Set()
      all.set(name, set)
      for (let seq = first; seq <= last; seq++) set.add(seq)
    }
    if (kind === 'batch') {
      const { runs, summaries, lost } = decodeBatch(value)
      for (const run of runs) add(run, run.firstSeq, run.firstSeq + run.times.length - 1)
      for (const one of [...summaries, ...lost]) add(one, one.firstSeq, one.lastSeq)
    }
    if (kind === 'refusal')
      for (const one of decodeRefusal(value).refused) add(one, one.firstSeq, one.lastSeq)
    if (kind === 'expire')
      for (const one of decodeExpire(value).raw)
        for (const [first, last] of pairs(one.ranges)) add(one, first, last)
  }
  return all
}
