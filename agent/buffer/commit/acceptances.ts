import { addRange, type CodedError, type Epoch, emptySet, type RangeSet } from '@barograph/proto'
import type { Acceptance, SensorTraits } from '../../core/buffer.ts'
import type { Clock } from '../../core/clock.ts'
import type { SensorPosition } from '../../core/sensor.ts'
import { finalTime } from '../../core/time/row-time.ts'
import { encodePayload } from '../payload.ts'
import type { HeldPosition } from '../position-table.ts'
import type { Streams } from '../streams.ts'
import type { StreamState } from '../stream-table.ts'
import type { Tables } from '../tables.ts'
import type { Boots } from './boots.ts'

/** Entries in memory while the disk takes none; beyond, `accept` rejects. */
const queuedEntries = 20_000

interface Waiting extends Acceptance {
  readonly firstSeq: number
  /** By the monotonic clock. */
  readonly sinceMs: number
  /** Of what was written: rows whose time is not known yet. */
  untimed: RangeSet
  resolve(): void
  reject(error: CodedError): void
}

/** What one transaction wrote. */
export interface Group {
  readonly acceptances: readonly Waiting[]
  /** Streams that began with it, by sensor. */
  readonly added: ReadonlyMap<string, StreamState>
  /** Positions, by sensor. */
  readonly moved: ReadonlyMap<string, HeldPosition>
}

export type Acceptances = ReturnType<typeof createAcceptances>

/** Numbers what is accepted in this run, and holds it in memory until it is durable. */
export function createAcceptances(options: {
  readonly epoch: Epoch
  readonly boot: string
  readonly tables: Tables
  readonly streams: Streams
  readonly boots: Boots
  readonly clock: Clock
}) {
  const { epoch, boot, tables, streams, boots, clock } = options
  const traits = new Map<string, SensorTraits>()
  const positions = tables.positions()
  const nextSeq = new Map<string, number>()
  let queue: Waiting[] = []
  let queued = 0

  function write(): Group {
    const added = new Map<string, StreamState>()
    const moved = new Map<string, HeldPosition>()
    for (const waiting of queue) {
      writeOne(waiting, added)
      const held = positionAfter(waiting, added, moved.get(waiting.sensor) ?? positions.get(waiting.sensor))
      if (held) moved.set(waiting.sensor, held)
    }
    for (const [sensor, held] of moved) tables.setPosition(sensor, held)
    return { acceptances: queue, added, moved }
  }

  /** Every entry moves it: one that names an older number than the stream has is an old one. */
  function positionAfter(
    { sensor, entries, firstSeq, position }: Waiting,
    added: ReadonlyMap<string, StreamState>,
    before: HeldPosition | undefined,
  ): HeldPosition | undefined {
    if (position === undefined && (!before || entries.length === 0)) return undefined
    const own = streams.get({ sensor, epoch }) ?? added.get(sensor)
    const last = own ?? streams.all().findLast((one) => one.sensor === sensor)
    const place = {
      stream: last?.id ?? before?.stream ?? 0,
      seq: own ? firstSeq + entries.length - 1 : (last?.lastSeq ?? before?.seq ?? 0),
    }
    return position === undefined ? before && { ...before, ...place } : { position, isLost: false, ...place }
  }

  function writeOne(waiting: Waiting, added: Map<string, StreamState>): void {
    const { sensor, entries, firstSeq } = waiting
    if (entries.length > 0) {
      let stream = streams.get({ sensor, epoch }) ?? added.get(sensor)
      if (!stream) {
        stream = newStream(sensor)
        added.set(sensor, stream)
      }
      const timing = boots.timingOf(boot)
      waiting.untimed = emptySet
      const rows = entries.map((entry, i) => {
        const synced = !entry.isUnconfirmed || timing !== null
        if (!synced) waiting.untimed = addRange(waiting.untimed, firstSeq + i, firstSeq + i)
        const monotonicMs = Math.round(entry.monotonicMs)
        const stamped = Math.round(entry.time)
        const time = entry.isUnconfirmed && timing ? finalTime(timing, stamped, monotonicMs) : stamped
        return {
          seq: firstSeq + i,
          monotonicMs,
          time,
          payload: encodePayload(entry, tables.metrics),
          synced,
        }
      })
      tables.insert(stream.id, clock.now(), rows)
      tables.setLastSeq(stream, firstSeq + entries.length - 1)
    }
  }

  function newStream(sensor: string): StreamState {
    const { intervalMs, historical } = traits.get(sensor) ?? { intervalMs: 0, historical: false }
    const fresh = { sensor, epoch, boot, intervalMs, historical }
    return {
      ...fresh,
      id: tables.addStream(fresh),
      lastSeq: 0,
      rows: emptySet,
      thinned: emptySet,
      sent: emptySet,
      summaries: [],
      untimed: emptySet,
      uncertain: emptySet,
      clockErrorMs: 0,
      lost: [],
      endPending: false,
    }
  }

  function committed({ acceptances, added, moved }: Group): void {
    queue = queue.slice(acceptances.length)
    queued -= acceptances.reduce((sum, { entries }) => sum + entries.length, 0)
    for (const stream of added.values()) streams.add(stream)
    for (const [sensor, held] of moved) positions.set(sensor, held)
    for (const { sensor, entries, firstSeq, untimed } of acceptances) {
      const stream = streams.get({ sensor, epoch })
      if (!stream || entries.length === 0) continue
      stream.lastSeq = firstSeq + entries.length - 1
      stream.rows = addRange(stream.rows, firstSeq, stream.lastSeq)
      if (untimed.length > 0) boots.added(stream, untimed)
    }
  }

  return {
    register(sensor: string, given: SensorTraits): void {
      traits.set(sensor, given)
    },
    position: (sensor: string): SensorPosition => positions.get(sensor)?.position ?? null,
    isPositionLost: (sensor: string): boolean => positions.get(sensor)?.isLost ?? false,
    /** Sensors that have a position. */
    positioned: (): string[] => [...positions.keys()],
    /** Inside the transaction that begins a new file. */
    writePositions(): void {
      for (const [sensor, held] of positions) tables.restorePosition(sensor, held)
    },
    /** Entries that wait. */
    count: (): number => queued,
    /** How many, and for how long the oldest. */
    waiting: () => ({
      entries: queued,
      seconds: queue[0] ? Math.round((clock.monotonicMs() - queue[0].sinceMs) / 1_000) : 0,
    }),
    isEmpty: (): boolean => queue.length === 0,
    hasRoomFor: (entries: number): boolean => queued + entries <= queuedEntries || queued === 0,
    /** Resolves when it is durable. */
    add(acceptance: Acceptance): Promise<void> {
      const { sensor, entries } = acceptance
      return new Promise((resolve, reject) => {
        const firstSeq = nextSeq.get(sensor) ?? 1
        nextSeq.set(sensor, firstSeq + entries.length)
        queue.push({
          ...acceptance,
          firstSeq,
          sinceMs: clock.monotonicMs(),
          untimed: emptySet,
          resolve,
          reject,
        })
        queued += entries.length
      })
    },
    /** Inside the transaction: everything that waits. */
    write,
    /** Memory follows the file. */
    committed,
    rejectAll(makeError: () => CodedError): void {
      for (const { reject } of queue) reject(makeError())
    },
  }
}
