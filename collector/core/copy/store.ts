import { CodedError } from '@barograph/proto'
import { isFreeze, isNewLogPhase } from '../checkpoint.ts'
import { type CollectionName, collectionNames, type Collections } from '../documents.ts'
import { isEqual } from './equal.ts'
import type { StoreProgress, StoreSource, StoreState, StoreTarget } from './store-ports.ts'

export interface StoreCopyOptions {
  readonly source: StoreSource
  readonly target: StoreTarget
  readonly clock: { sleep(ms: number, signal: AbortSignal): Promise<void> }
  readonly signal: AbortSignal
  readonly progress: (progress: StoreCopyProgress) => void
  /** Documents looked at in one step, for tests that want few; else as many as `pageDocuments` says. */
  readonly page?: number
}

export interface StoreCopyProgress {
  readonly step: 'copying' | 'comparing'
  readonly collection: CollectionName
  /** Documents of all collections that are done in this step, and all there are. */
  readonly documents: number
  readonly ofDocuments: number
}

export interface StoreCopyOutcome {
  /** `copied`: now. `was-whole`: it was a copy of this store already. */
  readonly state: 'copied' | 'was-whole'
  readonly documents: Readonly<Record<CollectionName, number>>
  /** By partition. */
  readonly checkpoints: StoreState['checkpoints']
}

/** Documents looked at in one step; of the largest kind they take some 4 MB. */
const pageDocuments = 200
/** A collector that runs flushes more often than this while it has anything to do. */
const watchMs = 2_000

/**
 * Makes the target equal to the source, document by document. It writes only what differs and notes how far it is, so
 * that it can be broken off at any moment and run again. At the end everything is read once more and compared.
 */
export async function copyStore(options: StoreCopyOptions): Promise<StoreCopyOutcome> {
  const { source, target, clock, signal } = options
  const mark = await source.mark()
  if (!source.isSnapshot) {
    await clock.sleep(watchMs, signal)
    if ((await source.mark()) !== mark) throw beingWritten()
  }
  const state = await source.state()
  requireCalm(state)
  const documents = await countsOf(source)
  const walk = { ...options, ofDocuments: Object.values(documents).reduce((a, b) => a + b, 0) }
  if (target.isWhole) {
    if (
      isEqual(withoutTime(await target.state()), withoutTime(state)) &&
      (await findDifference(walk)) === null
    )
      return { state: 'was-whole', documents, checkpoints: state.checkpoints }
    throw new CodedError('copy-target-used', 'There is another store already at the place to copy to.', {
      hint: 'Name a place where there is none: a copy never replaces what it finds.',
    })
  }
  await copyDocuments(walk, mark)
  const difference = await findDifference(walk)
  if (!source.isSnapshot && (await source.mark()) !== mark) throw beingWritten()
  if (difference !== null) {
    // The next run looks at everything again.
    await target.put('settings', { documents: [], gone: [] }, { mark: '', collection: 'settings', after: '' })
    throw new CodedError('copy-differs', `The copy is not what was copied: ${difference}.`, {
      retryable: true,
      hint: 'Run it again: it writes what differs. If it fails again, the place to copy to does not keep what it is given.',
    })
  }
  await target.complete(state)
  return { state: 'copied', documents, checkpoints: state.checkpoints }
}

/** When a store was made says nothing of what it holds. */
const withoutTime = ({ checkpoints, sets }: StoreState) => ({ checkpoints, sets })

const beingWritten = (): CodedError =>
  new CodedError(
    'copy-source-written',
    'The store is being written to: the copy would be of no one moment.',
    {
      retryable: true,
      hint: 'Stop the collectors that roll into it (bridges may go on: the log keeps what comes), then run it again: it goes on where it was.',
    },
  )

/** On the way from one state to another a store cannot be copied: the way would begin anew on the copy. */
function requireCalm({ checkpoints }: StoreState): void {
  if (checkpoints.length === 0)
    throw new CodedError(
      'copy-places',
      'Nothing was ever folded into this store: there is nothing to copy.',
      {
        hint: 'Start the collector on the new place; it makes what it needs.',
      },
    )
  for (const { partition, phase } of checkpoints) {
    if (isNewLogPhase(phase))
      throw new CodedError('rebuilding', `Partition ${partition} is going over to another log.`, {
        hint: 'Let "barograph-collector rebuild --new-log" come to its end first.',
      })
    if (isFreeze(phase))
      throw new CodedError('rebuilding', `Partition ${partition}: rebuilt windows are being put in place.`, {
        retryable: true,
        hint: 'Run it again in a moment.',
      })
  }
}

