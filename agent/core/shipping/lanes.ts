import {
  emptySet,
  intersect,
  pairs,
  type RangeSet,
  rangeOf,
  sizeOf,
  type StreamEpoch,
  subtract,
  union,
} from '@barograph/proto'
import type { BufferedStream } from '../buffer.ts'

/** What was done on this connection about one stream. */
interface Lane {
  readonly stream: BufferedStream
  /** From here on entries are live: accepted since the connect. */
  readonly liveFrom: number
  /** Not to be sent now: sent already, or known to be in the log. */
  sent: RangeSet
  /** Sent and neither logged nor settled: holds credit. */
  awaiting: RangeSet
  /** Perhaps sent before what counts as sent, or on an earlier connection: a copy may still be on its way. */
  again: RangeSet
}

/** One thing sent, in the order of sending. The collector stores in this order too: a device has one partition. */
interface Send {
  readonly lane: Lane
  readonly set: RangeSet
  /** Of these it is the only copy: when one of them is stored, so is what was sent before. */
  readonly proof: RangeSet
  readonly order: number
  readonly sentAtMs: number
}

/** Numbers of one stream to be sent. */
export interface Portion {
  readonly stream: BufferedStream
  readonly set: RangeSet
}

export type Lanes = ReturnType<typeof createLanes>

/** The stream as it is for its summaries: they are sent by numbers too, but on lanes of their own. */
export function thinnedView(stream: BufferedStream): BufferedStream {
  let view = thinnedViews.get(stream)
  if (!view) {
    view = Object.create(stream, { rows: { get: () => stream.thinned } }) as BufferedStream
    thinnedViews.set(stream, view)
  }
  return view
}

const thinnedViews = new WeakMap<BufferedStream, BufferedStream>()

