import { addRange, emptySet, type Run } from '@barograph/proto'
import { release } from '../epoch.ts'
import { bucketId, bucketIndex, bucketsWithin, streamId } from '../identity.ts'
import type { RecordOf } from '../record.ts'
import { noteRun } from '../stream.ts'
import { releasedBy } from './brought.ts'
import type { Applying } from './edit.ts'
import { loaded } from './needs.ts'
import type { Place } from './needs.ts'
import { createWindowChanges } from './window-changes.ts'
import { createWindowing, type Portion, portionsOf, rulesAt } from './windowing.ts'

/** What a release changes: entries that waited, as their buckets keep them. */
export interface ReleasePlan {
  readonly runs: readonly ReleasedRun[]
}

interface ReleasedRun {
  readonly run: Run
  /** 1 at each entry that this record releases. */
  readonly isReleased: Uint8Array
  readonly portions: readonly Portion[]
}

/** All of firstNeeds must be in the cache. */
export function planRelease(record: RecordOf<'release'>, { cache, partition }: Place): ReleasePlan {
  const { device, at } = record
  const runs: ReleasedRun[] = []
  for (const { sensor, epoch, firstSeq, lastSeq } of record.release.ranges) {
    const stream = { sensor, epoch }
    const isReleasedNow = releasedBy(cache, device, stream, at)
    for (const { index, first, last } of bucketsWithin(firstSeq, lastSeq))
      for (const run of loaded(cache.buckets.get(bucketId(device, stream, index))).runs(first, last)) {
        const isReleased = Uint8Array.from(run.times, (_, i) => (isReleasedNow(run.firstSeq + i) ? 1 : 0))
        if (!isReleased.includes(1)) continue
        const counts = isReleased.slice()
        for (const mark of run.marks) counts[mark.index] = 0
        const { intervalMs } = run
        // They count from this record on: by what is known of the device now.
        const windowing = createWindowing(
          rulesAt({ cache, partition, device, sensor, intervalMs, at, site: null }),
        )
        runs.push({ run, isReleased, portions: portionsOf(windowing, run, counts) })
      }
  }
  return { runs }
}

/** Quarantined entries count from now on, as if they had come with this record. */
export function applyRelease(record: RecordOf<'release'>, { runs }: ReleasePlan, applying: Applying): void {
  const { edit, cache, effect } = applying
  const windows = createWindowChanges(
    record,
    runs.map(({ run }) => run.sensor),
    applying,
  )
  for (const { run, isReleased } of runs) {
    const bucket = edit.open(cache.buckets, bucketId(record.device, run, bucketIndex(run.firstSeq)))
    let numbers = emptySet
    isReleased.forEach((is, i) => {
      if (is === 0) return
      const seq = run.firstSeq + i
      bucket?.noteRelease(seq, record.at)
      numbers = addRange(numbers, seq, seq)
      effect.released++
    })
    const epoch = edit.openEpoch(run)
    if (epoch) release(epoch, numbers)
    const stream = edit.open(cache.streams, streamId(record.device, run.sensor))
    if (stream) noteRun(stream, run, record.ingestMs, (i) => isReleased[i] === 1)
  }
  windows.add(runs.flatMap(({ portions }) => portions))
}
