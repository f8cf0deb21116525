import { encodeBatch, limits, makeBatch } from '@barograph/proto'
import type { Buffer } from '../buffer.ts'
import type { Clock } from '../clock.ts'
import { shippingLimits } from './limits.ts'

/** Declares the ends of older epochs and losses, again and again until they are stored. */
export function createLedger(options: {
  readonly device: string
  readonly buffer: Buffer
  readonly transmit: (bytes: Uint8Array) => void
  readonly clock: Clock
}) {
  const { device, buffer, transmit, clock } = options
  let saidAtMs = Number.NEGATIVE_INFINITY

  return {
    /** Something new is in it, or nobody on this connection has heard it. */
    makeDue(): void {
      saidAtMs = Number.NEGATIVE_INFINITY
    },
    sayWhenDue(): void {
      const nowMs = clock.monotonicMs()
      if (nowMs - saidAtMs < shippingLimits.ledgerRepeatMs) return
      const streams = buffer.streams()
      const ended = streams.filter(({ endPending }) => endPending)
      const lost = streams.flatMap((stream) => stream.lost.map((range) => ({ stream, range })))
      if (ended.length + lost.length === 0) return
      saidAtMs = nowMs
      const most = limits.partsPerBatch
      for (let at = 0; at < Math.max(ended.length, lost.length); at += most) {
        const batch = makeBatch(device, {
          siteVersion: buffer.site.version,
          ended: ended.slice(at, at + most).map(({ sensor, epoch, lastSeq }) => ({ sensor, epoch, lastSeq })),
          lost: lost.slice(at, at + most).map(({ stream: { sensor, epoch }, range }) => ({
            sensor,
            epoch,
            ...range,
          })),
        })
        transmit(encodeBatch(batch))
      }
    },
  }
}
