import type { Position, RollupDocument } from '../documents.ts'
import { rollupId } from '../identity.ts'
import { isBefore } from '../position.ts'
import { contribute, newRollup, type Rollup, rollupFrom } from '../rollup.ts'
import type { Store } from '../store.ts'
import type { Addition } from './contributions.ts'

/** Bounds of a rebuild's memory. */
export const buildingLimits = {
  /** Windows held at once; of more than these all are written, and read again when they go on. */
  openWindows: 20_000,
  /** Windows of one write. */
  written: 1_000,
} as const

type BuildingStore = Pick<Store, 'read' | 'build'>

interface Open {
  readonly rollup: Rollup
  /** The record whose readings decide zone and end; null: the document was made before. */
  oldest: Position | null
  newest: Position | null
}

/** A set of windows that is being made. */
export interface Building {
  /** Adds readings; each of them once. */
  add(additions: readonly Addition[]): Promise<void>
  /** Nothing earlier comes for this sensor: writes the windows that are over by then. */
  closeBefore(sensor: string, time: number): Promise<void>
  /** Writes all windows. What is added later finds them. */
  flush(): Promise<void>
  readonly counts: { windows: number }
}

/** `before`: the set that holds now, whose count of revisions goes on. */
export function createBuilding({
  store,
  partition,
  device,
  set,
  before,
  generation,
}: {
  readonly store: BuildingStore
  readonly partition: number
  readonly device: string
  readonly set: number
  readonly before: number
  readonly generation: number
}): Building {
  const open = new Map<string, Open>()
  const counts = { windows: 0 }
  /** Windows may be stored that are not in memory. */
  let isAnyStored = false

  async function load(additions: readonly Addition[]): Promise<void> {
    if (!isAnyStored) return
    const ids = new Set(additions.flatMap(({ windows }) => windows.map(({ id }) => id)))
    const missing = [...ids].filter((id) => !open.has(id))
    const found = await store.read('rollups', missing)
    for (const rollup of found)
      if (rollup) open.set(rollup.id, { rollup: rollupFrom(rollup), oldest: null, newest: null })
  }

  function addOne({ contribution, windows, oldest, newest }: Addition): void {
    for (const { id, key, partStart } of windows) {
      let its = open.get(id)
      if (!its) {
        its = { rollup: newRollup(key, { g: generation, n: 0 }), oldest, newest }
        open.set(id, its)
        counts.windows++
      }
      // Sealed ones are taken over as they are.
      if (its.rollup.sealed) continue
      contribute(its.rollup, contribution, partStart)
      if (its.oldest && isBefore(oldest, its.oldest)) {
        its.oldest = oldest
        its.rollup.end = key.window.end
        its.rollup.timeZone = key.timeZone
      }
      if (!its.newest || isBefore(its.newest, newest)) its.newest = newest
    }
  }

  async function write(list: readonly Open[]): Promise<void> {
    for (let i = 0; i < list.length; i += buildingLimits.written) {
      const some = list.slice(i, i + buildingLimits.written).filter(({ rollup }) => !rollup.sealed)
      const old = await store.read(
        'rollups',
        some.map(({ rollup: { sensor, level, start } }) => rollupId(device, sensor, level, start, before)),
      )
      some.forEach(({ rollup, newest }, k) => {
        const { revision = 0, revisedAt } = old[k] ?? {}
        rollup.revision = revision
        if (revisedAt) rollup.revisedAt = revisedAt
        const next = newest && newest.g === generation ? { g: newest.g, n: newest.n + 1 } : rollup.o
        if (isBefore(rollup.o, next)) rollup.o = next
      })
      await store.build(
        partition,
        some.map(({ rollup }): RollupDocument => ({ ...rollup, set })),
      )
    }
    for (const { rollup } of list) open.delete(rollup.id)
  }

  const flush = async (): Promise<void> => {
    await write([...open.values()])
    isAnyStored = true
  }

  return {
    counts,
    flush,
    async add(additions) {
      await load(additions)
      for (const addition of additions) addOne(addition)
      if (open.size > buildingLimits.openWindows) await flush()
    },
    async closeBefore(sensor, time) {
      if (open.size < buildingLimits.openWindows / 4) return
      const over = [...open.values()].filter(({ rollup }) => rollup.sensor === sensor && rollup.end <= time)
      await write(over)
    },
  }
}
