import type { CollectionName, Collections, Level, Position } from './documents.ts'

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
  /** A rebuild under way, which nobody rolls beside; null: open. */
  readonly phase: string | null
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
 * - a checkpoint never goes backwards; `raiseReach` and `advance` act only in the generation they name;
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
  /** False when the stored generation is another, or a rebuild is under way. */
  raiseReach(partition: number, generation: number, reach: number, hash: string | null): Promise<boolean>
  /** False when the stored generation is another or a rebuild is under way; an older position leaves it as it is. */
  advance(partition: number, position: Position): Promise<boolean>

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
  /** Raw buckets that hold an event time within from <= time < to, ascending by firstTime. */
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
