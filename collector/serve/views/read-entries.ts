import { limits } from '@barograph/proto'
import type { Store } from '../../core/store.ts'
import { compareEntries, type EntryKey, type EntryRef, refsOf } from './entries.ts'

export interface EntriesQuery {
  readonly device: string
  readonly sensor: string
  readonly from: number
  readonly to: number
  /** Only entries behind this one. */
  readonly after: EntryKey | null
  readonly limit: number
}

const bucketsPerPage = 48

/**
 * The first entries in the order of time. Buckets ascend by their first time but overlap when a backlog was sent
 * late; so a bucket is read as long as it may hold an entry that belongs among the first.
 */
export async function readEntries(
  store: Pick<Store, 'buckets'>,
  { device, sensor, from, to, after, limit }: EntriesQuery,
): Promise<{ entries: readonly EntryRef[]; hasMore: boolean }> {
  const start = after ? Math.max(from, after.time) : from
  const pageLimit = Math.min(bucketsPerPage, Math.ceil(limit / limits.entriesPerBucket) + 1)
  let kept: EntryRef[] = []
  let cursor: string | null = null
  do {
    const page = await store.buckets({
      device,
      sensor,
      from: start,
      to,
      limit: pageLimit,
      ...(cursor === null ? {} : { cursor }),
    })
    const last = kept[limit]
    if (last && (page.items[0]?.firstTime ?? Number.POSITIVE_INFINITY) > last.time) break
    for (const bucket of page.items)
      for (const ref of refsOf(bucket, start, to))
        if (!after || compareEntries(ref, after) > 0) kept.push(ref)
    // One more than asked for tells whether there is more; what is dropped bounds the memory.
    kept = kept.sort(compareEntries).slice(0, limit + 1)
    cursor = page.cursor
  } while (cursor !== null)
  return { entries: kept.slice(0, limit), hasMore: kept.length > limit }
}
