import type { StreamEpoch, Unknowns } from '../batch.ts'
import type { barograph } from '../generated/barograph.js'
import { limits } from '../limits.ts'
import type { RangeSet } from '../ranges.ts'
import { readNumbers, readSet, readStream, readTimeToken, writeStream } from './parts.ts'
import {
  atMost,
  cut,
  giveUnknowns,
  keepUnknowns,
  readMessage,
  text,
  time,
  v1,
  whole,
  writeMessage,
} from './wire.ts'

/** What the collector has of a device's numbers. Sets of one receipt are parts: absence says nothing. */
export interface Receipt extends Unknowns {
  /** The collector's clock when it was sent, ms since 1970. */
  readonly collectorTime: number
  /** Newest site of the device that is stored; 0: none, or this receipt does not say. */
  readonly siteVersion: number
  readonly streams: readonly StreamReceipt[]
  /** The number of the batch that asked for the time: this receipt says nothing else. Absent: nobody asked. */
  readonly timeToken?: number | undefined
}

export interface StreamReceipt extends StreamEpoch {
  /** In the log: frees the credit window, no row. */
  readonly logged: RangeSet
  /** In the store: the row may go. */
  readonly stored: RangeSet
  /** The declaration of loss is stored: its ledger row may go. */
  readonly lost: RangeSet
  /** Will never be taken: the row goes into the ledger of refusals. */
  readonly refused: readonly {
    readonly firstSeq: number
    readonly lastSeq: number
    readonly reason: string
  }[]
  /** The declared end that is stored, as last number + 1; 0: none. */
  readonly ended: number
}

type Wire = barograph.v1.Receipt.$Properties

export function decodeReceipt(bytes: Uint8Array): Receipt {
  const wire = readMessage<Wire>(v1.Receipt, bytes, 'receipt')
  atMost(wire.streams?.length ?? 0, limits.streamsPerHello, 'streams')
  return {
    collectorTime: time(wire.collectorTime, 'collector time'),
    siteVersion: wire.siteVersion ?? 0,
    streams: (wire.streams ?? []).map(readStreamReceipt),
    ...readTimeToken(wire.timeToken),
    ...keepUnknowns(wire),
  }
}

function readStreamReceipt(wire: barograph.v1.StreamReceipt.$Properties): StreamReceipt {
  atMost(wire.refused?.length ?? 0, limits.rangesPerReceipt, 'refused ranges')
  return {
    ...readStream(wire),
    logged: readSet(wire.logged, limits.rangesPerReceipt),
    stored: readSet(wire.stored, limits.rangesPerReceipt),
    lost: readSet(wire.lost, limits.rangesPerReceipt),
    refused: (wire.refused ?? []).map((range) => ({
      ...readNumbers(range),
      reason: text(range.reason, 'reason'),
    })),
    ended: whole(wire.ended, 'ended'),
  }
}

export function encodeReceipt(receipt: Receipt): Uint8Array {
  return writeMessage<Wire>(v1.Receipt, {
    version: limits.version,
    collectorTime: receipt.collectorTime,
    siteVersion: receipt.siteVersion,
    timeToken: receipt.timeToken ?? 0,
    streams: receipt.streams.map((stream) => ({
      ...writeStream(stream),
      logged: [...stream.logged],
      stored: [...stream.stored],
      lost: [...stream.lost],
      refused: stream.refused.map((range) => ({ ...range, reason: cut(range.reason) })),
      ended: stream.ended,
    })),
    ...giveUnknowns(receipt),
  })
}