async function countsOf(source: StoreSource): Promise<Record<CollectionName, number>> {
  const counts: Partial<Record<CollectionName, number>> = {}
  for (const name of collectionNames) counts[name] = await source.count(name)
  return counts as Record<CollectionName, number>
}

interface Walk extends StoreCopyOptions {
  readonly ofDocuments: number
}

async function copyDocuments(walk: Walk, mark: string): Promise<void> {
  const { target } = walk
  const found = await target.progress()
  // Written to since: what was copied may be older, or gone.
  const from = found?.mark === mark ? found : null
  let documents = 0
  for (const collection of collectionNames) {
    const isBehind =
      from !== null && collectionNames.indexOf(collection) < collectionNames.indexOf(from.collection)
    const after = from?.collection === collection ? from.after : ''
    if (isBehind || after !== '') documents += await target.count(collection)
    if (isBehind) continue
    for await (const { ours, changed, gone, upTo } of differences(collection, { ...walk, after })) {
      walk.signal.throwIfAborted()
      const progress: StoreProgress = { mark, collection, after: upTo }
      if (changed.length > 0 || gone.length > 0)
        await target.put(collection, { documents: changed, gone }, progress)
      documents += ours
      walk.progress({ step: 'copying', collection, documents, ofDocuments: walk.ofDocuments })
    }
  }
}

/** The first document that is not the same in both; null: all are. */
async function findDifference(walk: Walk): Promise<string | null> {
  const { source, target } = walk
  let documents = 0
  for (const collection of collectionNames) {
    for await (const { ours, changed, gone } of differences(collection, { ...walk, after: '' })) {
      walk.signal.throwIfAborted()
      const [first] = changed
      if (first) return `${collection} ${first.id} differs`
      if (gone[0] !== undefined) return `${collection} ${gone[0]} is too much`
      documents += ours
      walk.progress({ step: 'comparing', collection, documents, ofDocuments: walk.ofDocuments })
    }
    const [ours, theirs] = [await source.count(collection), await target.count(collection)]
    if (ours !== theirs) return `${collection} has ${theirs} documents, not ${ours}`
  }
  return null
}

interface Differences<C extends CollectionName> {
  /** Documents of the source that were looked at. */
  readonly ours: number
  readonly changed: readonly Collections[C][]
  /** Ids of the target that the source does not have. */
  readonly gone: readonly string[]
  /** Looked at up to this id. */
  readonly upTo: string
}

/** Goes through a collection of both, by id, a page at a time. */
async function* differences<C extends CollectionName>(
  collection: C,
  { source, target, page = pageDocuments, after }: Walk & { readonly after: string },
): AsyncGenerator<Differences<C>> {
  for (let from: string | null = after; from !== null; ) {
    const start: string = from
    const [ours, theirs] = await Promise.all(
      [source, target].map((store) => store.page(collection, start, page)),
    )
    if (!ours || !theirs) return
    // Each is complete only up to its last one, unless that was the end.
    const ends = [ours, theirs].flatMap((found) => (found.length < page ? [] : [found.at(-1)?.id ?? '']))
    const upTo = ends.length === 0 ? null : ends.reduce((a, b) => (a < b ? a : b))
    const within = (id: string): boolean => upTo === null || id <= upTo
    const there = new Map(theirs.filter(({ id }) => within(id)).map((one) => [one.id, one]))
    const own = ours.filter(({ id }) => within(id))
    const changed = own.filter((one) => !isEqual(one, there.get(one.id)))
    for (const { id } of own) there.delete(id)
    const last =
      upTo ?? [start, ...own.map(({ id }) => id), ...there.keys()].reduce((a, b) => (a > b ? a : b))
    yield { ours: own.length, changed, gone: [...there.keys()], upTo: last }
    from = upTo
  }
}
