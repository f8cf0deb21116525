// What a log means, told number by number and reading by reading: slow, plain, and without the fold's code.
import {
  decodeBatch,
  decodeExpire,
  decodeRefusal,
  decodeRelease,
  type Batch,
  type Expire,
  type Run,
} from '@barograph/proto'
import type { LogRecord } from '../../log.ts'
import { type Level, levels } from '../../documents.ts'
import { isKept, windowAt } from '../../windows.ts'
import { zoneOf } from '../../zone.ts'

interface Entry {
  how: 'arrived' | 'quarantined' | 'summarised' | 'released'
  readonly time: number
  readonly value: number
  readonly intervalMs: number
  /** Of a summary: which. */
  readonly summary: Summary | null
}
type Summary = Batch['summaries'][number]

export interface ModelEpoch {
  readonly entries: Map<number, Entry>
  readonly lost: Map<number, string>
  readonly refused: Map<number, string>
  readonly expired: Set<number>
}

export interface ModelWindow {
  readonly level: Level
  readonly end: number
  received: number
  sum: number
  sealed: boolean
}

/** All that a log comes to. Keys as the documents' ids. */
export interface LogModel {
  readonly epochs: Map<string, ModelEpoch>
  readonly windows: Map<string, ModelWindow>
  /** By stream and level. */
  readonly expiredBefore: Map<string, number>
  /** By device and level. */
  readonly sealedUntil: Map<string, number>
}

