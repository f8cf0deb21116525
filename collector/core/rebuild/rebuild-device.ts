import { CodedError } from '@barograph/proto'
import { isFreeze } from '../checkpoint.ts'
import type { DeviceDocument, Position, StreamDocument } from '../documents.ts'
import { isBefore, isSame } from '../position.ts'
import type { Checkpoint, Store } from '../store.ts'
import { createBuilding } from './building.ts'
import { compareSets, type Difference } from './compare.ts'
import type { Rules } from './contributions.ts'
import { copySealed, type SweepStore, sweepAll, sweepChanges } from './sweep.ts'

export type RebuildStore = SweepStore &
  Pick<
    Store,
    | 'checkpoint'
    | 'changePhase'
    | 'currentSets'
    | 'claimSet'
    | 'claimedSet'
    | 'swap'
    | 'dropSets'
    | 'bucketCount'
  >

export interface RebuildClock {
  sleep(ms: number, signal: AbortSignal): Promise<void>
}

export interface DeviceOptions {
  readonly store: RebuildStore
  readonly partition: number
  readonly device: string
  /** Tells this rebuild from every other one: random. */
  readonly token: string
  /** Only compare: nothing that anybody sees changes. */
  readonly isDry: boolean
  readonly clock: RebuildClock
  readonly signal: AbortSignal
  /** Buckets of the device that were looked at, out of how many. */
  readonly progress: (done: number, total: number) => void
  /** The moments of a rebuild, for tests that stop the program there. */
  readonly reached?: (point: RebuildPoint) => void
}

export type RebuildPoint = 'claimed' | 'swept' | 'caught-up' | 'frozen' | 'forwarded' | 'swapped'

export interface DeviceOutcome {
  readonly device: string
  /** `overtaken`: another rebuild has claimed the device; it will swap. */
  readonly state: 'swapped' | 'compared' | 'overtaken'
  readonly windows: number
  readonly sealed: number
  readonly differences: readonly Difference[]
}

/** Bounds of one device's rebuild. */
export const rebuildLimits = {
  /** Looks at what changed meanwhile, before the rest is brought forward while nobody rolls. */
  passes: 10,
  /** Buckets that may be left for that moment. */
  leftBuckets: 50,
  /** Tries when the device's sites or expiries change underneath. */
  attempts: 20,
  /** Windows deleted at once. */
  dropped: 2_000,
  /** Between two looks whether another swap is over, ms, and how often. */
  waitMs: 100,
  waits: 600,
} as const

/**
 * Folds a device's buckets into a second set of windows, beside owners that go on rolling, and puts it in place of the
 * first (docs/protocol.md 12). Broken off at any moment it leaves the first set as it was; a freeze that is left behind
 * is lifted by the owners.
 */
export async function rebuildDevice(options: DeviceOptions): Promise<DeviceOutcome> {
  for (let attempt = 0; attempt < rebuildLimits.attempts; attempt++) {
    const outcome = await tryOnce(options)
    if (outcome) return outcome
  }
  throw new CodedError(
    'rebuild-unsteady',
    `${options.device}: its sites or sets change faster than it is rebuilt`,
    {
      retryable: true,
      hint: 'See whether another rebuild runs, and try again.',
    },
  )
}

/** null: what the windows are cut by has changed meanwhile, or the swap was lifted. */
async function tryOnce(options: DeviceOptions): Promise<DeviceOutcome | null> {
  const { store, partition, device, isDry, progress } = options
  const reached = options.reached ?? (() => {})
  const start = await readCheckpoint(options, null)
  const generation = start.position.g
  const set = await store.claimSet(partition, device)
  // After the claim: from here on no other rebuild can put its own set in place, and this one goes on from what holds.
  const before = (await store.currentSets(partition)).find((one) => one.device === device)?.set ?? 0
  await dropOthers(options)
  reached('claimed')
  const known = await readKnown(options, start.position)
  const rules: Rules = { device, set, ...known.rules }
  const building = createBuilding({
    store,
    partition,
    device,
    set,
    before,
    generation,
  })
  const total = await store.bucketCount(device)
  let looked = 0
  const step = async (buckets: number): Promise<void> => {
    looked += buckets
    progress(Math.min(looked, total), total)
    await options.clock.sleep(0, options.signal)
    if (options.signal.aborted)
      throw new CodedError('rebuild-stopped', `${device}: stopped`, { retryable: true })
  }
  const sweeping = { store, device, building, rules, step }
  await sweepAll(sweeping, start.position)
  const sealed = { partition, device, from: before, to: set }
  let sealedCount = await copySealed(store, { ...sealed, after: null })
  reached('swept')

  let done = start.position
  /** Brings the set forward to the checkpoint; returns how many buckets had changed. */
  const forward = async (to: Position): Promise<number> => {
    if (isSame(done, to)) return 0
    const changed = await sweepChanges(sweeping, { from: done, to })
    sealedCount += await copySealed(store, { ...sealed, after: done })
    done = to
    return changed
  }
  for (let pass = 0; pass < rebuildLimits.passes; pass++) {
    const { position } = await readCheckpoint(options, generation)
    if ((await forward(position)) <= rebuildLimits.leftBuckets) break
  }
  reached('caught-up')
  const outcome = { device, windows: building.counts.windows, sealed: sealedCount }

  if (isDry) {
    const differences = await compareSets({
      store,
      device,
      before,
      set,
      bring: async () => {
        await forward((await readCheckpoint(options, generation)).position)
        return done
      },
      step: () => step(0),
    })
    return { ...outcome, state: 'compared', differences }
  }

  const phase = `freeze:${options.token}`
  await freeze(options, phase)
  reached('frozen')
  let isSwapped = false
  try {
    const frozen = await readCheckpoint(options, generation)
    await forward(frozen.position)
    reached('forwarded')
    const now = await readKnown(options, frozen.position)
    if (now.key !== known.key) return null
    isSwapped = await store.swap(partition, phase, { device, set, at: frozen.position })
  } finally {
    if (!isSwapped) await store.changePhase(partition, phase, null)
  }
  if (!isSwapped)
    return (await isClaimed(options, set)) ? null : { ...outcome, state: 'overtaken', differences: [] }
  reached('swapped')
  await dropOthers(options)
  return { ...outcome, state: 'swapped', differences: [] }
}

