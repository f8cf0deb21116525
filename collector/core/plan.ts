import {
  addRange,
  type Batch,
  limits,
  metricKey,
  rangeCount,
  type Run,
  type StreamEpoch,
} from '@barograph/proto'
import type { Bucket } from './bucket.ts'
import type { Cache, Entry, Need } from './cache.ts'
import { settingsAt, sitesAt, timeZoneOf } from './device.ts'
import { type Level, levels, type Position, type StoredFigures } from './documents.ts'
import type { Epoch } from './epoch.ts'
import { figuresOf, figuresOfSummary } from './figures.ts'
import { bucketId, bucketIndex, epochId, rollupId, streamId } from './identity.ts'
import { isBefore, isSame } from './position.ts'
import { type DecodedRecord, streamsOf } from './record.ts'
import type { Contribution, RollupKey } from './rollup.ts'
import { isKept, nominalMs, partLevel, type Window, windowsAt } from './windows.ts'
import { zoneOf } from './zone.ts'

/** Readings of one run that fall into the same window at every level. */
export interface Portion {
  readonly contribution: Contribution
  readonly windows: readonly { readonly id: string; readonly key: RollupKey; readonly partStart: number }[]
}

/** What a run changes. Made before anything is changed, so that it can be made again. */
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

type BatchRecord = DecodedRecord & { readonly kind: 'batch' }

/** The documents that a record needs before its windows are known. */
export function firstNeeds(record: DecodedRecord, partition: number): Need[] {
  const { device } = record
  const needs: Need[] = [{ collection: 'settings', id: String(partition), device, sensor: '' }]
  if (record.kind === 'settings' || record.kind === 'unreadable') return needs
  needs.push({ collection: 'devices', id: device, device, sensor: '' })
  for (const stream of streamsOf(record)) {
    needs.push({ collection: 'streams', id: streamId(device, stream.sensor), device, sensor: stream.sensor })
    needs.push({ collection: 'epochs', id: epochId(device, stream), device, stream })
  }
  if (record.kind === 'batch') needs.push(...bucketNeeds(device, record.batch))
  return needs
}

function bucketNeeds(device: string, { runs, summaries }: Batch): Need[] {
  const needs = new Map<string, Need>()
  for (const { sensor, epoch, first, last } of [
    ...runs.map((run) => ({ ...run, first: run.firstSeq, last: run.firstSeq + run.times.length - 1 })),
    ...summaries.map((summary) => ({ ...summary, first: summary.firstSeq, last: summary.lastSeq })),
  ])
    for (let index = bucketIndex(first); index <= bucketIndex(last); index++) {
      const stream = { sensor, epoch }
      const id = bucketId(device, stream, index)
      needs.set(id, { collection: 'readings', id, device, stream, index })
    }
  return [...needs.values()]
}

/**
 * Buckets that are to be read again. An epoch that is further than the record says nothing about a bucket that was read
 * before it: its owner may have written that bucket in between, and what is in memory does not know the numbers it took.
 */
export function outdatedNeeds(record: BatchRecord, cache: Cache): Need[] {
  const { device, at, batch } = record
  const isAhead = (stream: StreamEpoch): boolean =>
    isBefore(at, loaded(cache.epochs.get(epochId(device, stream))).o)
  if (![...batch.runs, ...batch.summaries].some(isAhead)) return []
  return bucketNeeds(device, batch).filter((need) => {
    if (need.collection !== 'readings' || !isAhead(need.stream)) return false
    const epoch = cache.epochs.get(epochId(device, need.stream))
    const bucket = cache.buckets.get(need.id)
    return epoch && bucket && bucket.taken < epoch.taken && !isBefore(at, bucket.state.o)
  })
}

/**
 * Was number `seq` brought by the record at `at`? One answer for ever, whoever folds, however often. Returns a test for
 * the numbers of one epoch.
 */
export function broughtBy(
  cache: Cache,
  device: string,
  stream: StreamEpoch,
  at: Position,
): (seq: number) => boolean {
  const epoch = loaded(cache.epochs.get(epochId(device, stream)))
  const isEpochAhead = isBefore(at, epoch.o)
  let index = -1
  let bucket: Bucket | null = null
  let isAhead = false
  return (seq) => {
    if (bucket === null || bucketIndex(seq) !== index) {
      index = bucketIndex(seq)
      bucket = loaded(cache.buckets.get(bucketId(device, stream, index)))
      isAhead = isBefore(at, bucket.o)
    }
    const arrival = bucket.arrival(seq)
    if (isAhead) return arrival !== null && isSame(arrival, at)
    // Buckets are written before epochs: an epoch further than its bucket did not take this number from this record.
    return arrival === null && !isEpochAhead
  }
}

