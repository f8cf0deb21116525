import type { Epoch, Mark, RangeSet, StreamEpoch, Summary } from '@barograph/proto'
import type { SensorPosition, Value } from './sensor.ts'
import type { Synchronisation } from './time/timekeeper.ts'

/** What happened, apart from its number: a reading has values, anything else is a mark. */
export interface Entry {
  /** Event time, ms since 1970. */
  readonly time: number
  /** Monotonic time of the same moment, ms since boot. */
  readonly monotonicMs: number
  /** Stamped by a clock that nobody had confirmed: it gets its time when the boot is synchronised. */
  readonly isUnconfirmed?: boolean
  /** Empty for marks. */
  readonly values: readonly Value[]
  readonly mark: Omit<Mark, 'index'> | null
}

/** An entry under its number. */
export interface NumberedEntry extends Entry {
  readonly seq: number
}

/** Entries of one sensor, and what the sensor remembers after them. */
export interface Acceptance {
  readonly sensor: string
  /** May be empty: then only the position moves. */
  readonly entries: readonly Entry[]
  readonly position?: SensorPosition
}

/** What is known about all entries of a sensor in one run of the agent. */
export interface SensorTraits {
  readonly intervalMs: number
  readonly historical: boolean
}

/** Numbers that will not come, until the collector has stored that. */
export interface LostRange {
  readonly firstSeq: number
  readonly lastSeq: number
  readonly cause: string
}

/** One (sensor, epoch) as the buffer has it now; a view, not a copy. */
export interface BufferedStream extends StreamEpoch, SensorTraits {
  /** Last number that is committed. */
  readonly lastSeq: number
  /** Committed and neither settled nor dropped. */
  readonly rows: RangeSet
  /** Numbers that summaries hold instead of rows, neither settled nor dropped. */
  readonly thinned: RangeSet
  /** Numbers that were ever handed to the uplink, or may have been. Only these may be sent, and never thinned. */
  readonly sent: RangeSet
  /** Of the rows: those whose time is not known yet. They are not to be sent. */
  readonly untimed: RangeSet
  /** Of the rows: those of a boot that ended before its time was known. They are right within `clockErrorMs`. */
  readonly uncertain: RangeSet
  readonly clockErrorMs: number
  readonly lost: readonly LostRange[]
  /** True when an older run made it and the collector has not stored its end yet. */
  readonly endPending: boolean
}

/** What a receipt says of one stream, applied once. */
export interface Settlement extends StreamEpoch {
  readonly stored: RangeSet
  readonly refused: readonly {
    readonly firstSeq: number
    readonly lastSeq: number
    readonly reason: string
  }[]
  readonly lost: RangeSet
  /** Stored end as last number + 1; 0: none. */
  readonly ended: number
}

/** Which site the collector must know before readings count. */
export interface SiteState {
  /** 0: a changed site that waits for the right time, because its number and its first day come from the clock. */
  readonly version: number
  readonly validFrom: number
  readonly confirmed: boolean
}

/** What a person should know about disk and room, in words for status and log; null: nothing. */
export interface BufferTrouble {
  readonly code: 'buffer-full' | 'disk-full' | 'disk-failing'
  readonly detail: string
}

export interface BufferListener {
  /** These numbers are durable now and may be sent. */
  committed(stream: BufferedStream, firstSeq: number, lastSeq: number): void
  /** Rows went without being settled: their loss is declared in `stream.lost`, or summaries hold them now. */
  dropped(stream: BufferedStream): void
  /** The time is known: rows that waited for it may be sent, and a site that waited has its number. */
  timed?(): void
  /** Trouble began, changed or ended. */
  troubled(trouble: BufferTrouble | null): void
}

/**
 * Holds accepted entries until the collector has them. Promises of every implementation (buffer-contract.ts):
 * - `accept` resolves after its entries and the position are durable, in one transaction; numbers of a sensor run from
 *   1 in the order of the calls, under this run's epoch;
 * - nothing is in `rows`, `read` or a `committed` call before it is durable;
 * - a row goes only when settled as stored or refused, or when dropped, and then its loss is declared in the same
 *   transaction;
 * - what `settle` was told takes effect at once in memory and durably soon; a crash between makes it come again;
 * - after a restart everything is as it was committed, older epochs under their own names, their ends to declare;
 * - only rows that were never marked as sent, whole minutes of readings, are condensed into summaries; a summary goes when
 *   all its numbers are settled, or whole when dropped;
 * - trouble with the disk rejects nothing that was taken: it is kept, in bounded memory, and tried again.
 */
export interface Buffer {
  /** Random, of this run. */
  readonly epoch: Epoch
  /** Says what holds for all entries of a sensor in this run; once, before the first `accept`. */
  register(sensor: string, traits: SensorTraits): void
  /**
   * Rejects with `buffer-full` (retryable) when it must not take more (`whenFull: stop`), with `buffer-busy` (retryable)
   * when the queue in memory is full because the disk fails. Rejected entries were not accepted and have no numbers.
   */
  accept(acceptance: Acceptance): Promise<void>
  /** Of the last committed acceptance; null: none. */
  position(sensor: string): SensorPosition
  /** True: there was one, and damage took it. Until a new one is committed. */
  isPositionLost(sensor: string): boolean
  /** Streams with rows, losses or ends that the collector has not stored, and those of this run; oldest first. */
  streams(): readonly BufferedStream[]
  /** Entries of a range that lies in `rows`, ascending; those that cannot be read are missing, and dropped soon. */
  read(stream: StreamEpoch, firstSeq: number, lastSeq: number): readonly NumberedEntry[]
  /** The summary that holds this number; null: none, or it cannot be read and is dropped soon. */
  readSummary(stream: StreamEpoch, seq: number): Summary | null
  /** While true, live entries are marked as sent in the transaction that accepts them. */
  markLive(isLive: boolean): void
  /** Marks numbers as sent. Durable when it returns; while the disk takes nothing it holds in memory until it does. */
  markSent(stream: StreamEpoch, set: RangeSet): void
  settle(settlement: Settlement): void
  /** What an earlier run of the agent knew of this boot's clock at last; null: nothing. */
  readonly bootTime: Synchronisation | null
  /**
   * The time of this boot is known. Its rows that nobody had confirmed get their times, those of older boots that ended
   * without knowing it become uncertain; durable before the first of them can be sent, and for good.
   */
  synchronise(found: Synchronisation): void
  readonly site: SiteState
  confirmSite(version: number): void
  readonly trouble: BufferTrouble | null
  subscribe(listener: BufferListener): void
  /** Commits now what waits, without the interval. */
  flush(): void
  /** Commits what waits and closes; entries that cannot be committed reject. */
  close(): Promise<void>
}
