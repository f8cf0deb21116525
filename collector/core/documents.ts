import type { Kind, RangeSet } from '@barograph/proto'

/** A place in a partition's log: generation (of the log's identity), then offset. */
export interface Position {
  readonly g: number
  readonly n: number
}

/** What every document carries: it equals the fold of all records before `o` of its partition. */
export interface Document {
  readonly id: string
  readonly o: Position
}

export type Level = '10s' | '1m' | 'hour' | 'day' | 'week' | 'month' | 'year'
/** From the shortest to the longest. */
export const levels: readonly Level[] = ['10s', '1m', 'hour', 'day', 'week', 'month', 'year']

/** id: the partition's number. What the fold depends on beside the readings, with the position each came from. */
export interface SettingsDocument extends Document {
  readonly history: readonly StoredSettings[]
}

export interface StoredSettings {
  readonly at: Position
  readonly defaultTimeZone: string
  readonly levels: readonly string[]
  /**
   * The partition that it was of, when the log had that many: it holds for devices that were in it. Absent: it is of
   * this partition, as it is now.
   */
  readonly of?: { readonly partition: number; readonly partitions: number }
}

export interface StoredSite {
  readonly at: Position
  readonly version: number
  readonly name: string
  readonly latitude: number
  readonly longitude: number
  readonly altitudeM: number
  readonly timeZone: string
  readonly validFrom: number
  /** Windows of a level up to this end were sealed when it came, and keep the zone of before. Absent: none were. */
  readonly heldBack?: Readonly<Partial<Record<Level, number>>>
}

export interface StoredSensor {
  readonly sensor: string
  readonly type: string
  readonly intervalMs: number
  readonly origin: string
  readonly epoch: string
  readonly accepted: number
  readonly backlog: number
  readonly fault: { readonly code: string; readonly detail: string; readonly since: number } | null
}

/** id: the device. */
export interface DeviceDocument extends Document {
  readonly device: string
  readonly partition: number
  readonly sites: readonly StoredSite[]
  readonly online: boolean
  /** Ingest time of the status that `online` comes from, ms; 0: none yet. */
  readonly statusAt: number
  readonly agentVersion: string
  readonly location: string
  readonly state: string
  readonly batteryPercent: number | null
  readonly sensors: readonly StoredSensor[]
  readonly primary: readonly { readonly metric: string; readonly sensor: string }[]
  /** Ingest time of the last record of this device, ms. */
  readonly lastIngest: number
  readonly clock: string
  /** What its newest status told of its clock, ms; absent or null: nothing. */
  readonly clockTold?: StoredClock | null
  /** By level: largest end of a window whose readings expired; sealed windows keep the zone they have. */
  readonly sealedUntil: Readonly<Partial<Record<Level, number>>>
  /** Largest event time that ever came, ms; null: none did. Absent: an older program wrote this, nobody knows. */
  readonly newestTime?: number | null
  /** The record whose site changed the zone of windows that were there: they are to be rebuilt after it. Absent: none. */
  readonly rezone?: Position
  /** Runs of its agent that said a status, in the order in which they spoke last; absent: none. See conflict.ts. */
  readonly speakers?: readonly StoredSpeaker[]
  /** Runs that took turns, two agents with one name; it may be over or not be one yet. Absent: none ever did. */
  readonly conflict?: StoredConflict | null
}

export interface StoredClock {
  readonly source: string
  readonly errorMs: number
  readonly offMs: number
}

export interface StoredSpeaker {
  readonly epoch: string
  /** Ingest time of its first status, and the device's own time of its first and its newest, ms. */
  readonly firstIngest: number
  readonly firstTime: number
  readonly lastTime: number
  /** Numbers of all its sensors that it has said to be accepted. */
  readonly accepted: number
}

export interface StoredConflict {
  /** Ingest times of the first turn and of the newest, ms. */
  readonly since: number
  readonly last: number
  /** How often a run spoke again after another one had. */
  readonly turns: number
  readonly epochs: readonly string[]
}

export interface StoredMark {
  readonly time: number
  readonly kind: string
  readonly code: string
  readonly detail: string
}

/** id: device/sensor. */
export interface StreamDocument extends Document {
  readonly device: string
  readonly sensor: string
  /** Largest event time of a reading that counts, ms; null: none yet. */
  readonly largestTime: number | null
  readonly smallestTime: number | null
  readonly intervalMs: number
  readonly metrics: Readonly<Record<string, { readonly unit: string; readonly kind: Kind }>>
  /** The newest reading by event time: thousandths and flag by metric. */
  readonly latest: {
    readonly time: number
    readonly values: Readonly<Record<string, readonly [number, number]>>
  } | null
  /** The newest fault, start or stop by event time. */
  readonly mark: StoredMark | null
  /** Records that changed a window after it was over. */
  readonly lateRecords: number
  /** Readings that came when a window of theirs was over. Absent: none. */
  readonly lateReadings?: number
  /** Windows of all levels that such readings ever changed, each once. Absent: none. */
  readonly revisedWindows?: number
  /** By level: windows that end at or before this time are expired, and nothing is folded into them any more. */
  readonly expiredBefore: Readonly<Partial<Record<Level, number>>>
  /**
   * How much older than its record a reading ever was: [ingest time of the last such record, ms], the largest lag
   * first. Tells which windows got nothing for long. null: not known, an older program wrote it.
   */
  readonly lags: readonly (readonly [until: number, lagMs: number])[] | null
}

