import { type Bucket, createBucket } from './bucket.ts'
import { type Device, deviceFrom, newDevice } from './device.ts'
import type {
  CollectionName,
  Collections,
  Position,
  SettingsDocument,
  StreamDocument,
  SummaryDocument,
} from './documents.ts'
import { type Epoch, epochFrom, newEpoch } from './epoch.ts'
import { isBefore } from './position.ts'
import { type Rollup, type RollupKey, newRollup, rollupFrom } from './rollup.ts'
import { newStream, type Stream } from './stream.ts'
import type { StreamEpoch } from '@barograph/proto'
import type { CurrentSet } from './store.ts'

export type Settings = { -readonly [K in keyof SettingsDocument]: SettingsDocument[K] }

/** A summary that was folded; null: the store does not hold it. */
export interface KeptSummary {
  o: Position
  readonly document: SummaryDocument | null
}

/** A document in the cache, and when it was last used. */
export interface Entry<S> {
  readonly state: S
  /** Counts what was taken into the cache: tells which of two documents was read later. */
  readonly taken: number
  used: number
}

/** One collection's documents in memory. */
export interface Shelf<S extends { o: Position }> {
  get(id: string): Entry<S> | undefined
  /** Replaces what was there, changed or not. */
  put(id: string, state: S): Entry<S>
  /** The store lacks this state of it. */
  soil(entry: Entry<S>): void
  /** The store has it. */
  clean(entry: Entry<S>): void
  readonly dirty: ReadonlySet<Entry<S>>
  clear(): void
  /** Drops the longest unused clean documents until at most `limit` are left. */
  evict(limit: number): void
  readonly size: number
}

/** A document that a record needs: where it is, and how to make its state from what the store holds. */
export type Need =
  | {
      readonly collection: 'settings' | 'devices' | 'streams'
      readonly id: string
      readonly device: string
      readonly sensor: string
    }
  | {
      readonly collection: 'epochs'
      readonly id: string
      readonly device: string
      readonly stream: StreamEpoch
    }
  | {
      readonly collection: 'readings'
      readonly id: string
      readonly device: string
      readonly stream: StreamEpoch
      readonly index: number
    }
  | { readonly collection: 'summaries'; readonly id: string }
  | { readonly collection: 'rollups'; readonly id: string; readonly key: RollupKey }

/** The documents of the recent past, as states that the fold changes. Everything in it can be dropped at any time. */
export interface Cache {
  readonly settings: Shelf<Settings>
  readonly devices: Shelf<Device>
  readonly streams: Shelf<Stream>
  readonly epochs: Shelf<Epoch>
  readonly buckets: Shelf<Bucket>
  /** Written once and never changed. */
  readonly summaries: Shelf<KeptSummary>
  readonly rollups: Shelf<Rollup>
  /** The set that a device's windows are in. */
  setOf(device: string): number
  /** Where the sites stand that cut the windows of what the record at `at` brought: they may have been rebuilt since. */
  zonedAt(device: string, at: Position): Position
  has(need: Need): boolean
  /** Takes a document of the store, or null, in. A document of an older generation counts as absent. */
  take(need: Need, document: Collections[CollectionName] | null): void
  clear(): void
  /** Documents that the store lacks. */
  dirtyCount(): number
  tick(): void
}

export function createCache({
  partition,
  generation,
  sets = new Map(),
}: {
  partition: number
  generation: number
  /** The current set of each device that has another than 0. */
  sets?: ReadonlyMap<string, CurrentSet>
}): Cache {
  let now = 0
  let takings = 0
  const start: Position = { g: generation, n: 0 }

  function createShelf<S extends { o: Position }>(): Shelf<S> {
    const entries = new Map<string, Entry<S>>()
    const dirty = new Set<Entry<S>>()
    return {
      dirty,
      soil: (entry) => void dirty.add(entry),
      clean: (entry) => void dirty.delete(entry),
      get(id) {
        const entry = entries.get(id)
        if (entry) entry.used = now
        return entry
      },
      put(id, state) {
        const before = entries.get(id)
        if (before) dirty.delete(before)
        const entry = { state, taken: takings++, used: now }
        entries.set(id, entry)
        return entry
      },
      clear: () => {
        entries.clear()
        dirty.clear()
      },
      evict(limit) {
        if (entries.size <= limit) return
        const clean = [...entries]
          .filter(([, entry]) => !dirty.has(entry))
          .sort(([, a], [, b]) => a.used - b.used)
        // A little more than needed, so that the next document does not sort them all again.
        for (const [id] of clean.slice(0, entries.size - Math.floor(limit * 0.9))) entries.delete(id)
      },
      get size() {
        return entries.size
      },
    }
  }

  const settings = createShelf<Settings>()
  const devices = createShelf<Device>()
  const streams = createShelf<Stream>()
  const epochs = createShelf<Epoch>()
  const buckets = createShelf<Bucket>()
  const summaries = createShelf<KeptSummary>()
  const rollups = createShelf<Rollup>()
  const all = [settings, devices, streams, epochs, buckets, summaries, rollups]

  function take(need: Need, document: Collections[CollectionName] | null): void {
    const current = document !== null && !isBefore(document.o, start) ? document : null
    switch (need.collection) {
      case 'settings':
        return void settings.put(
          need.id,
          (current as SettingsDocument | null) ?? { id: need.id, o: start, history: [] },
        )
      case 'devices':
        return void devices.put(
          need.id,
          current ? deviceFrom(current as Collections['devices']) : newDevice(need.device, partition, start),
        )
      case 'streams':
        return void streams.put(
          need.id,
          (current as StreamDocument | null) ?? newStream(need.device, need.sensor, start),
        )
      case 'epochs':
        return void epochs.put(
          need.id,
          current ? epochFrom(current as Collections['epochs']) : newEpoch(need.device, need.stream, start),
        )
      case 'readings':
        return void buckets.put(
          need.id,
          createBucket(need.device, need.stream, need.index, current as Collections['readings'] | null),
        )
      case 'summaries':
        // Of any generation: it never changes.
        return void summaries.put(need.id, {
          o: document?.o ?? start,
          document: document as SummaryDocument | null,
        })
      case 'rollups':
        return void rollups.put(
          need.id,
          current ? rollupFrom(current as Collections['rollups']) : newRollup(need.key, start),
        )
    }
  }

  const shelfOf: Record<Need['collection'], Pick<Shelf<{ o: Position }>, 'get'>> = {
    settings,
    devices,
    streams,
    epochs,
    readings: buckets,
    summaries,
    rollups,
  }

  return {
    settings,
    devices,
    streams,
    epochs,
    buckets,
    summaries,
    rollups,
    setOf: (device) => sets.get(device)?.set ?? 0,
    zonedAt: (device, at) => zonedAt(sets.get(device) ?? null, at),
    has: (need) => shelfOf[need.collection].get(need.id) !== undefined,
    take,
    clear: () => {
      for (const shelf of all) shelf.clear()
    },
    dirtyCount: () => all.reduce((sum, shelf) => sum + shelf.dirty.size, 0),
    tick: () => {
      now++
    },
  }
}

/**
 * Where the sites stand that cut the windows of what the record at `at` brought: with that record, or just before the
 * position that the device's windows were rebuilt at.
 */
export function zonedAt(current: CurrentSet | null, at: Position): Position {
  return current && isBefore(at, current.at) ? { g: current.at.g, n: current.at.n - 1 } : at
}
