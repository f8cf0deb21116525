import { createHash } from 'node:crypto'
import { CodedError } from '@barograph/proto'
import type {
  StoredSet,
  StoreProgress,
  StoreSource,
  StoreState,
  StoreTarget,
} from '../../core/copy/store-ports.ts'
import { createCounter } from './counter.ts'
import { decode } from './encoding.ts'
import { connect, type Connection, type MongoStoreOptions, storeWhat } from './place.ts'
import { createPut, deleteByIds } from './put.ts'
import { shownUrl } from './trouble.ts'

type Watched = Pick<MongoStoreOptions, 'watch'>

/** A store in MongoDB that nobody writes to meanwhile. */
export async function openMongoSource(url: string, watched: Watched = {}): Promise<StoreSource> {
  return { isSnapshot: false, ...createReading(await connect({ url, readOnly: true, ...watched })) }
}

interface CopyingDocument {
  readonly _id: 'copying'
  readonly progress: StoreProgress
}

/** A copy in the making in a database, which is made when there is none. */
export async function openMongoTarget(url: string, watched: Watched = {}): Promise<StoreTarget> {
  const connection = await connect({ url, isCopy: true, ...watched })
  const { place, run } = connection
  const put = createPut(place, createCounter(place))
  const copying = place.meta<CopyingDocument>()
  const schemas = place.meta<{ _id: string; what: string; created?: Date }>()
  const isWhole = (await run(() => schemas.findOne({ _id: 'schema' })))?.what === storeWhat.whole
  const refuseWhole = (): void => {
    if (isWhole) throw new CodedError('copy-target-used', `${shownUrl(url)} holds a store already.`)
  }
  return {
    isSnapshot: false,
    isWhole,
    ...createReading(connection),
    progress: () => run(async () => (await copying.findOne({ _id: 'copying' }))?.progress ?? null),
    put: (collection, { documents, gone }, progress) =>
      run(async () => {
        refuseWhole()
        await put(collection, documents, 'always')
        await deleteByIds(place.documents(collection), gone)
        await copying.updateOne({ _id: 'copying' }, { $set: { progress } }, { upsert: true })
      }),
    complete: (state) =>
      run(async () => {
        refuseWhole()
        await putState(connection, state)
        const created = new Date(state.ingestKnownSince)
        await schemas.updateOne({ _id: 'schema' }, { $set: { created, what: storeWhat.whole } })
        await copying.deleteOne({ _id: 'copying' })
      }),
  }
}

function createReading({ place, run, close }: Connection): Omit<StoreSource, 'isSnapshot'> {
  const { checkpoints, sets, documents } = place
  const state = async (): Promise<StoreState> => {
    const points = await checkpoints.find().sort({ partition: 1 }).toArray()
    const all = await sets.find().sort({ _id: 1 }).toArray()
    const schema = await place.meta<{ _id: string; created?: Date }>().findOne({ _id: 'schema' })
    const newest = new Map(points.map(({ swapped }) => [swapped?.device, swapped]))
    return {
      checkpoints: points.map(({ _id: _, claims: __, swapped: ___, ...checkpoint }) => checkpoint),
      sets: all.map(({ _id: device, partition, current, at, number, claimed }): StoredSet => {
        // The newest swap of a partition holds before the device's own document tells.
        const swapped = newest.get(device)
        const own = swapped && swapped.number > number ? swapped : { set: current, at }
        return { device, partition, current: own.set, at: { g: own.at.g, n: own.at.n }, claimed }
      }),
      ingestKnownSince: schema?.created?.getTime() ?? 0,
    }
  }
  return {
    state: () => run(state),
    mark: () =>
      run(async () => {
        const changes = await place
          .meta<{ _id: string; next?: number; open?: object }>()
          .findOne({ _id: 'changes' })
        const lives = await place.meta<{ _id: string; lives?: { id: string }[] }>().findOne({ _id: 'lives' })
        const all = [changes?.next, changes?.open, lives?.lives?.at(-1)?.id, await state()]
        return createHash('sha256').update(JSON.stringify(all)).digest('hex').slice(0, 32)
      }),
    count: (collection) => run(async () => Number((await place.db.command({ count: collection })).n)),
    page: (collection, after, limit) =>
      run(async () => {
        const found = await documents(collection)
          .find({ _id: { $gt: after } })
          .sort({ _id: 1 })
          .limit(limit)
          .toArray()
        return found.map((stored) => decode(collection, stored))
      }),
    close,
  }
}

async function putState({ place }: Connection, { checkpoints, sets }: StoreState): Promise<void> {
  for (const checkpoint of checkpoints)
    await place.checkpoints.replaceOne(
      { _id: String(checkpoint.partition) },
      { ...checkpoint, claims: 0, swapped: null },
      { upsert: true },
    )
  for (const { device, partition, current, at, claimed } of sets)
    await place.sets.replaceOne(
      { _id: device },
      { partition, current, at, number: 0, claimed, settled: claimed },
      { upsert: true },
    )
}
