import { type CollectionName, collectionNames } from '../../core/documents.ts'
import type { Change, Life, Store } from '../../core/store.ts'
import type { Counter } from './counter.ts'
import { decode, type Stored } from './encoding.ts'
import type { Place } from './place.ts'
import type { Sets } from './sets.ts'

type ChangeCalls = Pick<Store, 'changes' | 'newestChange' | 'beginLife' | 'life' | 'isOfLife'>

/** Lives that are remembered: a cursor of an older one is answered by a new beginning. */
const livesKept = 1_000
/** Documents that are fetched at once to find those that are seen. */
const lookedThrough = 4_000
/** Documents of a collection that a follower may be behind while others write, and still see as of one moment. */
const meanwhile = 2_000

interface LivesDocument {
  readonly _id: 'lives'
  readonly lives: readonly { readonly id: string; readonly change: number }[]
}

interface Found {
  readonly collection: CollectionName
  readonly stored: Stored
}

const byChange = (a: Found, b: Found): number => a.stored.change - b.stored.change

/** What changed, in order, and who wrote when. */
export function createChanges(place: Place, counter: Counter, sets: Sets): ChangeCalls {
  const { documents, checkpoints } = place

  /** Of one collection, ascending; windows of current sets only. */
  async function within(
    collection: CollectionName,
    after: number,
    upTo: number,
    limit: number,
  ): Promise<Found[]> {
    const found: Found[] = []
    // A rebuild may have written more windows that nobody sees than there are others.
    for (let since = after, size = limit; found.length < limit; size = Math.min(4 * size, lookedThrough)) {
      const rows = await documents(collection)
        .find({ change: { $gt: since, $lte: upTo } })
        .sort({ change: 1 })
        .limit(size)
        .toArray()
      const states =
        collection === 'rollups' ? await sets.statesOf(rows.map((row) => row.device as string)) : null
      for (const stored of rows)
        if (!states || stored.set === (states.get(stored.device as string)?.current ?? 0))
          found.push({ collection, stored })
      const last = rows.at(-1)
      if (!last || rows.length < size) break
      since = last.change
    }
    return found.slice(0, limit)
  }

  const pageOf = (found: readonly Found[], cursor: number) => ({
    changes: found.map(
      ({ collection, stored }): Change => ({ collection, document: decode(collection, stored) }),
    ),
    cursor,
  })

  /**
   * There is no view of one moment: a document that moves to the end while a page is read is missing in it. So when
   * somebody wrote meanwhile, all up to now is read instead, in the reverse order of writing: with each document come those
   * that were written before it. Such a page may be longer than was asked for, and its newest documents may come again.
   */
  async function changes(since: number, limit: number, only: readonly CollectionName[] = collectionNames) {
    const start = await counter.horizon()
    if (start.upTo === start.next) {
      const found = await Promise.all(only.map((name) => within(name, since, start.upTo, limit)))
      const page = found.flat().sort(byChange).slice(0, limit)
      const end = await counter.horizon()
      const last = page.length < limit ? null : page.at(-1)
      if (end.next === start.next) return pageOf(page, last?.stored.change ?? Math.max(since, start.upTo))
    }
    const upTo = (await counter.horizon()).upTo
    const most = Math.max(limit, meanwhile)
    const found: Found[] = []
    for (const name of only.toReversed()) {
      const some = await within(name, since, Number.MAX_SAFE_INTEGER, most)
      // Far behind: in pages, the oldest first, and what moves comes at the end.
      if (some.length === most) return behind(since, limit, only)
      found.push(...some)
    }
    return pageOf(found.sort(byChange), Math.max(since, upTo))
  }

  async function behind(since: number, limit: number, only: readonly CollectionName[]) {
    const { upTo } = await counter.horizon()
    const found = await Promise.all(only.map((name) => within(name, since, upTo, limit)))
    const page = found.flat().sort(byChange).slice(0, limit)
    const last = page.length < limit ? null : page.at(-1)
    return pageOf(page, last?.stored.change ?? Math.max(since, upTo))
  }

  const swaps = async (): Promise<number> => {
    const found = await checkpoints.find({}, { projection: { swaps: 1 } }).toArray()
    return found.reduce((sum, one) => sum + one.swaps, 0)
  }
  const lives = place.meta<LivesDocument>()

  return {
    changes,
    newestChange: async () => (await counter.horizon()).upTo,
    async beginLife(id) {
      const change = (await counter.horizon()).upTo
      await lives.updateOne(
        { _id: 'lives', 'lives.id': { $ne: id } },
        { $push: { lives: { $each: [{ id, change }], $slice: -livesKept } } },
      )
    },
    async life() {
      const newest = (await lives.findOne({ _id: 'lives' }))?.lives.at(-1)
      return newest ? { id: newest.id, swaps: await swaps() } : null
    },
    async isOfLife(life: Life, cursor) {
      const all = (await lives.findOne({ _id: 'lives' }))?.lives ?? []
      const i = all.findIndex(({ id }) => id === life.id)
      const its = all[i]
      if (!its || cursor < its.change) return false
      const end = all[i + 1]?.change ?? (await counter.horizon()).upTo
      return cursor <= end && life.swaps === (await swaps())
    },
  }
}
