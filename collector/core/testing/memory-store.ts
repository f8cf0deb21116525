import type {
  BucketDocument,
  CollectionName,
  Collections,
  DeviceDocument,
  Document,
  RollupDocument,
  StreamDocument,
} from '../documents.ts'
import { isBefore, isSame } from '../position.ts'
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
    | 'devices'
    | 'streams'
    | 'oldBuckets'
    | 'remove'
    | 'removeWindows'
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

  const all = <D extends Document>(collection: CollectionName): D[] =>
    structuredClone([...documents[collection].values()]) as D[]

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
    devices: async () => all<DeviceDocument>('devices'),
    streams: async (device) =>
      all<StreamDocument>('streams').filter((stream) => device === undefined || stream.device === device),
    async oldBuckets({ ingestedBefore, limit, cursor }) {
      const key = ({ newestIngest, id }: BucketDocument): string =>
        `${String(newestIngest).padStart(16, '0')} ${id}`
      const found = all<BucketDocument>('readings')
        .filter(({ newestIngest }) => newestIngest !== null && newestIngest < ingestedBefore)
        .sort((a, b) => (key(a) < key(b) ? -1 : 1))
        .filter((bucket) => cursor === undefined || key(bucket) > cursor)
      const items = found.slice(0, limit)
      const last = items[items.length - 1]
      return { items, cursor: found.length > limit && last ? key(last) : null }
    },
    remove: async (collection, gone) =>
      gone.filter(({ id, o }) => {
        const stored = documents[collection].get(id)
        return stored && isSame(stored.o, o) && documents[collection].delete(id)
      }).length,
    async removeWindows({ device, sensor, level, endBy, limit }) {
      const gone = all<RollupDocument>('rollups').filter(
        (one) => one.device === device && one.sensor === sensor && one.level === level && one.end <= endBy,
      )
      for (const { id } of gone.slice(0, limit)) documents.rollups.delete(id)
      return Math.min(gone.length, limit)
    },
    // No rebuild runs on it: every device is at its first set.
    currentSets: async () => [],
  }
}
