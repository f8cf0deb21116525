import { CodedError, encodeSettings, isCoded, type StreamReceipt } from '@barograph/proto'
import { createCache, type Need, type Shelf } from './cache.ts'
import { Behind, isFreeze, logReplaced, openCheckpoint, requireSame, verifyLog } from './checkpoint.ts'
import { settingsAt, siteVersion } from './device.ts'
import type { CollectionName, Collections, Position } from './documents.ts'
import { receiptOf } from './epoch.ts'
import type { Effect } from './fold/effect.ts'
import { createFold } from './fold/fold.ts'
import { epochId } from './identity.ts'
import type { Log, LogRecord } from './log.ts'
import { isToRezone } from './rebuild/rezone.ts'
import { isBefore } from './position.ts'
import { type DecodedRecord, decodeRecord, streamsOf } from './record.ts'
import type { Checkpoint, Store } from './store.ts'

/** What the store now holds of a device's numbers, for its receipt. */
export interface StoredReceipt {
  readonly device: string
  readonly siteVersion: number
  readonly streams: readonly StreamReceipt[]
}

/** The moments of a flush, for tests that stop the program there. */
export type RollPoint =
  | 'folded'
  | 'reach-raised'
  | 'buckets-written'
  | 'windows-written'
  | 'streams-written'
  | 'checkpoint-advanced'

/** What the roll tells of itself; `trouble` null: all is well. */
export interface RollReport {
  readonly partition: number
  readonly position: number
  /** As far as it is in the store for good. */
  readonly stored: number
  readonly behind: number
  readonly fresh: number
  readonly quarantined: number
  readonly released: number
  readonly repeats: number
  readonly unreadable: number
  /** Records that the log did not hold any more when it was their turn: the store is an older copy than the log allows. */
  readonly missed: number
  readonly flushes: number
  readonly flushMs: number
  readonly documents: number
  readonly trouble: string | null
}

/** The part of the store that the roll uses. */
export type RollStore = Pick<
  Store,
  | 'read'
  | 'write'
  | 'checkpoint'
  | 'createCheckpoint'
  | 'raiseReach'
  | 'advance'
  | 'currentSets'
  | 'changePhase'
>

export interface RollOptions {
  readonly log: Log
  readonly store: RollStore
  readonly partition: number
  readonly settings: { readonly defaultTimeZone: string; readonly levels: readonly string[] }
  readonly flushIntervalMs: number
  /** Receives what may be receipted, after the checkpoint that covers it. */
  readonly publish: (receipts: readonly StoredReceipt[]) => void
  readonly report: (report: RollReport) => void
  readonly clock: { now(): number; sleep(ms: number, signal: AbortSignal): Promise<void> }
  readonly reached?: (point: RollPoint) => void
  /** Documents kept in memory of each kind, for tests that want few; else as many as `cachedDocuments` says. */
  readonly cached?: number
  /** Told of devices whose windows are to be cut anew, until they are. */
  readonly rezone?: (device: string) => void
}

/** Records taken from the log at once. */
const recordsPerFetch = 256
/** Dirty documents that make a flush before its time. */
const dirtyDocuments = 8_000
/** Documents kept in memory of each kind; the least recently used go first, clean ones only. */
const cachedDocuments = {
  settings: 8,
  devices: 20_000,
  streams: 20_000,
  epochs: 20_000,
  // Each takes about 15 KB, and one that is full is looked at again only for repeats.
  buckets: 400,
  summaries: 200,
  rollups: 8_000,
} as const
/** Between two tries while the store has no room. */
const retryMs = 1_000

/** Tries, one each `retryMs`, until a swap that does not come is taken for dead and lifted. It takes a moment. */
const freezeTries = 30

export interface Roll {
  run(signal: AbortSignal): Promise<void>
  /** Resolves when the log holds the settings that readings are to be folded by, or cannot take them now. */
  readonly announced: Promise<void>
}

/**
 * Folds one partition of the log into documents (docs/protocol.md 4). Any number of owners may run at once, zombies too:
 * every document equals the fold of all records before its `o`, and is written only if that grows.
 */