/** The state of a document that firstNeeds or windowNeeds named. */
export function loaded<S>(entry: Entry<S> | undefined): S {
  if (!entry) throw new Error('a document that the fold needs is not loaded')
  return entry.state
}

/** What a run of this record changes. All of firstNeeds must be in the cache. */
export function planRun(record: BatchRecord, run: Run, cache: Cache, partition: number): RunPlan {
  const { device, at } = record
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
  return {
    run,
    isNew,
    quarantine,
    portions: portionsOf(record, run, counts, cache, partition),
    isTooFragmented,
  }
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

function quarantineOf({ batch, quarantineAfterMs }: BatchRecord, run: Run): string[] | null {
  if (batch.clock === 'uncertain') return Array.from(run.times, () => 'time uncertain')
  if (quarantineAfterMs === null || batch.clock === 'historical') return null
  return Array.from(run.times, (time) => (time > quarantineAfterMs ? 'in the future' : ''))
}

function portionsOf(
  record: BatchRecord,
  run: Run,
  counts: Uint8Array,
  cache: Cache,
  partition: number,
): Portion[] {
  const windowing = createWindowing(record, run.sensor, run.intervalMs, cache, partition)
  const portions: Portion[] = []
  let from = 0
  while (from < counts.length) {
    if (counts[from] === 0) {
      from++
      continue
    }
    const windows = windowing.at(run.times[from] as number)
    let to = from
    let received = 0
    for (; to < counts.length; to++) {
      if (counts[to] === 0) continue
      const time = run.times[to] as number
      if (time < windows.start || time >= windows.end) break
      received++
    }
    const figures = new Map<string, StoredFigures>()
    for (const column of run.columns) {
      const found = figuresOf(column, run.times, from, to, counts)
      if (found) figures.set(metricKey(column.metric), found)
    }
    portions.push({ contribution: { received, intervalMs: run.intervalMs, figures }, windows: windows.kept })
    from = to
  }
  return portions
}

/** What a summary adds to the windows of a minute and more; shorter ones are not kept for thinned readings. */
export function planSummary(
  record: BatchRecord,
  summary: Batch['summaries'][number],
  cache: Cache,
  partition: number,
): Portion[] {
  const intervalMs = Math.max(summary.intervalMs, 1)
  const windowing = createWindowing(record, summary.sensor, intervalMs, cache, partition)
  return summary.minutes.map((minute) => {
    const figures = new Map<string, StoredFigures>()
    for (const one of minute.figures) figures.set(metricKey(one.metric), figuresOfSummary(one))
    const windows = windowing
      .at(minute.start)
      .kept.filter(({ key }) => nominalMs[key.level] >= nominalMs['1m'])
    return { contribution: { received: minute.received, intervalMs: summary.intervalMs, figures }, windows }
  })
}

interface Here {
  /** Bounds within which every level's window stays the same. */
  readonly start: number
  readonly end: number
  readonly kept: Portion['windows']
}

/** The kept windows around an instant; asks the calendar only when a window is left. */
function createWindowing(
  { device, at, batch }: BatchRecord,
  sensor: string,
  intervalMs: number,
  cache: Cache,
  partition: number,
) {
  const sites = sitesAt(cache.devices.get(device)?.state ?? null, batch.site, at)
  const settings = settingsAt(cache.settings.get(String(partition))?.state ?? null, at)
  const keptLevels = levels.filter((level) => settings.levels.includes(level) && isKept(level, intervalMs))
  const hasOneZone = new Set(sites.map((site) => site.timeZone)).size <= 1
  let zone: ReturnType<typeof zoneOf> | null = null
  let windows: readonly Window[] | null = null

  return {
    at(time: number): Here {
      if (zone === null || !hasOneZone) {
        const there = zoneOf(timeZoneOf(sites, time) ?? settings.defaultTimeZone)
        if (there !== zone) windows = null
        zone = there
      }
      windows = windowsAt(time, zone, windows)
      const all = windows
      const timeZone = zone.name
      const windowOf = (level: Level): Window => all[levels.indexOf(level)] as Window
      return {
        start: Math.max(...all.map((window) => window.start)),
        end: Math.min(...all.map((window) => window.end)),
        kept: keptLevels.map((level) => {
          const window = windowOf(level)
          const part = partLevel[level]
          const key = { device, sensor, level, window, timeZone }
          return {
            id: rollupId(device, sensor, level, window.start),
            key,
            partStart: part ? windowOf(part).start : 0,
          }
        }),
      }
    },
  }
}

/** The windows that a plan needs. */
export function windowNeeds(portions: readonly Portion[]): Need[] {
  const needs = new Map<string, Need>()
  for (const portion of portions)
    for (const { id, key } of portion.windows) needs.set(id, { collection: 'rollups', id, key })
  return [...needs.values()]
}
