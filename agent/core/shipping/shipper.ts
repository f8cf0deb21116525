import {
  type Batch,
  decodeReceipt,
  emptySet,
  encodeBatch,
  isCoded,
  limits,
  makeBatch,
  pairs,
  type RangeSet,
  type Receipt,
  type Run,
  type Site,
  sizeOf,
  type StreamReceipt,
  union,
} from '@barograph/proto'
import type { Buffer, BufferedStream } from '../buffer.ts'
import type { Clock } from '../clock.ts'
import type { Log } from '../log.ts'
import type { SiteConfig } from '../sensor-type.ts'
import { createLanes, type Portion, share } from './lanes.ts'
import { makeRuns } from './runs.ts'

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
  readonly log: Log
  /** How long live entries may wait for company in their batch. */
  readonly lingerMs: number
  readonly maxBatchEntries: number
  readonly backfillPerSecond: number
  /** Entries sent and not yet in the log. */
  readonly creditEntries: number
}

/** The numbers of the shipper, in one place. */
export const shippingLimits = {
  /** Backfill leaves the rest of the credit to live entries. */
  backfillCreditShare: 0.75,
  /** Messages that the broker has not acknowledged; more wait. */
  unackedMessages: 100,
  /** Entries sent and not yet stored; more wait: pushing them into a log that nobody rolls helps nobody. */
  unstoredEntries: 500_000,
  /** The same for the parts of messages, which cost memory each. */
  unstoredParts: 100_000,
  /** Without an answer to the hello for so long, backfill begins anyway. */
  greetingMs: 3_000,
  /** The site is said again until confirmed. */
  siteRepeatMs: 3_000,
  /** Without its confirmation for so long somebody is told: until then not one reading goes out. */
  siteSilentMs: 30_000,
  /** Ends and losses are said again until stored. */
  ledgerRepeatMs: 5_000,
  /** What something sent later has overtaken into the store is sent again after this. */
  overtakenMs: 10_000,
  /** What is not even in the log after this is sent again; doubles up to the longest while nothing moves. */
  unloggedMs: 30_000,
  /** What is in the log and not stored after this is sent again; doubles likewise. */
  unstoredMs: 300_000,
  longestResendMs: 3_600_000,
  tickMs: 1_000,
} as const

