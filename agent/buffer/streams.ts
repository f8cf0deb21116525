import type { Epoch, StreamEpoch } from '@barograph/proto'
import type { StreamState } from './stream-table.ts'

export type Streams = ReturnType<typeof openStreams>

/** The streams of the buffer in memory, oldest first, by sensor and epoch; `epoch` is that of this run. */
export function openStreams(loaded: readonly StreamState[], epoch: Epoch) {
  const byKey = new Map<string, StreamState>()
  /** Numbers of streams of which a damaged file may hold rows. */
  let awaited: ReadonlySet<number> = new Set()
  for (const stream of loaded) byKey.set(keyOf(stream), stream)

  /** Nothing of it is left to send or to declare, and nothing can come. */
  const isDone = (stream: StreamState): boolean =>
    stream.epoch !== epoch &&
    !awaited.has(stream.id) &&
    stream.rows.length === 0 &&
    stream.thinned.length === 0 &&
    stream.lost.length === 0 &&
    !stream.endPending

  return {
    isEmpty: (): boolean => byKey.size === 0,
    get: (of: StreamEpoch): StreamState | undefined => byKey.get(keyOf(of)),
    all: (): StreamState[] => [...byKey.values()],
    add(stream: StreamState): void {
      byKey.set(keyOf(stream), stream)
    },
    isDone,
    /** From now on these are not done, whatever is left of them: rows may come back. */
    await(ids: Iterable<number>): void {
      awaited = new Set(ids)
    },
    forgetDone(): void {
      for (const [key, stream] of byKey) if (isDone(stream)) byKey.delete(key)
    },
  }
}

const keyOf = ({ sensor, epoch }: StreamEpoch): string => `${sensor} ${epoch}`
