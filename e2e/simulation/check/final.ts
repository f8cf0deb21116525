import { has } from '@barograph/proto'
import {
  type BucketDocument,
  collectionNames,
  type EpochDocument,
  type RollupDocument,
} from '../../../collector/core/documents.ts'
import { Violation, type World } from '../engine/world.ts'
import type { SimulatedLog } from '../world/log.ts'
import type { Mirror, SimulatedStore } from '../world/store.ts'
import { type Arrival, type LogFacts, readLog } from './arrivals.ts'
import type { Level, ZoneName } from './calendar.ts'
import { checkGaps } from './gaps.ts'
import type { AcceptedEntry, AcceptedStream, Ledger } from './ledger.ts'
import { bucketEntries, eventOf, nameOf, storedTime, type StoredEvents } from './stored.ts'
import { type Counted, describeStored, recompute } from './windows.ts'

const futureToleranceMs = 300_000
/** Half of a slow round trip, and what a clock may be off and still count as right, several times over. */
const rightWithinMs = 12_000

export interface FinalCheckOptions {
  readonly world: World
  readonly log: SimulatedLog
  readonly store: SimulatedStore
  readonly ledger: Ledger
  readonly levels: readonly Level[]
  readonly zoneOf: (device: string) => ZoneName
  /** True when readings may have been condensed that were sent before. */
  readonly mayOverlap: (device: string) => boolean
  readonly keepsTime: (device: string) => boolean
  /** True when an agent had a reason to give a reading up for this cause. */
  readonly mayLose: (stream: AcceptedStream, seq: number, cause: string) => boolean
}

/** After everything has drained: is each accepted entry where it should be, and each document what it should be? Throws. */
export function checkEverything(options: FinalCheckOptions): void {
  const { log, store, ledger } = options
  const { mirror } = store
  const facts = readLog(log.history)
  const counted: Counted[] = []
  for (const stream of ledger.streams.values()) counted.push(...checkStream(options, stream, facts))
  for (const id of mirror.all('epochs').keys())
    if (!ledger.streams.has(id) && !isEmptyEpoch(mirror, id))
      throw new Violation('once', `the store knows of numbers of ${id}, of which none was accepted`)
  checkWindows(options, counted)
  checkStreams(options, counted)
  checkPositions(options)
}

const isEmptyEpoch = (mirror: Mirror, id: string): boolean => {
  const document = mirror.get('epochs', id)
  return (
    document !== null &&
    document.seen.length === 0 &&
    Object.keys(document.lost).length === 0 &&
    Object.keys(document.refused).length === 0
  )
}

/** Every number of a stream is stored, lost or refused, exactly one of them, and rightly. Returns what counts. */
function checkStream(options: FinalCheckOptions, stream: AcceptedStream, facts: LogFacts): Counted[] {
  const { mirror } = options.store
  const counted: Counted[] = []
  const document = mirror.get('epochs', nameOf(stream))
  const { device, sensor, epoch } = stream
  stream.entries.forEach((entry, i) => {
    const seq = i + 1
    const fail = (invariant: 'once' | 'fold' | 'honest', why: string): never => {
      throw new Violation(invariant, why, { device, sensor, epoch, seq })
    }
    const isSeen = document !== null && has(document.seen, seq)
    const lost = causesOf(document?.lost, seq)
    const refused = causesOf(document?.refused, seq)
    const ways = (isSeen ? 1 : 0) + lost.length + refused.length
    const found = eventOf(mirror, stream, seq)
    const isExpired = document !== null && has(document.expired, seq)
    if (isExpired) options.world.deed('expired')
    if (lost.length > 0) options.world.deed('lost')
    if (refused.length > 0) options.world.deed('refused')
    if (ways === 0) {
      if (found) fail('fold', 'its bucket holds it, its epoch does not know it')
      const isGone = stream.destroyed.has(seq) && !stream.told.has(seq)
      if (!isGone && !stream.forgotten.has(seq))
        fail('once', 'accepted, and neither stored nor lost nor refused: silently gone')
      return
    }
    if (ways > 1)
      fail('honest', `seen ${isSeen}, lost ${lost.join()}, refused ${refused.join()}: one was expected`)
    if (isSeen !== (found !== null))
      fail(
        'once',
        isSeen ? 'its epoch says seen, no bucket holds it' : 'its bucket holds it, its epoch says it is not',
      )
    for (const cause of lost)
      if (!options.mayLose(stream, seq, cause)) fail('honest', `lost without need: ${cause}`)
    for (const reason of refused)
      if (!isRefusable(options, stream, seq, reason) && !(isExpired && reason === 'expired'))
        fail('honest', `refused without need: ${reason}`)
    if (!found) return
    const isThinned = found.event.what === 'summarised'
    const time = storedTime(found, seq) ?? entry.time
    if (!isThinned) checkEntry(found.bucket, seq, entry, fail)
    if (!isThinned) checkTime(options, stream, entry, time, facts, fail)
    checkFacts(options, found, time, facts, `${nameOf(stream)}/${seq}`, fail)
    const waits = found.event.what === 'quarantined' && !found.release
    if (!isExpired && causesOf(document?.quarantined, seq).length > 0 !== waits)
      fail('honest', 'its epoch and its bucket differ on whether it is in quarantine')
    options.world.deed(
      isThinned ? 'summarised' : waits ? 'quarantined' : 'released',
      waits || isThinned || found.release ? 1 : 0,
    )
    if (!waits && !entry.mark) counted.push({ stream, entry: { ...entry, time }, isThinned })
  })
  if (document) {
    checkBeyond(stream, document)
    checkGaps(stream, document)
  }
  return counted
}

