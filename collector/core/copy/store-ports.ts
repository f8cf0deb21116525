import type { CollectionName, Collections, Position } from '../documents.ts'
import type { Checkpoint } from '../store.ts'

/** Which of a device's sets of windows holds, and which was claimed last. */
export interface StoredSet {
  readonly device: string
  readonly partition: number
  readonly current: number
  readonly at: Position
  readonly claimed: number
}

/** What a store holds beside its documents. */
export interface StoreState {
  /** By partition. */
  readonly checkpoints: readonly Checkpoint[]
  /** By device. */
  readonly sets: readonly StoredSet[]
  /** Buckets of which nobody knows when their entries came are as old as this, ms. */
  readonly ingestKnownSince: number
}

/** A store that is read to be copied. It is not changed. */
export interface StoreSource {
  /** True: it shows one moment, whatever is written meanwhile. */
  readonly isSnapshot: boolean
  /** What changes with everything that is written. */
  mark(): Promise<string>
  state(): Promise<StoreState>
  count(collection: CollectionName): Promise<number>
  /** Documents of all sets with larger ids than `after`, by id. */
  page<C extends CollectionName>(
    collection: C,
    after: string,
    limit: number,
  ): Promise<readonly Collections[C][]>
  close(): Promise<void>
}

/** How far a copy is: kept in the copy itself. */
export interface StoreProgress {
  /** The source's, when it began. Another one: it was written to since, and all is looked through again. */
  readonly mark: string
  readonly collection: CollectionName
  /** All documents of the collection up to this id are copied, and all of the collections before it. */
  readonly after: string
}

/** A store that becomes a copy. Whoever opens it as a store is refused until `complete`. */
export interface StoreTarget extends StoreSource {
  /** A whole store: nothing may be written here. */
  readonly isWhole: boolean
  progress(): Promise<StoreProgress | null>
  /** Writes documents, whatever is there, and deletes others; then notes how far it is. */
  put<C extends CollectionName>(
    collection: C,
    changes: { readonly documents: readonly Collections[C][]; readonly gone: readonly string[] },
    progress: StoreProgress,
  ): Promise<void>
  /** Writes what is beside the documents; from now on it is a store like any other. */
  complete(state: StoreState): Promise<void>
}
