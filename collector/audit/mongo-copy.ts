// A store in MongoDB, as the audit reads it: all its documents in a private SQLite file. Code of its own, from the
// description in docs/documents.md and not from the adapter.
import { CodedError } from '@barograph/proto'
import Database from 'better-sqlite3'
import { type Db, Decimal128, type Document, MongoClient } from 'mongodb'
import { createStoreReader, type StoreReader } from './store-reader.ts'

const schemaVersion = 1
/** Passes over what changed meanwhile, until nothing was swapped or moved to another log in between. */
const passes = 20
/** Documents fetched at once. */
const batchSize = 500
const patienceMs = 10_000

/** In the reverse order of writing: what tells of another document is read before it, so that none is told of in vain. */
const collections = ['settings', 'devices', 'streams', 'epochs', 'rollups', 'readings', 'summaries'] as const

const tables = `
  CREATE TABLE checkpoints (partition, log_id, g, n, reach, reach_hash, phase);
  CREATE TABLE sets (device PRIMARY KEY, partition, current, g, n, claimed);
  ${collections
    .map(
      (name) => `CREATE TABLE ${name} (id PRIMARY KEY, g, n, body, device, sensor, level, start, in_set,
      first_time, last_time, first_ingest);`,
    )
    .join('\n')}
  CREATE INDEX epochs_by_stream ON epochs (device, sensor, first_ingest, id);
  CREATE INDEX readings_by_time ON readings (device, sensor, first_time, id);
  CREATE INDEX rollups_by_start ON rollups (device, in_set, sensor, level, start);
`

interface Place {
  readonly g: number
  readonly n: number
}

interface CheckpointDocument {
  readonly _id: string
  readonly partition: number
  readonly logId: string
  readonly position: Place
  readonly reach: number
  readonly reachHash: string | null
  readonly phase: string | null
  readonly swaps: number
  readonly swapped: {
    readonly device: string
    readonly set: number
    readonly at: Place
    readonly number: number
  } | null
}

interface SetsDocument {
  readonly _id: string
  readonly partition: number
  readonly current: number
  readonly at: Place
  readonly number: number
  readonly claimed: number
}

/** The windows that are to be audited, where they are not the store's own: those of the Spark job (docs/spark.md). */
const sparkSchema = { what: 'barograph spark', version: 1 }

/** Copies the store at this URL; `rollupsUrl`: with the windows of that database. Throws `store-unusable`. */
export async function copyMongoStore(url: string, rollupsUrl: string | null = null): Promise<StoreReader> {
  const others = rollupsUrl === null ? null : connect(rollupsUrl)
  try {
    return await copyFrom(url, others?.db() ?? null)
  } finally {
    await others?.close()
  }
}

const connect = (url: string): MongoClient =>
  new MongoClient(url, {
    serverSelectionTimeoutMS: patienceMs,
    maxPoolSize: 2,
    readConcern: { level: 'majority' },
    readPreference: 'primary',
  })

async function copyFrom(url: string, others: Db | null): Promise<StoreReader> {
  const shown = url.replace(/\/\/[^/]*@/, '//').replace(/\?.*$/, '')
  const refuse = (why: string, cause?: unknown): CodedError =>
    new CodedError('store-unusable', `The store at ${shown} cannot be audited: ${why}.`, {
      hint: 'Name the store of a Barograph collector with --store or in its configuration.',
      cause,
    })
  // Private and on disk, where SQLite puts what does not fit into memory; gone when it is closed.
  const file = new Database('')
  let client: MongoClient | null = null
  try {
    client = connect(url)
    const db = client.db()
    const schema = await schemaOf(db)
    if (schema?.what !== 'barograph store') throw refuse('there is no Barograph store')
    if (schema.version !== schemaVersion)
      throw refuse(`its schema is version ${schema.version}, this audit reads version ${schemaVersion}`)
    const other = others ? await schemaOf(others) : sparkSchema
    if (other?.what !== sparkSchema.what || other.version !== sparkSchema.version)
      throw new CodedError(
        'store-unusable',
        `The database ${others?.databaseName} holds no windows of the Spark job.`,
        { hint: 'Name with --rollups the database that `npm run spark -- --mongodb` was given.' },
      )
    file.exec(tables)
    await copyAll(db, file, others)
    return createStoreReader(file)
  } catch (error) {
    file.close()
    if (error instanceof CodedError) throw error
    const why = error instanceof Error ? error.message : String(error)
    throw refuse(
      why
        .replaceAll(url, shown)
        .replace(/\/\/[^/\s]*@/g, '//')
        .replace(/\.$/, ''),
      error,
    )
  } finally {
    await client?.close()
  }
}

/**
 * MongoDB gives no view of one moment without a transaction. So every document is read between two looks at the
 * checkpoints: it holds all records before the position of the first, and none beyond the reach of the second.
 */
