import type { BucketDocument, CollectionName, Collections, Document, Level, Position } from './documents.ts'

/** How far a partition is folded, and into which log. */
export interface Checkpoint {
  readonly partition: number
  readonly logId: string
  /** Generation and offset: all records before it are folded, durable and may be receipted. */
  readonly position: Position
  /** At least as high as the offset of every document's `o` in this generation. */
  readonly reach: number
  /** Hash of the record before `reach`; null at 0. */
  readonly reachHash: string | null
  /**
   * null: open. `freeze:TOKEN`: a rebuild puts a new set of windows in place of the old one, which takes a moment.
   * `new-log:N`: the documents go over to another log. Nobody rolls beside either.
   */
  readonly phase: string | null
  /** How often a device's set of windows was replaced by another: what an owner has in memory is of before. */
  readonly swaps: number
  /** The position in the log before, while the documents go over to another; else null. */
  readonly before: Position | null
}

/** Which of a device's sets of windows holds. Devices that never had a rebuild are at set 0 and have none of these. */
export interface CurrentSet {
  readonly device: string
  readonly set: number
  /** Its windows hold all records before this position as of this position: by the sites known then. */
  readonly at: Position
}

/** One run of a program that writes, and between two swaps in it. A cursor of `changes` is of a life. */
export interface Life {
  readonly id: string
  /** Swaps of all partitions so far. */
  readonly swaps: number
}

export interface Page<T> {
  readonly items: readonly T[]
  /** Give it back to go on; null: that was all. */
  readonly cursor: string | null
}

/** A document that changed, as the newest version of it. */
export interface Change {
  readonly collection: CollectionName
  readonly document: Collections[CollectionName]
}

/**
 * Where folded documents are kept. Promises (store-contract.ts):
 * - `write` replaces a document only when the stored `o` is smaller; one that is not is left alone without an error;
 *   each document is written whole or not at all; what resolved survives kill -9 and power loss;
 * - a checkpoint never goes backwards; `raiseReach` and `advance` act only in the generation they name, after as many
 *   swaps as they name, and while no phase is set;
 * - `write` leaves windows of a set that is not its device's current one alone; `build` those of a set that is not the
 *   one claimed last; queries and `changes` know only current sets;
 * - `remove` leaves a document alone that was written since it was read;
 * - readers see whole documents, never a part of one.
 */
export interface Store {
  read<C extends CollectionName>(
    collection: C,
    ids: readonly string[],
  ): Promise<readonly (Collections[C] | null)[]>
  /** Rejects with a retryable `store-full` when there is no room. */
  write<C extends CollectionName>(collection: C, documents: readonly Collections[C][]): Promise<void>

  checkpoint(partition: number): Promise<Checkpoint | null>
  /** Makes the checkpoint unless there is one; returns the one there is. */
  createCheckpoint(checkpoint: Checkpoint): Promise<Checkpoint>
  /** False when the stored generation or number of swaps is another, or a phase is set. */
  raiseReach(
    partition: number,
    generation: number,
    reach: number,
    hash: string | null,
    swaps: number,
  ): Promise<boolean>
  /** The same; an older position leaves it as it is. */
  advance(partition: number, position: Position, swaps: number): Promise<boolean>

  /** Sets another phase if the phase is `from`; false: it is not. */
  changePhase(partition: number, from: string | null, to: string | null): Promise<boolean>
  currentSets(partition: number): Promise<readonly CurrentSet[]>
  /** The number of a new set of this device's windows. Older claims end: their sets can be neither built nor swapped in. */
  claimSet(partition: number, device: string): Promise<number>
  /** The set that was claimed last; 0: none was. */
  claimedSet(partition: number, device: string): Promise<number>
  /** Puts windows into the set that was claimed last, whatever it holds; those of another set are left out. */
  build(partition: number, documents: readonly Collections['rollups'][]): Promise<void>
  /**
   * Makes the set that was claimed last the current one, counts a swap and clears the phase, all in one. False, and
   * nothing is done: another set was claimed, or the phase or the position are not these.
   */
  swap(partition: number, phase: string, current: CurrentSet): Promise<boolean>
  /** Deletes up to `limit` windows of the device that are neither in the current set nor in the claimed one. */
  dropSets(device: string, limit: number): Promise<number>
  /** Windows of one set of a device by id; `sealed`: only these; `after`: only those whose `o` is beyond it. */
  windows(query: {
    device: string
    set: number
    limit: number
    cursor?: string
    sealed?: true
    after?: Position
  }): Promise<Page<Collections['rollups']>>
  /** Buckets of a device whose `o` is beyond `after`, by id. */
  changedBuckets(query: {
    device: string
    after: Position
    limit: number
    cursor?: string
  }): Promise<Page<BucketDocument>>
  bucketCount(device: string): Promise<number>
  /** Summaries of a device, by id. */
  summaries(query: {
    device: string
    limit: number
    cursor?: string
  }): Promise<Page<Collections['summaries']>>
  /** Every device that any document names, in order. */
  deviceNames(): Promise<readonly string[]>