/** A device that keeps the time may correct what its clock said, to what is right; any other sends what it said. */
function checkTime(
  { world, keepsTime }: FinalCheckOptions,
  stream: AcceptedStream,
  entry: AcceptedEntry,
  time: number,
  { arrivals }: LogFacts,
  fail: (invariant: 'once', why: string) => never,
): void {
  if (time === entry.time) return
  if (stream.historical || !keepsTime(stream.device))
    fail('once', `accepted at ${entry.time}, stored at ${time}`)
  // The collector's clock is what it was set by.
  if ((world.faults.get('collector-clock') ?? 0) > 0) return
  const { device, sensor, epoch, entries } = stream
  const all = arrivals.get(`${device}/${sensor}/${epoch}/${entries.indexOf(entry) + 1}`) ?? []
  // An uncertain time is told by what is known of other boots, and their clocks are right only so far.
  const bound = rightWithinMs + Math.max(0, ...all.map(({ uncertainMs }) => uncertainMs ?? 0))
  if (Math.abs(time - entry.truth) > bound)
    fail('once', `accepted at ${entry.truth}, stored at ${time}: more than ${bound} ms off`)
  world.deed('corrected')
}

/** What its bucket says of a number is what the log says of it. */
function checkFacts(
  { log }: FinalCheckOptions,
  { event, release }: StoredEvents,
  time: number,
  { arrivals, releases }: LogFacts,
  key: string,
  fail: (invariant: 'fold', why: string) => never,
): void {
  const all = arrivals.get(key) ?? []
  const [first] = all
  if (!first) return fail('fold', 'stored, and no record of the log brings it')
  const isFuture = ({ isHistorical, record, uncertainMs }: Arrival): boolean =>
    uncertainMs !== null || (!isHistorical && time > record.ingestMs + futureToleranceMs)
  const isQuarantined = event.what === 'quarantined'
  // Positions of a log that was cut or made anew tell nothing of the one before.
  if (log.damages() > 0) {
    if (event.what !== 'summarised' && !all.some((one) => isFuture(one) === isQuarantined))
      fail('fold', `${event.what}, and none of the records that brought it was so`)
    return
  }
  if (event.what !== 'summarised' && isQuarantined !== isFuture(first))
    fail('fold', `${event.what}, and it was ${isFuture(first) ? '' : 'not '}in the future when it was logged`)
  if (event.at.n !== first.record.offset)
    fail('fold', `its bucket says that record ${event.at.n} brought it, the log says ${first.record.offset}`)
  const firstRelease = (releases.get(key) ?? []).find(({ offset }) => offset > event.at.n)
  if (isQuarantined && release?.at.n !== firstRelease?.offset)
    fail('fold', `released by record ${release?.at.n}, and the log says ${firstRelease?.offset}`)
}

function isRefusable(
  { mayOverlap }: FinalCheckOptions,
  stream: AcceptedStream,
  seq: number,
  reason: string,
): boolean {
  if (reason === 'overlap') return mayOverlap(stream.device)
  // Condensed by a clock that ran ahead: nobody could release a part of it.
  if (reason === 'in the future') return !stream.historical
  if (reason === 'unknown-version') return stream.spoiled.has(seq)
  return reason === 'too fragmented' || reason === 'quarantine full'
}

const causesOf = (sets: Readonly<Record<string, readonly number[]>> | undefined, seq: number): string[] =>
  Object.entries(sets ?? {})
    .filter(([, set]) => has(set, seq))
    .map(([cause]) => cause)

