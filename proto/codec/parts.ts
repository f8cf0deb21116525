import type { StreamEpoch } from '../batch.ts'
import { CodedError } from '../errors.ts'
import type { barograph } from '../generated/barograph.js'
import { epochFromBytes, epochToBytes } from '../identity.ts'
import { id, sequence, whole } from './wire.ts'

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
