import {
  decodeReceipt,
  emptySet,
  isCoded,
  type RangeSet,
  type Receipt,
  sizeOf,
  type StreamReceipt,
  union,
} from '@barograph/proto'
import type { Buffer, BufferedStream } from '../buffer.ts'
import type { Clock } from '../clock.ts'
import { createDueTimer } from '../due-timer.ts'
import type { Log } from '../log.ts'
import type { SiteConfig } from '../sensor-type.ts'
import { createTimeAsking } from '../time/asking.ts'
import type { Timekeeper } from '../time/timekeeper.ts'
import { createGreeting } from './greeting.ts'
import { createLanes, thinnedView } from './lanes.ts'
import { createLedger } from './ledger.ts'
import { shippingLimits } from './limits.ts'
import { createOutbox } from './outbox.ts'
import { createResending } from './resending.ts'
import { createSender } from './sender.ts'

export { shippingLimits } from './limits.ts'

export interface Shipper {
  /** The uplink is there: introduces this device and begins to send. */
  connected(): void
  disconnected(): void
  /** Bytes of a receipt, unchecked. */
  received(bytes: Uint8Array): void
  /** Sends everything live that waits, whatever `lingerMs` says; resolves when the broker has it or is gone. */
  flush(): Promise<void>
  /** Sends nothing more. */
  stop(): void
}

export interface ShipperOptions {
  readonly device: string
  readonly site: SiteConfig
  readonly buffer: Buffer
  /** Resolves when the broker has it, rejects when the connection went first. */
  readonly send: (bytes: Uint8Array) => Promise<void>
  readonly clock: Clock
  /** Hears the collector's time; absent: the clock needs nobody. */
  readonly time?: Timekeeper
  readonly log: Log
  /** How long live entries may wait for company in their batch. */
  readonly lingerMs: number
  readonly maxBatchEntries: number
  readonly backfillPerSecond: number
  /** Entries sent and not yet in the log. */
  readonly creditEntries: number
}

/** Sends what the buffer holds until the collector has stored it. docs/protocol.md 2. */
export function createShipper(options: ShipperOptions): Shipper {
  const { device, site, buffer, clock, log, lingerMs, maxBatchEntries, backfillPerSecond, creditEntries } =
    options
  const pumping = createDueTimer(clock, pump)
  const lanes = createLanes()
  const summaryLanes = createLanes()
  const outbox = createOutbox({ send: options.send, onAcked: () => schedulePump(0), log })
  const { transmit } = outbox
  const asking = createTimeAsking({ device, time: options.time ?? null, clock, transmit })
  const greeting = createGreeting({ device, site, buffer, asking, transmit, clock, log })
  const ledger = createLedger({ device, buffer, transmit, clock, log })
  const resending = createResending({ lanes: [lanes, summaryLanes], ask: greeting.sayHello, clock, log })
  const sender = createSender({
    device,
    lingerMs,
    maxBatchEntries,
    backfillPerSecond,
    creditEntries,
    buffer,
    lanes,
    summaryLanes,
    outbox,
    comeBack: schedulePump,
    clock,
  })
  let stopped = false
  let cancelTick: (() => void) | null = null

  buffer.subscribe({
    committed() {
      if (outbox.isOnline()) schedulePump(sender.linger())
    },
    dropped(stream) {
      prune(stream)
      ledger.makeDue()
      schedulePump(0)
    },
    timed() {
      // A site that waited for its number can be introduced now.
      if (outbox.isOnline() && !buffer.site.confirmed) greeting.sayHello()
      schedulePump(0)
    },
    troubled() {},
  })

  function prune(stream: BufferedStream): void {
    lanes.prune(stream)
    summaryLanes.prune(thinnedView(stream))
  }

  function connected(): void {
    const nowMs = clock.monotonicMs()
    outbox.connected()
    asking.restart()
    greeting.restart(nowMs)
    sender.restart(nowMs)
    resending.moved()
    ledger.restart()
    lanes.restart(buffer.streams())
    summaryLanes.restart(buffer.streams().map(thinnedView))
    greeting.sayHello()
    schedulePump(0)
    cancelTick?.()
    cancelTick = clock.setTimer(shippingLimits.tickMs, tick)
  }

  function disconnected(): void {
    outbox.disconnected()
    buffer.markLive(false)
    pumping.cancel()
    cancelTick?.()
  }

  function tick(): void {
    cancelTick = clock.setTimer(shippingLimits.tickMs, tick)
    const nowMs = clock.monotonicMs()
    resending.releaseOvertaken(nowMs)
    greeting.giveUp(nowMs)
    resending.releaseSilent(nowMs)
    greeting.tellSiteSilent(nowMs)
    asking.askWhenDue()
    schedulePump(0)
  }

  function schedulePump(delayMs: number): void {
    if (outbox.isOnline() && !stopped) pumping.schedule(delayMs)
  }

  function pump(): void {
    if (!outbox.isOnline() || stopped) return
    if (!buffer.site.confirmed) {
      greeting.repeatSite()
      return
    }
    if (greeting.isOver()) ledger.sayWhenDue()
    while (outbox.isOnline() && sender.sendNext(greeting.isOver()));
    buffer.markLive(sender.maySendMore())
  }

  function received(bytes: Uint8Array): void {
    let receipt: Receipt
    try {
      receipt = decodeReceipt(bytes)
    } catch (error) {
      if (!isCoded(error)) throw error
      log.warn({ code: error.code }, `a receipt that cannot be read: ${error.message}`)
      return
    }
    // It tells the time, and nothing of what was greeted or stored.
    if (asking.hear(receipt)) return
    const { version } = buffer.site
    if (version > 0 && receipt.siteVersion >= version) buffer.confirmSite(receipt.siteVersion)
    const streams = new Map(buffer.streams().map((stream) => [`${stream.sensor} ${stream.epoch}`, stream]))
    for (const part of receipt.streams) {
      const stream = streams.get(`${part.sensor} ${part.epoch}`)
      if (stream) apply(stream, part)
    }
    greeting.answer()
    resending.releaseOvertaken(clock.monotonicMs())
    schedulePump(0)
  }

  function apply(stream: BufferedStream, part: StreamReceipt): void {
    const thinned = thinnedView(stream)
    const heldBefore = sizeOf(stream.rows) + sizeOf(stream.thinned)
    const nowMs = clock.monotonicMs()
    const freed =
      lanes.markLogged(stream, part.logged, nowMs) + summaryLanes.markLogged(thinned, part.logged, nowMs)
    const settled = union(part.stored, refusedSet(part))
    lanes.noteStored(stream, settled)
    summaryLanes.noteStored(thinned, settled)
    buffer.settle(part)
    const isNews = sizeOf(stream.rows) + sizeOf(stream.thinned) !== heldBefore
    if (isNews) prune(stream)
    if (freed > 0 || isNews) resending.moved()
  }

  return {
    connected,
    disconnected,
    received,
    flush() {
      sender.endLinger()
      pump()
      return outbox.allAcked()
    },
    stop() {
      stopped = true
      disconnected()
    },
  }
}

function refusedSet(part: StreamReceipt): RangeSet {
  let set = emptySet
  for (const { firstSeq, lastSeq } of part.refused) set = union(set, [firstSeq, lastSeq])
  return set
}
