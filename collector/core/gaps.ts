import { has, hasAll, lastOf, pairs, type RangeSet, rangeOf, subtract } from '@barograph/proto'
import type { EpochDocument, StoredGap } from './documents.ts'

/** Bounds of an epoch's ledger. Open gaps need none of their own: each holds a range that the epoch's set lacks. */
export const gapLimits = {
  /** Gaps that healed and are remembered; of more than these the ones that healed first are forgotten. */
  healedKept: 32,
} as const

/** What of an epoch tells its gaps. */
export type Numbers = Pick<EpochDocument, 'seen' | 'lost' | 'refused' | 'ended'>

type Ledger = Numbers & { -readonly [K in 'gaps' | 'gapsHealed']?: EpochDocument[K] }

/**
 * The largest number that arrived, was declared lost or refused, or ends the epoch. What is missing below it is a gap;
 * what the device accepted beyond it is on its way.
 */
export function horizonOf({ seen, lost, refused, ended }: Numbers): number {
  const declared = [...Object.values(lost), ...Object.values(refused)].map(lastOf)
  return Math.max(lastOf(seen), ended ?? 0, ...declared)
}

/** The numbers that a gap still lacks. */
export function missingIn({ first, last }: Pick<StoredGap, 'first' | 'last'>, seen: RangeSet): RangeSet {
  return subtract(rangeOf(first, last), seen)
}

/**
 * Brings the ledger up to what a record left behind. A gap opens when a number beyond missing ones is known of, keeps
 * its range while numbers of it arrive, and heals with the last of them. Missing numbers that go on where an open gap
 * ends belong to it, so that a buffer that drops its oldest row again and again has one gap. Once for each record, at
 * its end: what one record both leaves out and brings never was missing.
 */
export function noteGaps(epoch: Ledger, ingestMs: number): void {
  const before = epoch.gaps ?? []
  const { seen } = epoch
  const horizon = horizonOf(epoch)
  if (before.length === 0 && isWhole(seen, horizon)) return
  const healed = before.filter((gap) => gap.healed !== null)
  const open: StoredGap[] = []
  let healing = 0
  for (const gap of before) {
    if (gap.healed !== null) continue
    if (!hasAll(seen, gap.first, gap.last)) open.push(gap)
    else {
      healed.push({ ...gap, healed: ingestMs })
      healing++
    }
  }
  const opened = openedGaps(seen, horizon, open, ingestMs)
  if (healing === 0 && opened === null) return
  if (healing > 0) epoch.gapsHealed = (epoch.gapsHealed ?? 0) + healing
  epoch.gaps = [...healed.slice(-gapLimits.healedKept), ...(opened ?? open)]
}

const isWhole = (seen: RangeSet, horizon: number): boolean =>
  horizon === 0 || (seen.length === 2 && seen[0] === 1 && seen[1] === horizon)

/** The open gaps with those that opened now, ascending; null: none did. */
function openedGaps(
  seen: RangeSet,
  horizon: number,
  open: readonly StoredGap[],
  since: number,
): StoredGap[] | null {
  const known = open.flatMap(({ first, last }) => [first, last])
  const fresh = subtract(subtract(rangeOf(1, horizon), seen), known)
  if (fresh.length === 0) return null
  const all = [...open]
  for (const [first, last] of pairs(fresh)) {
    const before = has(seen, first - 1) ? -1 : all.findIndex((gap) => gap.last === first - 1)
    if (before >= 0) all[before] = { ...(all[before] as StoredGap), last }
    else all.push({ first, last, since, healed: null })
  }
  return all.sort((a, b) => a.first - b.first)
}
