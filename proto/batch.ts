import type { Metric } from './catalogue.ts'
import type { Epoch } from './identity.ts'

/** synced: stamped by a right clock. uncertain: within clockErrorMs. historical: replayed or generated data. */
export type Clock = 'synced' | 'uncertain' | 'historical'

/** Fields of a newer minor version, kept as they came so that passing a message on loses nothing. */
export interface Unknowns {
  readonly unknowns?: readonly Uint8Array[]
}

/** What a device sends in one message: any of the parts may be empty. */
export interface Batch extends Unknowns {
  readonly device: string
  readonly siteVersion: number
  readonly clock: Clock
  /** Bound on the error of the times when the clock is uncertain, else 0. */
  readonly clockErrorMs: number
  readonly runs: readonly Run[]
  readonly ended: readonly Ended[]
  readonly lost: readonly Lost[]
  readonly summaries: readonly Summary[]
  readonly site: Site | null
  /** Streams a receipt is asked for; null: none is asked for. */
  readonly hello: readonly StreamEpoch[] | null
  /** Asks for the collector's time: a receipt with the same number answers at once. Absent: it is not asked for. */
  readonly timeToken?: number | undefined
}

/** Whose numbers: sequence numbers count from 1 within (device, sensor, epoch). */
export interface StreamEpoch {
  readonly sensor: string
  readonly epoch: Epoch
}

/** Consecutive entries: entry i has number firstSeq + i and event time times[i] (ms since 1970, UTC). */
export interface Run extends StreamEpoch, Unknowns {
  /** How often the sensor is scheduled, ms; 0: not scheduled. */
  readonly intervalMs: number
  readonly firstSeq: number
  readonly times: Float64Array
  readonly columns: readonly Column[]
  /** The entries that are not readings, by ascending index. */
  readonly marks: readonly Mark[]
}

/** One metric of a run: thousandths by entry, NaN where there is none; flag numbers by entry, null where all are 0. */
export interface Column extends Unknowns {
  readonly metric: Metric
  readonly values: Float64Array
  readonly flags: Uint8Array | null
}

export type MarkKind = 'fault' | 'start' | 'stop'

/** An entry that says something of the sensor instead of carrying values. */
export interface Mark {
  readonly index: number
  readonly kind: MarkKind
  /** A word for programs, empty for start and stop without a cause. */
  readonly code: string
  /** A sentence for people. */
  readonly detail: string
}

/** The epoch has no entry beyond lastSeq. */
export interface Ended extends StreamEpoch {
  readonly lastSeq: number
}

/** Numbers that will not come. */
export interface Lost extends StreamEpoch {
  readonly firstSeq: number
  readonly lastSeq: number
  readonly cause: string
}

/** Whole minutes of readings, condensed before they were ever sent. */
export interface Summary extends StreamEpoch {
  readonly firstSeq: number
  readonly lastSeq: number
  readonly intervalMs: number
  readonly minutes: readonly SummaryMinute[]
}

export interface SummaryMinute {
  /** Start of the minute, ms since 1970. */
  readonly start: number
  readonly received: number
  readonly figures: readonly SummaryFigures[]
}

/** Of one metric over one minute: thousandths, times in ms since 1970. Direction uses sine and cosine, others sum. */
export interface SummaryFigures {
  readonly metric: Metric
  readonly count: number
  readonly flagged: number
  readonly suspect: number
  readonly sum: number
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

/** Where a device stands. Position in degrees and metres, zone by its IANA name. */
export interface Site extends Unknowns {
  readonly version: number
  readonly name: string
  readonly latitude: number
  readonly longitude: number
  readonly altitudeM: number
  readonly timeZone: string
  /** From which event time on (ms since 1970); the first site of a device is valid from the beginning (0 or less). */
  readonly validFrom: number
}

/** A batch with nothing in it but what is given. */
export function makeBatch(device: string, parts: Partial<Batch> = {}): Batch {
  return {
    device,
    siteVersion: 0,
    clock: 'synced',
    clockErrorMs: 0,
    runs: [],
    ended: [],
    lost: [],
    summaries: [],
    site: null,
    hello: null,
    ...parts,
  }
}
