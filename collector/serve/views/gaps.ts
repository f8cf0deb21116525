import { pairs, type RangeSet, rangeOf, sizeOf, subtract } from '@barograph/proto'
import type { ApiGapCause } from '@barograph/proto/api'
import type { DeviceDocument, EpochDocument, StoredGap } from '../../core/documents.ts'
import { horizonOf } from '../../core/gaps.ts'

/** A range of missing numbers with one cause, inside the whole missing range around it. */
export interface Gap {
  readonly epoch: EpochDocument
  readonly first: number
  readonly last: number
  readonly cause: ApiGapCause
  readonly reason: string
  /** The maximal missing range: its neighbours have been seen. */
  readonly around: readonly [number, number]
  /** When it was told that they are missing, ms; null: before that was kept. */
  readonly since: number | null
  /** Accepted beyond all that arrived or was declared, and on its way: not a gap. */
  readonly isAhead: boolean
}

/** The largest number that anybody has spoken of. */
export function topOf(epoch: EpochDocument): number {
  return Math.max(epoch.accepted, horizonOf(epoch))
}

/**
 * Whether a device accounts for a number that nobody declared: it did not, if its last status names the number as
 * accepted and says that nothing waits. Then no one knows where it is.
 */
function isUnexplained(
  device: DeviceDocument | null,
  { sensor, epoch, accepted }: EpochDocument,
  seq: number,
) {
  if (!device || !device.online || device.statusAt === 0 || seq > accepted) return false
  const said = device.sensors.find((one) => one.sensor === sensor)
  if (!said || said.backlog > 0) return false
  // Of two agents with one name the one that spoke last does not know what the other one holds.
  return said.epoch === epoch || !(device.conflict?.epochs ?? []).includes(epoch)
}

/** Every missing range of an epoch with its cause, descending; what is merely on its way beyond all others, too. */
export function gapsOf(epoch: EpochDocument, device: DeviceDocument | null): Gap[] {
  const missing = subtract(rangeOf(1, topOf(epoch)), epoch.seen)
  if (missing.length === 0) return []
  const horizon = horizonOf(epoch)
  const open = openGapsOf(epoch)
  const gaps: Gap[] = []
  const add = (set: RangeSet, cause: ApiGapCause, reason: string) => {
    for (const [first, last] of pairs(set)) {
      const isBeyond = first > horizon
      const since = isBeyond ? (device?.statusAt ?? null) : sinceOf(open, first)
      const isAhead = isBeyond && cause === 'on-its-way'
      gaps.push({ epoch, first, last, cause, reason, around: around(missing, first), since, isAhead })
    }
  }
  let rest = missing
  for (const [reason, set] of Object.entries(epoch.lost)) {
    add(subtract(set, epoch.seen), 'lost', reason)
    rest = subtract(rest, set)
  }
  for (const [reason, set] of Object.entries(epoch.refused)) {
    add(subtract(set, epoch.seen), 'refused', reason)
    rest = subtract(rest, set)
  }
  for (const [first, last] of pairs(rest)) {
    // The device says nothing of what is newer than its last status, and what is newer than all that came is no gap.
    const ends = [epoch.accepted, horizon].filter((end) => end >= first && end < last).sort((a, b) => a - b)
    let from = first
    for (const to of new Set([...ends, last])) {
      add([from, to], isUnexplained(device, epoch, from) ? 'unknown' : 'on-its-way', '')
      from = to + 1
    }
  }
  return gaps.sort((a, b) => b.first - a.first)
}

/** The gaps of an epoch's ledger that have not healed, ascending. */
export function openGapsOf({ gaps = [] }: Pick<EpochDocument, 'gaps'>): StoredGap[] {
  return gaps.filter(({ healed }) => healed === null)
}

/** Since when a missing number has been known to be missing. */
function sinceOf(open: readonly StoredGap[], seq: number): number | null {
  let low = 0
  let high = open.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((open[middle] as StoredGap).last < seq) low = middle + 1
    else high = middle
  }
  const gap = open[low]
  return gap && gap.first <= seq ? gap.since : null
}

/** Why numbers are missing, for people. */
export function causeWords({ cause, reason }: Pick<Gap, 'cause' | 'reason'>, isOnline: boolean): string {
  switch (cause) {
    case 'lost':
      return `declared lost: ${reason || 'no reason given'}`
    case 'refused':
      if (reason === 'expired') return 'removed by retention'
      return `refused: ${reason.replaceAll('-', ' ') || 'no reason given'}`
    case 'on-its-way':
      return isOnline ? 'on its way: the device holds it' : 'on its way: the device holds it and is offline'
    case 'unknown':
      return 'not known: the device says that it holds nothing more'
  }
}

/** The missing range that holds this missing number. */
function around(missing: RangeSet, seq: number): readonly [number, number] {
  let low = 0
  let high = missing.length / 2 - 1
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((missing[2 * middle + 1] ?? seq) < seq) low = middle + 1
    else high = middle
  }
  return [missing[2 * low] ?? seq, missing[2 * low + 1] ?? seq]
}

/** How many numbers a record of sets holds that have not been seen. */
export function declaredOf(sets: Readonly<Record<string, RangeSet>>, seen: RangeSet): number {
  return Object.values(sets).reduce((sum, set) => sum + sizeOf(subtract(set, seen)), 0)
}
