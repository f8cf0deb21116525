import type { Log } from '../../core/log.ts'
import type { StreamState } from '../stream-table.ts'
import {
  blockStreams,
  bytesFor,
  nameRange,
  numberRange,
  writeHeader,
  writeName,
  writeNumber,
} from './layout.ts'
import type { TailStore } from './store.ts'

/**
 * Keeps beside the buffer how far each stream is committed. SQLite takes a write-ahead log that was cut off between two
 * commits for a whole one: without this nobody would know that there was more. It is a help and no truth of its own: what
 * cannot be written now is written with a later commit, and a tail that is behind says nothing.
 */
export function createTail(options: {
  readonly store: TailStore
  readonly device: string
  readonly history: string
  readonly streams: readonly StreamState[]
  readonly log: Log
}) {
  const { store, device, history, log } = options
  /** What the file holds, or should. */
  let bytes = Buffer.alloc(bytesFor(options.streams.length))
  let isWhole = writeHeader(bytes, device, history)
  /** Places by number of the stream; null: it does not fit. */
  const places = new Map<number, number | null>()
  let used = 0
  const numbers: { lastSeq: number; slot: 0 | 1 }[] = []
  /** False: the file is to be written anew. */
  let isThere = false
  /** Of the numbers: first and last place in each block that the file does not have yet. */
  const dirty = new Map<number, [first: number, last: number]>()

  for (const stream of options.streams) set(stream)
  write()

  function placeOf(stream: StreamState): number | null {
    const known = places.get(stream.id)
    if (known !== undefined) return known
    if (bytesFor(used + 1) > bytes.length) {
      bytes = Buffer.concat([bytes], bytesFor(used + 1))
      isThere = false
    }
    const place = writeName(bytes, used, stream) ? used++ : null
    places.set(stream.id, place)
    if (place === null) return null
    numbers[place] = { lastSeq: 0, slot: 0 }
    if (isThere) isThere = tryTo(() => store.write(bytes.subarray(...nameRange(place)), nameRange(place)[0]))
    return place
  }

  function set(stream: StreamState): void {
    const place = placeOf(stream)
    const number = place === null ? undefined : numbers[place]
    if (place === null || !number || number.lastSeq >= stream.lastSeq) return
    number.lastSeq = stream.lastSeq
    number.slot = number.slot === 0 ? 1 : 0
    writeNumber(bytes, place, number.slot, stream.lastSeq)
    const block = Math.floor(place / blockStreams)
    const [first, last] = dirty.get(block) ?? [place, place]
    dirty.set(block, [Math.min(first, place), Math.max(last, place)])
  }

  /** One write for each block of streams, whatever their number: what stands between two that moved is repeated. */
  function write(): void {
    if (!isWhole) return
    if (!isThere) isThere = tryTo(() => store.replace(bytes))
    else
      isThere = tryTo(() => {
        for (const [first, last] of dirty.values()) {
          const start = numberRange(first)[0]
          store.write(bytes.subarray(start, numberRange(last)[1]), start)
        }
      })
    if (isThere) dirty.clear()
  }

  function tryTo(act: () => void): boolean {
    try {
      act()
      return true
    } catch (error) {
      if (!(error instanceof Error && 'code' in error)) throw error
      log.debug({ err: error }, 'how far the buffer is committed cannot be written beside it now')
      return false
    }
  }

  return {
    /** Right after a commit: these may have moved. */
    note(streams: Iterable<StreamState>): void {
      for (const stream of streams) set(stream)
      if (dirty.size > 0) write()
    },
    close(): void {
      isWhole = false
      store.close()
    },
  }
}
