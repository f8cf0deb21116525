import {
  addRange,
  CodedError,
  emptySet,
  type Epoch,
  intersect,
  type RangeSet,
  rangeOf,
  type StreamEpoch,
  subtract,
  type Summary,
} from '@barograph/proto'
import type { Acceptance, Buffer, BufferListener, NumberedEntry } from '../core/buffer.ts'
import type { Clock } from '../core/clock.ts'
import type { Log } from '../core/log.ts'
import { createAcceptances } from './commit/acceptances.ts'
import { openBoots } from './commit/boots.ts'
import { createDropper } from './commit/drops.ts'
import { createGroupCommit } from './commit/group-commit.ts'
import { createSettlements } from './commit/settlements.ts'
import { createMarks } from './commit/marks.ts'
import { createThinner } from './commit/thinner.ts'
import { createTrouble, type WhenFull } from './commit/trouble.ts'
import { codeOf, explain, isDamage } from './errors.ts'
import { checkDevice, openSite } from './identity.ts'
import { type Memory, openBufferFile } from './file.ts'
import { openForWriting, type OwnDatabase } from './open.ts'
import { createSalvager } from './salvage/salvager.ts'
import { openStreams } from './streams.ts'
import type { StreamState } from './stream-table.ts'
import { historyKey } from './tail/cut-off.ts'
import { createTail } from './tail/tail.ts'

export interface BufferOptions {
  readonly device: string
  readonly path: string
  readonly maxMb: number
  readonly maxAgeDays: number
  readonly commitIntervalMs: number
  readonly whenFull: WhenFull
  /** This run's epoch: random. */
  readonly epoch: Epoch
  /** Tells this boot of the machine from others: monotonic times compare within one. */
  readonly boot: string
  /** The configured site as text: another text is another version. */
  readonly site: string
  /** From when on it is valid, ms since 1970. Default: the first site from ever, another one from its change on. */
  readonly siteValidFrom?: number | null
  readonly clock: Clock
  readonly log: Log
  /** How long another agent may take to let go of the file: it may be shutting down. Default 3 s. */
  readonly lockWaitMs?: number
  /** How the database is opened; default: as a file that is locked. The simulation keeps its disks in memory. */
  readonly open?: (path: string, lockWaitMs: number, now: () => number) => OwnDatabase
}