export function createRoll(options: RollOptions): Roll {
  const { log, store, partition, clock, publish, report } = options
  const reached = options.reached ?? (() => {})
  const counts = {
    fresh: 0,
    quarantined: 0,
    released: 0,
    repeats: 0,
    unreadable: 0,
    missed: 0,
    flushes: 0,
    flushMs: 0,
  }
  const announced = Promise.withResolvers<void>()
  let trouble: string | null = null
  let freeze = { phase: '', tries: 0 }

  /** One turn from a checkpoint on, until the end or until another owner turns out to be further. */
  async function turn(signal: AbortSignal): Promise<void> {
    const checkpoint = await openCheckpoint(log, store, partition)
    const generation = checkpoint.position.g
    const { swaps } = checkpoint
    const sets = new Map((await store.currentSets(partition)).map((one) => [one.device, one]))
    const cache = createCache({ partition, generation, sets })
    const fold = createFold({ cache, partition })
    const { first } = await log.extent(partition)
    // Retention of the log ran past: nothing is lost that an agent still holds. Our own log keeps what is not folded, so
    // this store was restored, and what agents were told to be stored since its copy was made is gone: it must be said.
    counts.missed = Math.max(counts.missed, first - checkpoint.position.n)
    let next = Math.max(checkpoint.position.n, first)
    let flushed = next
    /** As far as the store ever said to be. */
    let known = checkpoint.position.n
    let flushedAt = clock.now()
    /** Streams and devices that occurred since the last receipts, repeats too: a repeat is the sign of a lost receipt. */
    let touched = new Map<string, Set<string>>()
    /** The newest record that was read. A log that does not hold it any more was cut. */
    let tail: { next: number; hash: string | null } = { next: 0, hash: null }
    let isAnnounced = await announceSettings()
    announced.resolve()

    for await (const records of log.follow(partition, next, {
      signal,
      idleMs: options.flushIntervalMs,
      limit: recordsPerFetch,
    })) {
      const newest = records[records.length - 1]?.offset
      // One that was cut and has grown again since shows only here: the next flush looks at what came after.
      if (newest !== undefined && (await isCutBehind(tail))) throw new Behind()
      if (newest !== undefined) tail = { next: newest + 1, hash: await log.hashBefore(partition, newest + 1) }
      for (const record of records) {
        await take(record)
        next = record.offset + 1
        // One record may touch as many windows as it has entries: memory must not hold those of a whole fetch.
        if (cache.dirtyCount() > dirtyDocuments) await flushWithPatience()
      }
      cache.tick()
      const sinceMs = clock.now() - flushedAt
      // Below 0 the clock was set back: until it has caught up nobody would hear of anything stored.
      const isDue = sinceMs >= options.flushIntervalMs || sinceMs < 0
      if (next > flushed && isDue) await flushWithPatience()
      if (!isAnnounced && records.length === 0) isAnnounced = await announceSettings()
      if (records.length > 0) continue
      // Nothing comes that would show it: that the log was cut, or that the documents went over to another one.
      await verifyLog(log, store, partition)
      await readCheckpoint()
      // And what was wrong before this turn is over, if nothing waits for the store.
      if (isAnnounced && next === flushed) trouble = null
      await tell()
    }
    if (next > flushed) await flush()

    /** False: the log still holds that record, or nothing was read yet. */
    async function isCutBehind(read: {
      readonly next: number
      readonly hash: string | null
    }): Promise<boolean> {
      return read.next > 0 && (await log.hashBefore(partition, read.next)) !== read.hash
    }

    /**
     * False: the log has no room for them now. What it holds is folded meanwhile by the settings before: a log that is
     * full of what nobody folds would stay full.
     */
    async function announceSettings(): Promise<boolean> {
      const need = { collection: 'settings', id: String(partition), device: '', sensor: '' } as const
      if (!cache.has(need)) await load([need])
      const known = cache.settings.get(String(partition))?.state ?? null
      const end = { g: generation, n: Number.MAX_SAFE_INTEGER }
      const { defaultTimeZone, levels } = options.settings
      const current = settingsAt(known, end, '')
      if (
        known?.history.some(({ of }) => of === undefined) &&
        current.defaultTimeZone === defaultTimeZone &&
        current.levels.join() === levels.join()
      )
        return true
      const value = encodeSettings({ defaultTimeZone, levels })
      try {
        await log.append([
          { device: '', partition, kind: 'settings', ingestMs: clock.now(), quarantineAfterMs: null, value },
        ])
      } catch (error) {
        if (!isCoded(error) || !error.retryable) throw error
        trouble = error.message
        return false
      }
      return true
    }

    async function take(raw: LogRecord): Promise<void> {
      const record = decodeRecord(raw, generation)
      let plan = fold.plan(record)
      while ('missing' in plan) {
        await load(plan.missing)
        await refuseOutdated()
        plan = fold.plan(record)
      }
      note(fold.apply(plan), record)
    }

    async function load(needs: readonly Need[]): Promise<void> {
      for (const [collection, group] of Map.groupBy(needs, (need) => need.collection)) {
        const documents = await store.read(
          collection,
          group.map((need) => need.id),
        )
        group.forEach((need, i) => {
          const document = (documents[i] ?? null) as Collections[CollectionName] | null
          if (document && document.o.g > generation) throw logReplaced(partition)
          cache.take(need, document)
        })
      }
    }

    /** What was just read may be newer than what is in memory: then all of it is dropped, dirty documents too. */
    async function refuseOutdated(): Promise<void> {
      const current = await readCheckpoint()
      if (current.position.n > next) throw new Behind()
    }

    async function readCheckpoint(): Promise<Checkpoint> {
      const current = await store.checkpoint(partition)
      requireSame(current, partition, { generation, swaps, position: known })
      if (!current) throw logReplaced(partition)
      known = current.position.n
      return current
    }

    /** The store did not let us: throws what to do about it. */
    async function refused(): Promise<never> {
      const { phase } = await readCheckpoint()
      if (phase === null || !isFreeze(phase)) throw new Behind()
      freeze = { phase, tries: phase === freeze.phase ? freeze.tries + 1 : 1 }
      // Whoever froze it is dead, or its swap will fail and be made again.
      if (freeze.tries > freezeTries) await store.changePhase(partition, phase, null)
      throw new CodedError('rebuilding', `partition ${partition}: rebuilt windows are being put in place`, {
        retryable: true,
      })
    }

    function note(effect: Effect, record: DecodedRecord): void {
      counts.fresh += effect.fresh
      counts.quarantined += effect.quarantined
      counts.released += effect.released
      counts.repeats += effect.repeats
      if (record.kind === 'unreadable') counts.unreadable++
      // An expiry may refuse what its sender still holds.
      if (record.kind !== 'batch' && record.kind !== 'refusal' && record.kind !== 'expire') return
      const streams = touched.get(record.device) ?? new Set()
      for (const stream of streamsOf(record)) streams.add(epochId(record.device, stream))
      touched.set(record.device, streams)
    }

    /** A store without room is waited for: the documents stay in memory, and no further record is taken. */
    async function flushWithPatience(): Promise<void> {
      for (;;) {
        try {
          await flush()
          trouble = null
          return
        } catch (error) {
          if (!isCoded(error) || !error.retryable || signal.aborted) throw error
          trouble = error.message
          await tell()
          await clock.sleep(retryMs, signal)
        }
      }
    }

    async function flush(): Promise<void> {
      const started = clock.now()
      reached('folded')
      await verifyLog(log, store, partition)
      const hash = await log.hashBefore(partition, next)
      // What is in memory may be of records that are gone: a new turn sees whether what is stored is.
      const isCut = hash === null || (await isCutBehind(tail))
      if (isCut && next > 0) throw new Behind()
      const raised = await store.raiseReach(partition, generation, next, hash, swaps)
      if (!raised) await refused()
      // Cut since the hash was taken, and grown again: another owner may have raised the reach beyond this one.
      if (next > 0 && (await log.hashBefore(partition, next)) !== hash) throw new Behind()
      reached('reach-raised')
      // Before the buckets that tell of them: what a bucket holds as summarised is there.
      await write('summaries', cache.summaries, (summary) => summary.document)
      await write('readings', cache.buckets, (bucket) => bucket.toDocument())
      reached('buckets-written')
      await readCheckpoint()
      await write('rollups', cache.rollups, (rollup) => rollup)
      reached('windows-written')
      await write('epochs', cache.epochs, (epoch) => epoch)
      await write('streams', cache.streams, (stream) => stream)
      await write('devices', cache.devices, (device) => device)
      await write('settings', cache.settings, (settings) => settings)
      reached('streams-written')
      if (!(await store.advance(partition, { g: generation, n: next }, swaps))) await refused()
      reached('checkpoint-advanced')
      known = Math.max(known, next)
      flushed = next
      flushedAt = clock.now()
      publish(await receipts())
      for (const device of touched.keys()) {
        const document = cache.devices.get(device)?.state
        if (document && isToRezone(document, sets.get(device) ?? null)) options.rezone?.(device)
      }
      touched = new Map()
      counts.flushes++
      counts.flushMs = clock.now() - started
      for (const name of Object.keys(cachedDocuments) as (keyof typeof cachedDocuments)[])
        cache[name].evict(options.cached ?? cachedDocuments[name])
      await tell()
    }

    async function write<C extends CollectionName, S extends { o: Position }>(
      collection: C,
      shelf: Shelf<S>,
      documentOf: (state: S) => Collections[C] | null,
    ): Promise<void> {
      const entries = [...shelf.dirty]
      const documents = entries.map(({ state }) => documentOf(state)).filter((one) => one !== null)
      if (documents.length > 0) await store.write(collection, documents)
      for (const entry of entries) shelf.clean(entry)
    }

    async function receipts(): Promise<StoredReceipt[]> {
      const here = { g: generation, n: next }
      const list: StoredReceipt[] = []
      for (const [device, ids] of touched) {
        const streams: StreamReceipt[] = []
        for (const id of ids) {
          const epoch = cache.epochs.get(id)?.state
          // A document that is further holds more than this checkpoint covers: its owner receipts it.
          if (epoch && !isBefore(here, epoch.o)) streams.push(receiptOf(epoch))
        }
        const state = cache.devices.get(device)?.state
        list.push({ device, siteVersion: state ? siteVersion(state) : 0, streams })
      }
      return list
    }

    async function tell(): Promise<void> {
      const { next: end } = await log.extent(partition)
      const documents = cache.buckets.size + cache.rollups.size
      report({
        partition,
        position: next,
        stored: flushed,
        behind: end - next,
        ...counts,
        documents,
        trouble,
      })
    }
  }

  return {
    announced: announced.promise,
    async run(signal) {
      while (!signal.aborted) {
        try {
          await turn(signal)
        } catch (error) {
          if (error instanceof Behind) continue
          // What was not flushed is folded again: nothing is lost by stopping or by a new turn.
          if (!isCoded(error) || !error.retryable) throw error
          if (signal.aborted) return
          trouble = error.message
          announced.resolve()
          await clock.sleep(retryMs, signal)
        }
      }
    },
  }
}
