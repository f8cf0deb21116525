import type { Log } from '../core/log.ts'
import type { Store } from '../core/store.ts'
import { serveLimits } from './limits.ts'

/** How far one partition is folded, and whether it moves. */
export interface PartitionProgress {
  readonly partition: number
  /** Records in the log that are not folded yet. */
  readonly waiting: number
  readonly position: number
  /** A rebuild under way; null: none. */
  readonly phase: string | null
  /** Records wait, and nothing has been folded for a while. */
  readonly stalled: boolean
}

export interface Progress {
  look(): Promise<readonly PartitionProgress[]>
}

interface Seen {
  readonly position: number
  readonly since: number
}

/** Watches the checkpoints: one that has records before it and stands still is a fault that nothing else shows. */
export function createProgress({
  store,
  log,
  now,
}: {
  store: Pick<Store, 'checkpoint'>
  log: Log
  now: () => number
}): Progress {
  const seen = new Map<number, Seen>()

  async function lookAt(partition: number): Promise<PartitionProgress> {
    const checkpoint = await store.checkpoint(partition)
    const position = checkpoint?.position.n ?? 0
    const { first, next } = await log.extent(partition)
    const waiting = Math.max(0, next - Math.max(position, first))
    const before = seen.get(partition)
    const moved = !before || before.position !== position || waiting === 0
    const since = moved ? now() : before.since
    seen.set(partition, { position, since })
    const stalled = waiting > 0 && now() - since >= serveLimits.stalledAfterMs
    return { partition, waiting, position, phase: checkpoint?.phase ?? null, stalled }
  }

  return {
    async look() {
      const all: PartitionProgress[] = []
      for (let partition = 0; partition < log.partitions; partition++) all.push(await lookAt(partition))
      return all
    },
  }
}
