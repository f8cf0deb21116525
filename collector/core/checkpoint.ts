import { CodedError } from '@barograph/proto'
import type { Log } from './log.ts'
import type { Checkpoint, Store } from './store.ts'

type Checkpoints = Pick<Store, 'checkpoint' | 'createCheckpoint'>

/** The checkpoint to go on from; made when there is none. Throws when the log is not the one it was made for. */
export async function openCheckpoint(log: Log, store: Checkpoints, partition: number): Promise<Checkpoint> {
  await store.createCheckpoint({
    partition,
    logId: log.id,
    position: { g: 0, n: 0 },
    reach: 0,
    reachHash: null,
    phase: null,
  })
  return verifyLog(log, store, partition)
}

/**
 * Is this still the log that the documents were folded from? A log that was recreated or cut would give other records
 * at positions that documents already hold.
 */
export async function verifyLog(log: Log, store: Checkpoints, partition: number): Promise<Checkpoint> {
  const checkpoint = await store.checkpoint(partition)
  if (!checkpoint || checkpoint.phase !== null) throw logReplaced(partition)
  if (checkpoint.logId !== log.id)
    throw new CodedError(
      'other-log',
      `partition ${partition}: the store was folded from log ${checkpoint.logId}, this is log ${log.id}`,
      { hint: wayOut },
    )
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
  'the log was recreated or cut: bring the old log back, or start with a new store; agents still hold every reading that was never stored'

/** The documents belong to another generation of the log now: this owner must write nothing more. */
export function logReplaced(partition: number): CodedError {
  return new CodedError(
    'other-generation',
    `partition ${partition}: another collector went over to a new log`,
    { hint: 'start this collector again' },
  )
}
