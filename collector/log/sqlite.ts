import { randomUUID } from 'node:crypto'
import { CodedError, partitionOf } from '@barograph/proto'
import type { Log, LogRecord, NewRecord, RecordKind } from '../core/log.ts'
import { openSqliteFile, type SqliteFile } from '../sqlite-file.ts'
import { createFollow } from './follow.ts'
import { createGroupCommit, groupLimits, type GroupLimits } from './group-commit.ts'
import { createPrune } from './prune.ts'
import { hashOf } from './record-hash.ts'
import { keyOf, logFile, mostPartitions, offsetOf } from './schema.ts'

export interface SqliteLogOptions {
  readonly path: string
  /** Fixed when the log is made; another number later is an error. */
  readonly partitions: number
  /** The file does not grow beyond: `log-full`, as on a full disk. */
  readonly maxBytes?: number
  readonly limits?: GroupLimits
  /** Makes the log's identity, once. */
  readonly newId?: () => string
  /** It is a copy in the making: everybody else refuses it until it is whole. */
  readonly isCopy?: boolean
}

/** Appends of other threads and processes are noticed after at most this long. */
const pollIntervalMs = 25
/** One read gives at most this many bytes of values, and always one record. */
const bytesPerRead = 16 * 1024 * 1024

/** A log in one SQLite file, made when there is none. Several threads and processes may append and read at once. */
export function createSqliteLog(options: SqliteLogOptions): Log {
  const { path, partitions, maxBytes, limits = groupLimits, newId = randomUUID, isCopy = false } = options
  if (!Number.isInteger(partitions) || partitions < 1 || partitions > mostPartitions) {
    throw new CodedError('log-partitions', `log.partitions is ${partitions}.`, {
      hint: `A whole number from 1 to ${mostPartitions} is allowed.`,
    })
  }
  return closeOnError(openSqliteFile({ ...logFile, path, readOnly: false, maxBytes, isCopy }), (file) => {
    const identity = identify(file, newId, partitions)
    if (identity.partitions !== partitions) {
      throw new CodedError(
        'log-partitions',
        `The log in ${path} has ${identity.partitions} partitions, log.partitions says ${partitions}.`,
        {
          hint: `The number is fixed with the log: set it to ${identity.partitions}, or name a new file in log.url.`,
        },
      )
    }
    return createLog(file, identity, limits)
  })
}

/** Opens a log that is there, to read beside those that append; `append` and `prune` are refused. */
export function openSqliteLog({ path }: { readonly path: string }): Log {
  return closeOnError(openSqliteFile({ ...logFile, path, readOnly: true, maxBytes: undefined }), (file) => {
    const identity = findIdentity(file)
    if (identity) return createLog(file, identity, groupLimits)
    throw new CodedError('log-missing', `${path} holds no log yet.`, {
      retryable: true,
      hint: 'Start the collector once; it makes the log.',
    })
  })
}

function closeOnError(file: SqliteFile, make: (file: SqliteFile) => Log): Log {
  try {
    return make(file)
  } catch (error) {
    file.close()
    throw error
  }
}

interface Identity {
  readonly id: string
  readonly partitions: number
}

const findIdentity = ({ db, guard }: SqliteFile): Identity | null =>
  guard(() => db.prepare<[], Identity>('SELECT id, partitions FROM identity').get() ?? null)

function identify(file: SqliteFile, newId: () => string, partitions: number): Identity {
  return file.transact(() => {
    const there = findIdentity(file)
    if (there) return there
    const made = { id: newId(), partitions }
    file.db.prepare('INSERT INTO identity VALUES (1, ?, ?)').run(made.id, made.partitions)
    const insert = file.db.prepare('INSERT INTO partitions VALUES (?, 0)')
    for (let partition = 0; partition < partitions; partition++) insert.run(partition)
    return made
  })
}

