import type { DeadLetters, Log } from '../log.ts'

/** A log that is read to be copied, and what was refused beside it. It is not changed. */
export interface LogSource {
  readonly log: Pick<Log, 'id' | 'partitions' | 'partitionOf' | 'extent' | 'read'>
  readonly letters: Pick<DeadLetters, 'list'>
  close(): Promise<void>
}

/** How far a copy is: kept beside the copy itself. */
export interface LogProgress {
  /** The id of the log that is copied. */
  readonly from: string
  /** By partition: records before this one are in the copy. */
  readonly next: readonly number[]
}

/** A log that becomes a copy, with an identity of its own. Whoever opens it as a log is refused until `complete`. */
export interface LogTarget {
  /** A whole log: nothing may be written here. */
  readonly isWhole: boolean
  readonly log: Pick<Log, 'id' | 'partitions' | 'partitionOf' | 'extent' | 'read' | 'append'>
  readonly letters: Pick<DeadLetters, 'add' | 'list'>
  progress(): Promise<LogProgress | null>
  note(progress: LogProgress): Promise<void>
  /** From now on it is a log like any other. */
  complete(): Promise<void>
  close(): Promise<void>
}
