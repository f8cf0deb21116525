import { rangeOf } from '@barograph/proto'
import type { Log } from '../../core/log.ts'
import { isBefore } from '../position-table.ts'
import { corruptCause } from '../salvage/salvager.ts'
import { withLost } from '../lost-ranges.ts'
import type { StreamState } from '../stream-table.ts'
import type { Tables } from '../tables.ts'
import type { Tail, TailStream } from './layout.ts'

/** Of a database: the text that tells it from others, which number their streams from 1 too. */
export const historyKey = 'history'

/** Streams that were committed further than this database knows: its log was cut off, or it is an older copy. */
export function streamsAhead(tail: Tail, tables: Tables, streams: readonly StreamState[]): TailStream[] {
  const known = new Map(streams.map((stream) => [keyOf(stream), stream]))
  // Numbers of streams only grow: one below the next was there, and went when all of it was settled.
  const isOurs = tables.text(historyKey) === tail.history
  const next = isOurs ? tables.nextStream() : 0
  return tail.streams.filter((stream) => {
    const here = known.get(keyOf(stream))
    return here ? here.lastSeq < stream.lastSeq : stream.id >= next
  })
}

/** Inside a transaction: what is gone is declared lost, and nothing that went back with it is taken for the newest. */
export function declareCutOff(options: {
  readonly ahead: readonly TailStream[]
  readonly tables: Tables
  readonly streams: readonly StreamState[]
  /** Sensors that are known to have had a position. */
  readonly positioned: readonly string[]
  readonly log: Log
}): void {
  const { ahead, tables, streams, positioned, log } = options
  const known = new Map(streams.map((stream) => [keyOf(stream), stream]))
  // Which rows were handed out stood in the log too: each of them may have been.
  for (const { id, lastSeq } of streams) if (lastSeq > 0) tables.setSent(id, rangeOf(1, lastSeq))
  const positions = tables.positions()
  for (const stream of [...ahead].sort((a, b) => a.id - b.id)) {
    const { sensor, epoch, lastSeq, historical } = stream
    const here = known.get(keyOf(stream))
    const id = here?.id ?? tables.addStream(stream)
    const firstSeq = (here?.lastSeq ?? 0) + 1
    const numbers = lastSeq - firstSeq + 1
    tables.setLastSeq({ ...stream, boot: here?.boot ?? stream.boot, id }, lastSeq)
    tables.addGone(id, numbers)
    tables.setLost(id, withLost(here?.lost ?? [], rangeOf(firstSeq, lastSeq), corruptCause))
    tables.setSent(id, rangeOf(1, lastSeq))
    // It would hand out again what may be stored.
    const end = { stream: id, seq: lastSeq }
    const held = positions.get(sensor)
    if (held ? isBefore(held, end) : positioned.includes(sensor) || historical)
      tables.restorePosition(sensor, { position: null, isLost: true, ...end })
    log.error(
      { sensor, epoch, firstSeq, lastSeq, numbers, cause: corruptCause, hint },
      'the buffer is older than what was committed to it: what is missing was declared lost',
    )
  }
}

const hint = 'its write-ahead log was cut off, or an older copy took its place'

const keyOf = ({ sensor, epoch }: { sensor: string; epoch: string }): string => `${sensor} ${epoch}`
