import type { CollectionName, Collections, Document, RollupDocument } from '../documents.ts'
import { isBefore } from '../position.ts'
import type { Checkpoint, Store } from '../store.ts'

/** A store in memory, for tests of the roll: the documents and checkpoints can be looked at. */
export interface MemoryStore
  extends Pick<
    Store,
    | 'read'
    | 'write'
    | 'checkpoint'
    | 'createCheckpoint'
    | 'raiseReach'
    | 'advance'
    | 'currentSets'
    | 'changePhase'
  > {
  readonly documents: Readonly<Record<CollectionName, Map<string, Document>>>
  rollups(): RollupDocument[]
}

export function createMemoryStore(): MemoryStore {
  const documents: Record<CollectionName, Map<string, Document>> = {
    settings: new Map(),
    devices: new Map(),
    streams: new Map(),
    epochs: new Map(),
    readings: new Map(),
    summaries: new Map(),
    rollups: new Map(),
  }
  const checkpoints = new Map<number, Checkpoint>()
  const isOpen = (partition: number, generation: number, swaps: number): boolean => {
    const current = checkpoints.get(partition)
    if (!current || current.phase !== null || current.swaps !== swaps) return false
    return current.position.g === generation
  }

  return {
    documents,
    rollups: () => [...documents.rollups.values()] as RollupDocument[],
    read: async <C extends CollectionName>(collection: C, ids: readonly string[]) =>
      ids.map((id) => structuredClone((documents[collection].get(id) ?? null) as Collections[C] | null)),
    async write(collection, fresh) {
      for (const document of fresh) {
        const stored = documents[collection].get(document.id)
        if (!stored || isBefore(stored.o, document.o))
          documents[collection].set(document.id, structuredClone(document))
      }
    },
    checkpoint: async (partition) => checkpoints.get(partition) ?? null,
    async createCheckpoint(checkpoint) {
      const stored = checkpoints.get(checkpoint.partition)
      if (!stored) checkpoints.set(checkpoint.partition, checkpoint)
      return stored ?? checkpoint
    },
    async raiseReach(partition, generation, reach, reachHash, swaps) {
      const current = checkpoints.get(partition)
      if (!current || !isOpen(partition, generation, swaps)) return false
      if (reach > current.reach) checkpoints.set(partition, { ...current, reach, reachHash })
      return true
    },
    async advance(partition, position, swaps) {
      const current = checkpoints.get(partition)
      if (!current || !isOpen(partition, position.g, swaps)) return false
      if (isBefore(current.position, position)) checkpoints.set(partition, { ...current, position })
      return true
    },
    async changePhase(partition, from, to) {
      const current = checkpoints.get(partition)
      if (!current || current.phase !== from) return false
      checkpoints.set(partition, { ...current, phase: to })
      return true
    },
    // No rebuild runs on it: every device is at its first set.
    currentSets: async () => [],
  }
}
