import { createHash } from 'node:crypto'
import { partitionOf } from '@barograph/proto'
import type Database from 'better-sqlite3'
import { openToRead } from './file.ts'

export interface RecordRow {
  readonly offset: number
  readonly kind: string
  readonly device: string
  readonly value: Uint8Array
}

/** The log, as far as the audit needs it. */
export interface LogReader {
  readonly id: string
  readonly partitions: number
  /** Where the records of a device are. */
  partitionOf(device: string): number
  /** The offset that the next record will get. */
  next(partition: number): number
  /** from <= offset < to, as far as they are kept. */
  records(partition: number, from: number, to: number): Iterable<RecordRow>
  /** The hash that a checkpoint keeps of the record before its reach; null: not kept any more. */
  hashBefore(partition: number, position: number): string | null
  close(): void
}

/** The key of a record is its partition times this, and its offset. */
const offsets = 2 ** 43

/** Opens the log to read, at the moment of the call. */
export function openLog(path: string): LogReader {
  const db = openToRead(path, { what: 'log', applicationId: 0x42674c67, schemaVersion: 1 })
  db.exec('BEGIN')
  return createLogReader(db)
}

/** The key of a record in its file. */
export const keyOf = (partition: number, offset: number): number => partition * offsets + offset

/** Reads a file that has the tables of a log. */
export function createLogReader(
  db: Database.Database,
  place: (device: string, partitions: number) => number = partitionOf,
): LogReader {
  const identity = db
    .prepare<[], { id: string; partitions: number }>('SELECT id, partitions FROM identity')
    .get()
  const next = db.prepare<[number], number>('SELECT next FROM partitions WHERE partition = ?').pluck()
  const select = db.prepare<
    [number, number],
    { key: number; kind: string; device: string; ingest: number; value: Uint8Array }
  >('SELECT key, kind, device, ingest, value FROM records WHERE key >= ? AND key < ? ORDER BY key')
  return {
    id: identity?.id ?? '',
    partitions: identity?.partitions ?? 0,
    partitionOf: (device) => (identity?.partitions ? place(device, identity.partitions) : 0),
    next: (partition) => next.get(partition) ?? 0,
    *records(partition, from, to) {
      for (const { key, kind, device, value } of select.iterate(keyOf(partition, from), keyOf(partition, to)))
        yield { offset: key % offsets, kind, device, value }
    },
    hashBefore(partition, position) {
      const key = keyOf(partition, position - 1)
      const record = position > 0 ? select.get(key, key + 1) : undefined
      if (!record) return null
      const { kind, device, ingest, value } = record
      const head = `${partition} ${position - 1} ${kind} ${device} ${ingest} ${value.byteLength}\n`
      return createHash('sha256').update(head).update(value).digest('hex').slice(0, 32)
    },
    close: () => void db.close(),
  }
}
