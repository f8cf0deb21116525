import {
  emptySet,
  intersect,
  limits,
  rangeCount,
  type RangeSet,
  rangeOf,
  type StreamEpoch,
  type StreamReceipt,
  subtract,
  union,
} from '@barograph/proto'
import type { EpochDocument, Position } from './documents.ts'
import { noteGaps } from './gaps.ts'
import { epochId } from './identity.ts'

/** Causes and reasons that one epoch tells apart; further ones are filed under `other`. */
const reasonsPerEpoch = 64

type BySet = Record<string, RangeSet>

/** An epoch's document in the form that the fold changes. */
export type Epoch = { -readonly [K in keyof EpochDocument]: EpochDocument[K] } & {
  readonly quarantined: BySet
  readonly lost: BySet
  readonly refused: BySet
}

export function newEpoch(device: string, stream: StreamEpoch, o: Position): Epoch {
  return {
    id: epochId(device, stream),
    o,
    device,
    sensor: stream.sensor,
    epoch: stream.epoch,
    seen: emptySet,
    expired: emptySet,
    quarantined: {},
    lost: {},
    refused: {},
    ended: null,
    accepted: 0,
    firstIngest: 0,
  }
}

/** See rollupFrom. */
export function epochFrom(document: EpochDocument): Epoch {
  return document as Epoch
}

/** Once for each record that changed the epoch, after all that it did. */
export function settle(epoch: Epoch, ingestMs: number): void {
  if (epoch.firstIngest === 0) epoch.firstIngest = ingestMs
  noteGaps(epoch, ingestMs)
}

/** All sets of a record of sets as one. */
export function merged(sets: Readonly<Record<string, RangeSet>>): RangeSet {
  let all: RangeSet = emptySet
  for (const set of Object.values(sets)) all = union(all, set)
  return all
}

/** Numbers that arrived: what was declared lost or refused before is healed. */
export function see(epoch: Epoch, numbers: RangeSet, quarantineReason: string): void {
  epoch.seen = union(epoch.seen, numbers)
  removeFrom(epoch.lost, numbers)
  removeFrom(epoch.refused, numbers)
  if (quarantineReason !== '') addTo(epoch.quarantined, quarantineReason, numbers)
}

/** A declared loss covers only numbers never seen. */
export function lose(epoch: Epoch, first: number, last: number, cause: string): void {
  const unseen = subtract(subtract(rangeOf(first, last), epoch.seen), merged(epoch.refused))
  declare(epoch, epoch.lost, cause, subtract(unseen, merged(epoch.lost)))
}

/** Refused numbers, like lost ones, cover only what was never seen. */
export function refuse(epoch: Epoch, numbers: RangeSet, reason: string): void {
  const unseen = subtract(subtract(numbers, epoch.seen), merged(epoch.lost))
  declare(epoch, epoch.refused, reason, subtract(unseen, merged(epoch.refused)))
}

/** Numbers that were let out of quarantine. */
export function release(epoch: Epoch, numbers: RangeSet): void {
  removeFrom(epoch.quarantined, numbers)
}

/** Why a number is refused whose raw entry would have expired. */
const expiredReason = 'expired'

/**
 * Raw entries of these numbers are dropped: those that were stored stay stored, and what was not seen will not be taken
 * any more. Not done where the sets would have too many ranges: then nothing expires.
 */
export function expire(epoch: Epoch, numbers: RangeSet): void {
  const expired = union(epoch.expired, numbers)
  const unseen = subtract(subtract(numbers, epoch.seen), merged(epoch.lost))
  if (rangeCount(expired) > limits.rangesPerStream) return
  if (!declare(epoch, epoch.refused, expiredReason, subtract(unseen, merged(epoch.refused)))) return
  epoch.expired = expired
  release(epoch, numbers)
}

/**
 * Numbers that arrived after their entries expired. Nobody takes them any more, and their sender is told so even when it
 * declared them lost before: else it would keep them for ever.
 */
export function refuseExpired(epoch: Epoch, numbers: RangeSet): void {
  if (epoch.expired.length === 0) return
  const unseen = subtract(intersect(numbers, epoch.expired), epoch.seen)
  const fresh = subtract(unseen, merged(epoch.refused))
  if (declare(epoch, epoch.refused, expiredReason, fresh)) removeFrom(epoch.lost, fresh)
}

/** What the device may know: each number in one of the sets, as far as the store knows of it. */
export function receiptOf(epoch: Epoch): StreamReceipt {
  const refused = Object.entries(epoch.refused).flatMap(([reason, set]) => {
    const ranges = []
    for (let i = 0; i < set.length; i += 2)
      ranges.push({ firstSeq: set[i] as number, lastSeq: set[i + 1] as number, reason })
    return ranges
  })
  return {
    sensor: epoch.sensor,
    epoch: epoch.epoch,
    logged: emptySet,
    stored: epoch.seen,
    lost: merged(epoch.lost),
    refused: refused.sort((a, b) => a.firstSeq - b.firstSeq),
    ended: epoch.ended === null ? 0 : epoch.ended + 1,
  }
}

function addTo(sets: BySet, key: string, numbers: RangeSet): void {
  if (numbers.length === 0) return
  const name = nameIn(sets, key)
  sets[name] = union(setOf(sets, name), numbers)
}

/**
 * Declarations cost their sender nothing, so their ranges are counted. One that would be too many is not taken: nobody
 * is told that it was, and its sender keeps what it is about. False then.
 */
function declare(epoch: Epoch, sets: BySet, key: string, numbers: RangeSet): boolean {
  if (numbers.length === 0) return true
  const name = nameIn(sets, key)
  const before = setOf(sets, name)
  const after = union(before, numbers)
  const others = rangesIn(epoch.lost) + rangesIn(epoch.refused) - rangeCount(before)
  if (others + rangeCount(after) > limits.rangesPerStream) return false
  sets[name] = after
  return true
}

/** The name that a cause is filed under. A stranger chose it: `__proto__` is no name that an object can have. */
function nameIn(sets: BySet, key: string): string {
  const known = Object.hasOwn(sets, key) || Object.keys(sets).length < reasonsPerEpoch
  return known && key !== '__proto__' ? key : 'other'
}

const setOf = (sets: BySet, name: string): RangeSet =>
  Object.hasOwn(sets, name) ? (sets[name] ?? emptySet) : emptySet

const rangesIn = (sets: BySet): number =>
  Object.values(sets).reduce((count, set) => count + rangeCount(set), 0)

function removeFrom(sets: BySet, numbers: RangeSet): void {
  for (const [key, set] of Object.entries(sets)) {
    const rest = subtract(set, numbers)
    if (rest === set) continue
    if (rest.length === 0) delete sets[key]
    else sets[key] = rest
  }
}
