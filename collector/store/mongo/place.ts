import { CodedError, isCoded } from '@barograph/proto'
import { type Collection, type Db, MongoClient, type MongoClientOptions } from 'mongodb'
import type { CollectionName, Position } from '../../core/documents.ts'
import type { Stored } from './encoding.ts'
import { ensureIndexes } from './indexes.ts'
import { explain, shownUrl } from './trouble.ts'
import { watchCommands } from './hung.ts'

export interface MongoStoreOptions {
  /** mongodb://host:27017/database, with credentials and options as the driver takes them. */
  readonly url: string
  /** Reads while others write; every write is refused. */
  readonly readOnly?: boolean
  /** A server that is away is waited for: until it is back the calls fail. Else it cannot be opened. */
  readonly isPatient?: boolean
  /** A command without an answer for so long hangs, ms; for tests. */
  readonly hungMs?: number
  /** It is or becomes a copy in the making (core/copy): everybody else refuses it until it is whole. */
  readonly isCopy?: boolean
  /** For tests: sees every command that is sent. */
  readonly watch?: (client: MongoClient) => void
}

/** Bounds of what one opening takes and waits for. */
export const mongoLimits = {
  /** Connections of one opening; what needs more waits. */
  pool: 10,
  /** Until a server that can be written to is found, ms; then it is away. Less than whoever asks /readyz waits. */
  selectionMs: 3_000,
  /** Until a connection is made, or a server that is asked how it is has to answer, ms. */
  connectMs: 10_000,
  /** Until a hung connection is given up, ms. */
  socketMs: 15_000,
  /** A command that has not ended after so long never will: all connections are made anew. */
  hungMs: 60_000,
  /** Until a write has to be with the majority, ms; then it counts as not done. */
  majorityMs: 10_000,
  /** Documents in one command. */
  documents: 500,
  /** Ids in one question. */
  ids: 1_000,
} as const

/** How far a partition is folded, with what makes a swap one write: see sets.ts. */
export interface StoredCheckpoint {
  readonly _id: string
  readonly partition: number
  readonly logId: string
  readonly position: Position
  readonly reach: number
  readonly reachHash: string | null
  readonly phase: string | null
  readonly swaps: number
  readonly before: Position | null
  /** How many sets were claimed of its devices: a swap that began before a claim fails. */
  readonly claims: number
  /** The newest swap. It holds from this write on; the device's own document follows. */
  readonly swapped: {
    readonly device: string
    readonly set: number
    readonly at: Position
    readonly number: number
  } | null
}

/** The sets of windows of a device that ever had a rebuild. */
export interface StoredSets {
  readonly _id: string
  readonly partition: number
  readonly current: number
  readonly at: Position
  /** The number of the swap that made it current. */
  readonly number: number
  readonly claimed: number
  /** The newest claim that is complete: no set below it can be swapped in any more. */
  readonly settled: number
}

/** The collections of one database. */
export interface Place {
  readonly db: Db
  documents(collection: CollectionName): Collection<Stored>
  readonly checkpoints: Collection<StoredCheckpoint>
  readonly sets: Collection<StoredSets>
  /** One document each: schema, changes, lives, audit. */
  meta<D extends { readonly _id: string }>(): Collection<D>
}

export interface Connection {
  readonly place: Place
  /** Runs the work once the database is known to be ours; what goes wrong comes out in words. */
  run<T>(work: () => Promise<T>): Promise<T>
  close(): Promise<void>
}

/** The schema's version; a program refuses a later one. */
export const storeVersion = 1

interface SchemaDocument {
  readonly _id: 'schema'
  readonly what: string
  readonly version: number
  readonly created: Date
}

/** What a database says that it is. Programs that know nothing of copies take one in the making for a foreign one. */
export const storeWhat = { whole: 'barograph store', half: 'barograph store, half copied' } as const

// Whatever the address says: less than this would lose what was acknowledged.
const options: MongoClientOptions = {
  appName: 'barograph',
  maxPoolSize: mongoLimits.pool,
  serverSelectionTimeoutMS: mongoLimits.selectionMs,
  connectTimeoutMS: mongoLimits.connectMs,
  socketTimeoutMS: mongoLimits.socketMs,
  waitQueueTimeoutMS: mongoLimits.socketMs,
  writeConcern: { w: 'majority', journal: true, wtimeoutMS: mongoLimits.majorityMs },
  readConcern: { level: 'majority' },
  readPreference: 'primary',
  ignoreUndefined: true,
}

/** The database that an address names. Throws `store-url`. */
export function databaseOf(url: string): string {
  const name = /^mongodb(?:\+srv)?:\/\/[^/]+\/([^/?]+)/.exec(url)?.[1]
  if (name !== undefined) return decodeURIComponent(name)
  throw new CodedError('store-url', `store.url ${shownUrl(url)} names no database.`, {
    hint: 'As in mongodb://127.0.0.1:27017/barograph.',
  })
}

