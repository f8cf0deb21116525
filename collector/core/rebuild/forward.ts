import { limits, rangeOf } from '@barograph/proto'
import { type Bucket, createBucket } from '../bucket.ts'
import { zonedAt } from '../cache.ts'
import { sitesAt } from '../device.ts'
import type { BucketDocument, Position, RollupDocument } from '../documents.ts'
import { epochFrom, newEpoch, release, see, settle } from '../epoch.ts'
import { bucketIndex, epochId, streamId, summaryId } from '../identity.ts'
import { isBefore } from '../position.ts'
import { contribute, newRollup, rollupFrom } from '../rollup.ts'
import type { Store } from '../store.ts'
import { newStream, noteRun, noteTimes, type Stream } from '../stream.ts'
import {
  type Addition,
  additionsOf,
  additionsOfSummary,
  arrivalIn,
  firstSeqOf,
  type Rules,
} from './contributions.ts'

export type ForwardStore = Pick<Store, 'read' | 'write' | 'currentSets' | 'streams'>

/** Documents of a device that are brought forward to what its buckets hold, once and for all in a new generation. */
export interface Forward {
  readonly store: ForwardStore
  readonly partition: number
  readonly device: string
  /** The checkpoint in the generation before: every document holds the records before it. */
  readonly before: Position
  readonly to: Position
  /** The buckets that hold records beyond that. */
  readonly ahead: readonly BucketDocument[]
}

/**
 * Each window takes what its own position lacks, sealed ones too; none is computed anew. Done are those of the new
 * generation, so that it can be begun again.
 */
export async function bringWindowsForward({
  store,
  partition,
  device,
  before,
  to,
  ahead,
}: Forward): Promise<void> {
  const current = (await store.currentSets(partition)).find((one) => one.device === device)
  const set = current?.set ?? 0
  const rulesOf = await rulesFor({ store, partition, device, set })
  const additions: Addition[] = []
  for (const bucket of ahead)
    for (const at of positionsFrom(bucket, before)) {
      const stretch = { from: at, to: { g: at.g, n: at.n + 1 } }
      const rules = rulesOf(zonedAt(current ?? null, at))
      additions.push(...additionsOf(bucket, rules, stretch))
      const firsts = bucket.summaries.filter((seq) => bucketIndex(seq) === bucket.index)
      const summaries = await store.read(
        'summaries',
        firsts.map((seq) => summaryId(device, bucket, seq)),
      )
      summaries.forEach((summary, i) => {
        const arrived = arrivalIn(bucket, firsts[i] ?? 0)
        if (summary && arrived) additions.push(...additionsOfSummary(summary, arrived, rules, stretch))
      })
    }
  const byId = new Map<string, { addition: Addition; window: Addition['windows'][number] }[]>()
  for (const addition of additions)
    for (const window of addition.windows)
      byId.set(window.id, [...(byId.get(window.id) ?? []), { addition, window }])
  const ids = [...byId.keys()]
  const stored = await store.read('rollups', ids)
  const changed: RollupDocument[] = []
  for (const [i, parts] of [...byId.values()].entries()) {
    const found = stored[i] ?? null
    if (found && found.o.g >= to.g) continue
    const [first] = parts
    if (!first) continue
    const rollup = found ? rollupFrom(found) : newRollup(first.window.key, before)
    const base = found ? rollup.o : { g: before.g, n: 0 }
    for (const { addition, window } of parts)
      if (!isBefore(addition.oldest, base)) contribute(rollup, addition.contribution, window.partStart)
    rollup.o = to
    changed.push(rollup)
  }
  await store.write('rollups', changed)
}

/** The places of the log at which something in the bucket happened, from one on. */
function positionsFrom({ events }: BucketDocument, from: Position): Position[] {
  const places = new Map(events.map(({ at }) => [`${at.g} ${at.n}`, at]))
  return [...places.values()].filter((at) => !isBefore(at, from)).sort((a, b) => (isBefore(a, b) ? -1 : 1))
}

async function rulesFor({
  store,
  partition,
  device,
  set,
}: Pick<Forward, 'store' | 'partition' | 'device'> & { set: number }): Promise<(at: Position) => Rules> {
  const [document = null] = await store.read('devices', [device])
  const [settings = null] = await store.read('settings', [String(partition)])
  const streams = await store.streams(device)
  const expiredBefore = new Map(streams.map((stream) => [stream.sensor, stream.expiredBefore]))
  return (at) => ({ device, set, settings, expiredBefore, sites: sitesAt(document, null, at) })
}

/** Epochs become their own sets and what the buckets hold. */
export async function bringEpochsForward({ store, device, to, ahead }: Forward): Promise<void> {
  for (const group of byEpoch(device, ahead).values()) {
    const [first] = group
    if (!first) continue
    const [found] = await store.read('epochs', [epochId(device, first.document)])
    if (found && found.o.g >= to.g) continue
    const epoch = found ? epochFrom(found) : newEpoch(device, first.document, to)
    for (const { document, bucket } of group) {
      for (const { first, last, what, reason = '' } of document.events)
        if (what !== 'released') see(epoch, rangeOf(first, last), reason)
      for (let seq = firstSeqOf(document); seq < firstSeqOf(document) + limits.entriesPerBucket; seq++)
        if (bucket.release(seq)) release(epoch, rangeOf(seq, seq))
    }
    settle(epoch, Math.max(...group.map(({ document }) => document.newestIngest ?? 0)))
    epoch.o = to
    await store.write('epochs', [epoch])
  }
}

/** Streams become what they were and what the buckets hold. */
export async function bringStreamsForward({ store, device, to, ahead }: Forward): Promise<void> {
  for (const [sensor, documents] of Map.groupBy(ahead, (bucket) => bucket.sensor)) {
    const [found] = await store.read('streams', [streamId(device, sensor)])
    if (found && found.o.g >= to.g) continue
    const stream: Stream = found ?? newStream(device, sensor, to)
    for (const document of documents) {
      const bucket = createBucket(device, document, document.index, document)
      const ingestMs = document.newestIngest ?? 0
      const first = firstSeqOf(document)
      for (const run of bucket.runs(first, first + document.times.length - 1))
        noteRun(stream, run, ingestMs, (i) => !bucket.isWaiting(run.firstSeq + i))
      const summaries = await store.read(
        'summaries',
        document.summaries.map((seq) => summaryId(device, document, seq)),
      )
      for (const summary of summaries)
        for (const { start } of summary?.minutes ?? []) noteTimes(stream, start, start, ingestMs)
    }
    stream.o = to
    await store.write('streams', [stream])
  }
}

function byEpoch(device: string, ahead: readonly BucketDocument[]) {
  const groups = new Map<string, { document: BucketDocument; bucket: Bucket }[]>()
  for (const document of ahead) {
    const id = epochId(device, document)
    const bucket = createBucket(device, document, document.index, document)
    groups.set(id, [...(groups.get(id) ?? []), { document, bucket }])
  }
  return groups
}
