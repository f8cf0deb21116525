import {
  addRange,
  type Expire,
  hasAll,
  limits,
  pairs,
  rangeCount,
  type RangeSet,
  rangeOf,
  sizeOf,
  subtract,
  union,
} from '@barograph/proto'
import {
  type BucketDocument,
  type EpochDocument,
  type Level,
  levels,
  type Position,
  type StreamDocument,
} from '../documents.ts'
import { merged } from '../epoch.ts'
import { isBefore } from '../position.ts'
import { untouchedBefore } from '../stream.ts'
import { nominalMs } from '../windows.ts'
import { type Retention, sweepLimits } from './limits.ts'

/** What is to be done about a bucket whose entries are old. */
export type BucketFate = 'stays' | 'expires' | 'goes'

/** A bucket with what is known of its epoch, and how far its partition is folded for good. */
export interface OldBucket {
  readonly bucket: BucketDocument
  readonly epoch: EpochDocument
  readonly checkpoint: Position
}

/** A bucket that expires, and up to where its device was known when that was decided. */
export interface ExpiringBucket extends OldBucket {
  readonly known: Position
}

/** The numbers that a bucket can ever hold: to its end, or to that of its epoch. */
export function numbersOf({ index }: Pick<BucketDocument, 'index'>, ended: number | null): RangeSet {
  const first = index * limits.entriesPerBucket + 1
  const last = first + limits.entriesPerBucket - 1
  // Numbers beyond a declared end contradict it; they are a bucket like any other.
  return rangeOf(first, ended !== null && ended >= first ? Math.min(last, ended) : last)
}

/**
 * A bucket expires when every number of it is accounted for, and goes when that is folded for good. Documents that are
 * further than the checkpoint, or of another generation, are left for later.
 */
export function fateOf({ bucket, epoch, checkpoint }: OldBucket): BucketFate {
  const isSettled = (o: Position): boolean => o.g === checkpoint.g && !isBefore(checkpoint, o)
  if (!isSettled(epoch.o) || !isSettled(bucket.o)) return 'stays'
  const numbers = numbersOf(bucket, epoch.ended)
  if (isWithin(numbers, epoch.expired))
    return bucket.events.every(({ first, last }) => hasAll(epoch.expired, first, last)) ? 'goes' : 'stays'
  const known = union(epoch.seen, union(merged(epoch.lost), merged(epoch.refused)))
  if (!isWithin(numbers, known)) return 'stays'
  return rangeCount(union(epoch.expired, numbers)) <= limits.rangesPerStream ? 'expires' : 'stays'
}

const isWithin = (part: RangeSet, whole: RangeSet): boolean => subtract(part, whole).length === 0

/** The numbers of buckets that expire as messages for the log, each for one device and within its bounds. */
export function expiriesOf(buckets: readonly ExpiringBucket[]): Expire[] {
  const records: Expire[] = []
  for (const [device, group] of Map.groupBy(buckets, ({ bucket }) => bucket.device)) {
    const known = group.map((one) => one.known).reduce((a, b) => (isBefore(b, a) ? b : a))
    let raw = new Map<string, Expire['raw'][number]>()
    let numbers = 0
    let ranges = 0
    const close = (): void => {
      if (raw.size > 0) records.push({ device, raw: [...raw.values()], levels: [], known })
      raw = new Map()
      numbers = 0
      ranges = 0
    }
    for (const { bucket, epoch } of group) {
      const set = numbersOf(bucket, epoch.ended)
      const isFull =
        numbers + sizeOf(set) > sweepLimits.numbersPerRecord || ranges >= sweepLimits.partsPerRecord
      if (isFull) close()
      const { sensor } = bucket
      const before = raw.get(epoch.id)?.ranges ?? []
      const [[first, last] = [1, 0]] = [...pairs(set)]
      raw.set(epoch.id, { sensor, epoch: bucket.epoch, ranges: addRange(before, first, last) })
      numbers += sizeOf(set)
      ranges++
    }
    close()
  }
  return records
}

/** Steps in which a level's windows expire, so that the log does not hear of each one by itself. */
const stepsPerRetention = 64

/**
 * The levels of a stream of which more windows expire now: those that got nothing for as long as the level is kept.
 */
export function dueLevels(
  stream: Pick<StreamDocument, 'sensor' | 'smallestTime' | 'lags' | 'expiredBefore'>,
  retention: Retention,
  now: number,
): Expire['levels'] {
  const oldest = stream.smallestTime
  if (oldest === null) return []
  return levels.flatMap((level) => {
    const before = dueBefore(stream, level, retention[level], now)
    // No window ends before the oldest reading: there is nothing to tell.
    return before === null || before <= oldest ? [] : [{ sensor: stream.sensor, level, before }]
  })
}

function dueBefore(
  stream: Pick<StreamDocument, 'lags' | 'expiredBefore'>,
  level: Level,
  keptMs: number | null,
  now: number,
): number | null {
  if (keptMs === null) return null
  const untouched = untouchedBefore(stream, now - keptMs)
  if (untouched === null) return null
  const step = Math.max(nominalMs[level] / 8, Math.min(keptMs / stepsPerRetention, 86_400_000))
  const before = Math.floor(untouched / step) * step
  return before > (stream.expiredBefore[level] ?? limits.earliestTimeMs) ? Math.floor(before) : null
}
