import type { StreamEpoch } from '../batch.ts'
import type { barograph } from '../generated/barograph.js'
import { limits } from '../limits.ts'
import { isTimeZone } from '../time-zone.ts'
import { type RangeSet, sizeOf } from '../ranges.ts'
import { readNumbers, readSet, readStream, writeStream } from './parts.ts'
import { CodedError } from '../errors.ts'
import { atMost, cut, id, readMessage, text, time, v1, whole, writeMessage } from './wire.ts'

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

/** Quarantined entries that an operator lets count from now on. */
export interface Release {
  readonly device: string
  readonly ranges: readonly (StreamEpoch & { readonly firstSeq: number; readonly lastSeq: number })[]
  readonly by: string
  readonly why: string
}

/** What retention drops of one device: raw entries, and the older windows of levels. */
export interface Expire {
  readonly device: string
  /** Void when a site of the device stands in the log at or after `known`: its windows are cut in another way since. */
  readonly raw: readonly RawExpiry[]
  readonly levels: readonly LevelExpiry[]
  /** Position up to which the device was known: generation of the log, then offset. */
  readonly known: { readonly g: number; readonly n: number }
}

export interface RawExpiry extends StreamEpoch {
  readonly ranges: RangeSet
}

/** Windows of this level that end at or before `before`, ms since 1970. */
export interface LevelExpiry {
  readonly sensor: string
  readonly level: string
  readonly before: number
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

export function decodeRelease(bytes: Uint8Array): Release {
  const wire = readMessage<barograph.v1.Release.$Properties>(v1.Release, bytes, 'release')
  atMost(wire.ranges?.length ?? 0, limits.partsPerBatch, 'ranges')
  const ranges = (wire.ranges ?? []).map((one) => ({ ...readStream(one), ...readNumbers(one) }))
  atMost(
    ranges.reduce((sum, { firstSeq, lastSeq }) => sum + lastSeq - firstSeq + 1, 0),
    limits.numbersPerOperation,
    'numbers',
  )
  refuseRepeats(ranges)
  return {
    device: id(wire.device, 'device'),
    ranges,
    by: text(wire.by, 'by'),
    why: text(wire.why, 'why'),
  }
}

/** Whoever folds a record must not have to tell two occurrences of a number apart. */
function refuseRepeats(ranges: Release['ranges']): void {
  const ends = new Map<string, number>()
  for (const { sensor, epoch, firstSeq, lastSeq } of ranges.toSorted((a, b) => a.firstSeq - b.firstSeq)) {
    const stream = `${sensor}/${epoch}`
    if (firstSeq <= (ends.get(stream) ?? 0))
      throw new CodedError('malformed', `number ${firstSeq} occurs twice in a release`)
    ends.set(stream, lastSeq)
  }
}

export function encodeRelease({ device, ranges, by, why }: Release): Uint8Array {
  return writeMessage<barograph.v1.Release.$Properties>(v1.Release, {
    version: limits.version,
    device,
    ranges: ranges.map((one) => ({ ...writeStream(one), firstSeq: one.firstSeq, lastSeq: one.lastSeq })),
    by: cut(by),
    why: cut(why),
  })
}

export function decodeExpire(bytes: Uint8Array): Expire {
  const wire = readMessage<barograph.v1.Expire.$Properties>(v1.Expire, bytes, 'expiry')
  atMost(wire.raw?.length ?? 0, limits.partsPerBatch, 'streams')
  atMost(wire.levels?.length ?? 0, limits.partsPerBatch, 'levels')
  const raw = (wire.raw ?? []).map((one) => ({
    ...readStream(one),
    ranges: readSet(one.ranges, limits.partsPerBatch),
  }))
  atMost(
    raw.reduce((sum, { ranges }) => sum + sizeOf(ranges), 0),
    limits.numbersPerOperation,
    'numbers',
  )
  if (new Set(raw.map(({ sensor, epoch }) => `${sensor}/${epoch}`)).size < raw.length)
    throw new CodedError('malformed', 'an expiry that names an epoch twice')
  return {
    device: id(wire.device, 'device'),
    raw,
    levels: (wire.levels ?? []).map((one) => ({
      sensor: id(one.sensor, 'sensor'),
      level: text(one.level, 'level'),
      before: time(one.before, 'before'),
    })),
    known: { g: whole(wire.knownGeneration, 'generation'), n: whole(wire.knownOffset, 'offset') },
  }
}

export function encodeExpire({ device, raw, levels, known }: Expire): Uint8Array {
  return writeMessage<barograph.v1.Expire.$Properties>(v1.Expire, {
    version: limits.version,
    device,
    raw: raw.map((one) => ({ ...writeStream(one), ranges: [...one.ranges] })),
    levels: levels.map(({ sensor, level, before }) => ({ sensor, level, before })),
    knownGeneration: known.g,
    knownOffset: known.n,
  })
}