/** id: device/sensor/epoch. What is known of each number: seen, or declared lost, or refused; the rest is missing. */
export interface EpochDocument extends Document {
  readonly device: string
  readonly sensor: string
  readonly epoch: string
  readonly seen: RangeSet
  /** Numbers whose raw entries expired: stored ones stay in `seen`, the others are lost or refused. */
  readonly expired: RangeSet
  /** The part of `seen` that waits for release. */
  readonly quarantined: Readonly<Record<string, RangeSet>>
  /** By cause. */
  readonly lost: Readonly<Record<string, RangeSet>>
  /** By reason. */
  readonly refused: Readonly<Record<string, RangeSet>>
  /** Last number of the epoch, once declared; null before. */
  readonly ended: number | null
  /** Largest number the device said to have accepted (status, ended). */
  readonly accepted: number
  /** Ingest time of the first record that says something of it, ms. */
  readonly firstIngest: number
  /** Those that healed, in the order of their healing, then the open ones, ascending; absent: none. See gaps.ts. */
  readonly gaps?: readonly StoredGap[]
  /** Gaps that ever healed: the list forgets the oldest. Absent: none. */
  readonly gapsHealed?: number
}

/** Numbers that were missing when a number beyond them was known of. */
export interface StoredGap {
  readonly first: number
  readonly last: number
  /** Ingest time of the record that told that they are missing, ms. */
  readonly since: number
  /** Ingest time of the record that brought the last of them, ms; null: some are missing still. */
  readonly healed: number | null
}

/** What happened to a range of numbers, and which record did it. */
export interface BucketEvent {
  readonly first: number
  readonly last: number
  readonly at: Position
  /** A number has one of the first three, and `released` as a second after `quarantined`. Corrections will join these. */
  readonly what: 'arrived' | 'quarantined' | 'summarised' | 'released'
  /** quarantined: why. */
  readonly reason?: string
}

export interface StoredColumn {
  readonly unit: string
  readonly kind: Kind
  /** By number within the bucket, thousandths; null: none. */
  readonly values: readonly (number | null)[]
  /** Flag numbers in the same order; absent: all 0. */
  readonly flags?: readonly number[]
}

/** id: device/sensor/epoch/index. The entries with numbers index * 256 + 1 to index * 256 + 256, one array per column. */
export interface BucketDocument extends Document {
  readonly device: string
  readonly sensor: string
  readonly epoch: string
  readonly index: number
  /** Smallest and largest event time inside, ms; null: nothing but summaries. */
  readonly firstTime: number | null
  readonly lastTime: number | null
  /** By number - index * 256 - 1; null: not here. Arrays end at the last entry. */
  readonly times: readonly (number | null)[]
  readonly columns: Readonly<Record<string, StoredColumn>>
  /** Scheduled interval of ranges of numbers: [first, last, ms]. */
  readonly intervals: readonly (readonly [number, number, number])[]
  readonly marks: readonly (StoredMark & { readonly seq: number })[]
  readonly events: readonly BucketEvent[]
  /** First numbers of the summaries that overlap this bucket, ascending. */
  readonly summaries: readonly number[]
  /** Ingest time of the newest record that brought one of these entries, ms; null: not known, an older program wrote it. */
  readonly newestIngest: number | null
}

/** id: device/sensor/epoch/firstSeq. A summary that was folded, for recomputation. */
export interface SummaryDocument extends Document {
  readonly device: string
  readonly sensor: string
  readonly epoch: string
  readonly firstSeq: number
  readonly lastSeq: number
  /** The record that brought it. Absent: the one before `o`. */
  readonly at?: Position
  readonly intervalMs: number
  readonly minutes: readonly {
    readonly start: number
    readonly received: number
    readonly metrics: Readonly<Record<string, StoredFigures>>
  }[]
}

/**
 * Exact figures of one metric. Thousandths and ms since 1970. direction: sine and cosine sums, no sum, min, max.
 * With count 0 the values mean nothing and are 0.
 */
export interface StoredFigures {
  readonly unit: string
  readonly kind: Kind
  readonly count: number
  readonly flagged: number
  readonly suspect: number
  readonly sum: number | bigint
  readonly sine: number
  readonly cosine: number
  readonly min: number
  readonly minAt: number
  readonly max: number
  readonly maxAt: number
  readonly first: number
  readonly firstAt: number
  readonly last: number
  readonly lastAt: number
}

/** Figures of a shorter window inside a longer one: [start, count, sum, min, max]; direction: [start, count, sine, cosine, 0]. */
export type StoredPart = readonly [
  start: number,
  count: number,
  sum: number | bigint,
  min: number,
  max: number,
]

/** id: device/sensor/level/start, and behind it /set unless that is 0. */
export interface RollupDocument extends Document {
  readonly device: string
  readonly sensor: string
  readonly level: Level
  /** Which of the device's sets of windows it belongs to: a rebuild makes a new one. Absent: 0. */
  readonly set?: number
  readonly start: number
  readonly end: number
  readonly timeZone: string
  readonly revision: number
  /** The record that made the first revision; absent: revision 0. Like `revision` it tells of the order of arrival. */
  readonly revisedAt?: Position
  readonly received: number
  /** Sum of the scheduled intervals of the readings received, ms: coverage follows from it. */
  readonly coveredMs: number
  readonly sealed: boolean
  /** `parts`: a day's hours, a week's and a month's days, a year's months, ascending by start. */
  readonly metrics: Readonly<Record<string, StoredFigures & { readonly parts?: readonly StoredPart[] }>>
}

/** Every folded collection and its documents. */
export interface Collections {
  settings: SettingsDocument
  devices: DeviceDocument
  streams: StreamDocument
  epochs: EpochDocument
  readings: BucketDocument
  summaries: SummaryDocument
  rollups: RollupDocument
}

export type CollectionName = keyof Collections
export const collectionNames: readonly CollectionName[] = [
  'settings',
  'devices',
  'streams',
  'epochs',
  'readings',
  'summaries',
  'rollups',
]
