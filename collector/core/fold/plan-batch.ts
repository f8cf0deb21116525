import {
  addRange,
  type Batch,
  emptySet,
  has,
  limits,
  metricKey,
  rangeCount,
  type Run,
  type Summary,
} from '@barograph/proto'
import type { StoredFigures } from '../documents.ts'
import type { Epoch } from '../epoch.ts'
import { figuresOfSummary } from '../figures.ts'
import { epochId } from '../identity.ts'
import { isBefore } from '../position.ts'
import type { RecordOf } from '../record.ts'
import { broughtBy } from './brought.ts'
import { loaded, type Place } from './needs.ts'
import { createWindowing, minuteWindows, type Portion, portionsOf, rulesAt } from './windowing.ts'

/** What a batch changes. Made before anything is changed, so that it can be made again. */
export interface BatchPlan {
  readonly runs: readonly RunPlan[]
  readonly summaries: readonly SummaryPlan[]
}

export interface RunPlan {
  readonly run: Run
  /** 1 at each entry that this record brings. */
  readonly isNew: Uint8Array
  /** By entry: why it is quarantined; empty: it is not. */
  readonly quarantine: readonly string[] | null
  readonly portions: readonly Portion[]
  /** Why none of it is taken; null: it is. */
  readonly refusal: string | null
}

export interface SummaryPlan {
  readonly summary: Summary
  /** Why it is not folded, whole as it is; null: none of its numbers was seen before this record. */
  readonly refusal: string | null
  readonly portions: readonly Portion[]
}

/** All of firstNeeds must be in the cache. */
export function planBatch(record: RecordOf<'batch'>, place: Place): BatchPlan {
  return {
    runs: record.batch.runs.map((run) => planRun(record, run, place)),
    summaries: record.batch.summaries.map((summary) => planSummary(record, summary, place)),
  }
}

function planRun(record: RecordOf<'batch'>, run: Run, place: Place): RunPlan {
  const { device, at } = record
  const { cache } = place
  const epoch = loaded(cache.epochs.get(epochId(device, run)))
  const isNew = new Uint8Array(run.times.length)
  const quarantine = quarantineOf(record, run)
  const refusal = isBefore(at, epoch.o) ? null : refusalOf(epoch, record, quarantine !== null)
  if (refusal !== null) return { run, isNew, quarantine: null, portions: [], refusal }
  const isBrought = broughtBy(cache, device, run, at)
  for (let i = 0; i < isNew.length; i++) if (isBrought(run.firstSeq + i)) isNew[i] = 1
  const counts = isNew.slice()
  for (const { index } of run.marks) counts[index] = 0
  quarantine?.forEach((why, i) => {
    if (why !== '') counts[i] = 0
  })
  const windowing = windowingOf(record, run.sensor, run.intervalMs, place)
  return { run, isNew, quarantine, portions: portionsOf(windowing, run, counts), refusal }
}

function windowingOf(
  { device, at, batch: { site } }: RecordOf<'batch'>,
  sensor: string,
  intervalMs: number,
  place: Place,
): ReturnType<typeof createWindowing> {
  return createWindowing(rulesAt({ ...place, device, sensor, intervalMs, at, site }))
}

/**
 * Sets that would have too many ranges. A run is refused whole, so that what is refused falls into few ranges itself.
 * Quarantine is bounded by the same number: only a clock that goes to and fro comes near it, and a release makes room.
 */
function refusalOf(epoch: Epoch, record: RecordOf<'batch'>, hasQuarantined: boolean): string | null {
  if (seenRangesAfter(epoch, record.batch) > limits.rangesPerStream) return 'too fragmented'
  if (hasQuarantined && quarantinedRangesAfter(epoch, record) > limits.rangesPerStream)
    return 'quarantine full'
  return null
}

const runsOf = (epoch: Epoch, { runs }: Batch): Run[] =>
  runs.filter((run) => run.sensor === epoch.sensor && run.epoch === epoch.epoch)

/** Ranges that the epoch's set would have with the whole batch; 0: few. */
function seenRangesAfter(epoch: Epoch, batch: Batch): number {
  const more = runsOf(epoch, batch)
  if (rangeCount(epoch.seen) + more.length <= limits.rangesPerStream) return 0
  const set = more.reduce(
    (seen, run) => addRange(seen, run.firstSeq, run.firstSeq + run.times.length - 1),
    epoch.seen,
  )
  return rangeCount(set)
}

/** Ranges that the epoch's quarantine would have with the whole batch; 0: few. */
function quarantinedRangesAfter(epoch: Epoch, record: RecordOf<'batch'>): number {
  const before = Object.values(epoch.quarantined).reduce((sum, set) => sum + rangeCount(set), 0)
  const runs = runsOf(epoch, record.batch)
  // Each range of them takes two entries at least, but for the last.
  const most = runs.reduce((sum, run) => sum + Math.ceil(run.times.length / 2), 0)
  if (before + most <= limits.rangesPerStream) return 0
  const sets = new Map(Object.entries(epoch.quarantined))
  for (const run of runs)
    quarantineOf(record, run)?.forEach((why, i) => {
      const seq = run.firstSeq + i
      if (why !== '' && !has(epoch.seen, seq)) sets.set(why, addRange(sets.get(why) ?? emptySet, seq, seq))
    })
  return [...sets.values()].reduce((sum, set) => sum + rangeCount(set), 0)
}

/** By entry, why it is quarantined; null: none is. */
function quarantineOf({ batch, quarantineAfterMs }: RecordOf<'batch'>, run: Run): string[] | null {
  if (batch.clock === 'uncertain') return Array.from(run.times, () => 'time uncertain')
  if (quarantineAfterMs === null || batch.clock === 'historical') return null
  if (!run.times.some((time) => time > quarantineAfterMs)) return null
  return Array.from(run.times, (time) => (time > quarantineAfterMs ? 'in the future' : ''))
}

/**
 * A summary is folded whole or not at all. Nobody could release a part of it: one whose time is not to be trusted is
 * refused, where readings would be quarantined.
 */
function planSummary(record: RecordOf<'batch'>, summary: Summary, place: Place): SummaryPlan {
  const refused = (refusal: string): SummaryPlan => ({ summary, refusal, portions: [] })
  const { clock } = record.batch
  const bound = clock === 'historical' ? null : record.quarantineAfterMs
  if (clock === 'uncertain') return refused('time uncertain')
  if (bound !== null && summary.minutes.some(({ start }) => start > bound)) return refused('in the future')
  const isBrought = broughtBy(place.cache, record.device, summary, record.at)
  for (let seq = summary.firstSeq; seq <= summary.lastSeq; seq++)
    if (!isBrought(seq)) return refused('overlap')
  return { summary, refusal: null, portions: summaryPortions(record, summary, place) }
}

/** What a summary adds to the windows of a minute and more. */
function summaryPortions(record: RecordOf<'batch'>, summary: Summary, place: Place): Portion[] {
  const windowing = windowingOf(record, summary.sensor, Math.max(summary.intervalMs, 1), place)
  return summary.minutes.map((minute) => {
    const figures = new Map<string, StoredFigures>()
    for (const one of minute.figures) figures.set(metricKey(one.metric), figuresOfSummary(one))
    const windows = minuteWindows(windowing, minute.start)
    return { contribution: { received: minute.received, intervalMs: summary.intervalMs, figures }, windows }
  })
}
