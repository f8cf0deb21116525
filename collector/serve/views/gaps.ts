import { lastOf, pairs, type RangeSet, rangeOf, sizeOf, subtract } from '@barograph/proto'
import type { ApiGapCause } from '@barograph/proto/api'
import type { DeviceDocument, EpochDocument } from '../../core/documents.ts'

/** A range of missing numbers with one cause, inside the whole missing range around it. */
export interface Gap {
  readonly epoch: EpochDocument
  readonly first: number
  readonly last: number
  readonly cause: ApiGapCause
  readonly reason: string
  /** The maximal missing range: its neighbours have been seen. */
  readonly around: readonly [number, number]
}

/** The largest number that anybody has spoken of. */
export function topOf({ seen, accepted, ended, lost, refused }: EpochDocument): number {
  const sets = [seen, ...Object.values(lost), ...Object.values(refused)]
  return Math.max(accepted, ended ?? 0, ...sets.map(lastOf))
}

/** Numbers up to the top that have not been seen. */
export function missingOf(epoch: EpochDocument): RangeSet {
  return subtract(rangeOf(1, topOf(epoch)), epoch.seen)
}

/**
 * Whether a device accounts for a number that nobody declared: it did not, if its last status names the number as
 * accepted and says that nothing waits. Then no one knows where it is.
 */
export function isUnexplained(
  device: DeviceDocument | null,
  { sensor, accepted }: EpochDocument,
  seq: number,
) {
  if (!device || !device.online || device.statusAt === 0 || seq > accepted) return false
  return device.sensors.some((one) => one.sensor === sensor && one.backlog === 0)
}

/** Every missing range of an epoch with its cause, descending. */
export function gapsOf(epoch: EpochDocument, device: DeviceDocument | null): Gap[] {
  const missing = missingOf(epoch)
  const gaps: Gap[] = []
  const add = (set: RangeSet, cause: ApiGapCause, reason: string) => {
    for (const [first, last] of pairs(set))
      gaps.push({ epoch, first, last, cause, reason, around: around(missing, first) })
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
    // A range that the last status covers only in part is two: the part after it is simply newer.
    const split = Math.min(last, Math.max(first - 1, epoch.accepted))
    for (const [from, to] of [
      [first, split],
      [split + 1, last],
    ] as const)
      if (from <= to) add([from, to], isUnexplained(device, epoch, from) ? 'unknown' : 'on-its-way', '')
  }
  return gaps.sort((a, b) => b.first - a.first)
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
