import { limits } from '@barograph/proto'
import { checkBucket } from './bucket.ts'
import { aheadWords, findDoubled, findLost } from './findings.ts'
import { checkExpiry, checkRelease, checkReleases } from './expiry.ts'
import { checkGaps } from './gaps.ts'
import type { Logged } from './logged.ts'
import { countOf, inBoth, mergeRanges, type Ranges, rangesOf, rangeWords, without } from './number-ranges.ts'
import { isBefore, later } from './position.ts'
import { readDocument } from './read.ts'
import type { Report } from './report.ts'
import type { Checkpoint, Documents } from './schema.ts'
import type { StoreReader } from './store-reader.ts'
import type { Expired } from './stretch.ts'

type Event = Documents['readings']['events'][number]

/** What the buckets of one epoch say happened to its numbers, as far as the epoch's document may know of it. */
interface Arrivals {
  readonly here: [number, number][]
  readonly quarantined: Event[]
  /** Of those the ones that were released. */
  readonly released: [number, number][]
  /** Brought by records that the checkpoint does not cover: an epoch's document may lack them. */
  readonly pending: Event[]
  readonly summarised: Event[]
  /** Indices of the buckets that are there, readable or not. */
  readonly buckets: Set<number>
}

interface Options {
  readonly store: StoreReader
  readonly report: Report
  readonly device: string
  readonly sensor: string
  readonly checkpoint: Checkpoint
  /** The numbers that the log brings before the checkpoint. */
  readonly logged: Logged
}

/**
 * Checks every bucket and every epoch of a stream: each number seen is in one bucket, and the sums come out. Tells which
 * numbers retention gave up.
 */
export function checkEpochs(options: Options): Expired {
  const { store, report, device, sensor, checkpoint, logged } = options
  const arrivals = readBuckets(options)
  const expired = new Map<string, Ranges>()
  const met = new Set<string>()
  for (const row of store.epochs(device, sensor)) {
    report.counts.epochs++
    const epoch = readDocument(report, 'epochs', row, checkpoint)
    const name = epoch?.epoch ?? row.id.slice(`${device}/${sensor}/`.length)
    met.add(name)
    if (!epoch) logged.of(row.id)
    if (!epoch) continue
    report.compare(
      { collection: 'epochs', id: row.id, field: 'id' },
      row.id,
      `${device}/${sensor}/${epoch.epoch}`,
    )
    expired.set(epoch.epoch, rangesOf(epoch.expired))
    checkEpoch(options, epoch, arrivals.get(epoch.epoch) ?? noArrivals())
  }
  for (const [name, { here }] of arrivals) {
    if (met.has(name) || here.length === 0) continue
    const id = `${device}/${sensor}/${name}`
    const numbers = rangeWords(mergeRanges(here))
    report.differ({ collection: 'epochs', id, field: 'seen', stored: 'absent', recomputed: numbers })
    report.find(`what was known of the epoch ${id} is gone: its buckets hold ${numbers}`)
    logged.of(id)
  }
  checkSummaries(options, arrivals, expired)
  return {
    isAny: [...expired].some(([, ranges]) => ranges.length > 0),
    of(name, first, last) {
      if (inBoth([[first, last]], expired.get(name) ?? []).length > 0) return 'expired'
      const maybe = logged.mayExpire(`${device}/${sensor}/${name}`)
      return maybe.length > 0 && inBoth([[first, last]], maybe).length > 0 ? 'maybe' : 'none'
    },
  }
}

const rangeOf = ({ first, last }: Event): [number, number] => [first, last]

const noArrivals = (): Arrivals => ({
  here: [],
  quarantined: [],
  released: [],
  pending: [],
  summarised: [],
  buckets: new Set(),
})

