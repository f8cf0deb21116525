import { randomUUID } from 'node:crypto'
import { CodedError } from '@barograph/proto'
import type { Place } from './place.ts'

/** The document that numbers changes: the last number given away, and who may be writing under numbers before it. */
interface CounterDocument {
  readonly _id: 'changes'
  readonly next: number
  /** By lease: the number before its first one. */
  readonly open: Readonly<Record<string, number>>
}

/** Numbers from + 1 to from + count, for one write. */
export interface Lease {
  readonly token: string
  readonly from: number
  readonly count: number
}

/** As far as followers may go: nothing is or will be written under a number up to `upTo`. */
export interface Horizon {
  readonly upTo: number
  /** The last number given away. */
  readonly next: number
}

/** Numbers the changes of all writers, so that a follower misses none. */
export interface Counter {
  lease(count: number): Promise<Lease>
  /** Everything was written. False: the lease was taken for dead, and followers may have passed its numbers. */
  settle(lease: Lease): Promise<boolean>
  /** Nothing was written. */
  giveBack(lease: Lease): Promise<void>
  horizon(): Promise<Horizon>
}

export const leaseLimits = {
  /** A lease that was looked at for as long belongs to a writer that died: followers pass it, ms. */
  passedAfterMs: 10_000,
  /** The same for writers, who then delete it: longer than any write may take. */
  deletedAfterMs: 60_000,
  /** One look counts for no more: whoever looks seldom knows little, and a server that hung hid it from all, ms. */
  lookMs: 2_000,
  /** Tries to find the counter where it was last seen, before a lease begins too early instead. */
  tries: 5,
} as const

/**
 * A write takes its numbers before it begins, and until it has ended nobody follows beyond the first of them. So two
 * writers need no transaction, and whoever writes late is waited for.
 */
export function createCounter(place: Place, now: () => number = () => performance.now()): Counter {
  const documents = place.meta<CounterDocument>()
  const ages = createAges(now)
  let seen = 0
  let passed = 0

  const read = async (): Promise<CounterDocument> => {
    const found = await documents.findOne({ _id: 'changes' })
    if (!found) return { _id: 'changes', next: 0, open: {} }
    seen = Math.max(seen, found.next)
    return found
  }

  async function lease(count: number): Promise<Lease> {
    const token = randomUUID()
    const open = `open.${token}`
    for (let i = 0; i < leaseLimits.tries; i++) {
      const from = seen
      const found = await documents.findOneAndUpdate(
        { _id: 'changes', next: from },
        { $inc: { next: count }, $set: { [open]: from } },
      )
      if (found) {
        seen = from + count
        await deleteDead(ages.look(Object.keys(found.open)))
        return { token, from, count }
      }
      await read()
    }
    // Too many are at it: followers wait a little too early, which harms nothing.
    const found = await documents.findOneAndUpdate(
      { _id: 'changes' },
      { $inc: { next: count }, $set: { [open]: seen } },
    )
    if (!found) throw new CodedError('store-corrupt', 'The store has lost its counter of changes.')
    return { token, from: found.next, count }
  }

  async function deleteDead(old: ReadonlyMap<string, number>): Promise<void> {
    for (const [token, age] of old)
      if (age > leaseLimits.deletedAfterMs)
        await documents.updateOne({ _id: 'changes' }, { $unset: { [`open.${token}`]: '' } })
  }

  return {
    lease,
    async settle({ token }) {
      const open = `open.${token}`
      const filter = { _id: 'changes', [open]: { $exists: true } } as const
      const { matchedCount } = await documents.updateOne(filter, { $unset: { [open]: '' } })
      return matchedCount === 1
    },
    async giveBack({ token, from, count }) {
      const open = `open.${token}`
      // When somebody has taken numbers since, there stays a hole.
      const { matchedCount } = await documents.updateOne(
        { _id: 'changes', next: from + count },
        { $set: { next: from }, $unset: { [open]: '' } },
      )
      if (matchedCount === 0) await documents.updateOne({ _id: 'changes' }, { $unset: { [open]: '' } })
      else seen = from
    },
    async horizon() {
      const { next, open } = await read()
      const old = ages.look(Object.keys(open))
      let upTo = next
      for (const [token, from] of Object.entries(open))
        if ((old.get(token) ?? 0) <= leaseLimits.passedAfterMs) upTo = Math.min(upTo, from)
      // A lease that began too early takes nothing back.
      passed = Math.max(passed, upTo)
      return { upTo: passed, next }
    },
  }
}

/** How long each lease was looked at. */
function createAges(now: () => number) {
  let ages = new Map<string, number>()
  let lookedAt = now()
  return {
    look(tokens: readonly string[]): ReadonlyMap<string, number> {
      const at = now()
      const since = Math.min(leaseLimits.lookMs, at - lookedAt)
      lookedAt = at
      ages = new Map(tokens.map((token) => [token, ages.has(token) ? (ages.get(token) ?? 0) + since : 0]))
      return ages
    },
  }
}
