import { addRange, type Batch, limits, metricKey, rangeCount, type Run, type Summary } from '@barograph/proto'
import type { Cache } from '../cache.ts'
import type { StoredFigures } from '../documents.ts'
import type { Epoch } from '../epoch.ts'
import { figuresOfSummary } from '../figures.ts'
import { epochId } from '../identity.ts'
import { isBefore } from '../position.ts'
import type { RecordOf } from '../record.ts'
import { nominalMs } from '../windows.ts'
import { broughtBy } from './brought.ts'
import { loaded } from './needs.ts'
import { createWindowing, type Portion, portionsOf, rulesAt } from './windowing.ts'

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
  /** The epoch's set would have too many ranges. */
  readonly isTooFragmented: boolean
}

export interface SummaryPlan {
  readonly summary: Summary
  /** Folded whole: none of its numbers was seen before this record. */
  readonly isTaken: boolean
  readonly portions: readonly Portion[]
}

interface Place {
  readonly cache: Cache
  readonly partition: number
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
  const count = run.times.length
  const epoch = loaded(cache.epochs.get(epochId(device, run)))
  const isTooFragmented = !isBefore(at, epoch.o) && rangesAfter(epoch, record.batch) > limits.rangesPerStream
  const isNew = new Uint8Array(count)
  if (isTooFragmented) return { run, isNew, quarantine: null, portions: [], isTooFragmented }
  const isBrought = broughtBy(cache, device, run, at)
  for (let i = 0; i < count; i++) if (isBrought(run.firstSeq + i)) isNew[i] = 1
  const quarantine = quarantineOf(record, run)
  const counts = isNew.slice()
  for (const { index } of run.marks) counts[index] = 0
  quarantine?.forEach((why, i) => {
    if (why !== '') counts[i] = 0
  })
  const windowing = windowingOf(record, run.sensor, run.intervalMs, place)
  return { run, isNew, quarantine, portions: portionsOf(windowing, run, counts), isTooFragmented }
}

function windowingOf(
  { device, at, batch: { site } }: RecordOf<'batch'>,
  sensor: string,
  intervalMs: number,
  place: Place,
): ReturnType<typeof createWindowing> {
  return createWindowing(rulesAt({ ...place, device, sensor, intervalMs, at, site }))
}

/** Ranges that the epoch's set would have with the whole batch. */
function rangesAfter(epoch: Epoch, { runs }: Batch): number {
  const more = runs.filter((run) => run.sensor === epoch.sensor && run.epoch === epoch.epoch)
  if (rangeCount(epoch.seen) + more.length <= limits.rangesPerStream) return 0
  const set = more.reduce(
    (seen, run) => addRange(seen, run.firstSeq, run.firstSeq + run.times.length - 1),
    epoch.seen,
  )
  return rangeCount(set)
}

function quarantineOf({ batch, quarantineAfterMs }: RecordOf<'batch'>, run: Run): string[] | null {
  if (batch.clock === 'uncertain') return Array.from(run.times, () => 'time uncertain')
  if (quarantineAfterMs === null || batch.clock === 'historical') return null
  return Array.from(run.times, (time) => (time > quarantineAfterMs ? 'in the future' : ''))
}

/** A summary is folded whole or not at all. */
function planSummary(record: RecordOf<'batch'>, summary: Summary, place: Place): SummaryPlan {
  const isBrought = broughtBy(place.cache, record.device, summary, record.at)
  for (let seq = summary.firstSeq; seq <= summary.lastSeq; seq++)
    if (!isBrought(seq)) return { summary, isTaken: false, portions: [] }
  return { summary, isTaken: true, portions: summaryPortions(record, summary, place) }
}

/** What a summary adds to the windows of a minute and more; shorter ones are not kept for thinned readings. */
function summaryPortions(record: RecordOf<'batch'>, summary: Summary, place: Place): Portion[] {
  const windowing = windowingOf(record, summary.sensor, Math.max(summary.intervalMs, 1), place)
  return summary.minutes.map((minute) => {
    const figures = new Map<string, StoredFigures>()
    for (const one of minute.figures) figures.set(metricKey(one.metric), figuresOfSummary(one))
    const windows = windowing
      .at(minute.start)
      .kept.filter(({ key }) => nominalMs[key.level] >= nominalMs['1m'])
    return { contribution: { received: minute.received, intervalMs: summary.intervalMs, figures }, windows }
  })
}