function readBuckets({ store, report, device, sensor, checkpoint, logged }: Options): Map<string, Arrivals> {
  const arrivals = new Map<string, Arrivals>()
  for (const row of store.buckets(device, sensor)) {
    report.counts.buckets++
    const bucket = readDocument(report, 'readings', row, checkpoint)
    const [, , name = '', index = ''] = row.id.split('/')
    const epoch = arrivals.get(bucket?.epoch ?? name) ?? noArrivals()
    arrivals.set(bucket?.epoch ?? name, epoch)
    epoch.buckets.add(bucket?.index ?? Number(index))
    if (!bucket) continue
    checkBucket(report, bucket, row)
    const here: [number, number][] = []
    for (const event of bucket.events) {
      if (!isBefore(event.at, checkpoint.position)) {
        epoch.pending.push(event)
        continue
      }
      if (event.what === 'released') {
        epoch.released.push([event.first, event.last])
        checkRelease(report, logged, bucket, event)
        continue
      }
      here.push([event.first, event.last])
      if (event.what === 'quarantined') epoch.quarantined.push(event)
      if (event.what === 'summarised') epoch.summarised.push(event)
    }
    // One range for most buckets: so that a long epoch is small.
    for (const [first, last] of mergeRanges(here)) epoch.here.push([first, last])
    countEntries(report, bucket)
  }
  return arrivals
}

function countEntries({ counts }: Report, { events, marks }: Documents['readings']): void {
  let [arrived, quarantined] = [0, 0]
  for (const { first, last, what } of events) {
    if (what === 'arrived') arrived += last - first + 1
    if (what === 'quarantined') quarantined += last - first + 1
    if (what === 'released') quarantined -= last - first + 1
    if (what === 'released') arrived += last - first + 1
    if (what === 'summarised') counts.summarised += last - first + 1
  }
  counts.marks += marks.length
  counts.readings += arrived + quarantined - marks.length
  counts.quarantined += quarantined
}

/** Every number that a bucket calls summarised has its summary, and the other way round. */
function checkSummaries(
  { store, report, device, sensor, checkpoint, logged }: Options,
  arrivals: Map<string, Arrivals>,
  expired: ReadonlyMap<string, Ranges>,
): void {
  const covered = new Map<string, [number, number][]>()
  const ahead = new Map<string, [number, number][]>()
  for (const row of store.summaries(device, sensor)) {
    report.counts.summaries++
    const summary = readDocument(report, 'summaries', row, checkpoint)
    if (!summary) continue
    const at = (field: string) => ({ collection: 'summaries' as const, id: row.id, field })
    report.compare(at('id'), row.id, `${device}/${sensor}/${summary.epoch}/${summary.firstSeq}`)
    const received = summary.minutes.reduce((sum, minute) => sum + minute.received, 0)
    report.compare(at('minutes'), received, summary.lastSeq - summary.firstSeq + 1)
    // Written before the buckets that tell of it: beyond the checkpoint it may stand alone.
    if (isBefore(checkpoint.position, summary.o))
      ahead.set(summary.epoch, [...(ahead.get(summary.epoch) ?? []), [summary.firstSeq, summary.lastSeq]])
    const epoch = covered.get(summary.epoch) ?? []
    covered.set(summary.epoch, [...epoch, [summary.firstSeq, summary.lastSeq]])
  }
  for (const name of new Set([...covered.keys(), ...arrivals.keys()])) {
    const { summarised = [], pending = [] } = arrivals.get(name) ?? {}
    const must = mergeRanges(summarised.map(rangeOf))
    const may = mergeRanges([
      ...must,
      ...(ahead.get(name) ?? []),
      ...pending.filter(({ what }) => what === 'summarised').map(rangeOf),
    ])
    const stored = mergeRanges(covered.get(name) ?? [])
    const at = { collection: 'summaries' as const, id: `${device}/${sensor}/${name}` }
    const gone = mergeRanges([...(expired.get(name) ?? []), ...logged.mayExpire(at.id)])
    const none = (field: string, ranges: Ranges): void =>
      report.compare({ ...at, field }, rangeWords(without(ranges, gone)), 'none')
    none('numbers without a summary', without(must, stored))
    none('numbers that no bucket calls summarised', without(stored, may))
  }
}

