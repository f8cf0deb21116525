import {
  addRange,
  emptySet,
  intersect,
  pairs,
  type RangeSet,
  type StreamEpoch,
  subtract,
  union,
} from '@barograph/proto'
import type { Buffer, BufferedStream, BufferListener, LostRange } from '../core/buffer.ts'

/** The cause that the ledger of losses names. */
export const simulatedLoss = 'simulated loss'

/** A buffer that declares some readings lost as soon as they are committed, as if the disk had eaten them. */
export interface LossyBuffer extends Buffer {
  /** Numbers declared lost so far. */
  lost(stream: StreamEpoch): RangeSet
}

interface View {
  readonly inner: BufferedStream
  readonly stream: BufferedStream
  /** Still in the inner buffer, not to be sent. */
  hidden: RangeSet
  /** Of those, what the collector has not stored as lost. */
  unsettled: RangeSet
  all: RangeSet
}

/** `isLost` decides by stream and number. Marks are never lost. */
export function createLossyBuffer(
  inner: Buffer,
  isLost: (stream: StreamEpoch, seq: number) => boolean,
): LossyBuffer {
  const views = new Map<string, View>()
  const listeners: BufferListener[] = []
  const keyOf = ({ sensor, epoch }: StreamEpoch): string => `${sensor} ${epoch}`

  function viewOf(stream: BufferedStream): View {
    const known = views.get(keyOf(stream))
    if (known) return known
    const view: View = {
      inner: stream,
      stream: makeStream(() => view),
      hidden: emptySet,
      unsettled: emptySet,
      all: emptySet,
    }
    views.set(keyOf(stream), view)
    return view
  }

  // Subscribed first, so that numbers are hidden before anyone hears of them.
  inner.subscribe({
    committed(stream, firstSeq, lastSeq) {
      const view = viewOf(stream)
      const isAnyLost = hideLost(view, firstSeq, lastSeq)
      for (const listener of listeners) listener.committed(view.stream, firstSeq, lastSeq)
      if (isAnyLost) for (const listener of listeners) listener.dropped(view.stream)
    },
    dropped(stream) {
      for (const listener of listeners) listener.dropped(viewOf(stream).stream)
    },
    timed() {
      for (const listener of listeners) listener.timed?.()
    },
    troubled(trouble) {
      for (const listener of listeners) listener.troubled(trouble)
    },
  })

  function hideLost(view: View, firstSeq: number, lastSeq: number): boolean {
    const before = view.all
    for (const { seq, mark } of inner.read(view.inner, firstSeq, lastSeq)) {
      if (mark || !isLost(view.inner, seq)) continue
      view.hidden = addRange(view.hidden, seq, seq)
      view.unsettled = addRange(view.unsettled, seq, seq)
      view.all = addRange(view.all, seq, seq)
    }
    return view.all !== before
  }

  return {
    ...inner,
    // Getters of the inner one must stay getters.
    get site() {
      return inner.site
    },
    get trouble() {
      return inner.trouble
    },
    streams: () => inner.streams().map((stream) => viewOf(stream).stream),
    subscribe: (listener) => {
      listeners.push(listener)
    },
    settle(settlement) {
      const view = views.get(keyOf(settlement))
      if (!view) return inner.settle(settlement)
      const settled = intersect(view.unsettled, settlement.lost)
      // Inside first: a row must be gone before it stops being hidden.
      inner.settle({ ...settlement, stored: union(settlement.stored, settled) })
      view.unsettled = subtract(view.unsettled, settled)
      view.hidden = subtract(view.hidden, settled)
    },
    lost: (stream) => views.get(keyOf(stream))?.all ?? emptySet,
  }
}

/** What others see of a stream. The same sets stay the same objects, because others compare them so. */
function makeStream(view: () => View): BufferedStream {
  let rows: { of: RangeSet; without: RangeSet; result: RangeSet } | null = null
  let lost: { of: readonly LostRange[]; and: RangeSet; result: readonly LostRange[] } | null = null
  return {
    get sensor() {
      return view().inner.sensor
    },
    get epoch() {
      return view().inner.epoch
    },
    get intervalMs() {
      return view().inner.intervalMs
    },
    get historical() {
      return view().inner.historical
    },
    get lastSeq() {
      return view().inner.lastSeq
    },
    get thinned() {
      return view().inner.thinned
    },
    get sent() {
      return view().inner.sent
    },
    get untimed() {
      return view().inner.untimed
    },
    get uncertain() {
      return view().inner.uncertain
    },
    get clockErrorMs() {
      return view().inner.clockErrorMs
    },
    get endPending() {
      return view().inner.endPending
    },
    get rows() {
      const { inner, hidden } = view()
      if (rows?.of !== inner.rows || rows.without !== hidden)
        rows = { of: inner.rows, without: hidden, result: subtract(inner.rows, hidden) }
      return rows.result
    },
    get lost() {
      const { inner, unsettled } = view()
      if (lost?.of !== inner.lost || lost.and !== unsettled)
        lost = { of: inner.lost, and: unsettled, result: [...inner.lost, ...lossesOf(unsettled)] }
      return lost.result
    },
  }
}

const lossesOf = (set: RangeSet): LostRange[] =>
  [...pairs(set)].map(([firstSeq, lastSeq]) => ({ firstSeq, lastSeq, cause: simulatedLoss }))
