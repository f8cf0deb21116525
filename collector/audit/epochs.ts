import { checkBucket } from './bucket.ts'
import { countOf, inBoth, mergeRanges, type Ranges, rangesOf, rangeWords, without } from './number-ranges.ts'
import { isBefore, later } from './places.ts'
import { readDocument } from './read.ts'
import type { Report } from './report.ts'
import type { Checkpoint, Documents } from './schema.ts'
import type { StoreReader } from './store-reader.ts'

type Event = Documents['readings']['events'][number]

/** What the buckets of one epoch say happened to its numbers, as far as the epoch's document may know of it. */
interface Arrivals {
  readonly here: [number, number][]
  readonly quarantined: [number, number][]
  /** Brought by records that the checkpoint does not cover: an epoch's document may lack them. */
  readonly pending: Event[]
  readonly summarised: Event[]
}

interface Options {
  readonly store: StoreReader
  readonly report: Report
  readonly device: string
  readonly sensor: string
  readonly checkpoint: Checkpoint
}

/** Checks every bucket and every epoch of a stream: each number seen is in one bucket, and the sums come out. */
export function checkEpochs(options: Options): void {
  const { store, report, device, sensor, checkpoint } = options
  const arrivals = readBuckets(options)
  checkSummaries(options, arrivals)
  const met = new Set<string>()
  for (const row of store.epochs(device, sensor)) {
    report.counts.epochs++
    const epoch = readDocument(report, 'epochs', row, checkpoint)
    met.add(epoch?.epoch ?? row.id.slice(`${device}/${sensor}/`.length))
    if (!epoch) continue
    report.compare(
      { collection: 'epochs', id: row.id, field: 'id' },
      row.id,
      `${device}/${sensor}/${epoch.epoch}`,
    )
    checkEpoch(report, epoch, arrivals.get(epoch.epoch) ?? noArrivals(), checkpoint)
  }
  for (const [name, { here }] of arrivals)
    if (!met.has(name) && here.length > 0)
      report.differ({
        collection: 'epochs',
        id: `${device}/${sensor}/${name}`,
        field: 'seen',
        stored: 'absent',
        recomputed: rangeWords(mergeRanges(here)),
      })
}

const noArrivals = (): Arrivals => ({ here: [], quarantined: [], pending: [], summarised: [] })

function readBuckets({ store, report, device, sensor, checkpoint }: Options): Map<string, Arrivals> {
  const arrivals = new Map<string, Arrivals>()
  for (const row of store.buckets(device, sensor)) {
    report.counts.buckets++
    const bucket = readDocument(report, 'readings', row, checkpoint)
    if (!bucket) continue
    checkBucket(report, bucket, row)
    let epoch = arrivals.get(bucket.epoch)
    if (!epoch) {
      epoch = noArrivals()
      arrivals.set(bucket.epoch, epoch)
    }
    const here: [number, number][] = []
    for (const event of bucket.events) {
      if (!isBefore(event.at, checkpoint.position)) {
        epoch.pending.push(event)
        continue
      }
      here.push([event.first, event.last])
      if (event.what === 'quarantined') epoch.quarantined.push([event.first, event.last])
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
    if (what === 'summarised') counts.summarised += last - first + 1
  }
  counts.marks += marks.length
  counts.readings += arrived + quarantined - marks.length
  counts.quarantined += quarantined
}

/** Every number that a bucket calls summarised has its summary, and the other way round. */
function checkSummaries(
  { store, report, device, sensor, checkpoint }: Options,
  arrivals: Map<string, Arrivals>,
): void {
  const covered = new Map<string, [number, number][]>()
  for (const row of store.summaries(device, sensor)) {
    report.counts.summaries++
    const summary = readDocument(report, 'summaries', row, checkpoint)
    if (!summary) continue
    const at = (field: string) => ({ collection: 'summaries' as const, id: row.id, field })
    report.compare(at('id'), row.id, `${device}/${sensor}/${summary.epoch}/${summary.firstSeq}`)
    const received = summary.minutes.reduce((sum, minute) => sum + minute.received, 0)
    report.compare(at('minutes'), received, summary.lastSeq - summary.firstSeq + 1)
    const epoch = covered.get(summary.epoch) ?? []
    covered.set(summary.epoch, [...epoch, [summary.firstSeq, summary.lastSeq]])
  }
  for (const name of new Set([...covered.keys(), ...arrivals.keys()])) {
    const { summarised = [], pending = [] } = arrivals.get(name) ?? {}
    const rangeOf = ({ first, last }: Event): [number, number] => [first, last]
    const must = mergeRanges(summarised.map(rangeOf))
    const may = mergeRanges([...must, ...pending.filter(({ what }) => what === 'summarised').map(rangeOf)])
    const stored = mergeRanges(covered.get(name) ?? [])
    const at = { collection: 'summaries' as const, id: `${device}/${sensor}/${name}` }
    report.compare({ ...at, field: 'numbers without a summary' }, rangeWords(without(must, stored)), 'none')
    report.compare(
      { ...at, field: 'numbers that no bucket calls summarised' },
      rangeWords(without(stored, may)),
      'none',
    )
  }
}

function checkEpoch(
  report: Report,
  epoch: Documents['epochs'],
  arrivals: Arrivals,
  { position }: Checkpoint,
): void {
  const at = (field: string) => ({ collection: 'epochs' as const, id: epoch.id, field })
  // The document holds all records before its own position too.
  const held = later(epoch.o, position)
  const more = arrivals.pending.filter((event) => isBefore(event.at, held))
  const rangesWhere = (what: Event['what'] | null): [number, number][] =>
    more.filter((event) => what === null || event.what === what).map(({ first, last }) => [first, last])
  const here = mergeRanges([...arrivals.here, ...rangesWhere(null)])
  const waiting = mergeRanges([...arrivals.quarantined, ...rangesWhere('quarantined')])
  const seen = rangesOf(epoch.seen)
  const setsOf = (sets: Readonly<Record<string, readonly number[]>>): Ranges =>
    Object.values(sets).flatMap(rangesOf)
  const none = (field: string, found: Ranges): void => report.compare(at(field), rangeWords(found), 'none')

  none('seen without an entry in a bucket', without(seen, here))
  none('in a bucket and not seen', without(here, seen))
  const quarantined = mergeRanges(setsOf(epoch.quarantined))
  none('quarantined without such an entry', without(quarantined, waiting))
  none('entries in quarantine and not in the set', without(waiting, quarantined))
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