function checkEpoch(
  { store, report, checkpoint, logged }: Options,
  epoch: Documents['epochs'],
  arrivals: Arrivals,
): void {
  const { position } = checkpoint
  const at = (field: string) => ({ collection: 'epochs' as const, id: epoch.id, field })
  // The document holds all records before its own position too.
  const held = later(epoch.o, position)
  const more = arrivals.pending.filter((event) => isBefore(event.at, held))
  const rangesWhere = (what: Event['what'] | null): [number, number][] =>
    more
      .filter((event) => event.what === (what ?? event.what) && (what !== null || event.what !== 'released'))
      .map(({ first, last }) => [first, last])
  const here = mergeRanges([...arrivals.here, ...rangesWhere(null)])
  const released = mergeRanges([...arrivals.released, ...rangesWhere('released')])
  const waiting = without(
    mergeRanges([...arrivals.quarantined.map(rangeOf), ...rangesWhere('quarantined')]),
    released,
  )
  const expired = rangesOf(epoch.expired)
  // Their buckets are deleted when the checkpoint has passed, and again when a lagging owner wrote one back.
  const gone = mergeRanges([...expired, ...logged.mayExpire(epoch.id)])
  const seen = rangesOf(epoch.seen)
  const setsOf = (sets: Readonly<Record<string, readonly number[]>>): Ranges =>
    Object.values(sets).flatMap(rangesOf)
  const none = (field: string, found: Ranges): void => report.compare(at(field), rangeWords(found), 'none')

  const lostEntries = without(without(seen, here), gone)
  none('seen without an entry in a bucket', lostEntries)
  none('in a bucket and not seen', without(here, seen))
  findLost(report, epoch.id, lostEntries, arrivals.buckets)
  findDoubled(store, report, epoch, without(here, seen))
  const quarantined = mergeRanges(setsOf(epoch.quarantined))
  none('quarantined without such an entry', without(without(quarantined, waiting), gone))
  none('entries in quarantine and not in the set', without(without(waiting, quarantined), gone))
  checkReleases(report, epoch, logged, { waiting: without(waiting, gone), arrivals: arrivals.quarantined })
  for (const [name, sets] of Object.entries({
    quarantined: epoch.quarantined,
    lost: epoch.lost,
    refused: epoch.refused,
  }))
    report.compare(
      at(`${name}: numbers under two words`),
      countOf(setsOf(sets)),
      countOf(mergeRanges(setsOf(sets))),
    )
  const lost = mergeRanges(setsOf(epoch.lost))
  const refused = mergeRanges(setsOf(epoch.refused))
  none('lost and seen', inBoth(lost, seen))
  none('refused and seen', inBoth(refused, seen))
  none('lost and refused', inBoth(lost, refused))

  const known = mergeRanges([...seen, ...lost, ...refused])
  // Near its bound an epoch may take no further refusals or expiries, and its device is told nothing.
  const folded =
    countRanges(epoch.lost) + countRanges(epoch.refused) < freeRanges && epoch.expired.length / 2 < freeRanges
  const brought = logged.of(epoch.id)
  const unfolded = folded ? without(without(brought, known), here) : []
  none('in the log before the checkpoint and not folded', unfolded)
  if (unfolded.length > 0) report.find(aheadWords(epoch.id, unfolded))
  checkExpiry(report, epoch, folded ? logged.expired(epoch.id) : [], known)
  checkGaps(report, epoch, {
    seen,
    horizon: Math.max(epoch.ended ?? 0, known[known.length - 1]?.[1] ?? 0),
  })
  const last = Math.max(epoch.accepted, known[known.length - 1]?.[1] ?? 0)
  const missing = without(last > 0 ? [[1, last]] : [], known)
  const account = {
    accepted: last,
    stored: countOf(without(seen, quarantined)),
    quarantined: countOf(quarantined),
    refused: countOf(refused),
    lost: countOf(lost),
    onTheWay: countOf(missing),
  }
  const { accepted, ...shares } = account
  const sum = Object.values(shares).reduce((total, share) => total + share, 0)
  report.compare(at('accepted'), accepted, sum)
  report.addAccount(epoch.id, account, missing)
}

/** Ranges from which on one more record could be too much. */
const freeRanges = limits.rangesPerStream - limits.partsPerBatch

const countRanges = (sets: Readonly<Record<string, readonly number[]>>): number =>
  Object.values(sets).reduce((count, set) => count + set.length / 2, 0)
