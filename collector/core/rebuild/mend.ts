import { type Bucket, createBucket } from '../bucket.ts'
import type { BucketDocument, Position, SummaryDocument } from '../documents.ts'
import { bucketId, bucketsWithin, summaryId } from '../identity.ts'
import { isBefore } from '../position.ts'
import type { Store } from '../store.ts'
import { arrivalIn, firstSeqOf } from './contributions.ts'

/**
 * A summary is folded whole or not at all. Whoever folded it may have died between two of its buckets, and the record may
 * be gone with the log: what is missing of it is put into the buckets. Returns all that are ahead then.
 */
export async function mendSummaries({
  store,
  device,
  before,
  to,
  ahead,
}: {
  readonly store: Pick<Store, 'read' | 'mend'>
  readonly device: string
  /** The checkpoint in the generation before: what is older is whole, as far as retention has left it. */
  readonly before: Position
  readonly to: Position
  /** The buckets that hold records beyond the checkpoint, as `follow` left them. */
  readonly ahead: readonly BucketDocument[]
}): Promise<readonly BucketDocument[]> {
  const documents = new Map(ahead.map((document) => [document.id, document]))
  const mended = new Map<string, Bucket>()

  async function bucketOf(one: SummaryDocument, index: number): Promise<Bucket> {
    const id = bucketId(device, one, index)
    const known = mended.get(id)
    if (known) return known
    const found = documents.get(id) ?? (await store.read('readings', [id]))[0] ?? null
    // One that an owner of before wrote since is of before: read as absent, and nothing may be put into it.
    const isOfBefore = found !== null && found.o.g < to.g
    const bucket = createBucket(device, one, index, isOfBefore ? null : found)
    bucket.o = to
    return bucket
  }

  for (const document of ahead)
    for (const one of await summariesOf(store, document)) {
      const at = one && arrivalIn(document, Math.max(one.firstSeq, firstSeqOf(document)))
      if (!one || !at || isBefore(at, before)) continue
      const brought = { at, ingestMs: document.newestIngest ?? 0 }
      for (const { index, first, last } of bucketsWithin(one.firstSeq, one.lastSeq)) {
        const bucket = await bucketOf(one, index)
        for (let seq = first; seq <= last; seq++) {
          if (bucket.arrival(seq) !== null) continue
          bucket.summarise(seq, one.firstSeq, brought)
          mended.set(bucketId(device, one, index), bucket)
        }
      }
    }
  if (mended.size === 0) return ahead
  const changed = [...mended.values()].map((bucket) => bucket.toDocument())
  await store.mend(changed)
  for (const document of changed) documents.set(document.id, document)
  return [...documents.values()]
}

const summariesOf = (
  store: Pick<Store, 'read'>,
  document: BucketDocument,
): Promise<readonly (SummaryDocument | null)[]> =>
  store.read(
    'summaries',
    document.summaries.map((seq) => summaryId(document.device, document, seq)),
  )