/** The buffer in one SQLite file. Throws coded errors when the file cannot be opened, is in use, newer or damaged. */
export function openSqliteBuffer(options: BufferOptions): Buffer {
  const { device, path, epoch, boot, maxMb, maxAgeDays, commitIntervalMs, whenFull, clock, log } = options
  const own = (options.open ?? openForWriting)(path, options.lockWaitMs ?? 3_000, clock.now)
  const file = openBufferFile({ path, device, epoch, boot, own, clock, log })
  const { tables } = file
  const listeners: BufferListener[] = []
  const streams = openStreams(file.streams, epoch)
  const boots = opening(() => openBoots({ boot, tables, streams, listeners, clock, log }))
  const acceptances = createAcceptances({ epoch, boot, tables, streams, boots, clock })
  const settlements = createSettlements({ epoch, tables, streams, clock })
  const site = opening(() => {
    checkDevice(tables, { device, path, holdsStreams: !streams.isEmpty() })
    if (tables.text(historyKey) === undefined) tables.setText(historyKey, epoch)
    return openSite(tables, options.site, clock, options.siteValidFrom ?? null)
  })
  const history = tables.text(historyKey) ?? epoch
  const marks = createMarks({ epoch, tables, streams })
  const thinner = createThinner({ isOver: (stream) => stream.epoch !== epoch, tables, streams, marks })
  // Readings whose time was not known could not be condensed.
  listeners.push({ committed() {}, dropped() {}, troubled() {}, timed: thinner.forget })
  const dropper = createDropper({
    boot,
    maxMb,
    maxAgeDays,
    whenFull,
    tables,
    streams,
    thinner,
    boots,
    clock,
  })
  const trouble = createTrouble({ maxMb, whenFull, listeners, clock, log })
  const salvager = createSalvager({
    path,
    tables,
    streams,
    transact: tryTransact,
    changed: tellDropped,
    untimed: boots.restored,
    clock,
    log,
  })
  const commits = createGroupCommit({
    epoch,
    commitIntervalMs,
    transact,
    renew,
    isThere: file.isThere,
    noteTail: (moved) => tail?.note(moved),
    onCommit: () => file.keepSidecar(streams.all(), acceptances.positioned()),
    tables,
    streams,
    acceptances,
    settlements,
    boots,
    site,
    marks,
    dropper,
    trouble,
    listeners,
    clock,
    log,
  })

  salvager.resume()
  file.keepSidecar(streams.all(), acceptances.positioned())
  const tail = own.tail && createTail({ store: own.tail, device, history, streams: streams.all(), log })

  /** What opening does to the file, all or nothing; a failure leaves no lock behind. */
  function opening<T>(act: () => T): T {
    try {
      return file.transact(act)
    } catch (error) {
      file.close()
      throw explain(error, path)
    }
  }

  /** What a new file takes over: all but the rows, which come out of the damaged one. */
  const memory = (): Memory => ({
    streams: streams.all(),
    unfinished: salvager.unfinished(),
    write() {
      tables.setText(historyKey, history)
      acceptances.writePositions()
      site.writeAnyway()
      boots.writeAnyway()
    },
  })

  function transact<T>(act: () => T): T {
    recover()
    return file.transact(act)
  }

  /** Makes the new file where one was set aside. Throws while the disk takes none. */
  function recover(): void {
    if (file.isThere() || !file.recover(memory())) return
    boots.renewed()
    salvager.resume()
    for (const stream of streams.all()) tellDropped(stream)
  }

  /** True: the damaged file is out of the way, and a new one is there. */
  function renew(error: unknown): boolean {
    if (!file.setAside(error)) return false
    try {
      recover()
      return true
    } catch (cause) {
      if (!codeOf(cause)) throw cause
      return false
    }
  }

  function tryTransact(act: () => void): boolean {
    try {
      transact(act)
      return true
    } catch (error) {
      if (!codeOf(error)) throw error
      if (isDamage(error)) renew(error)
      return false
    }
  }

  function tellDropped(stream: StreamState): void {
    for (const listener of listeners) listener.dropped(stream)
  }

  /** Without what a damaged file does not give. */
  function reading<T>(act: () => T, none: T): T {
    if (!file.isThere()) return none
    try {
      return act()
    } catch (error) {
      if (!isDamage(error) || (!renew(error) && file.isThere())) throw error
      // Where the disk takes no new file now, each commit tries to make it.
      if (!file.isThere()) commits.commitSoon()
      return none
    }
  }

  function accept(acceptance: Acceptance): Promise<void> {
    if (commits.closed) return Promise.reject(new CodedError('buffer-closed', 'the agent is stopping'))
    if (whenFull === 'stop' && trouble.current?.code === 'buffer-full')
      return Promise.reject(new CodedError('buffer-full', trouble.current.detail, { retryable: true }))
    if (!acceptances.hasRoomFor(acceptance.entries.length))
      return Promise.reject(
        new CodedError('buffer-busy', `${acceptances.count()} entries wait for the disk already`, {
          retryable: true,
        }),
      )
    const accepted = acceptances.add(acceptance)
    commits.commitAccepted()
    return accepted
  }

  function read(of: StreamEpoch, firstSeq: number, lastSeq: number): NumberedEntry[] {
    const stream = streams.get(of)
    if (!stream) return []
    const entries = reading(() => tables.read(stream.id, firstSeq, lastSeq, () => {}), null)
    if (!entries) return []
    // Whatever of the rows is damaged, or not where it should be.
    const present = entries.reduce<RangeSet>((set, { seq }) => addRange(set, seq, seq), emptySet)
    const missing = subtract(intersect(stream.rows, rangeOf(firstSeq, lastSeq)), present)
    if (missing.length > 0) noteUnreadable(stream, missing)
    return entries
  }

  function readSummary(of: StreamEpoch, seq: number): Summary | null {
    const stream = streams.get(of)
    const range = stream?.summaries.find((one) => one.firstSeq <= seq && seq <= one.lastSeq)
    if (!stream || !range) return null
    const summary = reading(() => tables.readSummary(stream.id, range.firstSeq), null)
    if (!summary && !stream.summaries.includes(range)) return null
    if (!summary) {
      noteUnreadable(stream, rangeOf(range.firstSeq, range.lastSeq))
      return null
    }
    // The bytes belong to the row they are in.
    return { ...summary, sensor: stream.sensor, epoch: stream.epoch }
  }

  function noteUnreadable(stream: StreamState, set: RangeSet): void {
    dropper.noteUnreadable(stream, set)
    commits.commitSoon()
  }

  async function close(): Promise<void> {
    if (commits.closed) return
    salvager.stop()
    commits.close()
    acceptances.rejectAll(() => new CodedError('buffer-closed', 'stopped before the disk took this entry'))
    file.keepSidecar(streams.all(), acceptances.positioned(), true)
    tail?.close()
    file.close()
  }

  return {
    epoch,
    register: acceptances.register,
    accept,
    position: acceptances.position,
    isPositionLost: acceptances.isPositionLost,
    streams: streams.all,
    read,
    readSummary,
    markLive: marks.setLive,
    markSent: (stream, set) => {
      if (marks.add(stream, set)) commits.commitNow()
    },
    settle: (settlement) => {
      if (settlements.settle(settlement)) commits.commitSoon()
    },
    get site() {
      return site.state
    },
    confirmSite: (version) => {
      if (site.confirm(version)) commits.commitSoon()
    },
    bootTime: boots.known,
    synchronise: (found) => {
      boots.synchronise(found)
      commits.commitNow()
    },
    get trouble() {
      return trouble.current
    },
    subscribe: (listener) => {
      listeners.push(listener)
    },
    flush: commits.commitNow,
    close,
  }
}