/** Connects. Throws what is wrong, as a newer schema, a wrong password, or, unless patient, a server that is away. */
export async function connect({
  url,
  readOnly = false,
  isPatient = false,
  hungMs = mongoLimits.hungMs,
  isCopy = false,
  watch,
}: MongoStoreOptions): Promise<Connection> {
  const name = databaseOf(url)
  const client = createClient(url, watch !== undefined)
  watch?.(client)
  const db = client.db(name)
  const place: Place = {
    db,
    documents: (collection) => db.collection(collection),
    checkpoints: db.collection('checkpoints'),
    sets: db.collection('sets'),
    meta: () => db.collection('meta'),
  }
  let ready: Promise<void> | null = null
  const commands = watchCommands(client, hungMs, () => {
    ready = null
  })
  /** Tried again by the next call when it failed. */
  const prepared = (): Promise<void> => {
    ready ??= commands
      .renewed()
      .then(() => prepare(client, place, { url, readOnly, isCopy }))
      .catch((error: unknown) => {
        ready = null
        throw error
      })
    return ready
  }
  const run = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await commands.unlessHung(prepared().then(work))
    } catch (error) {
      throw explain(error, url)
    }
  }
  const close = async (): Promise<void> => {
    commands.stop()
    await client.close()
  }
  try {
    await run(async () => undefined)
  } catch (error) {
    if (!isPatient || !isCoded(error) || !error.retryable) {
      await close()
      throw error
    }
  }
  return { place, run, close }
}

function createClient(url: string, monitorCommands: boolean): MongoClient {
  try {
    return new MongoClient(url, { ...options, monitorCommands })
  } catch (cause) {
    const why = (cause instanceof Error ? cause.message : String(cause))
      .replaceAll(url, shownUrl(url))
      .replace(/\/\/[^/\s]*@/g, '//')
    throw new CodedError('store-url', `store.url ${shownUrl(url)} cannot be used (${why}).`, {
      hint: 'As in mongodb://127.0.0.1:27017/barograph.',
    })
  }
}

async function prepare(
  client: MongoClient,
  { db, meta }: Place,
  { url, readOnly, isCopy }: { url: string; readOnly: boolean; isCopy: boolean },
): Promise<void> {
  await client.connect()
  const schemas = meta<SchemaDocument>()
  let found = await schemas.findOne({ _id: 'schema' })
  if (!found && readOnly)
    throw new CodedError('store-missing', `There is no store yet in ${shownUrl(url)}.`, {
      retryable: true,
      hint: 'Start the collector once; it makes it.',
    })
  if (!found) {
    const others = (await db.listCollections({}, { nameOnly: true }).toArray()).map(({ name }) => name)
    const foreign = others.filter((name) => !name.startsWith('system.') && name !== 'meta')
    // Another collector may have made it since.
    if (foreign.length > 0 && !(await schemas.findOne({ _id: 'schema' })))
      throw new CodedError(
        'store-foreign',
        `${shownUrl(url)} holds other data (${foreign.slice(0, 5).join(', ')}).`,
        {
          hint: 'Name another database in store.url; a new one is made if there is none.',
        },
      )
    const fresh = { what: storeWhat[isCopy ? 'half' : 'whole'], version: storeVersion, created: new Date() }
    await schemas.updateOne({ _id: 'schema' }, { $setOnInsert: fresh }, { upsert: true }).catch(ignoreSecond)
    found = await schemas.findOne({ _id: 'schema' })
  }
  if (found?.what === storeWhat.half && !isCopy)
    throw new CodedError(
      'store-half-copied',
      `${shownUrl(url)} is a copy of a store that is not whole yet.`,
      {
        hint: 'Run the "barograph-collector copy" again that was broken off: it goes on where it was. Or name another database in store.url.',
      },
    )
  if (found?.what !== storeWhat.whole && found?.what !== storeWhat.half)
    throw new CodedError('store-foreign', `${shownUrl(url)} is not a Barograph store.`, {
      hint: 'Name another database in store.url; a new one is made if there is none.',
    })
  if (found.version > storeVersion)
    throw new CodedError(
      'store-newer',
      `${shownUrl(url)} was written by a newer Barograph: its schema is version ${found.version}, this program knows up to ${storeVersion}.`,
      { hint: 'Run that newer version, or name another database.' },
    )
  if (readOnly) return
  await meta<{ _id: string; next: number; open: object }>()
    .updateOne({ _id: 'changes' }, { $setOnInsert: { next: 0, open: {} } }, { upsert: true })
    .catch(ignoreSecond)
  await meta<{ _id: string; lives: object[] }>()
    .updateOne({ _id: 'lives' }, { $setOnInsert: { lives: [] } }, { upsert: true })
    .catch(ignoreSecond)
  await ensureIndexes(db)
}

/** Two made it at the same moment: there is one, and that was wanted. */
export function ignoreSecond(error: unknown): void {
  if (!isDuplicate(error)) throw error
}

/** The server's word for an _id that is there already. */
export const isDuplicate = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 11000
