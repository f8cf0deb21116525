import { has, type StreamEpoch } from '@barograph/proto'
import type { Bucket } from '../bucket.ts'
import type { Cache } from '../cache.ts'
import type { Position } from '../documents.ts'
import { bucketId, bucketIndex, epochId } from '../identity.ts'
import { isBefore, isSame } from '../position.ts'
import { loaded } from './needs.ts'

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
  const bucketOf = bucketsOf(cache, device, stream)
  return (seq) => {
    const bucket = bucketOf(seq)
    const arrival = bucket.arrival(seq)
    if (isBefore(at, bucket.o)) return arrival !== null && isSame(arrival, at)
    // Buckets are written before epochs: an epoch further than its bucket did not take this number from this record.
    return arrival === null && !isEpochAhead && !has(epoch.expired, seq)
  }
}

/** Was quarantined number `seq` released by the record at `at`? As `broughtBy`. */
export function releasedBy(
  cache: Cache,
  device: string,
  stream: StreamEpoch,
  at: Position,
): (seq: number) => boolean {
  const epoch = loaded(cache.epochs.get(epochId(device, stream)))
  const isEpochAhead = isBefore(at, epoch.o)
  const bucketOf = bucketsOf(cache, device, stream)
  return (seq) => {
    const bucket = bucketOf(seq)
    const release = bucket.release(seq)
    if (isBefore(at, bucket.o)) return release !== null && isSame(release, at)
    return bucket.isWaiting(seq) && !isEpochAhead && !has(epoch.expired, seq)
  }
}

/** The bucket of a number of one epoch, looked up once for all its neighbours. */
function bucketsOf(cache: Cache, device: string, stream: StreamEpoch): (seq: number) => Bucket {
  let index = -1
  let bucket: Bucket | null = null
  return (seq) => {
    if (bucket === null || bucketIndex(seq) !== index) {
      index = bucketIndex(seq)
      bucket = loaded(cache.buckets.get(bucketId(device, stream, index)))
    }
    return bucket
  }
}