  /**
   * Moves the checkpoint into another generation: to `to.position` of the log `to.logId`. The position before is kept
   * in `before`. False: the generation or the phase are not those of `from`.
   */
  beginNewLog(
    from: Checkpoint,
    to: Pick<Checkpoint, 'logId' | 'position' | 'reach' | 'reachHash' | 'phase'>,
  ): Promise<boolean>
  /**
   * Brings `o` of up to `limit` documents of a device (settings: of a partition) that are of the generation before
   * `to`'s to `to`, and returns how many. Buckets that were further than `before` are remembered as ahead.
   */
  follow(query: {
    collection: CollectionName
    owner: string
    before: Position
    to: Position
    limit: number
  }): Promise<number>
  /**
   * Puts buckets in the place of those of the same `o`, or where none is, and remembers them as ahead. Only on the way
   * over, while nobody rolls.
   */
  mend(buckets: readonly BucketDocument[]): Promise<void>
  /** Buckets that `follow` or `mend` found ahead, by id. */
  aheadBuckets(query: { device: string; limit: number; cursor?: string }): Promise<Page<BucketDocument>>
  /** Forgets which buckets of the device were ahead. */
  clearAhead(device: string): Promise<void>

  /** A new life begins: of a program that opened the store to write. `id` is random. */
  beginLife(id: string): Promise<void>
  /** null: none has begun yet. */
  life(): Promise<Life | null>
  /** Is a cursor that was given in that life good still: no older copy and no other set has come in between? */
  isOfLife(life: Life, cursor: number): Promise<boolean>

  /** Raw buckets whose newest entry was ingested before then, the oldest first. */
  oldBuckets(query: { ingestedBefore: number; limit: number; cursor?: string }): Promise<Page<BucketDocument>>
  /** Deletes the documents whose `o` is still this one; returns how many. */
  remove(
    collection: 'readings' | 'summaries',
    documents: readonly Pick<Document, 'id' | 'o'>[],
  ): Promise<number>
  /** Deletes up to `limit` windows of a level, of any set, that end at or before `endBy`; returns how many. */
  removeWindows(query: {
    device: string
    sensor: string
    level: Level
    endBy: number
    limit: number
  }): Promise<number>

  devices(): Promise<readonly Collections['devices'][]>
  /** Streams of one device, or of all. */
  streams(device?: string): Promise<readonly Collections['streams'][]>
  /** Epochs of a stream, or of a whole device, oldest first. */
  epochs(device: string, sensor?: string): Promise<readonly Collections['epochs'][]>
  /** Windows with from <= start < to, ascending. */
  rollups(query: {
    device: string
    sensor: string
    level: Level
    from: number
    to: number
    limit: number
    cursor?: string
  }): Promise<Page<Collections['rollups']>>
  /** The newest window of a level. */
  newestRollup(device: string, sensor: string, level: Level): Promise<Collections['rollups'] | null>
  /**
   * Raw buckets that hold an event time within from <= time < to, ascending by firstTime; none of an older generation of
   * the log than their device is of, which owners of before left behind.
   */
  buckets(query: {
    device: string
    sensor: string
    from: number
    to: number
    limit: number
    cursor?: string
  }): Promise<Page<Collections['readings']>>
  /**
   * Documents that changed after `since` (0: from the beginning), the oldest change first, each once as it is now; a
   * document that changes again moves to the end. `cursor` is where to go on. `only`: of these collections. Feeds the
   * live page.
   */
  changes(
    since: number,
    limit: number,
    only?: readonly CollectionName[],
  ): Promise<{ readonly changes: readonly Change[]; readonly cursor: number }>
  /** The cursor of the newest change. */
  newestChange(): Promise<number>
  close(): Promise<void>
}