/** Which entries were sent on this connection and what became of them. Pure: it knows no clock and sends nothing. */
export function createLanes() {
  let lanes = new Map<string, Lane>()
  let sends: Send[] = []
  let order = 0
  /** Highest order that is proven to have arrived in the store. */
  let storedOrder = 0

  const keyOf = ({ sensor, epoch }: StreamEpoch): string => `${sensor} ${epoch}`

  function laneOf(stream: BufferedStream): Lane {
    const key = keyOf(stream)
    let lane = lanes.get(key)
    if (!lane) {
      // A stream that began after the connect is live from its first number on.
      lane = { stream, liveFrom: 1, sent: emptySet, awaiting: emptySet, again: emptySet }
      lanes.set(key, lane)
    }
    return lane
  }

  const sendable = ({ stream, sent }: Lane): RangeSet => subtract(subtract(stream.rows, stream.untimed), sent)

  function forget(lane: Lane, set: RangeSet): void {
    lane.again = union(lane.again, set)
    lane.sent = subtract(lane.sent, set)
    lane.awaiting = subtract(lane.awaiting, set)
  }

  return {
    /** A new connection: nothing counts as sent, and what is there now is backlog. */
    restart(streams: readonly BufferedStream[]): void {
      lanes = new Map(
        streams.map((stream) => {
          const last = lanes.get(keyOf(stream))
          const before = union(stream.sent, union(last?.again ?? emptySet, last?.sent ?? emptySet))
          const again = intersect(before, stream.rows)
          return [
            keyOf(stream),
            { stream, liveFrom: stream.lastSeq + 1, sent: emptySet, awaiting: emptySet, again },
          ]
        }),
      )
      sends = []
      storedOrder = 0
    },
    /** Entries accepted since the connect that were not sent. Replayed data is never live: its order matters more. */
    live(stream: BufferedStream): RangeSet {
      if (stream.historical) return emptySet
      const lane = laneOf(stream)
      const all = intersect(sendable(lane), rangeOf(lane.liveFrom, Number.MAX_SAFE_INTEGER))
      // Rows of an older boot may still come out of a damaged buffer, from beyond what was known of it.
      return subtract(all, stream.uncertain)
    },
    /** All other entries that were not sent and whose time is right. */
    backlog(stream: BufferedStream): RangeSet {
      const lane = laneOf(stream)
      const all = subtract(sendable(lane), stream.uncertain)
      return stream.historical ? all : intersect(all, rangeOf(1, lane.liveFrom - 1))
    },
    /** All that were not sent, whenever they were accepted. */
    unsent: (stream: BufferedStream): RangeSet => sendable(laneOf(stream)),
    /** Entries that were not sent and whose time is uncertain: their boot is over, so they are backlog. */
    uncertain: (stream: BufferedStream): RangeSet =>
      stream.uncertain.length > 0 ? intersect(sendable(laneOf(stream)), stream.uncertain) : emptySet,
    markSent(portions: readonly Portion[], nowMs: number): void {
      order++
      for (const { stream, set } of portions) {
        const lane = laneOf(stream)
        lane.sent = union(lane.sent, set)
        lane.awaiting = union(lane.awaiting, set)
        sends.push({ lane, set, proof: subtract(set, lane.again), order, sentAtMs: nowMs })
      }
    },
    /** These are in the log: they hold no credit, and what an earlier connection sent need not be sent again. */
    markLogged(stream: BufferedStream, logged: RangeSet, nowMs: number): number {
      const lane = laneOf(stream)
      const freed = sizeOf(intersect(lane.awaiting, logged))
      const before = subtract(intersect(logged, lane.stream.rows), lane.sent)
      lane.awaiting = subtract(lane.awaiting, logged)
      if (before.length > 0) {
        lane.sent = union(lane.sent, before)
        sends.push({ lane, set: before, proof: emptySet, order, sentAtMs: nowMs })
      }
      return freed
    },
    /**
     * To be called before the rows go: whatever was sent before these should be stored too. One that was sent twice proves
     * nothing, as nobody knows which copy it was: behind a queue of minutes each copy would have all others sent again.
     */
    noteStored(stream: BufferedStream, stored: RangeSet): void {
      const lane = laneOf(stream)
      for (const send of sends)
        if (send.lane === lane && send.order > storedOrder && intersect(send.proof, stored).length > 0)
          storedOrder = send.order
    },
    /** Rows went: they hold no credit and need no memory. */
    prune(stream: BufferedStream): void {
      const lane = laneOf(stream)
      lane.sent = intersect(lane.sent, stream.rows)
      lane.awaiting = intersect(lane.awaiting, stream.rows)
      lane.again = intersect(lane.again, stream.rows)
      sends = sends.filter((send) => intersect(send.set, send.lane.stream.rows).length > 0)
    },
    /** What was passed over becomes sendable again: sent before something stored, and too long ago. */
    releaseOvertaken(sentBeforeMs: number): number {
      return release((send) => send.order < storedOrder && send.sentAtMs <= sentBeforeMs)
    },
    /** What was sent long ago becomes sendable again; `unlogged`: only what is not known to be in the log. */
    releaseOld(sentBeforeMs: number, unlogged: boolean): number {
      return release(
        (send) => send.sentAtMs <= sentBeforeMs,
        unlogged ? (send) => intersect(send.set, send.lane.awaiting) : undefined,
      )
    },
    /** Entries that hold credit. */
    awaiting(): number {
      let count = 0
      for (const lane of lanes.values()) count += sizeOf(lane.awaiting)
      return count
    },
    /** Messages' parts that were sent and are not wholly stored. */
    sends: (): number => sends.length,
    /** Entries that were sent and are still here. */
    unstored(): number {
      let count = 0
      for (const lane of lanes.values()) count += sizeOf(lane.sent)
      return count
    },
  }

  function release(
    isDue: (send: Send) => boolean,
    part: (send: Send) => RangeSet = (send) => send.set,
  ): number {
    let released = 0
    const kept: Send[] = []
    for (const send of sends) {
      const set = isDue(send) ? intersect(part(send), send.lane.stream.rows) : emptySet
      const rest = subtract(send.set, set)
      released += sizeOf(set)
      if (set.length > 0) forget(send.lane, set)
      if (rest.length > 0) kept.push(set.length > 0 ? { ...send, set: rest } : send)
    }
    sends = kept
    return released
  }
}

/** The lowest numbers of several sets, up to `count` in all, shared evenly, at most `ranges` ranges. */
export function share(candidates: readonly Portion[], count: number, ranges: number): Portion[] {
  const waiting = candidates.filter(({ set }) => set.length > 0).sort((a, b) => sizeOf(a.set) - sizeOf(b.set))
  const portions: Portion[] = []
  let left = count
  let rangesLeft = ranges
  waiting.forEach(({ stream, set }, i) => {
    const taken: number[] = []
    let quota = Math.ceil(left / (waiting.length - i))
    for (const [first, last] of pairs(set)) {
      if (quota <= 0 || rangesLeft <= 0) break
      const end = Math.min(last, first + quota - 1)
      taken.push(first, end)
      quota -= end - first + 1
      left -= end - first + 1
      rangesLeft--
    }
    if (taken.length > 0) portions.push({ stream, set: taken })
  })
  return portions
}