async function copyAll(db: Db, file: Database.Database, others: Db | null): Promise<void> {
  let since = await settledChange(db)
  const own = collections.filter((name) => others === null || name !== 'rollups')
  for (const name of own) await copy(db, file, name, {})
  if (others) await copy(others, file, 'rollups', {})
  await forgetDeleted(db, file, others)
  for (let i = 0; i < passes; i++) {
    const before = await readCheckpoints(db)
    const settled = await settledChange(db)
    for (const name of own) await copy(db, file, name, { change: { $gt: since } })
    since = settled
    const sets = await (others ?? db).collection<SetsDocument>('sets').find().toArray()
    const after = await readCheckpoints(db)
    if (!isSteady(before, after)) continue
    // Swaps that stand in the checkpoints are of the store's own windows.
    const swapped = others ? after.map((one) => ({ ...one, swapped: null })) : after
    putPlaces(file, { before, after: swapped, sets })
    return
  }
  throw new CodedError('store-busy', 'The store is being rebuilt all the time.', {
    retryable: true,
    hint: 'Try again when the rebuild is over.',
  })
}

const schemaOf = (db: Db): Promise<Document | null> =>
  db.collection<Document & { _id: string }>('meta').findOne({ _id: 'schema' })

/** Changes up to this number are all written. */
async function settledChange(db: Db): Promise<number> {
  const counter = await db
    .collection<{ _id: string; next: number; open: Record<string, number> }>('meta')
    .findOne({ _id: 'changes' })
  return counter ? Math.min(counter.next, ...Object.values(counter.open)) : 0
}

const readCheckpoints = (db: Db): Promise<CheckpointDocument[]> =>
  db.collection<CheckpointDocument>('checkpoints').find().sort({ partition: 1 }).toArray()

const isSteady = (a: readonly CheckpointDocument[], b: readonly CheckpointDocument[]): boolean => {
  const key = (list: readonly CheckpointDocument[]) =>
    JSON.stringify(list.map(({ _id, position, swaps }) => [_id, position.g, swaps]))
  return key(a) === key(b)
}

async function copy(
  db: Db,
  file: Database.Database,
  name: (typeof collections)[number],
  filter: Document,
): Promise<void> {
  const put = file.prepare(`INSERT OR REPLACE INTO ${name} VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
  const putMany = file.transaction((documents: readonly Document[]) => {
    for (const { _id, change: _, ahead: __, set = null, ...fields } of documents) {
      const o = placeOf(fields.o)
      const body = plainOf({ id: _id, ...fields, o, ...(set ? { set } : {}) }) as Record<string, unknown>
      put.run(
        ...[_id, o?.g, o?.n, JSON.stringify(body), body.device, body.sensor, body.level, body.start, set].map(
          columnOf,
        ),
        ...[body.firstTime, body.lastTime, body.firstIngest].map(columnOf),
      )
    }
  })
  let batch: Document[] = []
  for await (const document of db.collection(name).find(filter).batchSize(batchSize)) {
    batch.push(document)
    if (batch.length < batchSize) continue
    putMany(batch)
    batch = []
  }
  putMany(batch)
}

/** From `000001.0000000000000042`, generation and offset; null: it is no such text. */
function placeOf(text: unknown): Place | null {
  const [, g, n] = /^(\d+)\.(\d+)$/.exec(String(text)) ?? []
  return g === undefined || n === undefined ? null : { g: Number(g), n: Number(n) }
}

const columnOf = (value: unknown): string | number | null =>
  typeof value === 'string' || typeof value === 'number' ? value : null

/** Dates as ms, sums beyond 2^53 by their digits, words as they were before they became names of fields. */
function plainOf(value: unknown): unknown {
  if (value instanceof Date) return value.getTime()
  if (value instanceof Decimal128) return { $big: value.toString() }
  if (Array.isArray(value)) return value.map(plainOf)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [wordOf(key), plainOf(item)]))
}

const wordOf = (key: string): string =>
  key === '%'
    ? ''
    : key.replace(/%([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)))

/** What retention or a rebuild deleted while it was copied is no document of the store. */
async function forgetDeleted(db: Db, file: Database.Database, others: Db | null): Promise<void> {
  for (const name of ['rollups', 'readings', 'summaries'] as const) {
    const its = (name === 'rollups' ? others : null) ?? db
    file.exec('CREATE TEMP TABLE there (id PRIMARY KEY)')
    const put = file.prepare('INSERT OR IGNORE INTO there VALUES (?)')
    for await (const { _id } of its.collection(name).find({}, { projection: { _id: 1 } }))
      put.run(String(_id))
    file.exec(`DELETE FROM ${name} WHERE id NOT IN (SELECT id FROM there); DROP TABLE there`)
  }
}

function putPlaces(
  file: Database.Database,
  {
    before,
    after,
    sets,
  }: {
    readonly before: readonly CheckpointDocument[]
    readonly after: readonly CheckpointDocument[]
    readonly sets: readonly SetsDocument[]
  },
): void {
  const putCheckpoint = file.prepare('INSERT INTO checkpoints VALUES (?, ?, ?, ?, ?, ?, ?)')
  after.forEach(({ partition, logId, reach, reachHash, phase }, i) => {
    const { g, n } = before[i]?.position ?? { g: 0, n: 0 }
    putCheckpoint.run(partition, logId, g, n, reach, reachHash, phase)
  })
  const putSet = file.prepare('INSERT INTO sets VALUES (?, ?, ?, ?, ?, ?)')
  for (const { _id, partition, current, at, number, claimed } of sets) {
    // The newest swap of a partition holds before the device's own document tells.
    const swapped = after.find((one) => one.partition === partition)?.swapped
    const newest = swapped?.device === _id && swapped.number > number ? swapped : { set: current, at }
    putSet.run(_id, partition, newest.set, newest.at.g, newest.at.n, claimed)
  }
}
