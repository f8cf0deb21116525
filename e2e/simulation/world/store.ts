import { CodedError } from '@barograph/proto'
import Sqlite from 'better-sqlite3'
import {
  type BucketDocument,
  type CollectionName,
  type Collections,
  collectionNames,
  type Document,
} from '../../../collector/core/documents.ts'
import { isBefore } from '../../../collector/core/position.ts'
import type { Store } from '../../../collector/core/store.ts'
import { createSqliteStore } from '../../../collector/store/sqlite.ts'
import type { Process } from '../engine/process.ts'
import type { World } from '../engine/world.ts'
import type { Weather } from './weather.ts'

/** The store as it is on its disks. Each process sees it through a client of its own. */
export interface SimulatedStore {
  /** The shipped store, for looking and for ways out; nothing fails here. */
  disk(): Store
  /** What is on the disk, as documents. */
  readonly mirror: Mirror
  clientOf(process: Process): Store
  /** A copy of it as it is now. */
  backUp(): StoreCopy
  /** A copy takes its place. Nobody may have it open. */
  restore(copy: StoreCopy): Promise<void>
  /** This process will die in its next flush: before it writes epochs, or when only the checkpoint is left. */
  doom(process: Process, before: 'writing epochs' | 'advance'): void
}

/** A store as it was at one moment, with what retention had deleted by then. */
export interface StoreCopy {
  readonly bytes: Buffer
  readonly deleted: ReadonlyMap<string, readonly BucketDocument[]>
}

/** What a store holds, to be looked at without waiting. */
export interface Mirror {
  get<C extends CollectionName>(collection: C, id: string): Collections[C] | null
  /** A bucket as it was each time before retention deleted it, the newest first. */
  deleted(id: string): readonly BucketDocument[]
  all<C extends CollectionName>(collection: C): ReadonlyMap<string, Collections[C]>
  /** Reads everything anew. */
  refresh(): Promise<void>
}

/** Everything of a query, page by page. */
export async function everything<T>(
  read: (cursor?: string) => Promise<{ readonly items: readonly T[]; readonly cursor: string | null }>,
): Promise<T[]> {
  const all: T[] = []
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page = await read(cursor)
    all.push(...page.items)
    cursor = page.cursor
  }
  return all
}

const before = { g: -1, n: 0 }
const limit = 10_000

function createMirror(current: () => Store, partitions: number) {
  const documents = new Map<CollectionName, Map<string, Document>>(
    collectionNames.map((name) => [name, new Map()]),
  )
  const deleted = new Map<string, readonly BucketDocument[]>()
  const of = (collection: CollectionName): Map<string, Document> => documents.get(collection) ?? new Map()

  return {
    get: <C extends CollectionName>(collection: C, id: string) =>
      (of(collection).get(id) ?? null) as Collections[C] | null,
    deleted: (id: string): readonly BucketDocument[] => deleted.get(id) ?? [],
    allDeleted: (): ReadonlyMap<string, readonly BucketDocument[]> => new Map(deleted),
    /** Only what was deleted when a copy was made: what has gone since was never deleted from that. */
    setDeleted(copy: ReadonlyMap<string, readonly BucketDocument[]>): void {
      deleted.clear()
      for (const [id, buckets] of copy) deleted.set(id, buckets)
    },
    /** Keeps what is about to go. */
    keep(buckets: readonly BucketDocument[]): void {
      for (const { id } of buckets) {
        const bucket = of('readings').get(id) as BucketDocument | undefined
        const kept = deleted.get(id) ?? []
        // What comes after a bucket went begins another one: on a cloned card more may follow what was declared its end.
        if (bucket)
          deleted.set(
            id,
            [bucket, ...kept].toSorted((a, b) => (isBefore(a.o, b.o) ? 1 : -1)),
          )
      }
    },
    all: <C extends CollectionName>(collection: C) =>
      of(collection) as unknown as ReadonlyMap<string, Collections[C]>,
    /** After a write of this one. */
    async look(collection: CollectionName, id: string): Promise<void> {
      const [document] = await current().read(collection, [id])
      if (document) of(collection).set(idOf(collection, document), document)
    },
    async refresh(): Promise<void> {
      const disk = current()
      const fresh = new Map<CollectionName, readonly Document[]>([
        ['settings', await allSettings()],
        ['devices', await disk.devices()],
        ['streams', await disk.streams()],
        ['epochs', []],
        ['readings', []],
        ['summaries', []],
        ['rollups', []],
      ])
      const add = (name: CollectionName, more: readonly Document[]): void =>
        void fresh.set(name, [...(fresh.get(name) ?? []), ...more])
      const sets = new Map<string, number>()
      for (let partition = 0; partition < partitions; partition++)
        for (const { device, set } of await disk.currentSets(partition)) sets.set(device, set)
      for (const device of await disk.deviceNames()) {
        const page = (cursor?: string) => ({ device, limit, ...(cursor === undefined ? {} : { cursor }) })
        add('epochs', await disk.epochs(device))
        add('readings', await everything((cursor) => disk.changedBuckets({ ...page(cursor), after: before })))
        add('summaries', await everything((cursor) => disk.summaries(page(cursor))))
        const set = sets.get(device) ?? 0
        add('rollups', await everything((cursor) => disk.windows({ ...page(cursor), set })))
      }
      for (const [name, list] of fresh)
        documents.set(name, new Map(list.map((document) => [idOf(name, document), document])))
    },
  }

  async function allSettings(): Promise<Document[]> {
    const ids = Array.from({ length: partitions }, (_, partition) => String(partition))
    return (await current().read('settings', ids)).filter((one) => one !== null)
  }
}

