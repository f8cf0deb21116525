import { levels } from '../documents.ts'
import type { Log } from '../log.ts'
import { createRoll, type RollPoint, type RollReport, type RollStore, type StoredReceipt } from '../roll.ts'

/** What the tests' rolls are configured with. */
export const settings = { defaultTimeZone: 'America/New_York', levels }

/** The end of an owner that dies at a write. */
class Crash extends Error {}

/** A roll that runs beside the test. */
export interface Owner {
  readonly done: Promise<void>
  readonly announced: Promise<void>
  stop(): void
}

/** An owner that dies without a word at a random write when told to. */
export function startOwner(
  log: Log,
  store: RollStore,
  options: {
    random?: () => number
    publish?: (r: readonly StoredReceipt[]) => void
    flushIntervalMs?: number
    reached?: (point: RollPoint) => void
    report?: (report: RollReport) => void
    cached?: number
    /** Waits long before most of what it does, and does not die: what it writes is old. */
    isSlow?: boolean
  } = {},
): Owner {
  const { random, publish = () => {}, flushIntervalMs = 1, isSlow = false } = options
  const ending = new AbortController()
  const mayCrash = async <T>(work: () => Promise<T>): Promise<T> => {
    if (random) {
      if (random() < (isSlow ? 0.003 : 0.03)) throw new Crash()
      for (let i = Math.floor(random() * 4); i > 0; i--) await Promise.resolve()
      if (random() < (isSlow ? 0.5 : 0.1))
        await new Promise((resolve) => setTimeout(resolve, random() * (isSlow ? 15 : 3)))
    }
    return work()
  }
  const roll = createRoll({
    log,
    store: {
      read: (collection, ids) => mayCrash(() => store.read(collection, ids)),
      // One document at a time: a crash may fall between any two.
      write: async (collection, documents) => {
        for (const document of documents) await mayCrash(() => store.write(collection, [document]))
      },
      checkpoint: (partition) => mayCrash(() => store.checkpoint(partition)),
      createCheckpoint: (checkpoint) => store.createCheckpoint(checkpoint),
      raiseReach: (...args) => mayCrash(() => store.raiseReach(...args)),
      advance: (...args) => mayCrash(() => store.advance(...args)),
      currentSets: (partition) => store.currentSets(partition),
      changePhase: (...args) => store.changePhase(...args),
    },
    partition: 0,
    settings,
    flushIntervalMs,
    publish,
    report: options.report ?? (() => {}),
    clock: { now: () => Date.now(), sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)) },
    ...(options.reached ? { reached: options.reached } : {}),
    ...(options.cached === undefined ? {} : { cached: options.cached }),
  })
  const done = roll.run(ending.signal).catch((error: unknown) => {
    if (!(error instanceof Crash)) throw error
  })
  return { done, announced: roll.announced, stop: () => ending.abort() }
}

async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  for (let i = 0; i < 5_000; i++) {
    if (await condition()) return
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  throw new Error('waited in vain')
}

/** Runs a roll until it has folded the whole log, then stops it. */
export async function settle(
  log: Log,
  store: RollStore,
  publish?: (r: readonly StoredReceipt[]) => void,
): Promise<void> {
  const owner = startOwner(log, store, publish ? { publish } : {})
  await until(
    async () =>
      (await store.checkpoint(0))?.position.n === (await log.extent(0)).next &&
      (await log.extent(0)).next > 0,
  )
  owner.stop()
  await owner.done
}