/** Nothing is known of numbers that were never accepted. */
function checkBeyond(stream: AcceptedStream, document: EpochDocument): void {
  const { device, sensor, epoch, entries } = stream
  const sets = [document.seen, ...Object.values(document.lost), ...Object.values(document.refused)]
  const highest = Math.max(
    document.accepted,
    document.ended ?? 0,
    ...sets.map((set) => set[set.length - 1] ?? 0),
  )
  if (highest > entries.length)
    throw new Violation('honest', `the store knows of number ${highest}, accepted were ${entries.length}`, {
      device,
      sensor,
      epoch,
      seq: highest,
    })
}

function checkEntry(
  bucket: BucketDocument,
  seq: number,
  entry: AcceptedEntry,
  fail: (invariant: 'once', why: string) => never,
): void {
  const slot = seq - 1 - bucket.index * bucketEntries
  const mark = bucket.marks.find((one) => one.seq === seq)
  if ((mark?.kind ?? '') !== (entry.mark?.kind ?? '')) fail('once', 'stored as another kind of entry')
  const stored = Object.entries(bucket.columns)
    .filter(([, column]) => (column.values[slot] ?? null) !== null)
    .map(([key, column]) => `${key} ${column.values[slot]} ${column.flags?.[slot] ?? 0}`)
  const accepted = entry.values.map(({ key, thousandths, flag }) => `${key} ${thousandths} ${flag}`)
  if (stored.sort().join() !== accepted.sort().join())
    fail('once', `accepted ${accepted.join()}, stored ${stored.join()}`)
}

function checkWindows(
  { world, log, store: { mirror }, levels, zoneOf }: FinalCheckOptions,
  counted: readonly Counted[],
): void {
  const expected = recompute(counted, levels, zoneOf)
  for (const stored of mirror.all('rollups').values()) if (stored.sealed) world.deed('sealed')
  for (const [id, text] of expected) {
    const stored = mirror.get('rollups', id)
    if (isGone(mirror, id, endOf(text))) continue
    const found = stored ? describeStored(stored) : 'nothing'
    if (found === text) continue
    const member = counted.find(({ stream, entry }) => isWithin(id, stored, stream, entry.time))
    const reading = member && {
      device: member.stream.device,
      sensor: member.stream.sensor,
      epoch: member.stream.epoch,
      seq: member.stream.entries.indexOf(member.entry) + 1,
    }
    throw new Violation('fold', `the window ${id} is\n${found}\nand should be\n${text}`, reading ?? null)
  }
  // What comes into another log before its settings, while the store has none, is folded by all levels.
  const isOfOtherLevel = (level: Level): boolean => log.damages() > 0 && !levels.includes(level)
  for (const [id, { end, level }] of mirror.all('rollups'))
    if (!expected.has(id) && !isGone(mirror, id, end) && !isOfOtherLevel(level))
      throw new Violation('fold', `the window ${id} is there, and no reading falls into it`)
}

/** The text of a window begins with its end. */
const endOf = (text: string): number => Number(text.split(' ')[1])

/** True when retention has given this window up. */
function isGone(mirror: Mirror, id: string, end: number): boolean {
  const [device, sensor, level] = id.split('/')
  const stream = mirror.get('streams', `${device}/${sensor}`)
  return end <= (stream?.expiredBefore[level as Level] ?? Number.NEGATIVE_INFINITY)
}

function isWithin(id: string, stored: RollupDocument | null, stream: AcceptedStream, time: number): boolean {
  const [device, sensor, , start] = id.split('/')
  return (
    device === stream.device &&
    sensor === stream.sensor &&
    time >= Number(start) &&
    time < (stored?.end ?? Number.POSITIVE_INFINITY)
  )
}

/** Smallest and largest time of what counts, by device and sensor. */
function checkStreams({ store: { mirror } }: FinalCheckOptions, counted: readonly Counted[]): void {
  for (const [id, document] of mirror.all('streams')) {
    const times = counted
      .filter(({ stream }) => id === `${stream.device}/${stream.sensor}`)
      .map(({ entry, isThinned }) => (isThinned ? Math.floor(entry.time / 60_000) * 60_000 : entry.time))
    const [smallest, largest] = times.length > 0 ? [Math.min(...times), Math.max(...times)] : [null, null]
    if (document.smallestTime !== smallest || document.largestTime !== largest)
      throw new Violation(
        'fold',
        `the stream ${id} reaches from ${document.smallestTime} to ${document.largestTime}, its readings from ${smallest} to ${largest}`,
      )
  }
}

/** The checkpoint is at the end of the log, and no document is beyond it. */
function checkPositions({ log, store: { mirror } }: FinalCheckOptions): void {
  for (const name of collectionNames)
    for (const document of mirror.all(name).values()) {
      const longest = Math.max(...log.records.map((records) => records.length))
      if (document.o.n > longest) throw new Violation('fold', `${document.id} is further than the log`)
    }
}
