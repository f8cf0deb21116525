import type { StreamEpoch } from '../batch.ts'
import type { barograph } from '../generated/barograph.js'
import { limits } from '../limits.ts'
import { isTimeZone } from '../time-zone.ts'
import { readNumbers, readStream, writeStream } from './parts.ts'
import { CodedError } from '../errors.ts'
import { atMost, cut, id, readMessage, text, v1, writeMessage } from './wire.ts'

/** What the bridge refused of a batch whose identity could be read: a record of the device's partition. */
export interface Refusal {
  readonly device: string
  readonly refused: readonly Refused[]
}

export interface Refused extends StreamEpoch {
  readonly firstSeq: number
  readonly lastSeq: number
  readonly reason: string
}

/** What the fold depends on beside the readings; written into each partition when it changes. */
export interface Settings {
  readonly defaultTimeZone: string
  readonly levels: readonly string[]
}

export function decodeRefusal(bytes: Uint8Array): Refusal {
  const wire = readMessage<barograph.v1.Refusal.$Properties>(v1.Refusal, bytes, 'refusal')
  atMost(wire.refused?.length ?? 0, limits.partsPerBatch, 'refused ranges')
  return {
    device: id(wire.device, 'device'),
    refused: (wire.refused ?? []).map((one) => ({
      ...readStream(one),
      ...readNumbers(one),
      reason: text(one.reason, 'reason'),
    })),
  }
}

export function encodeRefusal(refusal: Refusal): Uint8Array {
  return writeMessage<barograph.v1.Refusal.$Properties>(v1.Refusal, {
    version: limits.version,
    device: refusal.device,
    refused: refusal.refused.map((one) => ({
      ...writeStream(one),
      firstSeq: one.firstSeq,
      lastSeq: one.lastSeq,
      reason: cut(one.reason),
    })),
  })
}

export function decodeSettings(bytes: Uint8Array): Settings {
  const wire = readMessage<barograph.v1.Settings.$Properties>(v1.Settings, bytes, 'settings')
  const defaultTimeZone = wire.defaultTimeZone ?? ''
  if (!isTimeZone(defaultTimeZone))
    throw new CodedError('malformed', `settings with time zone "${defaultTimeZone}"`)
  return { defaultTimeZone, levels: wire.levels ?? [] }
}

export function encodeSettings(settings: Settings): Uint8Array {
  return writeMessage<barograph.v1.Settings.$Properties>(v1.Settings, {
    version: limits.version,
    defaultTimeZone: settings.defaultTimeZone,
    levels: [...settings.levels],
  })
}
