import {
  type Batch,
  decodeBatch,
  decodeExpire,
  decodeRefusal,
  decodeRelease,
  decodeSettings,
  decodeStatus,
  type Expire,
  isCoded,
  type Refusal,
  type Release,
  type Settings,
  type Status,
  type StreamEpoch,
} from '@barograph/proto'
import type { Position } from './documents.ts'
import type { LogRecord } from './log.ts'

interface Place {
  readonly at: Position
  /** `o` of a document that holds this record. */
  readonly next: Position
  readonly device: string
  readonly ingestMs: number
  readonly quarantineAfterMs: number | null
}

/** A record of the log, decoded. `unreadable`: skipped, and counted, since the bridge lets nothing such pass. */
export type DecodedRecord = Place &
  (
    | { readonly kind: 'batch'; readonly batch: Batch }
    | { readonly kind: 'status'; readonly status: Status }
    | { readonly kind: 'refusal'; readonly refusal: Refusal }
    | { readonly kind: 'settings'; readonly settings: Settings }
    | { readonly kind: 'release'; readonly release: Release }
    | { readonly kind: 'expire'; readonly expire: Expire }
    | { readonly kind: 'unreadable'; readonly why: string }
  )

/** A decoded record of this kind. */
export type RecordOf<K extends DecodedRecord['kind']> = Extract<DecodedRecord, { readonly kind: K }>

export function decodeRecord(record: LogRecord, generation: number): DecodedRecord {
  const place: Place = {
    at: { g: generation, n: record.offset },
    next: { g: generation, n: record.offset + 1 },
    device: record.device,
    ingestMs: record.ingestMs,
    quarantineAfterMs: record.quarantineAfterMs,
  }
  try {
    switch (record.kind) {
      case 'batch':
        return { ...place, kind: 'batch', batch: decodeBatch(record.value) }
      case 'status':
        return { ...place, kind: 'status', status: decodeStatus(record.value) }
      case 'refusal':
        return { ...place, kind: 'refusal', refusal: decodeRefusal(record.value) }
      case 'settings':
        return { ...place, kind: 'settings', settings: decodeSettings(record.value) }
      case 'release':
        return { ...place, kind: 'release', release: decodeRelease(record.value) }
      case 'expire':
        return { ...place, kind: 'expire', expire: decodeExpire(record.value) }
      default:
        return { ...place, kind: 'unreadable', why: `record of unknown kind ${String(record.kind)}` }
    }
  } catch (error) {
    if (!isCoded(error)) throw error
    return { ...place, kind: 'unreadable', why: error.message }
  }
}

/** Every (sensor, epoch) that the record says something of. */
export function streamsOf(record: DecodedRecord): StreamEpoch[] {
  switch (record.kind) {
    case 'batch': {
      const { runs, ended, lost, summaries, hello } = record.batch
      return distinct([...runs, ...ended, ...lost, ...summaries, ...(hello ?? [])])
    }
    case 'status':
      return distinct(record.status.sensors)
    case 'refusal':
      return distinct(record.refusal.refused)
    case 'release':
      return distinct(record.release.ranges)
    case 'expire':
      return distinct(record.expire.raw)
    default:
      return []
  }
}

function distinct(streams: readonly StreamEpoch[]): StreamEpoch[] {
  const byName = new Map<string, StreamEpoch>()
  for (const { sensor, epoch } of streams) byName.set(`${sensor}/${epoch}`, { sensor, epoch })
  return [...byName.values()]
}
