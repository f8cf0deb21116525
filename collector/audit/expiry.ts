import { limits } from '@barograph/proto'
import type { Logged, LoggedRanges } from './logged.ts'
import { countOf, inBoth, mergeRanges, type Ranges, rangesOf, rangeWords, without } from './number-ranges.ts'
import { isBefore } from './position.ts'
import type { Report } from './report.ts'
import type { Documents } from './schema.ts'

type Epoch = Documents['epochs']
type Bucket = Documents['readings']

/** Every expiry that the log holds before the checkpoint acted, on whole buckets of numbers that are accounted for. */
export function checkExpiry(
  report: Report,
  epoch: Epoch,
  records: readonly LoggedRanges[],
  known: Ranges,
): void {
  const expired = rangesOf(epoch.expired)
  const at = (field: string) => ({ collection: 'epochs' as const, id: epoch.id, field })
  const none = (field: string, ranges: Ranges): void => report.compare(at(field), rangeWords(ranges), 'none')
  for (const { offset, ranges } of records) {
    const lost = without(mergeRanges(ranges), expired)
    none(`expired by the record at ${offset} and not in the set`, lost)
    if (lost.length > 0)
      report.find(
        `the expiry in the record at ${offset} was lost: ${numberWords(lost)} of ${epoch.id} ${isOrAre(lost)} not expired`,
      )
  }
  none('expired and not accounted for', without(expired, known))
  none('expired without the rest of their bucket', without(wholeBuckets(expired, epoch.ended), expired))
}

/** The ranges, up to the ends of their buckets. */
function wholeBuckets(ranges: Ranges, ended: number | null): Ranges {
  const size = limits.entriesPerBucket
  return mergeRanges(
    ranges.map(([first, last]) => {
      const end = Math.ceil(last / size) * size
      return [
        Math.floor((first - 1) / size) * size + 1,
        ended === null ? end : Math.max(last, Math.min(end, ended)),
      ]
    }),
  )
}

/**
 * Every release that the log holds before the checkpoint acted on what had come before it. `waiting`: quarantined, neither
 * released nor expired.
 */
export function checkReleases(
  report: Report,
  epoch: Epoch,
  logged: Logged,
  { waiting, arrivals }: { readonly waiting: Ranges; readonly arrivals: Bucket['events'] },
): void {
  for (const { offset, ranges } of logged.released(epoch.id)) {
    const release = { g: epoch.o.g, n: offset }
    const before = arrivals
      .filter(({ at }) => isBefore(at, release))
      .map(({ first, last }) => [first, last] as const)
    const lost = inBoth(inBoth(waiting, mergeRanges(ranges)), mergeRanges(before))
    report.compare(
      {
        collection: 'epochs',
        id: epoch.id,
        field: `released by the record at ${offset} and still in quarantine`,
      },
      rangeWords(lost),
      'none',
    )
    if (lost.length > 0)
      report.find(
        `the release in the record at ${offset} was lost: ${numberWords(lost)} of ${epoch.id} ${isOrAre(lost)} still in quarantine`,
      )
  }
}

/** A release in a bucket is one that the log knows, as far as the log reaches back. */
export function checkRelease(
  report: Report,
  logged: Logged,
  { id, device, sensor, epoch }: Bucket,
  { first, last, at }: Bucket['events'][number],
): void {
  if (!logged.reachesBackTo(device, at)) return
  const released = logged
    .released(`${device}/${sensor}/${epoch}`)
    .filter(({ offset }) => offset === at.n)
    .flatMap(({ ranges }) => ranges)
  const unfounded = without([[first, last]], mergeRanges(released))
  report.compare(
    { collection: 'readings', id, field: `released by the record at ${at.n}, which does not` },
    rangeWords(unfounded),
    'none',
  )
  if (countOf(unfounded) > 0)
    report.find(
      `${numberWords(unfounded)} of ${device}/${sensor}/${epoch} ${countOf(unfounded) === 1 ? 'was' : 'were'} let out of quarantine, and no record releases ${countOf(unfounded) === 1 ? 'it' : 'them'}`,
    )
}

const numberWords = (ranges: Ranges): string =>
  `${countOf(ranges) === 1 ? 'number' : 'numbers'} ${rangeWords(ranges)}`
const isOrAre = (ranges: Ranges): string => (countOf(ranges) === 1 ? 'is' : 'are')
