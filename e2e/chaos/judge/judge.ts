import { has, intersect, lastOf, type RangeSet, rangeOf, sizeOf, subtract, union } from '@barograph/proto'
import type { HandedOut } from '../ledger/line.ts'
import { epochKey, type StoreContent, type StoredReading } from './store.ts'
import { findWrongWindows, type WrongWindow } from './windows.ts'

/** What a buffer file held at a moment when its agent was dead: read from the file, beside the agent. */
export interface Witness {
  readonly stream: string
  readonly epoch: string
  /** Last number that was committed. */
  readonly lastSeq: number
  /** Numbers that were in the file. */
  readonly rows: RangeSet
}

/** A time in which a device could not be expected to accept everything: it was killed, stopped, without disk, ... */
export interface Disturbance {
  readonly device: string
  readonly from: number
  readonly to: number
}

export interface Evidence {
  readonly ledger: readonly HandedOut[]
  readonly store: StoreContent
  readonly witnesses: readonly Witness[]
  /** What the buffers hold at the end. */
  readonly onTheWay: readonly Witness[]
  readonly disturbances: readonly Disturbance[]
  readonly zoneOf: (stream: string) => string
}

/** Something about one reading, with the time at which the ledger handed it out. */
export interface Finding {
  readonly stream: string
  readonly at: number
  readonly words: string
}

export interface Verdict {
  readonly sent: readonly HandedOut[]
  readonly stored: readonly StoredReading[]
  /** Stored, but in no window: it waits for a release. */
  readonly quarantined: number
  readonly doubled: readonly Finding[]
  readonly declaredLost: readonly Finding[]
  /** Handed out, and never accepted: the agent died, or was in trouble, before its next commit. */
  readonly notAccepted: readonly Finding[]
  readonly silentlyLost: readonly Finding[]
  /** Stored, but not as the ledger has it. */
  readonly altered: readonly Finding[]
  readonly wrongWindows: readonly WrongWindow[]
}

/**
 * What became of every reading that the ledger handed out.
 *
 * The promise begins when the agent accepts: when a commit to its buffer has numbered the reading. What it had in
 * memory when it died it may lose; nobody but the dead agent knows what that was. So "accepted" is found out from
 * outside, in two ways. By number: whatever a dead agent's file held (the witnesses), whatever an agent said to have
 * accepted and whatever is below a number that is stored must be stored or declared, number by number. By reading: the
 * values carry the ledger's own count, which ascends with the numbers of an epoch, so that each reading that is not
 * stored lies between two that are. If numbers between these two are declared lost, it is one of those. If there are
 * none, it never got a number: the agent may have skipped it only in or just around a time in which something was done
 * to that agent. Otherwise it is silently lost.
 */
export function judge({ ledger, store, witnesses, onTheWay, disturbances, zoneOf }: Evidence): Verdict {
  const doubled: Finding[] = []
  const declaredLost: Finding[] = []
  const notAccepted: Finding[] = []
  const silentlyLost: Finding[] = []
  const altered: Finding[] = []
  const byStream = Map.groupBy(store.readings, ({ stream }) => stream)
  const sentByStream = Map.groupBy(ledger, ({ stream }) => stream)

  for (const [stream, stored] of byStream) {
    const sent = new Map(sentByStream.get(stream)?.map((line) => [line.number, line]))
    const places = new Map<number, StoredReading>()
    for (const reading of stored) {
      const line = sent.get(reading.number)
      const place = `${reading.epoch}:${reading.seq}`
      if (!line || line.thousandths !== reading.thousandths) {
        altered.push({ stream, at: reading.time, words: `${place} was never handed out like this` })
        continue
      }
      // What waits for release may have a time that nobody knows.
      if (reading.counts && Math.abs(reading.time - line.handedOutAt) > timeToleranceMs) {
        const words = `${place} has the time ${new Date(reading.time).toISOString()}, it was handed out at ${new Date(line.handedOutAt).toISOString()}`
        altered.push({ stream, at: line.handedOutAt, words })
      }
      const other = places.get(reading.number)
      if (other) {
        const words = `reading ${reading.number} is stored as ${other.epoch}:${other.seq} and as ${place}`
        doubled.push({ stream, at: line.handedOutAt, words })
      }
      places.set(reading.number, reading)
    }
  }

  const epochs = epochsOf(store, witnesses)
  const held = new Map(onTheWay.map(({ stream, epoch, rows }) => [epochKey(stream, epoch), rows]))
  for (const { stream, epoch, stored, twice, declared, last } of epochs.values()) {
    const at = (seq: number): number => {
      const next = byStream.get(stream)?.find((one) => one.epoch === epoch && one.seq >= seq)
      return next?.time ?? 0
    }
    for (const seq of seqsOf(twice))
      doubled.push({ stream, at: at(seq), words: `${epoch}:${seq} is twice in the buckets` })
    const accounted = union(union(stored, declared), held.get(epochKey(stream, epoch)) ?? [])
    for (const seq of seqsOf(subtract(rangeOf(1, last), accounted)))
      silentlyLost.push({
        stream,
        at: at(seq),
        words: `number ${epoch}:${seq} is neither stored nor declared`,
      })
  }

  for (const [stream, sent] of sentByStream) {
    const excused = excuses(stream, disturbances)
    const stored = new Map(byStream.get(stream)?.map((reading) => [reading.number, reading]))
    const order = epochOrder(byStream.get(stream) ?? [], epochs, stream)
    let before: StoredReading | null = null
    for (let i = 0; i < sent.length; ) {
      const here = stored.get(sent[i]?.number ?? 0)
      if (here) {
        before = here
        i++
        continue
      }
      let end = i
      while (end < sent.length && !stored.has(sent[end]?.number ?? 0)) end++
      const after = stored.get(sent[end]?.number ?? 0) ?? null
      const missing = sent.slice(i, end)
      let places = declaredBetween(order, before, after)
      // Those without an excuse first: each declared number is the place of one reading.
      for (const line of missing.toSorted((a, b) => Number(excused(a)) - Number(excused(b)))) {
        const finding = { stream, at: line.handedOutAt, words: `reading ${line.number}` }
        if (places > 0) {
          declaredLost.push(finding)
          places--
        } else if (excused(line)) notAccepted.push(finding)
        else silentlyLost.push({ ...finding, words: `${finding.words} never came, and nothing had happened` })
      }
      i = end
    }
  }

  return {
    sent: ledger,
    stored: store.readings,
    quarantined: store.readings.filter(({ counts }) => !counts).length,
    doubled,
    declaredLost,
    notAccepted,
    silentlyLost,
    altered,
    wrongWindows: findWrongWindows(store.readings, store.windows, zoneOf),
  }
}