function createLog(file: SqliteFile, { id, partitions }: Identity, limits: GroupLimits): Log {
  const wakers = new Set<() => void>()
  const closing = new AbortController()
  const commit = createCommit(file)
  const group = createGroupCommit({
    limits,
    bytesOf: ({ record }) => record.value.byteLength + 64,
    commit: (items: readonly Placed[]) => {
      const places = commit(items)
      for (const wake of wakers) wake()
      return places
    },
  })
  const reading = createReading(file)
  const checkOpen = () => {
    if (closing.signal.aborted) throw new CodedError('log-closed', 'The log is closed.')
  }
  return {
    id,
    partitions,
    partitionOf: (device) => partitionOf(device, partitions),
    append: async (records) => {
      checkOpen()
      return group.add(records.map((record) => ({ record, partition: placeOf(record, partitions) })))
    },
    ...reading,
    follow: createFollow({ read: reading.read, wakers, closing: closing.signal, pollIntervalMs }),
    prune: createPrune(file, partitions),
    close: async () => {
      if (closing.signal.aborted) return
      await group.drain()
      closing.abort()
      file.close()
    },
  }
}

interface Placed {
  readonly record: NewRecord
  readonly partition: number
}

/** A wrong partition here is a bug of the caller: what is in the wrong partition is never found again. */
function placeOf(record: NewRecord, partitions: number): number {
  const { kind, device, partition } = record
  const place = kind === 'settings' ? partition : partitionOf(device, partitions)
  if (place === undefined || !Number.isInteger(place) || place < 0 || place >= partitions) {
    throw new RangeError(`a ${kind} record for partition ${partition} of ${partitions}`)
  }
  if (partition !== undefined && partition !== place) {
    throw new RangeError(`device ${device} belongs to partition ${place}, not ${partition}`)
  }
  return place
}

function createCommit({ db, transact }: SqliteFile) {
  const selectNext = db.prepare<[number], number>('SELECT next FROM partitions WHERE partition = ?').pluck()
  const setNext = db.prepare<[number, number]>('UPDATE partitions SET next = ? WHERE partition = ?')
  const insert = db.prepare('INSERT INTO records VALUES (?, ?, ?, ?, ?, ?)')
  return (items: readonly Placed[]) =>
    transact(() => {
      const next = new Map<number, number>()
      const places = items.map(({ record, partition }) => {
        const offset = next.get(partition) ?? selectNext.get(partition) ?? 0
        const { kind, device, ingestMs, quarantineAfterMs, value } = record
        insert.run(keyOf(partition, offset), kind, device, ingestMs, quarantineAfterMs, value)
        next.set(partition, offset + 1)
        return { partition, offset }
      })
      for (const [partition, offset] of next) setNext.run(offset, partition)
      return places
    })
}

interface Row {
  key: number
  kind: RecordKind
  device: string
  ingest: number
  quarantine_after: number | null
  value: Uint8Array
}

function createReading({ db, guard, snapshot }: SqliteFile): Pick<Log, 'extent' | 'read' | 'hashBefore'> {
  const between = 'FROM records WHERE key >= ? AND key < ? ORDER BY key LIMIT'
  const select = db.prepare<[number, number, number], Row>(`SELECT * ${between} ?`)
  const selectFirst = db.prepare<[number, number], number>(`SELECT key ${between} 1`).pluck()
  const selectNext = db.prepare<[number], number>('SELECT next FROM partitions WHERE partition = ?').pluck()
  const keysOf = (partition: number, from: number) =>
    [keyOf(partition, Math.max(0, from)), keyOf(partition + 1, 0)] as const
  const read = (partition: number, from: number, limit: number) => {
    const records: LogRecord[] = []
    let bytes = 0
    for (const row of select.iterate(...keysOf(partition, from), limit)) {
      records.push(toRecord(partition, row))
      bytes += row.value.byteLength
      if (bytes >= bytesPerRead) break
    }
    return records
  }
  return {
    extent: async (partition) =>
      snapshot(() => {
        const next = selectNext.get(partition) ?? 0
        const first = selectFirst.get(...keysOf(partition, 0))
        return { first: first === undefined ? next : offsetOf(first), next }
      }),
    read: async (partition, from, limit) => guard(() => read(partition, from, limit)),
    hashBefore: async (partition, position) =>
      guard(() => {
        const [record] = position > 0 ? read(partition, position - 1, 1) : []
        return record?.offset === position - 1 ? hashOf(record) : null
      }),
  }
}

function toRecord(partition: number, row: Row): LogRecord {
  const { buffer, byteOffset, byteLength } = row.value
  return {
    partition,
    offset: offsetOf(row.key),
    kind: row.kind,
    device: row.device,
    ingestMs: row.ingest,
    quarantineAfterMs: row.quarantine_after,
    // A plain view: callers compare and decode bytes, they do not expect Node's Buffer.
    value: new Uint8Array(buffer, byteOffset, byteLength),
  }
}