export function modelOf(records: readonly LogRecord[], zoneName: string): LogModel {
  const epochs = new Map<string, ModelEpoch>()
  const windows = new Map<string, ModelWindow>()
  const expiredBefore = new Map<string, number>()
  const sealedUntil = new Map<string, number>()
  const zone = zoneOf(zoneName)

  function epochOf(device: string, stream: { sensor: string; epoch: string }): ModelEpoch {
    const id = `${device}/${stream.sensor}/${stream.epoch}`
    let epoch = epochs.get(id)
    if (!epoch) {
      epoch = { entries: new Map(), lost: new Map(), refused: new Map(), expired: new Set() }
      epochs.set(id, epoch)
    }
    return epoch
  }

  const windowsAt = (device: string, sensor: string, time: number, intervalMs: number) =>
    levels
      .filter((level) => isKept(level, intervalMs))
      .map((level) => {
        const window = windowAt(level, time, zone)
        return { id: `${device}/${sensor}/${level}/${window.start}`, level, end: window.end }
      })

  function count(
    device: string,
    sensor: string,
    time: number,
    value: number,
    received: number,
    intervalMs: number,
  ) {
    for (const { id, level, end } of windowsAt(device, sensor, time, intervalMs)) {
      if (end <= (expiredBefore.get(`${device}/${sensor} ${level}`) ?? Number.NEGATIVE_INFINITY)) continue
      const window = windows.get(id) ?? { level, end, received: 0, sum: 0, sealed: false }
      windows.set(id, window)
      window.received += received
      window.sum += value
    }
  }

  function seal(device: string, sensor: string, time: number, intervalMs: number): void {
    for (const { id, level, end } of windowsAt(device, sensor, time, intervalMs)) {
      const key = `${device} ${level}`
      sealedUntil.set(key, Math.max(sealedUntil.get(key) ?? end, end))
      const window = windows.get(id)
      if (!window || end <= (expiredBefore.get(`${device}/${sensor} ${level}`) ?? Number.NEGATIVE_INFINITY))
        continue
      window.sealed = true
    }
  }

  /** An expired number that comes is refused, also when it was declared lost. */
  function refuseExpired({ entries, lost, refused, expired }: ModelEpoch, seq: number): void {
    if (!expired.has(seq) || entries.has(seq)) return
    lost.delete(seq)
    if (!refused.has(seq)) refused.set(seq, 'expired')
  }

  const see = ({ entries, lost, refused }: ModelEpoch, seq: number, entry: Entry): void => {
    entries.set(seq, entry)
    lost.delete(seq)
    refused.delete(seq)
  }

  function takeRun({ device, clock }: Batch, run: Run, quarantineAfterMs: number | null): void {
    const epoch = epochOf(device, run)
    run.times.forEach((time, i) => {
      const seq = run.firstSeq + i
      refuseExpired(epoch, seq)
      if (epoch.entries.has(seq) || epoch.expired.has(seq)) return
      const isHeld = clock === 'uncertain' || (quarantineAfterMs !== null && time > quarantineAfterMs)
      const value = run.columns[0]?.values[i] ?? 0
      const { intervalMs } = run
      see(epoch, seq, { how: isHeld ? 'quarantined' : 'arrived', time, value, intervalMs, summary: null })
      if (!isHeld) count(device, run.sensor, time, value, 1, intervalMs)
    })
  }

  function takeSummary(device: string, summary: Summary): void {
    const epoch = epochOf(device, summary)
    const numbers: number[] = []
    for (let seq = summary.firstSeq; seq <= summary.lastSeq; seq++) numbers.push(seq)
    if (numbers.some((seq) => epoch.entries.has(seq) || epoch.expired.has(seq))) {
      for (const seq of numbers) {
        const isKnown = epoch.entries.has(seq) || epoch.lost.has(seq) || epoch.refused.has(seq)
        if (!isKnown) epoch.refused.set(seq, 'overlap')
        refuseExpired(epoch, seq)
      }
      return
    }
    const { intervalMs } = summary
    for (const seq of numbers) see(epoch, seq, { how: 'summarised', time: 0, value: 0, intervalMs, summary })
    for (const { start, received, figures } of summary.minutes)
      count(device, summary.sensor, start, Number(figures[0]?.sum ?? 0), received, intervalMs)
  }

  function takeBatch(batch: Batch, quarantineAfterMs: number | null): void {
    for (const run of batch.runs) takeRun(batch, run, quarantineAfterMs)
    for (const summary of batch.summaries) takeSummary(batch.device, summary)
    for (const one of batch.lost) {
      const { entries, lost, refused } = epochOf(batch.device, one)
      for (let seq = one.firstSeq; seq <= one.lastSeq; seq++)
        if (!entries.has(seq) && !lost.has(seq) && !refused.has(seq)) lost.set(seq, one.cause)
    }
  }

  function takeExpire({ device, raw, levels: old }: Expire): void {
    for (const one of raw) {
      const epoch = epochOf(device, one)
      const { entries, lost, refused, expired } = epoch
      for (let i = 0; i < one.ranges.length; i += 2)
        for (let seq = one.ranges[i] as number; seq <= (one.ranges[i + 1] as number); seq++) {
          const entry = entries.get(seq)
          if (entry?.how === 'arrived' || entry?.how === 'released')
            seal(device, one.sensor, entry.time, entry.intervalMs)
          for (const { start } of entry?.summary?.minutes ?? [])
            seal(device, one.sensor, start, entry?.intervalMs ?? 0)
          expired.add(seq)
          if (!entry && !lost.has(seq) && !refused.has(seq)) refused.set(seq, 'expired')
        }
    }
    for (const { sensor, level, before } of old) {
      const key = `${device}/${sensor} ${level}`
      expiredBefore.set(key, Math.max(expiredBefore.get(key) ?? before, before))
    }
  }

  for (const { kind, value, quarantineAfterMs } of records)
    switch (kind) {
      case 'batch':
        takeBatch(decodeBatch(value), quarantineAfterMs)
        break
      case 'refusal': {
        const { device, refused: list } = decodeRefusal(value)
        for (const one of list) {
          const { entries, lost, refused } = epochOf(device, one)
          for (let seq = one.firstSeq; seq <= one.lastSeq; seq++)
            if (!entries.has(seq) && !lost.has(seq) && !refused.has(seq)) refused.set(seq, one.reason)
        }
        break
      }
      case 'release': {
        const { device, ranges } = decodeRelease(value)
        for (const one of ranges) {
          const { entries, expired } = epochOf(device, one)
          for (let seq = one.firstSeq; seq <= one.lastSeq; seq++) {
            const entry = entries.get(seq)
            if (entry?.how !== 'quarantined' || expired.has(seq)) continue
            entry.how = 'released'
            count(device, one.sensor, entry.time, entry.value, 1, entry.intervalMs)
          }
        }
        break
      }
      case 'expire':
        takeExpire(decodeExpire(value))
        break
      default:
    }
  return { epochs, windows, expiredBefore, sealedUntil }
}
