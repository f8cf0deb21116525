import {
  type Batch,
  encodeBatch,
  intersect,
  limits,
  lowest,
  makeBatch,
  pairs,
  type RangeSet,
  type Run,
  rangeOf,
  sizeOf,
  type Summary,
  subtract,
} from '@barograph/proto'
import type { Buffer, BufferedStream } from '../buffer.ts'
import type { Clock } from '../clock.ts'
import { createBackfillRate } from './backfill-rate.ts'
import { type Lanes, type Portion, share, thinnedView } from './lanes.ts'
import { shippingLimits } from './limits.ts'
import type { Outbox } from './outbox.ts'
import { makeRuns } from './runs.ts'

/** Figures of the summaries of one batch: it stays well below its limit of bytes. */
const figuresPerBatch = 3_000

/** What decides how many entries go when; the meaning of the numbers stands in ShipperOptions. */
export interface SenderOptions {
  readonly device: string
  readonly lingerMs: number
  readonly maxBatchEntries: number
  readonly backfillPerSecond: number
  readonly creditEntries: number
  readonly buffer: Buffer
  readonly lanes: Lanes
  /** Those of the summaries. */
  readonly summaryLanes: Lanes
  readonly outbox: Outbox
  /** Backfill has to wait for so long. */
  readonly comeBack: (delayMs: number) => void
  readonly clock: Clock
}

type Quality = Pick<Batch, 'clock' | 'clockErrorMs'>
type Backlog = Portion & Quality

const rightClock: Quality = { clock: 'synced', clockErrorMs: 0 }
const historicalClock: Quality = { clock: 'historical', clockErrorMs: 0 }
const qualityOf = ({ clock, clockErrorMs }: Quality): string => `${clock} ${clockErrorMs}`