/** Sends what the buffer holds until the collector has stored it. PROTOCOL.md sections 2 and 7. */
export function createShipper(options: ShipperOptions): Shipper {
  const { device, buffer, clock, log, lingerMs, maxBatchEntries, backfillPerSecond } = options
  const lanes = createLanes()
  let connection = 0
  let online = false
  let stopped = false
  let greeted = false
  let unacked = 0
  const whenAcked: (() => void)[] = []
  let saidHelloAtMs = 0
  let saidLedgerAtMs = Number.NEGATIVE_INFINITY
  let liveSinceMs: number | null = null
  let tokens = 0
  let tokensAtMs = 0
  let historicalNext = false
  let patience = 1
  let movedAtMs = 0
  let cancelPump: (() => void) | null = null
  let pumpAtMs = Number.POSITIVE_INFINITY
  let cancelTick: (() => void) | null = null
  let siteSilentAtMs = Number.POSITIVE_INFINITY

  buffer.subscribe({
    committed() {
      if (!online) return
      liveSinceMs ??= clock.monotonicMs()
      schedulePump(liveCount() >= maxBatchEntries ? 0 : lingerMs)
    },
    dropped(stream) {
      lanes.prune(stream)
      saidLedgerAtMs = Number.NEGATIVE_INFINITY
      schedulePump(0)
    },
    troubled() {},
  })

  function connected(): void {
    connection++
    online = true
    greeted = false
    unacked = 0
    liveSinceMs = null
    tokens = 0
    tokensAtMs = clock.monotonicMs()
    movedAtMs = tokensAtMs
    patience = 1
    saidLedgerAtMs = Number.NEGATIVE_INFINITY
    siteSilentAtMs = tokensAtMs + shippingLimits.siteSilentMs
    lanes.restart(buffer.streams())
    sayHello()
    schedulePump(0)
    cancelTick?.()
    cancelTick = clock.setTimer(shippingLimits.tickMs, tick)
  }

  /** Nothing is under way: whoever waited for that may go on. */
  function tellAcked(): void {
    if (online && unacked > 0) return
    for (const resolve of whenAcked.splice(0)) resolve()
  }

  function disconnected(): void {
    online = false
    tellAcked()
    cancelPump?.()
    cancelTick?.()
    pumpAtMs = Number.POSITIVE_INFINITY
  }

  function tick(): void {
    cancelTick = clock.setTimer(shippingLimits.tickMs, tick)
    const now = clock.monotonicMs()
    lanes.releaseOvertaken(now - shippingLimits.overtakenMs)
    if (!greeted && now - saidHelloAtMs >= shippingLimits.greetingMs) greeted = true
    resendSilent(now)
    if (!buffer.site.confirmed && now >= siteSilentAtMs) tellSiteSilent()
    schedulePump(0)
  }

  /** Once for each connection: the cause is at the other end, where the reason stands among the dead letters. */
  function tellSiteSilent(): void {
    siteSilentAtMs = Number.POSITIVE_INFINITY
    log.warn(
      { hint: 'does the collector store anything? if it refused the site, its dead letters say why' },
      'the collector has not confirmed where this device stands: readings wait in the buffer until it does',
    )
  }

  /** Nothing was confirmed for long: ask, and send again, ever more rarely. */
  function resendSilent(now: number): void {
    const { unloggedMs, unstoredMs, longestResendMs } = shippingLimits
    const silentMs = now - movedAtMs
    const unlogged = Math.min(unloggedMs * patience, longestResendMs)
    const unstored = Math.min(unstoredMs * patience, longestResendMs)
    let released = 0
    if (silentMs >= unlogged) released += lanes.releaseOld(now - unlogged, true)
    if (silentMs >= unstored) released += lanes.releaseOld(now - unstored, false)
    if (released === 0) return
    log.warn({ entries: released }, 'no word from the collector: sending again')
    patience *= 2
    movedAtMs = now
    sayHello()
  }

  function schedulePump(delayMs: number): void {
    if (!online || stopped) return
    const at = clock.monotonicMs() + delayMs
    if (at >= pumpAtMs) return
    cancelPump?.()
    pumpAtMs = at
    cancelPump = clock.setTimer(delayMs, () => {
      pumpAtMs = Number.POSITIVE_INFINITY
      pump()
    })
  }

  function pump(): void {
    if (!online || stopped) return
    if (!buffer.site.confirmed) {
      if (clock.monotonicMs() - saidHelloAtMs >= shippingLimits.siteRepeatMs) sayHello()
      return
    }
    if (greeted) sayLedger()
    while (online && maySend() && (sendLive() || sendBackfill()));
  }

  const maySend = (): boolean =>
    unacked < shippingLimits.unackedMessages &&
    lanes.unstored() < shippingLimits.unstoredEntries &&
    lanes.sends() < shippingLimits.unstoredParts

  const credit = (share = 1): number => Math.floor(options.creditEntries * share) - lanes.awaiting()

  function liveCount(): number {
    return buffer.streams().reduce((sum, stream) => sum + sizeOf(lanes.live(stream)), 0)
  }

  function sendLive(): boolean {
    const lingering = liveSinceMs !== null && clock.monotonicMs() - liveSinceMs < lingerMs
    if (lingering && liveCount() < maxBatchEntries) return false
    const candidates = buffer.streams().map((stream) => ({ stream, set: lanes.live(stream) }))
    const sent = sendPortions(candidates, Math.min(maxBatchEntries, credit()), 'synced')
    if (sent === 0) liveSinceMs = null
    return sent > 0
  }

  function sendBackfill(): boolean {
    if (!greeted) return false
    const budget = Math.min(maxBatchEntries, credit(shippingLimits.backfillCreditShare), takeableTokens())
    if (budget <= 0) return false
    const candidates = buffer
      .streams()
      .map((stream) => ({ stream, set: lanes.backlog(stream) }))
      .filter(({ set }) => set.length > 0)
    // Clock quality belongs to a batch: the two kinds take turns.
    historicalNext = !historicalNext
    const kind = candidates.some(({ stream }) => stream.historical === historicalNext)
      ? historicalNext
      : !historicalNext
    const ofKind = candidates.filter(({ stream }) => stream.historical === kind)
    // Oldest first: a run of the agent that is over goes before the next one.
    const oldest = ofKind.filter(({ stream }) => stream.epoch === ofKind[0]?.stream.epoch)
    const sent = sendPortions(oldest, budget, kind ? 'historical' : 'synced')
    tokens -= sent
    return sent > 0
  }

  /** How many entries the rate of the backfill allows now; if that is too few, comes back when it is enough. */
  function takeableTokens(): number {
    const now = clock.monotonicMs()
    const most = Math.max(1, Math.min(maxBatchEntries, backfillPerSecond))
    tokens = Math.min(most, tokens + ((now - tokensAtMs) * backfillPerSecond) / 1000)
    tokensAtMs = now
    // Whole batches, not crumbs.
    const enough = Math.min(most, Math.max(1, backlogCount()))
    if (tokens >= enough) return Math.floor(tokens)
    schedulePump(Math.ceil(((enough - tokens) * 1000) / backfillPerSecond))
    return 0
  }

  function backlogCount(): number {
    return buffer.streams().reduce((sum, stream) => sum + sizeOf(lanes.backlog(stream)), 0)
  }

  /** Sends one batch of at most `count` entries; resolves to how many there were. */
  function sendPortions(candidates: readonly Portion[], count: number, kind: Batch['clock']): number {
    for (let most = Math.min(count, limits.entriesPerBatch); most >= 1; most = Math.floor(most / 2)) {
      const portions = share(candidates, most, limits.partsPerBatch / 2)
      if (portions.length === 0) return 0
      const runs = portions.flatMap(readRuns)
      const bytes = encodeBatch(makeBatch(device, { siteVersion: buffer.site.version, clock: kind, runs }))
      // Many columns or long details: halves until it fits.
      if ((bytes.length > limits.batchBytes || runs.length > limits.partsPerBatch) && most > 1) continue
      lanes.markSent(portions, clock.monotonicMs())
      transmit(bytes)
      return portions.reduce((sum, { set }) => sum + sizeOf(set), 0)
    }
    return 0
  }

  function readRuns({ stream, set }: Portion): Run[] {
    return [...pairs(set)].flatMap(([first, last]) => makeRuns(stream, buffer.read(stream, first, last)))
  }

  function transmit(bytes: Uint8Array): void {
    const mine = connection
    unacked++
    options.send(bytes).then(
      () => {
        if (mine !== connection) return
        unacked--
        tellAcked()
        schedulePump(0)
      },
      (error: unknown) => {
        // The connection is gone: what was under way becomes sendable again with the next one.
        if (!isCoded(error)) throw error
        log.debug({ code: error.code }, error.message)
      },
    )
  }

  /** Who we are, where we stand, and what we have: asks for a receipt. */
  function sayHello(): void {
    saidHelloAtMs = clock.monotonicMs()
    const streams = buffer.streams().map(({ sensor, epoch }) => ({ sensor, epoch }))
    const { version: siteVersion } = buffer.site
    for (let at = 0; at === 0 || at < streams.length; at += limits.streamsPerHello) {
      const hello = streams.slice(at, at + limits.streamsPerHello)
      transmit(encodeBatch(makeBatch(device, { siteVersion, site: makeSite(), hello })))
    }
  }

  function makeSite(): Site {
    const { version, validFrom } = buffer.site
    return { ...options.site, version, validFrom }
  }

  /** Ends of older epochs and losses, until they are stored. */
  function sayLedger(): void {
    const now = clock.monotonicMs()
    if (now - saidLedgerAtMs < shippingLimits.ledgerRepeatMs) return
    const streams = buffer.streams()
    const ended = streams.filter(({ endPending }) => endPending)
    const lost = streams.flatMap((stream) => stream.lost.map((range) => ({ stream, range })))
    if (ended.length + lost.length === 0) return
    saidLedgerAtMs = now
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
    if (receipt.siteVersion >= buffer.site.version) buffer.confirmSite(receipt.siteVersion)
    const streams = new Map(buffer.streams().map((stream) => [`${stream.sensor} ${stream.epoch}`, stream]))
    for (const part of receipt.streams) {
      const stream = streams.get(`${part.sensor} ${part.epoch}`)
      if (stream) apply(stream, part)
    }
    greeted = true
    lanes.releaseOvertaken(clock.monotonicMs() - shippingLimits.overtakenMs)
    schedulePump(0)
  }

  function apply(stream: BufferedStream, part: StreamReceipt): void {
    const rowsBefore = stream.rows
    const freed = lanes.markLogged(stream, part.logged, clock.monotonicMs())
    lanes.noteStored(stream, union(part.stored, refusedSet(part)))
    buffer.settle(part)
    if (stream.rows !== rowsBefore) lanes.prune(stream)
    if (freed === 0 && sizeOf(rowsBefore) === sizeOf(stream.rows)) return
    movedAtMs = clock.monotonicMs()
    patience = 1
  }

  function stop(): void {
    stopped = true
    disconnected()
  }

  return {
    connected,
    disconnected,
    received,
    flush() {
      liveSinceMs = null
      pump()
      return new Promise((resolve) => {
        whenAcked.push(resolve)
        tellAcked()
      })
    },
    stop,
  }
}

function refusedSet(part: StreamReceipt): RangeSet {
  let set = emptySet
  for (const { firstSeq, lastSeq } of part.refused) set = union(set, [firstSeq, lastSeq])
  return set
}
