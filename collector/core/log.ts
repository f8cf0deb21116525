/**
 * batch: proto Batch as the device sent it. status: proto Status. refusal: proto Refusal by the bridge. settings: proto
 * Settings. release: proto Release by an operator. expire: proto Expire by retention. Later kinds (correction) are
 * records too; a reader skips kinds that it does not know.
 */
export type RecordKind = 'batch' | 'status' | 'refusal' | 'settings' | 'release' | 'expire'

export interface NewRecord {
  /** Key: decides the partition (Log.partitionOf); settings name their partition instead. */
  readonly device: string
  /** Only for settings records. */
  readonly partition?: number
  readonly kind: RecordKind
  /** Collector's wall clock when it was accepted, ms since 1970. */
  readonly ingestMs: number
  /** The bridge's mark: entries later than this event time are quarantined; null: none is. */
  readonly quarantineAfterMs: number | null
  readonly value: Uint8Array
}

export interface LogRecord extends NewRecord {
  readonly partition: number
  readonly offset: number
}

/** Where a partition begins and goes on: `first` is the oldest record kept, `next` the offset the next one will get. */
export interface Extent {
  readonly first: number
  readonly next: number
}

/**
 * The log between bridge and roll. Promises (log-contract.ts): offsets of a partition are consecutive from 0 and in
 * the order of appends; an append that resolved survives kill -9 and power loss; a record never changes; the same
 * device is always in the same partition; `id` is made when the log is and never again.
 */
export interface Log {
  readonly id: string
  readonly partitions: number
  /** Where all records of a device are; fixed with the log. */
  partitionOf(device: string): number
  /** Resolves when all are durable, in order. Rejects with a retryable `log-full` when there is no room. */
  append(
    records: readonly NewRecord[],
  ): Promise<readonly { readonly partition: number; readonly offset: number }[]>
  extent(partition: number): Promise<Extent>
  /** Up to `limit` records from `from` on; empty at the end. Starts at the oldest kept when `from` is older. */
  read(partition: number, from: number, limit: number): Promise<readonly LogRecord[]>
  /**
   * Batches of records from `from` on, waiting for new ones; an empty batch at least every `idleMs`, so that the
   * consumer can do what is due by the clock. Ends when `signal` aborts.
   */
  follow(
    partition: number,
    from: number,
    options: { signal: AbortSignal; idleMs: number; limit: number },
  ): AsyncIterable<readonly LogRecord[]>
  /** A hash of the record before `position`; null at position 0 and where the record is not kept any more. */
  hashBefore(partition: number, position: number): Promise<string | null>
  /** Drops records ingested before that time; returns how many. */
  prune(ingestedBeforeMs: number): Promise<number>
  close(): Promise<void>
}

/** A message that was refused, kept with the reason. */
export interface DeadLetter {
  readonly id: number
  readonly topic: string
  readonly device: string | null
  readonly ingestMs: number
  readonly code: string
  readonly reason: string
  readonly value: Uint8Array
}

/** Keeps at most a fixed number of letters and bytes; the oldest go first. Dead letters are for people: no promise hangs on them. */
export interface DeadLetters {
  add(letters: readonly Omit<DeadLetter, 'id'>[]): Promise<void>
  /** Newest first; `before`: only older ids. */
  list(options: { limit: number; before?: number; device?: string }): Promise<readonly DeadLetter[]>
  get(id: number): Promise<DeadLetter | null>
  remove(id: number): Promise<void>
  /** How many were ever added, by code. */
  counts(): Promise<Readonly<Record<string, number>>>
}
