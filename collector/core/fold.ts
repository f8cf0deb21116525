import {
  addRange,
  type Batch,
  emptySet,
  metricKey,
  type RangeSet,
  rangeOf,
  type StreamEpoch,
  subtract,
  type Summary,
} from '@barograph/proto'
import type { Bucket } from './bucket.ts'
import type { Cache, Need, Shelf, Stream } from './cache.ts'
import { noteBatch, noteStatus } from './device.ts'
import type { Position, SummaryDocument } from './documents.ts'
import { type Epoch, lose, merged, refuse, see, settle } from './epoch.ts'
import { figuresOfSummary } from './figures.ts'
import { bucketId, bucketIndex, epochId, streamId, summaryId } from './identity.ts'
import {
  broughtBy,
  firstNeeds,
  loaded,
  outdatedNeeds,
  type Portion,
  planRun,
  planSummary,
  type RunPlan,
  windowNeeds,
} from './plan.ts'
import { isBefore, isSame } from './position.ts'
import type { DecodedRecord } from './record.ts'
import { contribute } from './rollup.ts'

type BatchRecord = DecodedRecord & { readonly kind: 'batch' }

interface SummaryPlan {
  readonly summary: Summary
  /** Folded whole: none of its numbers was seen before this record. */
  readonly isTaken: boolean
  readonly portions: readonly Portion[]
}

export interface Plan {
  readonly record: DecodedRecord
  readonly runs: readonly RunPlan[]
  readonly summaries: readonly SummaryPlan[]
}

/** What a record came to. */
export interface Effect {
  /** Entries that were new, and that were quarantined or repeats. */
  readonly fresh: number
  readonly quarantined: number
  readonly repeats: number
  readonly refused: number
}

const numberRange = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i)

/**
 * The fold of one partition: what a record does to the documents. Planning changes nothing and names the documents it
 * lacks; applying changes documents that are not further than the record, and no other.
 */