/** Sends entries, one batch at a time: live ones, or backfill within its rate; both within the credit. */
export function createSender(options: SenderOptions) {
  const { device, lingerMs, maxBatchEntries, buffer, lanes, summaryLanes, outbox, comeBack, clock } = options
  const rate = createBackfillRate({ entriesPerSecond: options.backfillPerSecond, maxBatchEntries, clock })
  let liveSinceMs: number | null = null
  let lastQuality = ''

  const maySend = (): boolean =>
    outbox.unacked() < shippingLimits.unackedMessages &&
    lanes.unstored() < shippingLimits.unstoredEntries &&
    lanes.sends() < shippingLimits.unstoredParts

  const credit = (share = 1): number => Math.floor(options.creditEntries * share) - lanes.awaiting()

  function liveCount(): number {
    return buffer.streams().reduce((sum, stream) => sum + sizeOf(lanes.live(stream)), 0)
  }

  function backlogCount(): number {
    return backlog().reduce((sum, { set }) => sum + sizeOf(set), 0)
  }

  /** What of the streams is backlog: with right times, and with uncertain ones. */
  function backlog(): Backlog[] {
    return buffer
      .streams()
      .flatMap((stream): Backlog[] => [
        { stream, set: lanes.backlog(stream), ...(stream.historical ? historicalClock : rightClock) },
        { stream, set: lanes.uncertain(stream), clock: 'uncertain', clockErrorMs: stream.clockErrorMs },
      ])
      .filter(({ set }) => set.length > 0)
  }

  function sendLive(): boolean {
    const lingering = liveSinceMs !== null && clock.monotonicMs() - liveSinceMs < lingerMs
    if (lingering && liveCount() < maxBatchEntries) return false
    const candidates = buffer.streams().map((stream) => marked(stream, lanes.live(stream)))
    const sent = sendPortions(candidates, Math.min(maxBatchEntries, credit()), rightClock)
    if (sent === 0) liveSinceMs = null
    return sent > 0
  }

  function sendBackfill(): boolean {
    const budget = Math.min(maxBatchEntries, credit(shippingLimits.backfillCreditShare), takeable())
    if (budget <= 0) return false
    const candidates = backlog()
    // Clock quality belongs to a batch: the kinds take turns.
    const qualities = [...new Set(candidates.map(qualityOf))].sort()
    lastQuality = qualities.find((quality) => quality > lastQuality) ?? qualities[0] ?? ''
    const ofKind = candidates.filter((candidate) => qualityOf(candidate) === lastQuality)
    // Oldest first: a run of the agent that is over goes before the next one.
    const [first] = ofKind
    const oldest = ofKind
      .filter(({ stream }) => stream.epoch === first?.stream.epoch)
      .map(({ stream, set }) => marked(stream, set))
    const sent = sendPortions(oldest, budget, first ?? rightClock)
    rate.take(sent)
    return sent > 0
  }

  /** Summaries are backfill too; each counts as its minutes. */
  function sendSummaries(): boolean {
    if (summaryLanes.awaiting() >= shippingLimits.unloggedSummaryNumbers) return false
    const streams = buffer.streams().filter((stream) => summariesLeft(stream).length > 0)
    const [oldest] = streams
    if (!oldest || takeable() === 0) return false
    const chosen = chooseSummaries(
      streams.filter(({ epoch, historical }) => epoch === oldest.epoch && historical === oldest.historical),
    )
    if (chosen.length === 0) return false
    const summaries = chosen.map(({ summary }) => summary)
    const batch = makeBatch(device, {
      siteVersion: buffer.site.version,
      clock: oldest.historical ? 'historical' : 'synced',
      summaries,
    })
    summaryLanes.markSent(
      chosen.map(({ stream, set }) => ({ stream: thinnedView(stream), set })),
      clock.monotonicMs(),
    )
    outbox.transmit(encodeBatch(batch))
    rate.take(summaries.reduce((sum, { minutes }) => sum + minutes.length, 0))
    return true
  }

  const summariesLeft = (stream: BufferedStream): RangeSet => summaryLanes.unsent(thinnedView(stream))

  /** The oldest summaries that fit one batch. */
  function chooseSummaries(streams: readonly BufferedStream[]) {
    const chosen: (Portion & { readonly summary: Summary })[] = []
    let numbers = 0
    let figures = 0
    for (const stream of streams) {
      let left = summariesLeft(stream)
      while (left[0] !== undefined && chosen.length < limits.partsPerBatch) {
        const summary = buffer.readSummary(stream, left[0])
        // Damaged: it is dropped and declared, and then the rest goes.
        if (!summary) break
        const { firstSeq, lastSeq, minutes } = summary
        numbers += lastSeq - firstSeq + 1
        figures += minutes.reduce((sum, minute) => sum + 1 + minute.figures.length, 0)
        const isTooMuch = numbers > limits.numbersPerSummary || figures > figuresPerBatch
        if (isTooMuch && chosen.length > 0) return chosen
        chosen.push({ stream, set: rangeOf(firstSeq, lastSeq), summary })
        left = subtract(left, rangeOf(1, lastSeq))
      }
    }
    return chosen
  }

  /** How many entries the rate of the backfill allows now; if that is too few, comes back when it is enough. */
  function takeable(): number {
    const { entries, waitMs } = rate.takeable(backlogCount())
    if (entries === 0) comeBack(waitMs)
    return entries
  }

  /** Sends one batch of at most `count` entries; resolves to how many there were. */
  function sendPortions(candidates: readonly Portion[], count: number, quality: Quality): number {
    const { clock: kind, clockErrorMs } = quality
    for (let most = Math.min(count, limits.entriesPerBatch); most >= 1; most = Math.floor(most / 2)) {
      const portions = share(candidates, most, limits.partsPerBatch / 2)
      if (portions.length === 0) return 0
      const runs = portions.flatMap(readRuns)
      const bytes = encodeBatch(
        makeBatch(device, { siteVersion: buffer.site.version, clock: kind, clockErrorMs, runs }),
      )
      // Many columns or long details: halves until it fits.
      if ((bytes.length > limits.batchBytes || runs.length > limits.partsPerBatch) && most > 1) continue
      lanes.markSent(portions, clock.monotonicMs())
      outbox.transmit(bytes)
      return portions.reduce((sum, { set }) => sum + sizeOf(set), 0)
    }
    return 0
  }

  /** What of it may be sent: marked before, some more of it when little is left. */
  function marked(stream: BufferedStream, set: RangeSet): Portion {
    const unmarked = subtract(set, stream.sent)
    if (unmarked.length > 0 && sizeOf(set) - sizeOf(unmarked) < options.maxBatchEntries)
      buffer.markSent(stream, lowest(unmarked, shippingLimits.markedAhead))
    // The commit of the mark may have dropped some: what is not there must not hold credit.
    return { stream, set: intersect(intersect(set, stream.rows), stream.sent) }
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
      maySend() && (sendLive() || (withBackfill && (sendSummaries() || sendBackfill()))),
    /** What is accepted now would go at once. */
    maySendMore: (): boolean => maySend() && credit() > 0,
  }
}
