import { type Batch, decodeBatch, decodeStatus, isCoded, limits, parseTopic } from '@barograph/proto'
import type { Incoming } from './ingest.ts'
import { type NumberRange, readIdentity } from './read-identity.ts'

/** What the bridge makes of a message. */
export type Verdict =
  | {
      readonly kind: 'batch'
      readonly device: string
      readonly batch: Batch
      /** Entries later than this are to be quarantined; null: none is. */
      readonly quarantineAfterMs: number | null
    }
  | { readonly kind: 'status'; readonly device: string }
  | {
      readonly kind: 'refused'
      readonly device: string | null
      readonly code: string
      readonly reason: string
      /** The numbers in it, as far as they can be read and belong to the device of the topic. */
      readonly ranges: readonly NumberRange[]
    }

/**
 * Decides everything that depends on the wall clock or on who sent it (docs/protocol.md 3): what the roll finds in the log
 * has been checked.
 */
export function judge({ topic, payload, identity }: Incoming, now: number): Verdict {
  const place = parseTopic(topic)
  if (place === null || place.channel === 'down')
    return refusal(
      identity,
      'wrong-topic',
      `nobody may publish to "${topic.slice(0, limits.textCharacters)}"; devices publish to barograph/v1/{device}/up and /status`,
    )
  const { device, channel } = place
  if (identity !== null && identity !== device)
    return refusal(identity, 'wrong-device', `device ${identity} published to the topic of ${device}`)
  try {
    if (channel === 'status') {
      decodeStatus(payload)
      return { kind: 'status', device }
    }
    const batch = decodeBatch(payload)
    if (batch.device !== device)
      return refusal(device, 'wrong-device', `a batch of device ${batch.device} on the topic of ${device}`)
    return { kind: 'batch', device, batch, quarantineAfterMs: quarantineMark(batch, now) }
  } catch (error) {
    if (!isCoded(error)) throw error
    return { ...refusal(device, error.code, error.message), ranges: rangesOf(device, channel, payload) }
  }
}

function refusal(device: string | null, code: string, reason: string): Verdict & { kind: 'refused' } {
  return { kind: 'refused', device, code, reason, ranges: [] }
}

function rangesOf(device: string, channel: string, payload: Uint8Array): readonly NumberRange[] {
  const read = channel === 'up' ? readIdentity(payload) : null
  return read?.device === device ? read.ranges : []
}

/** Replayed and generated data may lie in the future; what a clock stamped may not. */
function quarantineMark(batch: Batch, now: number): number | null {
  if (batch.clock === 'historical') return null
  const bound = now + limits.futureToleranceMs
  const isLate = (time: number): boolean => time > bound
  const some =
    batch.runs.some((run) => run.times.some(isLate)) ||
    batch.summaries.some((summary) => summary.minutes.some((minute) => isLate(minute.start)))
  return some ? bound : null
}
