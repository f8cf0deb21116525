import {
  addRange,
  downTopic,
  emptySet,
  encodeReceipt,
  limits,
  type RangeSet,
  type StreamReceipt,
} from '@barograph/proto'
import type { Clock } from './clock.ts'
import type { NumberRange } from './read-identity.ts'
import type { StoredReceipt } from './roll.ts'

/** Bounds of receipts. */
export const receiptLimits = {
  /** A device hears at most one receipt in this time (a large one comes in parts, one each). */
  intervalMs: 150,
  /** Ranges of each set of a stream in one receipt, the oldest first; the rest comes with the next ones. */
  ranges: limits.rangesPerReceipt,
  /** Streams of one receipt; further ones come with the next. */
  streams: 16,
  /** Devices with something to hear. More: the oldest is forgotten, and asks again by sending again. */
  devices: 50_000,
} as const

/** Says *logged* and *stored* to devices, a few times a second at most, whatever happens how often. */
export interface Receipts {
  /** These numbers are in the log. */
  logged(device: string, ranges: readonly NumberRange[]): void
  /** What the roll stored, as whole sets. */
  stored(receipts: readonly StoredReceipt[]): void
  /** The collector's time, at once and alone: whoever asked measures how long the answer took. */
  time(device: string, timeToken: number): void
  /** Receipts sent, and devices that wait for one. */
  state(): { readonly sent: number; readonly waiting: number }
}

type Refused = StreamReceipt['refused']

/** What is still to be said of a stream. `later`: newer sets, to be said after those that are being said. */
interface Saying {
  readonly sensor: string
  readonly epoch: string
  logged: RangeSet
  stored: RangeSet
  lost: RangeSet
  refused: Refused
  ended: number
  later: StreamReceipt | null
}

interface Waiting {
  siteVersion: number
  readonly streams: Map<string, Saying>
}

export function createReceipts({
  clock,
  send,
}: {
  readonly clock: Pick<Clock, 'now' | 'setTimer'>
  readonly send: (topic: string, payload: Uint8Array) => void
}): Receipts {
  const waiting = new Map<string, Waiting>()
  /** Devices that heard something within the last interval. */
  const resting = new Set<string>()
  let sent = 0

  function waitingOf(device: string): Waiting {
    let one = waiting.get(device)
    if (!one) {
      one = { siteVersion: 0, streams: new Map() }
      waiting.set(device, one)
      if (waiting.size > receiptLimits.devices) {
        const [oldest] = waiting.keys()
        if (oldest !== undefined) waiting.delete(oldest)
      }
    }
    return one
  }

  function wake(device: string): void {
    if (resting.has(device)) return
    resting.add(device)
    // After this turn, so that what is told together is said together.
    clock.setTimer(0, () => say(device))
  }

  function say(device: string): void {
    const one = waiting.get(device)
    if (!one) {
      resting.delete(device)
      return
    }
    const streams: StreamReceipt[] = []
    for (const [key, saying] of [...one.streams].slice(0, receiptLimits.streams)) {
      streams.push(takePart(saying))
      // Those with more to say go to the end, so that every stream has its turn.
      one.streams.delete(key)
      if (hasMore(saying)) one.streams.set(key, saying)
    }
    if (one.streams.size === 0) waiting.delete(device)
    send(
      downTopic(device),
      encodeReceipt({ collectorTime: clock.now(), siteVersion: one.siteVersion, streams }),
    )
    sent++
    clock.setTimer(receiptLimits.intervalMs, () => say(device))
  }

  return {
    logged(device, ranges) {
      const { streams } = waitingOf(device)
      for (const { sensor, epoch, firstSeq, lastSeq } of ranges) {
        const saying = sayingOf(streams, sensor, epoch)
        saying.logged = addRange(saying.logged, firstSeq, lastSeq)
      }
      wake(device)
    },
    stored(receipts) {
      for (const { device, siteVersion, streams } of receipts) {
        const one = waitingOf(device)
        one.siteVersion = Math.max(one.siteVersion, siteVersion)
        for (const stream of streams) {
          const saying = sayingOf(one.streams, stream.sensor, stream.epoch)
          saying.later = stream
          if (isSaid(saying)) startOver(saying)
        }
        wake(device)
      }
    },
    time(device, timeToken) {
      send(
        downTopic(device),
        encodeReceipt({ collectorTime: clock.now(), siteVersion: 0, streams: [], timeToken }),
      )
      sent++
    },
    state: () => ({ sent, waiting: waiting.size }),
  }
}

function sayingOf(streams: Map<string, Saying>, sensor: string, epoch: string): Saying {
  const key = `${sensor}/${epoch}`
  let saying = streams.get(key)
  if (!saying) {
    saying = {
      sensor,
      epoch,
      logged: emptySet,
      stored: emptySet,
      lost: emptySet,
      refused: [],
      ended: 0,
      later: null,
    }
    streams.set(key, saying)
  }
  return saying
}

/** Nothing of the sets of the roll is left to be said; newer ones may begin. */
function isSaid({ stored, lost, refused, ended }: Saying): boolean {
  return stored.length === 0 && lost.length === 0 && refused.length === 0 && ended === 0
}

function hasMore(saying: Saying): boolean {
  if (isSaid(saying) && saying.later) startOver(saying)
  return !isSaid(saying) || saying.logged.length > 0
}

function startOver(saying: Saying): void {
  const { later } = saying
  if (!later) return
  saying.stored = later.stored
  saying.lost = later.lost
  saying.refused = later.refused
  saying.ended = later.ended
  saying.later = null
}

/** The next part of what is to be said, which then is said. */
function takePart(saying: Saying): StreamReceipt {
  const most = receiptLimits.ranges
  const { sensor, epoch, logged, stored, lost, refused, ended } = saying
  saying.logged = logged.slice(2 * most)
  saying.stored = stored.slice(2 * most)
  saying.lost = lost.slice(2 * most)
  saying.refused = refused.slice(most)
  saying.ended = 0
  return {
    sensor,
    epoch,
    logged: logged.slice(0, 2 * most),
    stored: stored.slice(0, 2 * most),
    lost: lost.slice(0, 2 * most),
    refused: refused.slice(0, most),
    ended,
  }
}
