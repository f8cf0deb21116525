import { encodeBatch, limits, makeBatch } from '@barograph/proto'
import type { Buffer } from '../buffer.ts'
import type { Clock } from '../clock.ts'
import type { Log } from '../log.ts'
import { shippingLimits } from './limits.ts'

/** Declares the ends of older epochs and losses, again and again until they are stored. */
export function createLedger(options: {
  readonly device: string
  readonly buffer: Buffer
  readonly transmit: (bytes: Uint8Array) => void
  readonly clock: Clock
  readonly log: Log
}) {
  const { device, buffer, transmit, clock, log } = options
  let lookedAtMs = Number.NEGATIVE_INFINITY
  let saidAtMs = 0
  let repeatMs: number = shippingLimits.ledgerRepeatMs
  /** How many parts were said last: fewer now, and somebody stores them. */
  let saidParts = 0
  let inVainSinceMs = 0
  let isTold = false

  function makeDue(): void {
    lookedAtMs = Number.NEGATIVE_INFINITY
    saidParts = 0
  }

  /** The same as before may wait longer and longer; whatever is new may not. */
  function isDue(parts: number, nowMs: number): boolean {
    if (parts !== saidParts) {
      repeatMs = shippingLimits.ledgerRepeatMs
      inVainSinceMs = nowMs
      return true
    }
    if (nowMs - saidAtMs < repeatMs) return false
    repeatMs = Math.min(2 * repeatMs, shippingLimits.longestRepeatMs)
    tellInVain(parts, nowMs)
    return true
  }

  function tellInVain(parts: number, nowMs: number): void {
    if (isTold || nowMs - inVainSinceMs < shippingLimits.ledgerSilentMs) return
    isTold = true
    log.warn(
      { parts, hint: 'does the collector store anything? if it refused them, its dead letters say why' },
      'the collector does not take what this device declares: ends of earlier runs, and losses',
    )
  }

  return {
    /** Something new is in it. */
    makeDue,
    /** A new connection: nobody has heard it. */
    restart(): void {
      makeDue()
      isTold = false
    },
    sayWhenDue(): void {
      const nowMs = clock.monotonicMs()
      if (nowMs - lookedAtMs < shippingLimits.ledgerRepeatMs) return
      const streams = buffer.streams()
      const ended = streams.filter(({ endPending }) => endPending)
      const lost = streams.flatMap((stream) => stream.lost.map((range) => ({ stream, range })))
      const parts = ended.length + lost.length
      if (parts === 0) return
      lookedAtMs = nowMs
      if (!isDue(parts, nowMs)) return
      saidAtMs = nowMs
      saidParts = parts
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