export function createFold({ cache, partition }: { cache: Cache; partition: number }) {
  /** Summaries that the store lacks: written once, never read by the fold. */
  const freshSummaries = new Map<string, SummaryDocument>()

  /** The plan, or what must be loaded first. */
  function plan(record: DecodedRecord): Plan | { readonly missing: Need[] } {
    const missing = firstNeeds(record, partition).filter((need) => !cache.has(need))
    if (missing.length > 0) return { missing }
    if (record.kind !== 'batch') return { record, runs: [], summaries: [] }
    const outdated = outdatedNeeds(record, cache)
    if (outdated.length > 0) return { missing: outdated }
    const runs = record.batch.runs.map((run) => planRun(record, run, cache, partition))
    const summaries = record.batch.summaries.map((summary) => {
      const isTaken = isSummaryTaken(record, summary)
      return { summary, isTaken, portions: isTaken ? planSummary(record, summary, cache, partition) : [] }
    })
    const windows = windowNeeds([...runs, ...summaries].flatMap(({ portions }) => portions))
    const lacking = windows.filter((need) => !cache.has(need))
    return lacking.length > 0 ? { missing: lacking } : { record, runs, summaries }
  }

  function isSummaryTaken({ device, at }: BatchRecord, summary: Summary): boolean {
    const isBrought = broughtBy(cache, device, summary, at)
    return numberRange(summary.firstSeq, summary.lastSeq).every(isBrought)
  }

  /** Changes the documents; the plan must have been made from the cache as it is. */
  function apply({ record, runs, summaries }: Plan): Effect {
    const closings: (() => void)[] = []
    const opened = new Set<object>()
    const epochs = new Set<Epoch>()

    /** The state to change; null when the document already holds this record. */
    function open<S extends { o: Position }>(shelf: Shelf<S>, id: string): S | null {
      const entry = shelf.get(id)
      const state = loaded(entry)
      if (isBefore(record.at, state.o)) return null
      if (entry && !opened.has(entry)) {
        opened.add(entry)
        // Only at the record's end: until then `o` tells the state before it.
        closings.push(() => {
          state.o = record.next
          shelf.soil(entry)
        })
      }
      return state
    }

    function openEpoch(stream: StreamEpoch): Epoch | null {
      const epoch = open(cache.epochs, epochId(record.device, stream))
      if (epoch) epochs.add(epoch)
      return epoch
    }

    const effect = { fresh: 0, quarantined: 0, repeats: 0, refused: 0 }
    switch (record.kind) {
      case 'settings': {
        const settings = open(cache.settings, String(partition))
        if (settings)
          settings.history = [...settings.history, { at: record.at, ...record.settings }].slice(-settingsKept)
        break
      }
      case 'status': {
        const device = open(cache.devices, record.device)
        if (device) noteStatus(device, record.status, record.ingestMs)
        for (const sensor of record.status.sensors) {
          const epoch = sensor.accepted > 0 ? openEpoch(sensor) : null
          if (epoch) epoch.accepted = Math.max(epoch.accepted, sensor.accepted)
        }
        break
      }
      case 'refusal':
        for (const refused of record.refusal.refused) {
          const epoch = openEpoch(refused)
          if (epoch) refuse(epoch, rangeOf(refused.firstSeq, refused.lastSeq), refused.reason)
          effect.refused += refused.lastSeq - refused.firstSeq + 1
        }
        break
      case 'batch': {
        const device = open(cache.devices, record.device)
        if (device) noteBatch(device, record.batch, record.at, record.ingestMs)
        const largest = new Map<string, number | null>()
        /** By sensor: readings of windows that were over, and windows that had no revision before. */
        const late = new Map<string, { readings: number; readonly revised: Set<string> }>()
        for (const { sensor } of [...runs.map(({ run }) => run), ...summaries.map(({ summary }) => summary)])
          if (!largest.has(sensor))
            largest.set(sensor, loaded(cache.streams.get(streamId(record.device, sensor))).largestTime)
        for (const one of runs) applyRun(record, one)
        for (const one of summaries) applySummary(record, one)
        const revised = new Set<object>()
        for (const portion of [...runs, ...summaries].flatMap(({ portions }) => portions))
          applyPortion(portion)
        for (const [sensor, { readings, revised }] of late) {
          const stream = open(cache.streams, streamId(record.device, sensor))
          if (!stream) continue
          stream.lateRecords++
          stream.lateReadings = (stream.lateReadings ?? 0) + readings
          stream.revisedWindows = (stream.revisedWindows ?? 0) + revised.size
        }
        applyDeclarations(record.batch)

        function applyPortion({ contribution, windows }: Portion): void {
          let isCounted = false
          for (const { id, key, partStart } of windows) {
            const rollup = open(cache.rollups, id)
            if (rollup) contribute(rollup, contribution, partStart)
            const before = largest.get(key.sensor) ?? null
            const state = loaded(cache.rollups.get(id))
            if (before === null || before < state.end) continue
            if (rollup && !revised.has(rollup)) {
              revised.add(rollup)
              if (rollup.revision++ === 0) rollup.revisedAt = record.at
            }
            const ofSensor = late.get(key.sensor) ?? { readings: 0, revised: new Set() }
            late.set(key.sensor, ofSensor)
            if (!isCounted) ofSensor.readings += contribution.received
            isCounted = true
            // A window that holds this record already tells whether it was the first to revise it.
            if (state.revisedAt && isSame(state.revisedAt, record.at)) ofSensor.revised.add(id)
          }
        }
        break
      }
      case 'release':
      case 'expire':
      case 'unreadable':
        break
    }

    function applyRun(
      { at, device }: BatchRecord,
      { run, isNew, quarantine, isTooFragmented }: RunPlan,
    ): void {
      const last = run.firstSeq + run.times.length - 1
      const epoch = openEpoch(run)
      if (isTooFragmented) {
        if (epoch) refuse(epoch, rangeOf(run.firstSeq, last), 'too fragmented')
        effect.refused += run.times.length
        return
      }
      const marks = new Map(run.marks.map((mark) => [mark.index, mark]))
      const numbers = new Map<string, RangeSet>()
      const put = createPut(run, marks, at, device)
      for (let i = 0; i < isNew.length; ) {
        const reason = quarantine?.[i] ?? ''
        const first = i
        while (i < isNew.length && isNew[i] === isNew[first] && (quarantine?.[i] ?? '') === reason)
          put(i++, isNew[first] === 1, reason)
        if (isNew[first] === 0) effect.repeats += i - first
        else {
          numbers.set(
            reason,
            addRange(numbers.get(reason) ?? emptySet, run.firstSeq + first, run.firstSeq + i - 1),
          )
          effect[reason === '' ? 'fresh' : 'quarantined'] += i - first
        }
      }
      if (epoch) for (const [reason, set] of numbers) see(epoch, set, reason)
      const stream = open(cache.streams, streamId(device, run.sensor))
      if (stream) noteRun(stream, run, isNew, quarantine)
    }

    /** Puts an entry into its bucket, which is looked up once for all its neighbours. */
    function createPut(
      run: RunPlan['run'],
      marks: Map<number, RunPlan['run']['marks'][number]>,
      at: Position,
      device: string,
    ) {
      let index = -1
      let bucket: Bucket | null = null
      return (i: number, isNew: boolean, reason: string): void => {
        if (!isNew) return
        const seq = run.firstSeq + i
        if (bucketIndex(seq) !== index) {
          index = bucketIndex(seq)
          bucket = open(cache.buckets, bucketId(device, run, index))
        }
        const what = reason === '' ? 'arrived' : 'quarantined'
        bucket?.put(run, i, marks.get(i), { at, what, reason, ingestMs: record.ingestMs })
      }
    }

    function applySummary({ at, device }: BatchRecord, { summary, isTaken }: SummaryPlan): void {
      const epoch = openEpoch(summary)
      const numbers = rangeOf(summary.firstSeq, summary.lastSeq)
      if (!isTaken) {
        if (epoch) refuse(epoch, subtract(numbers, merged(epoch.refused)), 'overlap')
        return
      }
      for (const seq of numberRange(summary.firstSeq, summary.lastSeq))
        open(cache.buckets, bucketId(device, summary, bucketIndex(seq)))?.summarise(seq, summary.firstSeq, {
          at,
          ingestMs: record.ingestMs,
        })
      if (epoch) see(epoch, numbers, '')
      effect.fresh += summary.lastSeq - summary.firstSeq + 1
      const document = summaryDocument(device, summary, record)
      freshSummaries.set(document.id, document)
      const stream = open(cache.streams, streamId(device, summary.sensor))
      const last = summary.minutes[summary.minutes.length - 1]
      if (stream && last) widen(stream, summary.minutes[0]?.start ?? last.start, last.start)
    }

    function applyDeclarations({ ended, lost }: Batch): void {
      for (const one of lost) {
        const epoch = openEpoch(one)
        if (epoch) lose(epoch, one.firstSeq, one.lastSeq, one.cause)
      }
      for (const one of ended) {
        const epoch = openEpoch(one)
        if (!epoch) continue
        epoch.ended = Math.max(epoch.ended ?? 0, one.lastSeq)
        epoch.accepted = Math.max(epoch.accepted, one.lastSeq)
      }
    }

    for (const epoch of epochs) settle(epoch, record.ingestMs)
    for (const close of closings) close()
    return effect
  }

  return { plan, apply, freshSummaries }
}

