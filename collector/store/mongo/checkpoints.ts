import type { Filter } from 'mongodb'
import type { Checkpoint, Store } from '../../core/store.ts'
import { ignoreSecond, type Place, type StoredCheckpoint } from './place.ts'

type CheckpointCalls = Pick<
  Store,
  'checkpoint' | 'createCheckpoint' | 'raiseReach' | 'advance' | 'changePhase' | 'beginNewLog'
>

/** Tries to move a checkpoint that moves meanwhile. */
const tries = 20

/** How far each partition is folded, and who may go on. One write to one document each: comparing and changing are one. */
export function createCheckpoints({ checkpoints }: Place): CheckpointCalls {
  const find = async (partition: number): Promise<Checkpoint | null> => {
    const found = await checkpoints.findOne({ _id: String(partition) })
    if (!found) return null
    const { logId, position, reach, reachHash, phase, swaps, before } = found
    return { partition, logId, position, reach, reachHash, phase, swaps, before }
  }
  const open = (partition: number, generation: number, swaps: number): Filter<StoredCheckpoint> => ({
    _id: String(partition),
    'position.g': generation,
    swaps,
    phase: null,
  })
  return {
    checkpoint: find,
    async createCheckpoint(checkpoint) {
      const { partition, logId, position, reach, reachHash, phase, swaps, before } = checkpoint
      const fresh = { partition, logId, position, reach, reachHash, phase, swaps, before }
      await checkpoints
        .updateOne(
          { _id: String(partition) },
          { $setOnInsert: { ...fresh, claims: 0, swapped: null } },
          { upsert: true },
        )
        .catch(ignoreSecond)
      return (await find(partition)) ?? checkpoint
    },
    async raiseReach(partition, generation, reach, hash, swaps) {
      const own = open(partition, generation, swaps)
      // The hash belongs to the reach, so both or none.
      const { matchedCount } = await checkpoints.updateOne(
        { ...own, reach: { $lt: reach } },
        { $set: { reach, reachHash: hash } },
      )
      return matchedCount === 1 || (await checkpoints.findOne({ ...own, reach: { $gte: reach } })) !== null
    },
    async advance(partition, { g, n }, swaps) {
      const { matchedCount } = await checkpoints.updateOne(open(partition, g, swaps), {
        $max: { 'position.n': n },
      })
      return matchedCount === 1
    },
    async changePhase(partition, from, to) {
      const { matchedCount } = await checkpoints.updateOne(
        { _id: String(partition), phase: from },
        { $set: { phase: to, ...(to === null ? { before: null } : {}) } },
      )
      return matchedCount === 1
    },
    async beginNewLog(from, { logId, position, reach, reachHash, phase }) {
      for (let i = 0; i < tries; i++) {
        const found = await find(from.partition)
        if (!found || found.position.g !== from.position.g || found.phase !== from.phase) return false
        const { matchedCount } = await checkpoints.updateOne(
          {
            _id: String(from.partition),
            'position.g': found.position.g,
            'position.n': found.position.n,
            phase: from.phase,
          },
          { $set: { before: found.position, logId, position, reach, reachHash, phase } },
        )
        if (matchedCount === 1) return true
      }
      return false
    },
  }
}
