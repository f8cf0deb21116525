import { CodedError, isCoded } from '@barograph/proto'
import { isFreeze, isNewLogPhase, verifyLog } from '../checkpoint.ts'
import { type BucketDocument, type CollectionName, collectionNames, type Position } from '../documents.ts'
import type { Log } from '../log.ts'
import { origin } from '../position.ts'
import type { Checkpoint, Store } from '../store.ts'
import { bringEpochsForward, bringStreamsForward, bringWindowsForward, type ForwardStore } from './forward.ts'
import { mendSummaries } from './mend.ts'
import { pagesOf, pageSize } from './sweep.ts'

export type NewLogStore = ForwardStore &
  Pick<
    Store,
    | 'checkpoint'
    | 'createCheckpoint'
    | 'changePhase'
    | 'beginNewLog'
    | 'follow'
    | 'mend'
    | 'aheadBuckets'
    | 'clearAhead'
    | 'claimSet'
    | 'dropSets'
    | 'deviceNames'
  >

/** The moments of the way over, for tests that stop the program there. */
export type NewLogPoint = 'begun' | 'buckets-followed' | 'windows-forward' | 'followed' | 'device-done'

export interface NewLogOptions {
  readonly store: NewLogStore
  readonly log: Pick<Log, 'id' | 'partitions' | 'partitionOf' | 'extent' | 'hashBefore'>
  readonly progress: (progress: {
    partition: number
    device: string
    number: number
    devices: number
  }) => void
  readonly reached?: (point: NewLogPoint) => void
}

export interface NewLogOutcome {
  readonly partition: number
  /** `same`: the log is the one that was folded, nothing was done. `never-folded`: there is nothing to take over. */
  readonly state: 'over' | 'same' | 'never-folded'
  readonly from: Position
  readonly to: Position
}

const wayOut =
  'Make the new log with as many partitions as the old one had (log.partitions), or go over by a copy of the store: "barograph-collector copy --new-log".'
/** Documents that follow at once. */
const followedAtOnce = 2_000
/** Phases, in their order. */
const phases = { buckets: 'new-log:1', documents: 'new-log:2' } as const

/**
 * Takes the documents over to a log that was made anew or cut (docs/protocol.md 5), one partition after the other. Noted
 * in the checkpoint step by step: broken off at any moment it goes on there when it is run again, and nobody rolls before
 * it has ended. Nothing is lost that an agent was told to be stored; what was not, agents send again.
 */
export async function* goOverToLog(options: NewLogOptions): AsyncGenerator<NewLogOutcome> {
  const { store, log } = options
  if ((await store.checkpoint(log.partitions)) !== null)
    throw new CodedError(
      'log-partitions',
      `the store was folded from a log of more than ${log.partitions} partitions`,
      {
        hint: wayOut,
      },
    )
  await checkPlaces(options)
  for (let partition = 0; partition < log.partitions; partition++) yield goOver(options, partition)
}

/** With another number of partitions a device would be elsewhere, where nothing of it is known. */
async function checkPlaces({ store, log }: NewLogOptions): Promise<void> {
  const names = await store.deviceNames()
  for (let i = 0; i < names.length; i += pageSize)
    for (const found of await store.read('devices', names.slice(i, i + pageSize))) {
      const place = found ? log.partitionOf(found.device) : 0
      if (!found || found.partition === place) continue
      throw new CodedError(
        'log-partitions',
        `${found.device} is in partition ${found.partition} of the store, and would be in partition ${place} of this log`,
        { hint: wayOut },
      )
    }
}