/** Settings change by hand: this many changes are remembered for records that are folded again. */
const settingsKept = 1_000

function noteRun(
  stream: Stream,
  run: RunPlan['run'],
  isNew: Uint8Array,
  quarantine: readonly string[] | null,
): void {
  const marks = new Map(run.marks.map((mark) => [mark.index, mark]))
  for (const { metric } of run.columns) {
    const key = metricKey(metric)
    if (!(key in stream.metrics))
      stream.metrics = { ...stream.metrics, [key]: { unit: metric.unit, kind: metric.kind } }
  }
  let newest = -1
  for (let i = 0; i < isNew.length; i++) {
    if (isNew[i] === 0 || (quarantine?.[i] ?? '') !== '') continue
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

function widen(stream: Stream, from: number, to: number): void {
  if (stream.largestTime === null || to > stream.largestTime) stream.largestTime = to
  if (stream.smallestTime === null || from < stream.smallestTime) stream.smallestTime = from
}

function summaryDocument(device: string, summary: Summary, { next }: DecodedRecord): SummaryDocument {
  const { sensor, epoch, firstSeq, lastSeq, intervalMs } = summary
  const minutes = summary.minutes.map(({ start, received, figures }) => ({
    start,
    received,
    metrics: Object.fromEntries(figures.map((one) => [metricKey(one.metric), figuresOfSummary(one)])),
  }))
  return {
    id: summaryId(device, summary, firstSeq),
    o: next,
    device,
    sensor,
    epoch,
    firstSeq,
    lastSeq,
    intervalMs,
    minutes,
  }
}
