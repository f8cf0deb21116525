import type { ApiAudit } from '@barograph/proto/api'
import type { Collection } from './schema.ts'

/** One thing that is not as it must be. */
export interface Difference {
  readonly collection: Collection | 'checkpoints' | 'sets'
  readonly id: string
  readonly field: string
  readonly stored: string
  readonly recomputed: string
}

/** The sum of one epoch, or of all: accepted = stored + quarantined + refused + lost + onTheWay. */
export interface Account {
  readonly accepted: number
  readonly stored: number
  readonly quarantined: number
  readonly refused: number
  readonly lost: number
  readonly onTheWay: number
}

/** Numbers of an epoch that a device may still send. */
export interface OnTheWay {
  readonly epoch: string
  readonly count: number
  /** The first of them: [first, last]. */
  readonly ranges: readonly (readonly [number, number])[]
}

/** What was looked at. */
export type Counts = ApiAudit['checked']

/** What was looked at, and what was found. */
export interface AuditResult {
  readonly equal: boolean
  readonly checked: Counts
  readonly account: Account
  readonly onTheWay: readonly OnTheWay[]
  readonly onTheWayEpochs: number
  /** Records that are not folded up to the log's end yet: of a collector that runs, or was stopped. */
  readonly recordsAhead: number
  /** What the differences come from, in sentences, as far as that can be told; at most `findingsListed`. */
  readonly findings: readonly string[]
  readonly differences: readonly Difference[]
  readonly differenceCount: number
  readonly seconds: number
}

/** Differences told one by one; the rest is counted. */
export const differencesListed = 50
/** Sentences that tell where differences come from; the rest stands in the differences alone. */
export const findingsListed = 50
/** Epochs with numbers on the way, and ranges of each, told one by one. */
export const onTheWayListed = { epochs: 50, ranges: 8 } as const

/** Collects what an audit finds, in bounded memory. */
export interface Report {
  readonly counts: Counts
  differ(difference: Difference): void
  /** Counts a comparison, and notes the difference if there is one. */
  compare(place: Pick<Difference, 'collection' | 'id' | 'field'>, stored: unknown, recomputed: unknown): void
  /** Tells in a sentence what the differences beside it come from. */
  find(sentence: string): void
  /** Differences so far. */
  differed(): number
  addAccount(epoch: string, account: Account, missing: readonly (readonly [number, number])[]): void
  result(seconds: number, recordsAhead: number): AuditResult
}

export function createReport(levels: readonly string[]): Report {
  const differences: Difference[] = []
  const findings: string[] = []
  let differenceCount = 0
  const onTheWay: OnTheWay[] = []
  let onTheWayEpochs = 0
  let account: Account = { accepted: 0, stored: 0, quarantined: 0, refused: 0, lost: 0, onTheWay: 0 }
  const counts: Counts = {
    devices: 0,
    streams: 0,
    epochs: 0,
    buckets: 0,
    readings: 0,
    quarantined: 0,
    marks: 0,
    summaries: 0,
    summarised: 0,
    rollups: Object.fromEntries(levels.map((level) => [level, 0])),
    sealed: {},
    expired: {},
    leftOver: 0,
    fields: 0,
  }

  function differ(difference: Difference): void {
    differenceCount++
    if (differences.length < differencesListed) differences.push(difference)
  }

  return {
    counts,
    differ,
    compare(place, stored, recomputed) {
      counts.fields++
      if (stored !== recomputed) differ({ ...place, stored: words(stored), recomputed: words(recomputed) })
    },
    find(sentence) {
      if (findings.length < findingsListed) findings.push(sentence)
    },
    differed: () => differenceCount,
    addAccount(epoch, more, missing) {
      account = {
        accepted: account.accepted + more.accepted,
        stored: account.stored + more.stored,
        quarantined: account.quarantined + more.quarantined,
        refused: account.refused + more.refused,
        lost: account.lost + more.lost,
        onTheWay: account.onTheWay + more.onTheWay,
      }
      if (more.onTheWay === 0) return
      onTheWayEpochs++
      if (onTheWay.length < onTheWayListed.epochs)
        onTheWay.push({ epoch, count: more.onTheWay, ranges: missing.slice(0, onTheWayListed.ranges) })
    },
    result: (seconds, recordsAhead) => ({
      equal: differenceCount === 0,
      checked: counts,
      account,
      onTheWay,
      onTheWayEpochs,
      recordsAhead,
      findings,
      differences,
      differenceCount,
      seconds,
    }),
  }
}

/** A value as it stands in the document, short enough for a line. */
export function words(value: unknown): string {
  if (value === undefined) return 'absent'
  if (typeof value === 'string') return value
  if (typeof value === 'bigint') return value.toString()
  const text = JSON.stringify(value)
  return text.length > 120 ? `${text.slice(0, 117)}...` : text
}