/** A window is looked for by what it is, in whatever set it stands. */
const idOf = (collection: CollectionName, { id }: Document): string =>
  collection === 'rollups' ? id.split('/').slice(0, 4).join('/') : id

/** The shipped store; a process may die, or stand still for long, before and after every single write to it. */
export function createSimulatedStore(
  world: World,
  weather: () => Weather,
  partitions: number,
): SimulatedStore {
  const { random } = world
  let { db, store: current } = openStore(null)
  const mirror = createMirror(() => current, partitions)
  const doomed = new Map<Process, string>()

  function clientOf(process: Process): Store {
    const disk = current
    async function moment(what: string): Promise<void> {
      const { rollCrash, rollSleep, rollYield } = weather()
      const drawn = random.unit()
      const doom = doomed.get(process)
      const isDoomed = doom !== undefined && what.startsWith(`before ${doom}`)
      if (isDoomed) doomed.delete(process)
      if (isDoomed || drawn < rollCrash) {
        world.fault('collector-killed-at-write', `${process.name} ${what}`)
        process.kill()
        await new Promise(() => {})
      } else if (drawn < rollCrash + rollSleep) {
        world.fault('roll-paused', `${process.name} ${what}`)
        process.freeze(random.between(1_000, 60_000))
        await process.pause(1)
      } else if (drawn < rollCrash + rollSleep + rollYield) await process.pause(random.between(0, 50))
    }

    async function around<T>(what: string, act: () => Promise<T>): Promise<T> {
      await moment(`before ${what}`)
      const result = await act()
      await moment(`after ${what}`)
      return result
    }

    async function read<C extends CollectionName>(collection: C, ids: readonly string[]) {
      if (random.chance(weather().readError)) {
        world.fault('read-error', process.name)
        throw new CodedError('store-unavailable', 'the disk of the store cannot be read', { retryable: true })
      }
      return around(`reading ${collection}`, () => disk.read(collection, ids))
    }

    /** One at a time: whatever may fall between two. */
    async function write<C extends CollectionName>(
      collection: C,
      documents: readonly Collections[C][],
    ): Promise<void> {
      for (const document of documents) {
        if (random.chance(weather().storeFull)) {
          world.fault('store-disk-full', process.name)
          throw new CodedError('store-full', 'there is no room on the disk of the store', { retryable: true })
        }
        await around(`writing ${collection} ${document.id}`, async () => {
          await disk.write(collection, [document])
          await mirror.look(collection, document.id)
          world.note(`${process.name} wrote ${collection} ${document.id} ${document.o.g}/${document.o.n}`)
        })
      }
    }

    async function mend(buckets: readonly BucketDocument[]): Promise<void> {
      for (const bucket of buckets)
        await around(`mending ${bucket.id}`, async () => {
          await disk.mend([bucket])
          await mirror.look('readings', bucket.id)
          world.note(`${process.name} mended ${bucket.id}`)
        })
    }

    const own: Partial<Store> = { read, write, mend }
    return new Proxy(disk, {
      get(_, key: keyof Store) {
        if (own[key]) return own[key]
        const method = disk[key] as (...args: unknown[]) => Promise<unknown>
        return (...args: unknown[]) =>
          around(key, async () => {
            if (key === 'remove' && args[0] === 'readings') mirror.keep(args[1] as BucketDocument[])
            const result = await method(...args)
            if (changing.has(key) && result) await mirror.refresh()
            if (telling.has(key))
              world.note(`${process.name} ${key} ${JSON.stringify(args)} ${String(result)}`)
            return result
          })
      },
    })
  }

  return {
    disk: () => current,
    mirror,
    clientOf,
    doom: (process, before) => void doomed.set(process, before),
    backUp: () => ({ bytes: db.serialize(), deleted: mirror.allDeleted() }),
    async restore({ bytes, deleted }) {
      await current.close()
      ;({ db, store: current } = openStore(bytes))
      mirror.setDeleted(deleted)
      await mirror.refresh()
    },
  }
}

/** The shipped store on a database in memory. */
function openStore(copy: Buffer | null): { readonly db: Sqlite.Database; readonly store: Store } {
  const db = new Sqlite(copy ?? ':memory:')
  return { db, store: createSqliteStore({ path: ':memory:', open: () => db }) }
}

/** Calls of the store that change documents otherwise than by writing them. */
const changing: ReadonlySet<string> = new Set(['swap', 'remove', 'removeWindows', 'changePhase'])
const telling: ReadonlySet<string> = new Set(['advance', 'changePhase', 'swap', 'beginNewLog'])