/** Nobody has claimed another set since: then the swap failed because the freeze was lifted. */
async function isClaimed({ store, partition, device }: DeviceOptions, set: number): Promise<boolean> {
  return (await store.claimedSet(partition, device)) === set
}

async function dropOthers({ store, device, clock, signal }: DeviceOptions): Promise<void> {
  while (!signal.aborted && (await store.dropSets(device, rebuildLimits.dropped)) > 0)
    await clock.sleep(0, signal)
}

/** The checkpoint, once no other swap is under way. Throws when the documents went over to another log. */
async function readCheckpoint(
  { store, partition, clock, signal }: DeviceOptions,
  generation: number | null,
): Promise<Checkpoint> {
  for (let wait = 0; ; wait++) {
    const checkpoint = await store.checkpoint(partition)
    if (!checkpoint)
      throw new CodedError('nothing-stored', `partition ${partition} was never folded`, {
        hint: 'Start the collector once: it folds what is in the log.',
      })
    if (generation !== null && checkpoint.position.g !== generation) throw otherLog(partition)
    // A freeze keeps the position where it is; a swap that failed is found out by the swap.
    if (checkpoint.phase === null || isFreeze(checkpoint.phase)) return checkpoint
    if (wait >= rebuildLimits.waits) throw otherLog(partition)
    await clock.sleep(rebuildLimits.waitMs, signal)
  }
}

const otherLog = (partition: number): CodedError =>
  new CodedError('rebuilding', `partition ${partition} goes over to another log`, {
    retryable: true,
    hint: 'Wait for "rebuild --new-log" to end, and try again.',
  })

async function freeze({ store, partition, clock, signal }: DeviceOptions, phase: string): Promise<void> {
  let other = ''
  for (let wait = 0; ; wait++) {
    if (await store.changePhase(partition, null, phase)) return
    const found = (await store.checkpoint(partition))?.phase ?? null
    if (found !== null && !isFreeze(found)) throw otherLog(partition)
    if (found !== null && found !== other) [other, wait] = [found, 0]
    // Nobody may roll who could lift it: whoever left it behind is dead.
    if (found !== null && wait >= rebuildLimits.waits / 2) await store.changePhase(partition, found, null)
    await clock.sleep(rebuildLimits.waitMs, signal)
  }
}

interface Known {
  readonly rules: Pick<Rules, 'sites' | 'settings' | 'expiredBefore'>
  /** The same key: windows are cut in the same way. */
  readonly key: string
}

/** By what the windows are cut, as of all records before a position. */
async function readKnown({ store, partition, device }: DeviceOptions, at: Position): Promise<Known> {
  const [document] = await store.read('devices', [device])
  const [settings = null] = await store.read('settings', [String(partition)])
  const streams = await store.streams(device)
  const sites = sitesBefore(document ?? null, at)
  return {
    rules: {
      sites,
      settings,
      expiredBefore: new Map(streams.map(({ sensor, expiredBefore }) => [sensor, expiredBefore])),
    },
    key: JSON.stringify([sites, settings?.history, streams.map(expiryOf)]),
  }
}

const expiryOf = ({ sensor, expiredBefore }: StreamDocument) => [sensor, expiredBefore]

/** The sites that were known before a position. */
const sitesBefore = (device: DeviceDocument | null, at: Position): DeviceDocument['sites'] =>
  (device?.sites ?? []).filter((site) => isBefore(site.at, at))
