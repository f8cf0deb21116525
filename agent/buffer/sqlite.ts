import {
  addRange,
  CodedError,
  type Epoch,
  emptySet,
  intersect,
  limits,
  pairs,
  type RangeSet,
  rangeOf,
  type StreamEpoch,
  sizeOf,
  subtract,
  union,
} from '@barograph/proto'
import type {
  Acceptance,
  Buffer,
  BufferedStream,
  BufferListener,
  BufferTrouble,
  LostRange,
  SensorTraits,
  Settlement,
} from '../core/buffer.ts'
import type { Clock } from '../core/clock.ts'
import type { Log } from '../core/log.ts'
import { chooseExpired, chooseOldest, type Drop } from './drops.ts'
import { codeOf, openForWriting } from './open.ts'
import { encodePayload } from './payload.ts'
import { openTables, type StreamState, withLost, withoutSettled } from './tables.ts'

export interface BufferOptions {
  readonly device: string
  readonly path: string
  readonly maxMb: number
  readonly maxAgeDays: number
  readonly commitIntervalMs: number
  readonly whenFull: 'drop-oldest' | 'stop'
  /** This run's epoch: random. */
  readonly epoch: Epoch
  /** Tells this boot of the machine from others: monotonic times compare within one. */
  readonly boot: string
  /** The configured site as text: another text is another version. */
  readonly site: string
  readonly clock: Clock
  readonly log: Log
  /** How long another agent may take to let go of the file: it may be shutting down. Default 3 s. */
  readonly lockWaitMs?: number
}

/** Entries that wait make a commit due at once instead of after the interval. */
const entriesPerGroup = 500
/** Entries in memory while the disk takes none; beyond, `accept` rejects. */
const queuedEntries = 20_000
/** Between tries to commit while the disk takes none. */
const retryMs = 1_000
/** Between looks for rows that are too old. */
const agingMs = 60_000
/** Full is over when this share of the room is used: so that it does not begin and end with every row. */
const roomAgain = 0.95

interface Waiting extends Acceptance {
  readonly firstSeq: number
  resolve(): void
  reject(error: CodedError): void
}

