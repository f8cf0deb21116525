import { type Batch, pairs, type StreamEpoch } from '@barograph/proto'
import type { Cache, Entry, Need } from '../cache.ts'
import { bucketId, bucketsWithin, epochId, streamId } from '../identity.ts'
import { isBefore } from '../position.ts'
import { type DecodedRecord, streamsOf } from '../record.ts'
import type { RollupKey } from '../rollup.ts'

/** What plans are made from. */
export interface Place {
  readonly cache: Cache
  readonly partition: number
}

/** Numbers of an epoch. */
interface Numbers extends StreamEpoch {
  readonly first: number
  readonly last: number
}

/** The documents that a record needs before its windows are known. */
export function firstNeeds(record: DecodedRecord, partition: number): Need[] {
  const { device } = record
  const needs: Need[] = [{ collection: 'settings', id: String(partition), device, sensor: '' }]
  if (record.kind === 'settings' || record.kind === 'unreadable') return needs
  needs.push({ collection: 'devices', id: device, device, sensor: '' })
  const streams = streamsOf(record)
  for (const stream of streams)
    needs.push({ collection: 'epochs', id: epochId(device, stream), device, stream })
  const levels = record.kind === 'expire' ? record.expire.levels : []
  for (const sensor of new Set([...streams, ...levels].map((one) => one.sensor)))
    needs.push({ collection: 'streams', id: streamId(device, sensor), device, sensor })
  needs.push(...bucketNeeds(device, numbersOf(record)))
  return needs
}

/** The numbers whose buckets a record may change or looks into. */
function numbersOf(record: DecodedRecord): Numbers[] {
  switch (record.kind) {
    case 'batch':
      return numbersOfBatch(record.batch)
    case 'release':
      return record.release.ranges.map(({ firstSeq, lastSeq, ...stream }) => ({
        ...stream,
        first: firstSeq,
        last: lastSeq,
      }))
    case 'expire':
      return record.expire.raw.flatMap(({ ranges, ...stream }) =>
        [...pairs(ranges)].map(([first, last]) => ({ ...stream, first, last })),
      )
    default:
      return []
  }
}

function numbersOfBatch({ runs, summaries }: Batch): Numbers[] {
  return [
    ...runs.map(({ sensor, epoch, firstSeq, times }) => ({
      sensor,
      epoch,
      first: firstSeq,
      last: firstSeq + times.length - 1,
    })),
    ...summaries.map(({ sensor, epoch, firstSeq, lastSeq }) => ({
      sensor,
      epoch,
      first: firstSeq,
      last: lastSeq,
    })),
  ]
}

function bucketNeeds(device: string, numbers: readonly Numbers[]): Need[] {
  const needs = new Map<string, Need>()
  for (const { sensor, epoch, first, last } of numbers)
    for (const { index } of bucketsWithin(first, last)) {
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
export function outdatedNeeds(record: DecodedRecord, cache: Cache): Need[] {
  const { device, at } = record
  const numbers = numbersOf(record)
  const isAhead = (stream: StreamEpoch): boolean =>
    isBefore(at, loaded(cache.epochs.get(epochId(device, stream))).o)
  if (!numbers.some(isAhead)) return []
  return bucketNeeds(device, numbers).filter((need) => {
    if (need.collection !== 'readings' || !isAhead(need.stream)) return false
    const epoch = cache.epochs.get(epochId(device, need.stream))
    const bucket = cache.buckets.get(need.id)
    return epoch && bucket && bucket.taken < epoch.taken && !isBefore(at, bucket.state.o)
  })
}

/** The windows that a plan needs. */
export function windowNeeds(windows: readonly { readonly id: string; readonly key: RollupKey }[]): Need[] {
  const needs = new Map<string, Need>()
  for (const { id, key } of windows) needs.set(id, { collection: 'rollups', id, key })
  return [...needs.values()]
}

/** The state of a document that firstNeeds or windowNeeds named. */
export function loaded<S>(entry: Entry<S> | undefined): S {
  if (!entry) throw new Error('a document that the fold needs is not loaded')
  return entry.state
}