interface EpochFacts {
  readonly stream: string
  readonly epoch: string
  readonly stored: RangeSet
  readonly twice: RangeSet
  /** Declared and not stored. */
  readonly declared: RangeSet
  /** Last number that is known to have been accepted, by anyone. */
  readonly last: number
}

function epochsOf(store: StoreContent, witnesses: readonly Witness[]): Map<string, EpochFacts> {
  const epochs = new Map<string, EpochFacts>(
    [...store.epochs].map(([key, { declared, stored, last, ...rest }]) => [
      key,
      {
        ...rest,
        stored,
        declared: subtract(declared, stored),
        last: Math.max(last, lastOf(stored), lastOf(declared)),
      },
    ]),
  )
  for (const { stream, epoch, lastSeq, rows } of witnesses) {
    const key = epochKey(stream, epoch)
    const known = epochs.get(key) ?? { stream, epoch, stored: [], twice: [], declared: [], last: 0 }
    epochs.set(key, { ...known, last: Math.max(known.last, lastSeq, lastOf(rows)) })
  }
  return epochs
}

/**
 * Between the answer of the source and the stamp of an agent that stood still meanwhile, or that learnt the time over a
 * slow line. Clocks are set by much more.
 */
const timeToleranceMs = 30_000

/** Around a disturbance the agent is still busy with it: this long a reading may be without an answer. */
const aroundMs = 5_000

function excuses(stream: string, disturbances: readonly Disturbance[]): (line: HandedOut) => boolean {
  const own = disturbances.filter(({ device }) => stream.startsWith(`${device}/`))
  return ({ handedOutAt }) =>
    own.some(({ from, to }) => handedOutAt >= from - aroundMs && handedOutAt <= to + aroundMs)
}

/** The runs of a stream's agent, in their order: by the readings that are stored; those without any come anywhere. */
function epochOrder(
  stored: readonly StoredReading[],
  epochs: ReadonlyMap<string, EpochFacts>,
  stream: string,
): { readonly facts: EpochFacts; readonly first: number }[] {
  const firsts = new Map<string, number>()
  for (const { epoch, number } of stored) firsts.set(epoch, Math.min(firsts.get(epoch) ?? number, number))
  return [...epochs.values()]
    .filter((facts) => facts.stream === stream)
    .map((facts) => ({ facts, first: firsts.get(facts.epoch) ?? Number.NaN }))
}

/** How many numbers between two stored readings are declared lost or refused. */
function declaredBetween(
  order: ReturnType<typeof epochOrder>,
  before: StoredReading | null,
  after: StoredReading | null,
): number {
  let count = 0
  for (const { facts, first } of order) {
    const isInside =
      Number.isNaN(first) || ((!before || first > before.number) && (!after || first < after.number))
    const from =
      facts.epoch === before?.epoch ? before.seq + 1 : isInside || facts.epoch === after?.epoch ? 1 : null
    if (from === null) continue
    const to = facts.epoch === after?.epoch ? after.seq - 1 : facts.last
    count += sizeOf(intersect(facts.declared, rangeOf(from, to)))
  }
  return count
}

function* seqsOf(set: RangeSet): Generator<number> {
  const last = lastOf(set)
  for (let seq = set[0] ?? 1; seq <= last; seq++) if (has(set, seq)) yield seq
}