/** The buffer in one SQLite file. Throws coded errors when the file cannot be opened, is in use, newer or damaged. */
export function openSqliteBuffer(options: BufferOptions): Buffer {
  const { epoch, boot, clock, log, whenFull } = options
  const maxBytes = options.maxMb * 2 ** 20
  const maxAgeMs = options.maxAgeDays * 86_400_000
  const { db, unlock } = openForWriting(options.path, options.lockWaitMs ?? 3_000)
  const tables = openTables(db)
  const streams = new Map<string, StreamState>()
  const traits = new Map<string, SensorTraits>()
  const positions = tables.positions()
  const listeners: BufferListener[] = []
  const nextSeq = new Map<string, number>()
  let queue: Waiting[] = []
  let queued = 0
  let settlements: Settlement[] = []
  let cancelCommit: (() => void) | null = null
  let dueAt = Number.POSITIVE_INFINITY
  let trouble: BufferTrouble | null = null
  let used = tables.usedBytes()
  let closed = false
  let ageAt = 0
  let siteChanged = false
  /** Rows that were to be read and could not be: without them the others go on. */
  let unreadable = new Map<StreamState, RangeSet>()
  for (const stream of tables.streams(epoch)) streams.set(keyOf(stream), stream)
  let site = opening(() => {
    checkDevice()
    return loadSite()
  })

  /** What opening does to the file, all or nothing; a failure leaves no lock behind. */
  function opening<T>(act: () => T): T {
    try {
      return db.transaction(act)()
    } catch (error) {
      db.close()
      unlock()
      throw error
    }
  }

  /** Unsent rows belong to the device that accepted them: under another name they would be someone else's. */
  function checkDevice(): void {
    const before = tables.device()
    if (before !== undefined && before !== options.device && streams.size > 0)
      throw new CodedError(
        'buffer-other-device',
        `the buffer ${options.path} holds readings of the device ${before}, not of ${options.device}`,
        { hint: `run as ${before} until they are sent, or give this device a buffer.path of its own` },
      )
    if (before !== options.device) tables.setDevice(options.device)
  }

  function loadSite() {
    const before = tables.site()
    if (before?.text === options.site) return before
    const changed = {
      // By the clock, not from 1: a new card in an old station must not repeat a version that the collector knows.
      version: Math.max((before?.version ?? 0) + 1, Math.floor(clock.now() / 1000)),
      // The first site holds for all readings, also for those older than this program.
      validFrom: before ? clock.now() : limits.earliestTimeMs,
      confirmed: false,
      text: options.site,
    }
    tables.setSite(changed)
    return changed
  }

  function accept(acceptance: Acceptance): Promise<void> {
    const { sensor, entries } = acceptance
    if (closed) return Promise.reject(new CodedError('buffer-closed', 'the agent is stopping'))
    if (whenFull === 'stop' && trouble?.code === 'buffer-full')
      return Promise.reject(new CodedError('buffer-full', trouble.detail, { retryable: true }))
    if (queued + entries.length > queuedEntries && queued > 0)
      return Promise.reject(
        new CodedError('buffer-busy', `${queued} entries wait for the disk already`, { retryable: true }),
      )
    return new Promise((resolve, reject) => {
      const firstSeq = nextSeq.get(sensor) ?? 1
      nextSeq.set(sensor, firstSeq + entries.length)
      queue.push({ ...acceptance, firstSeq, resolve, reject })
      queued += entries.length
      const soon = queued >= entriesPerGroup ? 0 : options.commitIntervalMs
      scheduleCommit(isDiskTrouble() ? retryMs : soon)
    })
  }

  const isDiskTrouble = (): boolean => trouble !== null && trouble.code !== 'buffer-full'

  function scheduleCommit(delayMs: number): void {
    const at = clock.monotonicMs() + delayMs
    if (closed || at >= dueAt) return
    cancelCommit?.()
    dueAt = at
    cancelCommit = clock.setTimer(delayMs, () => {
      dueAt = Number.POSITIVE_INFINITY
      commit()
    })
  }

  /** One transaction for everything that waits. On failure all of it waits on. */
  function commit(): void {
    const group = queue
    const settling = settlements
    let drops: Drop[]
    const added = new Map<string, StreamState>()
    try {
      drops = db.transaction(() => {
        for (const waiting of group) write(waiting, added)
        for (const settlement of settling) writeSettlement(settlement)
        if (siteChanged) tables.setSite(site)
        return writeDrops()
      })()
    } catch (error) {
      tables.metrics.reload()
      failCommit(error)
      return
    }
    queue = queue.slice(group.length)
    queued -= group.reduce((sum, { entries }) => sum + entries.length, 0)
    settlements = settlements.slice(settling.length)
    siteChanged = false
    unreadable = new Map()
    for (const [key, stream] of added) streams.set(key, stream)
    publish(group, drops)
    used = tables.usedBytes()
    judgeRoom()
  }

  function write(waiting: Waiting, added: Map<string, StreamState>): void {
    const { sensor, entries, firstSeq, position } = waiting
    if (entries.length > 0) {
      const key = keyOf({ sensor, epoch })
      let stream = streams.get(key) ?? added.get(key)
      if (!stream) {
        stream = newStream(sensor)
        added.set(key, stream)
      }
      const rows = entries.map((entry, i) => ({
        seq: firstSeq + i,
        monotonicMs: Math.round(entry.monotonicMs),
        time: Math.round(entry.time),
        payload: encodePayload(entry, tables.metrics),
      }))
      tables.insert(stream.id, clock.now(), rows)
      tables.setLastSeq(stream.id, firstSeq + entries.length - 1)
    }
    if (position !== undefined) tables.setPosition(sensor, position)
  }

  function newStream(sensor: string): StreamState {
    const { intervalMs, historical } = traits.get(sensor) ?? { intervalMs: 0, historical: false }
    const fresh = { sensor, epoch, boot, intervalMs, historical }
    return {
      ...fresh,
      id: tables.addStream(fresh),
      lastSeq: 0,
      rows: emptySet,
      lost: [],
      endPending: false,
    }
  }

  function writeSettlement(settlement: Settlement): void {
    const stream = streams.get(keyOf(settlement))
    if (!stream) return
    let gone = settlement.stored
    for (const range of settlement.refused) {
      gone = addRange(gone, range.firstSeq, range.lastSeq)
      tables.addRefused(stream, range, clock.now())
    }
    tables.remove(stream.id, gone)
    tables.setLost(stream.id, stream.lost)
    if (!stream.endPending && stream.epoch !== epoch) tables.setEnded(stream.id)
    if (isDone(stream)) tables.deleteStream(stream.id)
  }

  const isDone = (stream: BufferedStream): boolean =>
    stream.epoch !== epoch && stream.rows.length === 0 && stream.lost.length === 0 && !stream.endPending

  /** Drops what is too old or too much, and declares it in the same transaction. */
  function writeDrops(): Drop[] {
    const all = [...streams.values()]
    const nowMs = clock.monotonicMs()
    let drops = [...unreadable]
      .map(([stream, set]): Drop => ({ stream, set: intersect(set, stream.rows), cause: 'unreadable' }))
      .filter(({ set }) => set.length > 0)
    // One cause at a time, so that no row is dropped for two.
    if (drops.length === 0 && nowMs >= ageAt) {
      drops = chooseExpired(all, tables, { wallMs: clock.now(), monotonicMs: nowMs, boot }, maxAgeMs)
      ageAt = nowMs + agingMs
    }
    const excess = tables.usedBytes() - maxBytes
    if (drops.length === 0 && excess > 0 && whenFull === 'drop-oldest') {
      const rows = all.reduce((sum, stream) => sum + sizeOf(stream.rows), 0)
      const bytesPerRow = tables.usedBytes() / Math.max(1, rows)
      drops = chooseOldest(all, tables, Math.ceil((excess + maxBytes * (1 - roomAgain)) / bytesPerRow))
    }
    for (const { stream, set, cause } of drops) {
      tables.remove(stream.id, set)
      tables.setLost(stream.id, withLost(stream.lost, set, cause))
    }
    return drops
  }

  /** Memory follows the file, then everyone who waits is told. */
  function publish(group: readonly Waiting[], drops: readonly Drop[]): void {
    for (const { stream, set, cause } of drops) {
      stream.rows = subtract(stream.rows, set)
      stream.lost = withLost(stream.lost, set, cause)
    }
    for (const { sensor, entries, firstSeq, position } of group) {
      if (position !== undefined) positions.set(sensor, position)
      const stream = streams.get(keyOf({ sensor, epoch }))
      if (!stream || entries.length === 0) continue
      stream.lastSeq = firstSeq + entries.length - 1
      stream.rows = addRange(stream.rows, firstSeq, stream.lastSeq)
    }
    for (const [key, stream] of streams) if (isDone(stream)) streams.delete(key)
    for (const { stream, set, cause } of drops) {
      const { sensor, epoch: ofEpoch } = stream
      log.warn({ sensor, epoch: ofEpoch, rows: sizeOf(set), cause }, 'dropped readings, declared lost')
      for (const listener of listeners) listener.dropped(stream)
    }
    for (const waiting of group) {
      announce(waiting)
      waiting.resolve()
    }
  }

  function announce({ sensor, entries, firstSeq }: Waiting): void {
    const stream = streams.get(keyOf({ sensor, epoch }))
    if (!stream || entries.length === 0) return
    for (const listener of listeners) listener.committed(stream, firstSeq, firstSeq + entries.length - 1)
  }

  function failCommit(error: unknown): void {
    const code = codeOf(error)
    if (!code) throw error
    setTrouble(
      code === 'SQLITE_FULL'
        ? { code: 'disk-full', detail: 'no room on the disk of the buffer: readings wait in memory' }
        : { code: 'disk-failing', detail: `the buffer cannot be written (${code}): readings wait in memory` },
    )
    scheduleCommit(retryMs)
  }

  /** After a commit: the disk works, and the room is known. */
  function judgeRoom(): void {
    const wasFull = trouble?.code === 'buffer-full'
    const isFull = used > maxBytes * (wasFull ? roomAgain : 1)
    setTrouble(
      isFull && whenFull === 'stop'
        ? {
            code: 'buffer-full',
            detail: `the buffer has reached its ${options.maxMb} MB: nothing is taken until the collector stores some`,
          }
        : null,
    )
  }

  function setTrouble(next: BufferTrouble | null): void {
    if (next?.detail === trouble?.detail) return
    trouble = next
    if (next) log.error({ code: next.code }, next.detail)
    else log.info({}, 'the buffer takes readings again')
    for (const listener of listeners) listener.troubled(next)
  }

  function settle(settlement: Settlement): void {
    const stream = streams.get(keyOf(settlement))
    if (!stream) return
    const stored = intersect(settlement.stored, stream.rows)
    let rows = subtract(stream.rows, stored)
    let refusedNumbers = emptySet
    const refused = settlement.refused.flatMap(({ firstSeq, lastSeq, reason }) => {
      const set = intersect(rangeOf(firstSeq, lastSeq), rows)
      rows = subtract(rows, set)
      refusedNumbers = union(refusedNumbers, rangeOf(firstSeq, lastSeq))
      return [...pairs(set)].map(([first, last]) => ({ firstSeq: first, lastSeq: last, reason }))
    })
    stream.rows = rows
    // A loss is accounted for when declared, and also when the number came after all.
    const accounted = union(union(settlement.lost, settlement.stored), refusedNumbers)
    const lost = withoutSettled(stream.lost, accounted)
    // More than ours: this file was restored from a copy, and the run went on further than the copy knows.
    const ends = stream.endPending && settlement.ended > stream.lastSeq
    if (stored.length === 0 && refused.length === 0 && !ends && sameLost(lost, stream.lost)) return
    stream.lost = lost
    if (ends) stream.endPending = false
    settlements.push({ ...settlement, stored, refused })
    scheduleCommit(options.commitIntervalMs)
  }

  async function close(): Promise<void> {
    if (closed) return
    cancelCommit?.()
    cancelAging()
    commit()
    closed = true
    for (const { reject } of queue)
      reject(new CodedError('buffer-closed', 'stopped before the disk took this entry'))
    cancelCommit?.()
    db.close()
    unlock()
  }

  // An agent that accepts nothing still lets its rows age.
  let cancelAging = clock.setTimer(agingMs, age)
  function age(): void {
    cancelAging = clock.setTimer(agingMs, age)
    commit()
  }

  return {
    epoch,
    register: (sensor, given) => {
      traits.set(sensor, given)
    },
    accept,
    position: (sensor) => positions.get(sensor) ?? null,
    streams: () => [...streams.values()],
    read: (stream, firstSeq, lastSeq) => {
      const state = streams.get(keyOf(stream))
      return state
        ? tables.read(state.id, firstSeq, lastSeq, (seq) => {
            unreadable.set(state, addRange(unreadable.get(state) ?? emptySet, seq, seq))
            scheduleCommit(options.commitIntervalMs)
          })
        : []
    },
    settle,
    get site() {
      return site
    },
    confirmSite(version) {
      if (site.confirmed || version < site.version) return
      site = { ...site, confirmed: true }
      siteChanged = true
      scheduleCommit(options.commitIntervalMs)
    },
    get trouble() {
      return trouble
    },
    subscribe: (listener) => {
      listeners.push(listener)
    },
    flush: () => {
      if (!closed && (queue.length > 0 || settlements.length > 0)) commit()
    },
    close,
  }
}

const keyOf = ({ sensor, epoch }: StreamEpoch): string => `${sensor} ${epoch}`

const sameLost = (a: readonly LostRange[], b: readonly LostRange[]): boolean =>
  a.length === b.length &&
  a.every((range, i) => range.firstSeq === b[i]?.firstSeq && range.lastSeq === b[i]?.lastSeq)
