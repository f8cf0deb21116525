import type { IHeaders, Message } from 'kafkajs'
import type { LogRecord, NewRecord, RecordKind } from '../../core/log.ts'

/** Version of the headers. A record of another one is skipped as unreadable. */
const formatVersion = '1'

/** A message as kafkajs hands it over. */
export interface FetchedMessage {
  readonly offset: string
  readonly timestamp: string
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers?: IHeaders
  readonly isControlRecord?: boolean
}

/** The record as a message (docs/kafka.md): the value is the record's, byte by byte. */
export function messageOf(record: NewRecord, partition: number): Message {
  const { device, kind, ingestMs, quarantineAfterMs, value } = record
  return {
    partition,
    key: device,
    // kafkajs takes nothing but a Buffer for bytes.
    value: Buffer.from(value.buffer, value.byteOffset, value.byteLength),
    timestamp: String(ingestMs),
    headers: {
      kind,
      ingest: String(ingestMs),
      ...(quarantineAfterMs === null ? {} : { 'quarantine-after': String(quarantineAfterMs) }),
      version: formatVersion,
    },
  }
}

/** What is not of ours has this kind: nobody knows it, so it is skipped and counted. */
const foreign = 'foreign' as RecordKind

/** `isOwn`: belongs a record of this device into this partition? */
export function recordOf(
  message: FetchedMessage,
  partition: number,
  isOwn: (device: string) => boolean,
): LogRecord {
  const { headers, key, value, timestamp } = message
  const text = (name: string): string | null => headers?.[name]?.toString() ?? null
  const kind = text('kind')
  const device = key?.toString() ?? ''
  const ingestMs = Number(text('ingest') ?? timestamp)
  const quarantine = text('quarantine-after')
  const isOurs =
    kind !== null &&
    text('version') === formatVersion &&
    message.isControlRecord !== true &&
    Number.isSafeInteger(ingestMs) &&
    (quarantine === null || Number.isSafeInteger(Number(quarantine))) &&
    (kind === 'settings' || isOwn(device))
  return {
    partition,
    offset: Number(message.offset),
    kind: isOurs ? (kind as RecordKind) : foreign,
    device,
    ingestMs: Number.isSafeInteger(ingestMs) ? ingestMs : Number(timestamp),
    quarantineAfterMs: quarantine === null ? null : Number(quarantine),
    // A plain view: callers compare and decode bytes, they do not expect Node's Buffer.
    value: value ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength) : new Uint8Array(),
  }
}
