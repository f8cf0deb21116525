import type { StreamEpoch } from '../batch.ts'
import { CodedError } from '../errors.ts'
import type { barograph } from '../generated/barograph.js'
import { epochFromBytes, epochToBytes } from '../identity.ts'
import { limits } from '../limits.ts'
import { isRangeSet, type RangeSet } from '../ranges.ts'
import { atMost, id, sequence, whole } from './wire.ts'

export function readStream(wire: barograph.v1.StreamEpoch.$Properties): StreamEpoch {
  return { sensor: id(wire.sensor, 'sensor'), epoch: epochFromBytes(wire.epoch ?? new Uint8Array()) }
}

export function writeStream({ sensor, epoch }: StreamEpoch): { sensor: string; epoch: Uint8Array } {
  return { sensor, epoch: epochToBytes(epoch) }
}

/** As a property to spread: absent where nobody asked for the time. */
export function readTimeToken(wire: number | { toNumber(): number } | null | undefined): {
  readonly timeToken?: number
} {
  const timeToken = whole(wire, 'time token')
  return timeToken === 0 ? {} : { timeToken }
}

/** A range of sequence numbers. */
export function readNumbers(wire: barograph.v1.Lost.$Properties): { firstSeq: number; lastSeq: number } {
  const firstSeq = sequence(wire.firstSeq, 'first number')
  const lastSeq = sequence(wire.lastSeq, 'last number')
  if (lastSeq < firstSeq) throw new CodedError('malformed', `a range from ${firstSeq} to ${lastSeq}`)
  return { firstSeq, lastSeq }
}

/** A set of sequence numbers as flat ranges, at most so many. */
export function readSet(
  wire: readonly (number | { toNumber(): number })[] | null | undefined,
  mostRanges: number,
): RangeSet {
  const numbers = (wire ?? []).map((bound) => whole(bound, 'range'))
  atMost(numbers.length / 2, mostRanges, 'ranges')
  if (!isRangeSet(numbers)) throw new CodedError('malformed', 'a set with ranges out of order')
  if ((numbers[numbers.length - 1] ?? 0) >= limits.sequence)
    throw new CodedError('malformed', 'a set with numbers beyond 2^48')
  return numbers
}
