import type { StreamEpoch } from '@barograph/proto'
import { limits } from '@barograph/proto'
import type { Level } from './documents.ts'

/** Document ids are built from the identity of what they hold. */
export const streamId = (device: string, sensor: string): string => `${device}/${sensor}`

export const epochId = (device: string, { sensor, epoch }: StreamEpoch): string =>
  `${device}/${sensor}/${epoch}`

export const bucketId = (device: string, { sensor, epoch }: StreamEpoch, index: number): string =>
  `${device}/${sensor}/${epoch}/${index}`

export const summaryId = (device: string, { sensor, epoch }: StreamEpoch, firstSeq: number): string =>
  `${device}/${sensor}/${epoch}/${firstSeq}`

export const rollupId = (device: string, sensor: string, level: Level, start: number, set = 0): string =>
  `${device}/${sensor}/${level}/${start}${set === 0 ? '' : `/${set}`}`

/** The bucket that a sequence number belongs to. */
export const bucketIndex = (seq: number): number => Math.floor((seq - 1) / limits.entriesPerBucket)

/** The place of a sequence number in its bucket. */
export const bucketSlot = (seq: number): number => (seq - 1) % limits.entriesPerBucket

/** The buckets of a range of numbers, with the part of the range that each holds. */
export function bucketsWithin(
  first: number,
  last: number,
): { readonly index: number; readonly first: number; readonly last: number }[] {
  const parts = []
  for (let index = bucketIndex(first); index <= bucketIndex(last); index++) {
    const start = index * limits.entriesPerBucket
    parts.push({
      index,
      first: Math.max(first, start + 1),
      last: Math.min(last, start + limits.entriesPerBucket),
    })
  }
  return parts
}
