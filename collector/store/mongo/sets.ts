import type { Collections, Position, RollupDocument } from '../../core/documents.ts'
import type { CurrentSet, Store } from '../../core/store.ts'
import { deleteByIds, type Put } from './put.ts'
import { isDuplicate, mongoLimits, type Place, type StoredCheckpoint } from './place.ts'

type SetCalls = Pick<Store, 'currentSets' | 'claimSet' | 'claimedSet' | 'build' | 'swap' | 'dropSets'>

/** Which of a device's sets holds, and which may be made. */
export interface SetState {
  readonly current: number
  readonly at: Position
  readonly claimed: number
  /** No set below it can be swapped in any more, but for the current one. */
  readonly settled: number
}

/** Sets of windows: one that readers see, and beside it one that a rebuild makes. */
export interface Sets extends SetCalls {
  /** Devices that never had a rebuild are not in it. */
  statesOf(devices: Iterable<string>): Promise<ReadonlyMap<string, SetState>>
}

/** Tries of a swap or claim beside others of the same partition. */
const tries = 20

/**
 * A swap is one write to the partition's checkpoint: it names the device and its set, and clears the phase. The device's
 * own document follows, at the latest before the next swap of the partition; until then the checkpoint tells. So a
 * reader asks the device's document, then the checkpoint, then the device's document again.
 */
export function createSets(place: Place, put: Put): Sets {
  const { checkpoints, sets, documents } = place
  const rollups = documents('rollups')

  async function statesOf(devices: Iterable<string>): Promise<ReadonlyMap<string, SetState>> {
    const states = new Map<string, SetState>()
    const ids = [...new Set(devices)]
    for (let i = 0; i < ids.length; i += mongoLimits.ids) {
      const first = await sets.find({ _id: { $in: ids.slice(i, i + mongoLimits.ids) } }).toArray()
      if (first.length === 0) continue
      const settled = new Map(first.map((one) => [one._id, one.settled]))
      const partitions = [...new Set(first.map(({ partition }) => String(partition)))]
      const swaps = await checkpoints
        .find({ _id: { $in: partitions } }, { projection: { swapped: 1 } })
        .toArray()
      const newest = new Map(swaps.map(({ swapped }) => [swapped?.device, swapped]))
      for (const one of await sets.find({ _id: { $in: [...settled.keys()] } }).toArray()) {
        const swapped = newest.get(one._id)
        const { set, at } =
          swapped && swapped.number > one.number ? swapped : { set: one.current, at: one.at }
        states.set(one._id, { current: set, at, claimed: one.claimed, settled: settled.get(one._id) ?? 0 })
      }
    }
    return states
  }

  async function claimSet(partition: number, device: string): Promise<number> {
    const fresh = { partition, current: 0, at: { g: 0, n: 0 }, number: 0, settled: 0 }
    for (let i = 0; ; i++) {
      try {
        const claim = await sets.findOneAndUpdate(
          { _id: device },
          { $inc: { claimed: 1 }, $setOnInsert: fresh },
          { upsert: true, returnDocument: 'after' },
        )
        const claimed = claim?.claimed ?? 1
        // In this order: whoever has looked at the claims before fails, and nobody deletes what could still be swapped in.
        await checkpoints.updateOne({ _id: String(partition) }, { $inc: { claims: 1 } })
        await sets.updateOne({ _id: device }, { $max: { settled: claimed } })
        return claimed
      } catch (error) {
        if (!isDuplicate(error) || i === tries) throw error
      }
    }
  }

  const follow = async ({ swapped }: Pick<StoredCheckpoint, 'swapped'>): Promise<void> => {
    if (!swapped) return
    const { device, set, at, number } = swapped
    await sets.updateOne({ _id: device, number: { $lt: number } }, { $set: { current: set, at, number } })
  }

  async function swap(partition: number, phase: string, { device, set, at }: CurrentSet): Promise<boolean> {
    const _id = String(partition)
    for (let i = 0; i < tries; i++) {
      const found = await checkpoints.findOne({ _id })
      if (!found || found.phase !== phase) return false
      if (found.position.g !== at.g || found.position.n !== at.n) return false
      await follow(found)
      const own = await sets.findOne({ _id: device })
      if (!own || own.claimed !== set || own.current >= set) return false
      const swapped = { device, set, at: { g: at.g, n: at.n }, number: found.swaps + 1 }
      const { matchedCount } = await checkpoints.updateOne(
        { _id, phase, 'position.g': at.g, 'position.n': at.n, swaps: found.swaps, claims: found.claims },
        { $set: { phase: null, swapped }, $inc: { swaps: 1 } },
      )
      if (matchedCount === 0) continue
      await follow({ swapped })
      return true
    }
    return false
  }

  async function dropSets(device: string, limit: number): Promise<number> {
    const state = (await statesOf([device])).get(device)
    if (!state) return 0
    const { current, settled } = state
    const gone = await rollups
      .find(
        { device, $or: [{ set: { $lt: current } }, { set: { $gt: current, $lt: settled } }] },
        { projection: { _id: 1 }, limit },
      )
      .toArray()
    return deleteByIds(
      rollups,
      gone.map(({ _id }) => _id),
    )
  }

  return {
    statesOf,
    claimSet,
    swap,
    dropSets,
    async currentSets(partition) {
      const found = await checkpoints.findOne({ _id: String(partition) }, { projection: { swapped: 1 } })
      const own = await sets.find({ partition }).toArray()
      const swapped = found?.swapped
      const current = own.map(
        ({ _id: device, current: set, at, number }): CurrentSet =>
          swapped?.device === device && swapped.number > number
            ? { device, set: swapped.set, at: swapped.at }
            : { device, set, at },
      )
      return current.filter(({ set }) => set > 0).sort((a, b) => (a.device < b.device ? -1 : 1))
    },
    claimedSet: async (_partition, device) => (await sets.findOne({ _id: device }))?.claimed ?? 0,
    async build(_partition, windows) {
      const states = await statesOf(windows.map(({ device }) => device))
      const ours = windows.filter(({ device, set }) => {
        const state = states.get(device)
        return state !== undefined && state.claimed === set && state.claimed > state.current
      })
      await put('rollups', ours, 'always')
    },
  }
}

/** Writes windows of the sets that hold, and takes back what a swap meanwhile has made old. */
export async function writeWindows(
  { documents }: Place,
  sets: Sets,
  put: Put,
  windows: readonly Collections['rollups'][],
): Promise<void> {
  const devices = new Set(windows.map(({ device }) => device))
  const isOfSet = (states: ReadonlyMap<string, SetState>) => (window: RollupDocument) =>
    (window.set ?? 0) === (states.get(window.device)?.current ?? 0)
  const ours = windows.filter(isOfSet(await sets.statesOf(devices)))
  await put('rollups', ours, 'newer')
  const isCurrent = isOfSet(await sets.statesOf(devices))
  const old = ours.filter((window) => !isCurrent(window)).map(({ id }) => id)
  await deleteByIds(documents('rollups'), old)
}
