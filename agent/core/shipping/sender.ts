import { type Batch, encodeBatch, limits, makeBatch, pairs, type Run, sizeOf } from '@barograph/proto'
import type { Buffer } from '../buffer.ts'
import type { Clock } from '../clock.ts'
import { createBackfillRate } from './backfill-rate.ts'
import { type Lanes, type Portion, share } from './lanes.ts'
import { shippingLimits } from './limits.ts'
import type { Outbox } from './outbox.ts'
import { makeRuns } from './runs.ts'

/** What decides how many entries go when; the meaning of the numbers stands in ShipperOptions. */
export interface SenderOptions {
  readonly device: string
  readonly lingerMs: number
  readonly maxBatchEntries: number
  readonly backfillPerSecond: number
  readonly creditEntries: number
  readonly buffer: Buffer
  readonly lanes: Lanes
  readonly outbox: Outbox
  /** Backfill has to wait for so long. */
  readonly comeBack: (delayMs: number) => void
  readonly clock: Clock
}

/** Sends entries, one batch at a time: live ones, or backfill within its rate; both within the credit. */
export function createSender(options: SenderOptions) {
  const { device, lingerMs, maxBatchEntries, buffer, lanes, outbox, comeBack, clock } = options
  const rate = createBackfillRate({ entriesPerSecond: options.backfillPerSecond, maxBatchEntries, clock })
  let liveSinceMs: number | null = null
  let historicalNext = false

  const maySend = (): boolean =>
    outbox.unacked() < shippingLimits.unackedMessages &&
    lanes.unstored() < shippingLimits.unstoredEntries &&
    lanes.sends() < shippingLimits.unstoredParts

  const credit = (share = 1): number => Math.floor(options.creditEntries * share) - lanes.awaiting()

  function liveCount(): number {
    return buffer.streams().reduce((sum, stream) => sum + sizeOf(lanes.live(stream)), 0)
  }

  function backlogCount(): number {
    return buffer.streams().reduce((sum, stream) => sum + sizeOf(lanes.backlog(stream)), 0)
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
    const budget = Math.min(maxBatchEntries, credit(shippingLimits.backfillCreditShare), takeable())
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
    rate.take(sent)
    return sent > 0
  }

  /** How many entries the rate of the backfill allows now; if that is too few, comes back when it is enough. */
  function takeable(): number {
    const { entries, waitMs } = rate.takeable(backlogCount())
    if (entries === 0) comeBack(waitMs)
    return entries
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
      outbox.transmit(bytes)
      return portions.reduce((sum, { set }) => sum + sizeOf(set), 0)
    }
    return 0
  }

  function readRuns({ stream, set }: Portion): Run[] {
    return [...pairs(set)].flatMap(([first, last]) => makeRuns(stream, buffer.read(stream, first, last)))
  }

  return {
    /** A new connection. */
    restart(nowMs: number): void {
      liveSinceMs = null
      rate.restart(nowMs)
    },
    /** Live entries came: for how long they may wait for company. */
    linger(): number {
      liveSinceMs ??= clock.monotonicMs()
      return liveCount() >= maxBatchEntries ? 0 : lingerMs
    },
    /** They wait no longer. */
    endLinger(): void {
      liveSinceMs = null
    },
    /** Live first, then backfill. False: nothing more may or can go now. */
    sendNext: (withBackfill: boolean): boolean =>
      maySend() && (sendLive() || (withBackfill && sendBackfill())),
  }
}