async function goOver(options: NewLogOptions, partition: number): Promise<NewLogOutcome> {
  const { store, log } = options
  const reached = options.reached ?? (() => {})
  const found = await store.checkpoint(partition)
  if (!found) return { partition, state: 'never-folded', from: origin, to: origin }
  if (!isNewLogPhase(found.phase) && (await isSameLog(options, partition)))
    return { partition, state: 'same', from: found.position, to: found.position }
  const checkpoint = isNewLogPhase(found.phase) ? found : await begin(options, found)
  reached('begun')
  const { before, position: to } = checkpoint
  if (!before) throw new Error('a way over without a beginning')
  const devices = (await store.deviceNames()).filter((device) => log.partitionOf(device) === partition)

  if (checkpoint.phase === phases.buckets) {
    for (const device of devices)
      await followAll(store, { collection: 'readings', owner: device, before, to })
    await store.changePhase(partition, phases.buckets, phases.documents)
  }
  reached('buckets-followed')
  for (const [i, device] of devices.entries()) {
    options.progress({ partition, device, number: i + 1, devices: devices.length })
    // Sets that a rebuild was making are of the log before.
    await store.claimSet(partition, device)
    while ((await store.dropSets(device, followedAtOnce)) > 0);
    const ahead = await mendSummaries({ store, device, before, to, ahead: await aheadOf(store, device) })
    const forward = { store, partition, device, before, to, ahead }
    await bringWindowsForward(forward)
    reached('windows-forward')
    await bringEpochsForward(forward)
    await bringStreamsForward(forward)
    // Buckets no more: one that an owner of before wrote since is in no epoch and no window, and must stay of before.
    for (const collection of collectionNames)
      if (collection !== 'settings' && collection !== 'readings')
        await followAll(store, { collection, owner: device, before, to })
    reached('followed')
    await store.clearAhead(device)
    reached('device-done')
  }
  await followAll(store, { collection: 'settings', owner: String(partition), before, to })
  await store.changePhase(partition, phases.documents, null)
  // The log that it had begun to go over to has been replaced, too. Nobody rolled on that one: on to the next.
  if (checkpoint.logId !== log.id) return { ...(await goOver(options, partition)), from: before }
  return { partition, state: 'over', from: before, to }
}

/**
 * A log that was cut may have grown again, and nothing tells where: what this store counts as folded are not the records
 * at those places. Another store may have folded them and told agents to let go of them, if this one is a copy that was
 * put back. So all that the log holds is folded once more; what was folded is known by its numbers.
 */
async function begin({ store, log }: NewLogOptions, found: Checkpoint): Promise<Checkpoint> {
  const { partition, position, phase } = found
  // Nobody rolls on this log, so that nobody else lifts what a dead rebuild left behind.
  if (isFreeze(phase)) await store.changePhase(partition, phase, null)
  const { first, next } = await log.extent(partition)
  const n = log.id === found.logId ? first : 0
  // Up to its end, so that it is noticed when this log is cut before it is folded.
  const reach = Math.max(n, next)
  const reachHash = await log.hashBefore(partition, reach)
  const to = { logId: log.id, position: { g: position.g + 1, n }, reach, reachHash, phase: phases.buckets }
  const isBegun = await store.beginNewLog({ ...found, phase: null }, to)
  const checkpoint = await store.checkpoint(partition)
  if (!isBegun || !checkpoint)
    throw new CodedError('rebuilding', `partition ${partition}: somebody else was faster`, {
      retryable: true,
      hint: 'Run it again.',
    })
  return checkpoint
}

async function isSameLog({ store, log }: NewLogOptions, partition: number): Promise<boolean> {
  try {
    await verifyLog(log, store, partition)
    return true
  } catch (error) {
    if (isCoded(error, 'other-log') || isCoded(error, 'log-cut')) return false
    throw error
  }
}

async function followAll(
  store: Pick<Store, 'follow'>,
  query: { collection: CollectionName; owner: string; before: Position; to: Position },
): Promise<void> {
  while ((await store.follow({ ...query, limit: followedAtOnce })) === followedAtOnce);
}

/** What owners had written beyond the checkpoint: a flush's worth. */
async function aheadOf(store: NewLogStore, device: string): Promise<BucketDocument[]> {
  const all: BucketDocument[] = []
  for await (const page of pagesOf((cursor) =>
    store.aheadBuckets({ device, limit: pageSize, ...(cursor === undefined ? {} : { cursor }) }),
  ))
    all.push(...page)
  return all
}
