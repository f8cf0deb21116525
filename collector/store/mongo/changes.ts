import { type CollectionName, collectionNames } from '../../core/documents.ts'
import type { Change, Life, Store } from '../../core/store.ts'
import type { Counter } from './counter.ts'
import { decode, type Stored } from './encoding.ts'
import type { Place } from './place.ts'
import type { Sets } from './sets.ts'

type ChangeCalls = Pick<Store, 'changes' | 'newestChange' | 'beginLife' | 'life' | 'isOfLife'>

/** Lives that are remembered: a cursor of an older one is answered by a new beginning. */
const livesKept = 1_000
/** Documents of a collection that may be written while a page is read, and come with it; of more, some come later. */
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
  async function within(collection: CollectionName, after: number, upTo: number, limit: number): Promise<Found[]> {
    const found: Found[] = []
    for (let since = after; found.length < limit; ) {
      const rows = await documents(collection)
        .find({ change: { $gt: since, $lte: upTo } })
        .sort({ change: 1 })
        .limit(limit)
        .toArray()
      const states = collection === 'rollups' ? await sets.statesOf(rows.map((row) => row.device as string)) : null
      for (const stored of rows)
        if (!states || stored.set === (states.get(stored.device as string)?.current ?? 0))
          found.push({ collection, stored })
      const last = rows.at(-1)
      if (!last || rows.length < limit) break
      since = last.change
    }
    return found.slice(0, limit)
  }

  /**
   * There is no view of one moment. So after the page comes all that was written while it was read, in the reverse order
   * of writing: what moved to the end meanwhile is in it, and with every document those that were written before it.
   */
  async function changes(since: number, limit: number, only: readonly CollectionName[] = collectionNames) {
    const start = await counter.horizon()
    const page: Found[] = []
    for (const found of await Promise.all(only.map((name) => within(name, since, start.upTo, limit))))
      page.push(...found)
    page.sort(byChange)
    page.splice(limit)
    const isFull = page.length >= limit
    const end = await counter.horizon()
    let upTo = start.upTo
    const late: Found[] = []
    if (start.upTo !== start.next || end.next !== start.next) {
      let isAll = true
      for (const name of only.toReversed()) {
        const found = await within(name, Math.max(since, start.upTo), Number.MAX_SAFE_INTEGER, meanwhile)
        isAll &&= found.length < meanwhile
        late.push(...found)
      }
      late.sort(byChange)
      if (isAll) upTo = end.upTo
    }
    const moved = new Set(late.map(({ collection, stored }) => `${collection} ${stored._id}`))
    const kept = page.filter(({ collection, stored }) => !moved.has(`${collection} ${stored._id}`))
    const last = page.at(-1)
    return {
      changes: [...kept, ...late].map(
        ({ collection, stored }): Change => ({ collection, document: decode(collection, stored) }),
      ),
      cursor: isFull && last ? last.stored.change : Math.max(since, upTo),
    }
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
