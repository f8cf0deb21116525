import { encodeExpire, type Expire, isCoded, subtract, rangeOf } from '@barograph/proto'
import type { BucketDocument, EpochDocument, Level, Position, StreamDocument } from '../documents.ts'
import { epochId, summaryId } from '../identity.ts'
import type { Log } from '../log.ts'
import { isBefore } from '../position.ts'
import { isToRezone } from '../rebuild/rezone.ts'
import type { Store } from '../store.ts'
import { dueLevels, type ExpiringBucket, expiriesOf, fateOf, type OldBucket } from './due.ts'
import { type Retention, sweepIntervalMs, sweepLimits } from './limits.ts'

/** What retention did since the program began. */
export interface SweepCounts {
  /** Numbers whose entries were told to expire. */
  expired: number
  bucketsDeleted: number
  summariesDeleted: number
  windowsDeleted: number
  /** Sweeps over all that is old. */
  sweeps: number
}

export interface SweeperOptions {
  readonly log: Pick<Log, 'partitions' | 'partitionOf' | 'append'>
  readonly store: Pick<
    Store,
    'checkpoint' | 'read' | 'devices' | 'streams' | 'currentSets' | 'oldBuckets' | 'remove' | 'removeWindows'
  >
  readonly retention: Retention
  readonly clock: { now(): number; sleep(ms: number, signal: AbortSignal): Promise<void> }
}

/**
 * Retention. What is old is told to the log first; it is deleted when that is folded for good, and again when an owner
 * that lagged behind wrote it back. Two of them at once do the same things twice, which changes nothing.
 */
export interface Sweeper {
  /** Looks at all that is old once. Calls `pause` between two bounded steps. */
  sweep(pause: () => Promise<void>): Promise<void>
  readonly counts: Readonly<SweepCounts>
}

