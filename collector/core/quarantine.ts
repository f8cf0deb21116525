import {
  encodeRelease,
  intersect,
  limits,
  pairs,
  type RangeSet,
  rangeCount,
  rangeOf,
  type Release,
  sizeOf,
} from '@barograph/proto'
import type { BucketDocument, EpochDocument } from './documents.ts'
import { bucketId, bucketIndex, bucketSlot } from './identity.ts'
import type { NewRecord } from './log.ts'
import type { Store } from './store.ts'

/** What to look at or to release; what is left out is no limit. */
export interface Selection {
  readonly device?: string | undefined
  readonly sensor?: string | undefined
  readonly epoch?: string | undefined
  readonly reason?: string | undefined
  /** Of the numbers of each epoch: from here to there, both included. */
  readonly firstSeq?: number | undefined
  readonly lastSeq?: number | undefined
}

/** Entries of one epoch that wait for release for the same reason. */
export interface Waiting {
  readonly device: string
  readonly sensor: string
  readonly epoch: string
  readonly reason: string
  readonly numbers: RangeSet
}

/** Who releases, and why. */
export interface Order {
  readonly by: string
  readonly why: string
}

/** What an epoch holds in quarantine, as far as it is selected; by reason. */
export function waitingIn(epoch: EpochDocument, selection: Selection): Waiting[] {
  const { device, sensor, epoch: id } = epoch
  const isOther = (wanted: string | undefined, is: string): boolean => wanted !== undefined && wanted !== is
  if (isOther(selection.sensor, sensor) || isOther(selection.epoch, id)) return []
  const wanted = rangeOf(selection.firstSeq ?? 1, selection.lastSeq ?? limits.sequence)
  return Object.entries(epoch.quarantined)
    .filter(([reason]) => !isOther(selection.reason, reason))
    .map(([reason, set]) => ({ device, sensor, epoch: id, reason, numbers: intersect(set, wanted) }))
    .filter(({ numbers }) => numbers.length > 0)
    .sort((a, b) => (a.reason < b.reason ? -1 : 1))
}

/** All that is selected, epoch by epoch, in the order of devices. */
export async function* findWaiting(
  store: Pick<Store, 'devices' | 'epochs'>,
  selection: Selection,
): AsyncGenerator<Waiting> {
  const devices = selection.device === undefined ? await store.devices() : [{ device: selection.device }]
  for (const { device } of devices)
    for (const epoch of await store.epochs(device)) yield* waitingIn(epoch, selection)
}

/** Event times of the first and the last of them by number, ms; null: the entry is not there any more. */
export async function timesOf(
  store: Pick<Store, 'read'>,
  { device, sensor, epoch, numbers }: Waiting,
): Promise<{ readonly first: number | null; readonly last: number | null }> {
  const ends = [numbers[0] ?? 1, numbers[numbers.length - 1] ?? 1]
  const ids = ends.map((seq) => bucketId(device, { sensor, epoch }, bucketIndex(seq)))
  const buckets: readonly (BucketDocument | null)[] = await store.read('readings', ids)
  const [first = null, last = null] = ends.map((seq, i) => buckets[i]?.times[bucketSlot(seq)] ?? null)
  return { first, last }
}

/** Releases of all of these, each for one device and within the bounds of a record. */
export function releasesOf(waiting: readonly Waiting[], { by, why }: Order): Release[] {
  const releases: Release[] = []
  for (const [device, group] of Map.groupBy(waiting, (one) => one.device)) {
    let ranges: Release['ranges'][number][] = []
    let room: number = limits.numbersPerOperation
    const close = (): void => {
      if (ranges.length > 0) releases.push({ device, ranges, by, why })
      ranges = []
      room = limits.numbersPerOperation
    }
    for (const { sensor, epoch, numbers } of group)
      for (const [first, last] of pairs(numbers))
        for (let firstSeq = first; firstSeq <= last; ) {
          if (room === 0 || ranges.length === limits.partsPerBatch) close()
          const lastSeq = Math.min(last, firstSeq + room - 1)
          ranges.push({ sensor, epoch, firstSeq, lastSeq })
          room -= lastSeq - firstSeq + 1
          firstSeq = lastSeq + 1
        }
    close()
  }
  return releases
}

/** Releases as records of the log. */
export const releaseRecords = (releases: readonly Release[], ingestMs: number): NewRecord[] =>
  releases.map((release) => ({
    device: release.device,
    kind: 'release',
    ingestMs,
    quarantineAfterMs: null,
    value: encodeRelease(release),
  }))

/** How many entries, and in how many ranges. */
export function extentOf(waiting: readonly Waiting[]): { readonly count: number; readonly ranges: number } {
  return {
    count: waiting.reduce((sum, { numbers }) => sum + sizeOf(numbers), 0),
    ranges: waiting.reduce((sum, { numbers }) => sum + rangeCount(numbers), 0),
  }
}
