import { has, pairs, type RangeSet } from '@barograph/proto'
import type { BucketDocument, BucketEvent } from '../../../collector/core/documents.ts'
import type { LogRecord } from '../../../collector/core/log.ts'
import type { StoredReceipt } from '../../../collector/core/roll.ts'
import { Violation, type World } from '../engine/world.ts'
import type { Mirror, SimulatedStore } from '../world/store.ts'
import { numbersOf } from './arrivals.ts'
import type { Level, ZoneName } from './calendar.ts'
import type { AcceptedStream, Ledger } from './ledger.ts'
import { windowsOf } from './windows.ts'

export const nameOf = ({ device, sensor, epoch }: AcceptedStream): string => `${device}/${sensor}/${epoch}`

/** How many numbers share a bucket: as the simulation's small world has it. */
export const bucketEntries = 16

/** What happened to one number. */
export interface StoredEvents {
  readonly bucket: BucketDocument
  /** Its arrival. */
  readonly event: BucketEvent
  /** Out of quarantine; null: it was not released. */
  readonly release: BucketEvent | null
}

/** The time that its bucket has; null: it came in a summary. */
export const storedTime = ({ bucket }: StoredEvents, seq: number): number | null =>
  bucket.times[(seq - 1) % bucketEntries] ?? null

/** What happened to a number, as its bucket tells; null: it is not there. */
export function eventOf(mirror: Mirror, stream: AcceptedStream, seq: number): StoredEvents | null {
  const index = Math.floor((seq - 1) / bucketEntries)
  const id = `${nameOf(stream)}/${index}`
  const bucket = mirror.get('readings', id)
  // One that an owner of before left behind is nothing.
  const generation = mirror.get('devices', stream.device)?.o.g ?? 0
  const current = bucket && bucket.o.g >= generation ? bucket : null
  for (const one of [current, ...mirror.deleted(id)]) {
    const found = within(one, seq)
    if (found) return found
  }
  return null
}

function within(bucket: BucketDocument | null, seq: number): StoredEvents | null {
  const events = bucket?.events.filter(({ first, last }) => first <= seq && seq <= last) ?? []
  const event = events.find(({ what }) => what !== 'released')
  const release = events.find(({ what }) => what === 'released') ?? null
  return bucket && event ? { bucket, event, release } : null
}

/** Looks at receipts. */
export interface ReceiptCheck {
  check(receipts: readonly StoredReceipt[]): void
  /** The store is an older one now: what was said of the one before was of that. This is the log that is left. */
  forget(log: readonly LogRecord[]): void
  /**
   * The store is an older one, and some of the log is gone: numbers that agents were told about, and that are in neither,
   * cannot come back.
   */
  reckon(log: readonly LogRecord[]): void
}

/** Looks at every receipt of a roll at the moment at which it is said: what it says must be durable by then. */
export function createReceiptCheck(options: {
  readonly world: World
  readonly store: SimulatedStore
  readonly ledger: Ledger
  readonly levels: readonly Level[]
  readonly zoneOf: (device: string) => ZoneName
}): ReceiptCheck {
  const { world, store, ledger } = options
  const { mirror } = store
  /** Numbers looked at before. */
  const known = new Map<string, Set<number>>()
  /** Readings that were said to be stored, by window. */
  const inWindow = new Map<string, number>()

  function check(stream: AcceptedStream, seq: number, touched: Set<string>): void {
    const { device, sensor, epoch } = stream
    const reading = { device, sensor, epoch, seq }
    const found = eventOf(mirror, stream, seq)
    const known = mirror.get('epochs', nameOf(stream))
    if (known && has(known.expired, seq)) return
    if (!found)
      return world.violate(
        new Violation('receipt-behind', `said to be stored, and its bucket does not hold it`, reading),
      )
    const entry = stream.entries[seq - 1]
    // What was in the file when its agent died counts; the next start shows what that was.
    if (!entry && seq <= stream.entries.length + stream.unknown.length) return
    if (!entry) return world.violate(new Violation('once', 'said to be stored, and never accepted', reading))
    const { what } = found.event
    if ((what === 'quarantined' && !found.release) || entry.mark) return
    const isThinned = what === 'summarised'
    const time = storedTime(found, seq) ?? entry.time
    const { expiredBefore = {} } = mirror.get('streams', `${device}/${sensor}`) ?? {}
    for (const { id, level, end } of windowsOf(
      { stream, entry: { ...entry, time }, isThinned },
      options.levels,
      options.zoneOf(device),
    )) {
      if (end <= (expiredBefore[level] ?? Number.NEGATIVE_INFINITY)) continue
      inWindow.set(id, (inWindow.get(id) ?? 0) + 1)
      touched.add(id)
    }
  }

  function checkAll(receipts: readonly StoredReceipt[]): void {
    for (const { device, streams } of receipts)
      for (const { sensor, epoch, stored, lost, refused } of streams) {
        const stream = ledger.stream(device, sensor, epoch)
        if (!stream) continue
        const name = nameOf(stream)
        const before = known.get(name) ?? new Set()
        known.set(name, before)
        const touched = new Set<string>()
        let last = 0
        for (const [from, to] of pairs(stored))
          for (let seq = from; seq <= to; seq++)
            if (!before.has(seq)) {
              before.add(seq)
              stream.told.add(seq)
              last = seq
              check(stream, seq, touched)
              world.about(device, sensor, epoch, seq, seq, 'receipt: stored')
            }
        for (const id of touched) {
          const received = mirror.get('rollups', id)?.received ?? 0
          const inIt = inWindow.get(id) ?? 0
          const { level, end } = mirror.get('rollups', id) ?? {}
          const { expiredBefore = {} } = mirror.get('streams', `${device}/${sensor}`) ?? {}
          const isExpired = level && (end ?? 0) <= (expiredBefore[level] ?? Number.NEGATIVE_INFINITY)
          if (received < inIt && !isExpired)
            world.violate(
              new Violation(
                'receipt-behind',
                `${inIt} readings of the window ${id} are said to be stored, it holds ${received}`,
                { device, sensor, epoch, seq: last },
              ),
            )
        }
        const document = mirror.get('epochs', name)
        const isDeclared = (seq: number): boolean =>
          document !== null &&
          (has(document.seen, seq) || inAny(document.lost, seq) || inAny(document.refused, seq))
        const declared = [...pairs(lost), ...refused.map((one) => [one.firstSeq, one.lastSeq] as const)]
        for (const [from, to] of declared)
          for (let seq = from; seq <= to; seq++) {
            stream.told.add(seq)
            if (!isDeclared(seq))
              world.violate(
                new Violation('receipt-behind', 'a declaration is receipted that the store does not hold', {
                  device,
                  sensor,
                  epoch,
                  seq,
                }),
              )
          }
      }
  }

  function reckon(log: readonly LogRecord[]): void {
    const logged = numbersOf(log)
    for (const [name, { told, forgotten }] of ledger.streams) {
      const document = mirror.get('epochs', name)
      const isHeld = (seq: number): boolean =>
        document !== null &&
        (has(document.seen, seq) || inAny(document.lost, seq) || inAny(document.refused, seq))
      for (const seq of told) if (!isHeld(seq) && !logged.get(name)?.has(seq)) forgotten.add(seq)
    }
  }

  return {
    check: checkAll,
    forget(log) {
      known.clear()
      inWindow.clear()
      reckon(log)
    },
    reckon,
  }
}

export const inAny = (sets: Readonly<Record<string, RangeSet>>, seq: number): boolean =>
  Object.values(sets).some((set) => has(set, seq))
