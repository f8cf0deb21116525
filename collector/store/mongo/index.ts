import { CodedError } from '@barograph/proto'
import type { Store } from '../../core/store.ts'
import { createChanges } from './changes.ts'
import { createCheckpoints } from './checkpoints.ts'
import { createCounter } from './counter.ts'
import { createNewLogCalls } from './new-log.ts'
import { connect, type Connection, type MongoStoreOptions } from './place.ts'
import { createPut } from './put.ts'
import { createQueries } from './queries.ts'
import { createRemovals } from './removals.ts'
import { createSets, writeWindows } from './sets.ts'
import { shownUrl } from './trouble.ts'

/**
 * A store in one database of MongoDB. Any number of programs may open it at once. It uses what every MongoDB has since
 * 4.4, and compatible servers too: guarded upserts of single documents, and plain indexes (docs/documents.md).
 */
export async function createMongoStore(options: MongoStoreOptions): Promise<Store> {
  const connection = await connect(options)
  const { place } = connection
  const counter = createCounter(place)
  const put = createPut(place, counter)
  const sets = createSets(place, put)
  const { statesOf: _, ...setCalls } = sets
  const store: Omit<Store, 'close'> = {
    async write(collection, documents) {
      if (collection !== 'rollups') return put(collection, documents, 'newer')
      return writeWindows(place, sets, put, documents as Parameters<typeof writeWindows>[3])
    },
    ...createQueries(place, sets),
    ...createCheckpoints(place),
    ...setCalls,
    ...createNewLogCalls(place, put),
    ...createChanges(place, counter, sets),
    ...createRemovals(place, sets),
  }
  const guarded = guardAll(store, connection)
  return { ...guarded, ...(options.readOnly ? refuseAll(options.url) : {}), close: connection.close }
}

/** Every call waits until the database is known to be ours, and its trouble comes out in words. */
function guardAll(store: Omit<Store, 'close'>, { run }: Connection): Omit<Store, 'close'> {
  type Call = (...args: unknown[]) => Promise<unknown>
  return Object.fromEntries(
    Object.entries(store).map(([name, call]) => [
      name,
      (...args: unknown[]) => run(() => (call as Call)(...args)),
    ]),
  ) as unknown as Omit<Store, 'close'>
}

const changing = [
  'write',
  'createCheckpoint',
  'raiseReach',
  'advance',
  'changePhase',
  'claimSet',
  'build',
  'swap',
  'dropSets',
  'beginNewLog',
  'follow',
  'mend',
  'clearAhead',
  'beginLife',
  'remove',
  'removeWindows',
] as const satisfies readonly (keyof Store)[]

/** Readers may be given a user that may only read. */
function refuseAll(url: string): Pick<Store, (typeof changing)[number]> {
  const refuse = async (): Promise<never> => {
    throw new CodedError('store-read-only', `The store in ${shownUrl(url)} is open for reading only.`, {
      hint: 'Only the collector that runs may change it.',
    })
  }
  return Object.fromEntries(changing.map((name) => [name, refuse])) as unknown as Pick<
    Store,
    (typeof changing)[number]
  >
}
