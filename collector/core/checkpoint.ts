import { CodedError } from '@barograph/proto'
import type { Log } from './log.ts'
import type { Checkpoint, Store } from './store.ts'

type Checkpoints = Pick<Store, 'checkpoint' | 'createCheckpoint'>

/** The checkpoint to go on from; made when there is none. Throws when the log is not the one it was made for. */
export async function openCheckpoint(log: Log, store: Checkpoints, partition: number): Promise<Checkpoint> {
  if (!(await store.checkpoint(partition))) await requireOwnStore(log, store)
  await store.createCheckpoint({
    partition,
    logId: log.id,
    position: { g: 0, n: 0 },
    reach: 0,
    reachHash: null,
    phase: null,
    swaps: 0,
    before: null,
  })
  return verifyLog(log, store, partition)
}

/** A partition that the store does not know yet must not be begun beside others that were folded from another log. */
async function requireOwnStore(log: Log, store: Checkpoints): Promise<void> {
  for (let partition = 0; partition < log.partitions; partition++) {
    const checkpoint = await store.checkpoint(partition)
    if (checkpoint && checkpoint.logId !== log.id) throw otherLog(checkpoint, log)
  }
}

const otherLog = ({ partition, logId }: Checkpoint, { id }: Pick<Log, 'id'>): CodedError =>
  new CodedError(
    'other-log',
    `partition ${partition}: the store was folded from log ${logId}, this is log ${id}`,
    {
      hint: wayOut,
    },
  )

/**
 * Is this still the log that the documents were folded from? A log that was recreated or cut would give other records
 * at positions that documents already hold.
 */
export async function verifyLog(
  log: Pick<Log, 'id' | 'extent' | 'hashBefore'>,
  store: Pick<Store, 'checkpoint'>,
  partition: number,
): Promise<Checkpoint> {
  const checkpoint = await store.checkpoint(partition)
  if (!checkpoint) throw logReplaced(partition)
  if (isNewLogPhase(checkpoint.phase)) throw underWay(partition)
  if (checkpoint.logId !== log.id) throw otherLog(checkpoint, log)
  const { first, next } = await log.extent(partition)
  const furthest = Math.max(checkpoint.position.n, checkpoint.reach)
  if (furthest > next)
    throw new CodedError(
      'log-cut',
      `partition ${partition}: the store is folded up to record ${furthest}, the log ends at ${next}`,
      { hint: wayOut },
    )
  if (checkpoint.reach > first) {
    const hash = await log.hashBefore(partition, checkpoint.reach)
    if (hash !== null && checkpoint.reachHash !== null && hash !== checkpoint.reachHash)
      throw new CodedError(
        'log-cut',
        `partition ${partition}: record ${checkpoint.reach - 1} of the log is not the one that was folded`,
        { hint: wayOut },
      )
  }
  return checkpoint
}

const wayOut =
  'the log was recreated or cut: bring the old log back, or go over to this one with "barograph-collector rebuild --new-log"; agents still hold every reading that was never stored, and send it again'

/** The documents are going over to another log: nobody may roll meanwhile. */
export const isNewLogPhase = (phase: string | null): boolean => phase?.startsWith('new-log') ?? false

/** A new set of windows is being put in place of an old one. */
export const isFreeze = (phase: string | null): boolean => phase?.startsWith('freeze') ?? false

function underWay(partition: number): CodedError {
  return new CodedError('rebuilding', `partition ${partition} is going over to another log`, {
    retryable: true,
    hint: 'if "barograph-collector rebuild --new-log" was broken off, run it again: it goes on where it was',
  })
}

/** What an owner works on: it stops, waits or begins anew when the store says something else. */
export interface Hold {
  readonly generation: number
  readonly swaps: number
  /** Largest position that the store ever told it. */
  readonly position: number
}

/** An owner has to drop all that it has in memory and to begin a new turn. */
export class Behind extends Error {}

/** Throws what the owner has to do when the checkpoint is not the one it works on any more. */
export function requireSame(checkpoint: Checkpoint | null, partition: number, hold: Hold): Checkpoint {
  if (checkpoint && isNewLogPhase(checkpoint.phase)) throw underWay(partition)
  if (!checkpoint || checkpoint.position.g !== hold.generation) throw logReplaced(partition)
  if (checkpoint.position.n < hold.position) throw wentBack(partition, checkpoint, hold)
  if (checkpoint.swaps !== hold.swaps) throw new Behind()
  return checkpoint
}

function wentBack(partition: number, { position }: Checkpoint, hold: Hold): CodedError {
  return new CodedError(
    'store-replaced',
    `partition ${partition}: the store was folded up to record ${hold.position} and now only up to ${position.n}: an older copy was put in its place while this collector was running`,
    { hint: 'start this collector again: it goes on from there, as far as the log reaches back' },
  )
}

/** The documents belong to another generation of the log now: this owner must write nothing more. */
export function logReplaced(partition: number): CodedError {
  return new CodedError(
    'other-generation',
    `partition ${partition}: another collector went over to a new log`,
    { hint: 'start this collector again' },
  )
}