export function createSweeper({ log, store, retention, clock }: SweeperOptions): Sweeper {
  const counts: SweepCounts = {
    expired: 0,
    bucketsDeleted: 0,
    summariesDeleted: 0,
    windowsDeleted: 0,
    sweeps: 0,
  }
  /** Ids of buckets that were told to expire, and the record that says it: not to be said again until it is folded. */
  const awaited = new Map<string, number>()

  async function sweep(pause: () => Promise<void>): Promise<void> {
    if (retention.raw !== null) await sweepBuckets(clock.now() - retention.raw, pause)
    await sweepWindows(pause)
    counts.sweeps++
  }

  /** Where each partition is folded to for good, as of one step; null: nobody may tell now. */
  function createCheckpoints(): (device: string) => Promise<Position | null> {
    const known = new Map<number, Promise<Position | null>>()
    return (device) => {
      const partition = log.partitionOf(device)
      const position =
        known.get(partition) ??
        store.checkpoint(partition).then((found) => (found?.phase === null ? found.position : null))
      known.set(partition, position)
      return position
    }
  }

  /**
   * Up to where a device is known; null: its windows are about to be cut in another way, and those that were sealed
   * before would lie across the others.
   */
  function createKnown(): (device: string) => Promise<Position | null> {
    const known = new Map<string, Promise<Position | null>>()
    const ask = async (device: string): Promise<Position | null> => {
      const [document] = await store.read('devices', [device])
      const sets = await store.currentSets(log.partitionOf(device))
      const isKept = document && !isToRezone(document, sets.find((one) => one.device === device) ?? null)
      return isKept ? document.o : null
    }
    return (device) => {
      const answer = known.get(device) ?? ask(device)
      known.set(device, answer)
      return answer
    }
  }

  async function sweepBuckets(ingestedBefore: number, pause: () => Promise<void>): Promise<void> {
    let cursor: string | undefined
    do {
      const checkpointOf = createCheckpoints()
      const page = await store.oldBuckets({
        ingestedBefore,
        limit: sweepLimits.bucketsPerStep,
        ...(cursor === undefined ? {} : { cursor }),
      })
      await takeBuckets(page.items, checkpointOf)
      cursor = page.cursor ?? undefined
      await pause()
    } while (cursor !== undefined)
  }

  async function takeBuckets(
    buckets: readonly BucketDocument[],
    checkpointOf: (device: string) => Promise<Position | null>,
  ): Promise<void> {
    const ids = [...new Set(buckets.map((bucket) => epochId(bucket.device, bucket)))]
    const found = await store.read('epochs', ids)
    const epochs = new Map(ids.map((id, i) => [id, found[i] ?? null]))
    const knownOf = createKnown()
    const expiring: ExpiringBucket[] = []
    const going: OldBucket[] = []
    for (const bucket of buckets) {
      const epoch: EpochDocument | null = epochs.get(epochId(bucket.device, bucket)) ?? null
      const checkpoint = await checkpointOf(bucket.device)
      if (epoch === null || checkpoint === null) continue
      const old = { bucket, epoch, checkpoint }
      const fate = fateOf(old)
      if (fate === 'goes') going.push(old)
      if (fate !== 'expires' || isAwaited(bucket.id, checkpoint)) continue
      const known = await knownOf(bucket.device)
      if (known !== null) expiring.push({ ...old, known })
    }
    await deleteBuckets(going)
    await tellExpired(expiring)
  }

  function isAwaited(id: string, { n }: Position): boolean {
    const offset = awaited.get(id)
    if (offset === undefined || offset >= n) return offset !== undefined
    awaited.delete(id)
    return false
  }

  async function tellExpired(buckets: readonly ExpiringBucket[]): Promise<void> {
    if (buckets.length === 0) return
    const places = await append(expiriesOf(buckets))
    const last = new Map<number, number>()
    for (const { partition, offset } of places)
      last.set(partition, Math.max(last.get(partition) ?? 0, offset))
    // Forgetting them says them twice at worst.
    if (awaited.size + buckets.length > sweepLimits.awaited) awaited.clear()
    for (const { bucket } of buckets) {
      awaited.set(bucket.id, last.get(log.partitionOf(bucket.device)) ?? 0)
      counts.expired += bucket.events
        .filter(({ what }) => what !== 'released')
        .reduce((sum, { first, last: end }) => sum + end - first + 1, 0)
    }
  }

  function append(expiries: readonly Expire[]): ReturnType<Log['append']> {
    const ingestMs = clock.now()
    return log.append(
      expiries.map((expire) => ({
        device: expire.device,
        kind: 'expire' as const,
        ingestMs,
        quarantineAfterMs: null,
        value: encodeExpire(expire),
      })),
    )
  }

  /** Summaries first: as long as a bucket tells of them they are found. */
  async function deleteBuckets(buckets: readonly OldBucket[]): Promise<void> {
    if (buckets.length === 0) return
    const ids = new Map<string, OldBucket>()
    for (const old of buckets)
      for (const firstSeq of old.bucket.summaries)
        ids.set(summaryId(old.bucket.device, old.bucket, firstSeq), old)
    const summaries = (await store.read('summaries', [...ids.keys()])).filter((one) => one !== null)
    const gone = summaries.filter(({ id, firstSeq, lastSeq }) => {
      const expired = ids.get(id)?.epoch.expired ?? []
      return subtract(rangeOf(firstSeq, lastSeq), expired).length === 0
    })
    counts.summariesDeleted += await store.remove('summaries', gone)
    counts.bucketsDeleted += await store.remove(
      'readings',
      buckets.map(({ bucket }) => bucket),
    )
  }

  async function sweepWindows(pause: () => Promise<void>): Promise<void> {
    for (const { device } of await store.devices()) {
      const checkpoint = await createCheckpoints()(device)
      if (checkpoint === null) continue
      const streams = (await store.streams(device)).filter(
        ({ o }) => o.g === checkpoint.g && !isBefore(checkpoint, o),
      )
      await tellLevels(device, streams)
      for (const stream of streams)
        for (const [level, endBy] of Object.entries(stream.expiredBefore))
          await deleteWindows(stream, level as Level, endBy, pause)
      await pause()
    }
  }

  async function tellLevels(device: string, streams: readonly StreamDocument[]): Promise<void> {
    const now = clock.now()
    const due = streams.flatMap((stream) => dueLevels(stream, retention, now))
    for (let i = 0; i < due.length; i += sweepLimits.partsPerRecord)
      await append([
        { device, raw: [], levels: due.slice(i, i + sweepLimits.partsPerRecord), known: { g: 0, n: 0 } },
      ])
  }

  async function deleteWindows(
    { device, sensor }: StreamDocument,
    level: Level,
    endBy: number,
    pause: () => Promise<void>,
  ): Promise<void> {
    const limit = sweepLimits.windowsPerStep
    for (;;) {
      const deleted = await store.removeWindows({ device, sensor, level, endBy, limit })
      counts.windowsDeleted += deleted
      if (deleted < limit) return
      await pause()
    }
  }

  return { sweep, counts }
}

/**
 * Sweeps from time to time until told to stop. A log or a store without room is no reason to end: what is old waits.
 */
export async function keepSwept({
  signal,
  report,
  ...options
}: SweeperOptions & {
  readonly signal: AbortSignal
  /** What was done so far, or in words why nothing can be now. */
  readonly report: (outcome: SweepCounts | string) => void
}): Promise<void> {
  const sweeper = createSweeper(options)
  const { clock, retention } = options
  if (Object.values(retention).every((ms) => ms === null)) return
  const pause = async (): Promise<void> => {
    await clock.sleep(sweepLimits.pauseMs, signal)
    signal.throwIfAborted()
  }
  while (!signal.aborted) {
    try {
      await sweeper.sweep(pause)
      report({ ...sweeper.counts })
    } catch (error) {
      if (signal.aborted) return
      if (!isCoded(error) || !error.retryable) throw error
      report(error.message)
    }
    await clock.sleep(sweepIntervalMs(retention), signal)
  }
}
