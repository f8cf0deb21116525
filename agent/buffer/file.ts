import { dirname, join } from 'node:path'
import { CodedError, type Epoch, emptySet } from '@barograph/proto'
import type Sqlite from 'better-sqlite3'
import type { Clock } from '../core/clock.ts'
import type { Log } from '../core/log.ts'
import { explain, isBroken } from './errors.ts'
import { type OwnDatabase, schemaVersion } from './open.ts'
import { type HeldPosition, isBefore } from './position-table.ts'
import { damagedFiles } from './salvage/aside.ts'
import { renewFromFile, renewFromMemory } from './salvage/renewal.ts'
import type { Source } from './salvage/salvager.ts'
import { readSidecar, writeSidecar } from './salvage/sidecar.ts'
import type { MetricRow } from './metric-table.ts'
import type { StreamState } from './stream-table.ts'
import { openTables, type Tables } from './tables.ts'
import { declareCutOff, streamsAhead } from './tail/cut-off.ts'
import { readTail, type Tail } from './tail/layout.ts'

/** The sidecar follows the numbers at this pace; new streams and metrics at once. */
const sidecarMs = 60_000

/** What a new file takes over from memory. */
export interface Memory {
  readonly streams: readonly StreamState[]
  readonly unfinished: readonly Source[]
  /** Inside the transaction: whatever else this run knows. */
  write(): void
}

interface Opened {
  readonly tables: Tables
  readonly streams: StreamState[]
}

/** The database of a buffer; while it runs, a damaged one is replaced by a new one behind the same `tables`. */
export function openBufferFile(options: {
  readonly path: string
  readonly device: string
  readonly epoch: Epoch
  readonly boot: string
  readonly own: OwnDatabase
  readonly clock: Clock
  readonly log: Log
}) {
  const { path, device, epoch, boot, own, clock, log } = options
  let db = own.db
  /** Set aside, and nothing stands in its place: the disk took no new file yet. */
  let pending: { readonly damagedPath: string; readonly metrics: readonly MetricRow[] } | null = null
  let sidecarAtMs = 0
  let sidecarOf = ''
  const { tables, streams } = loadOrExplain()

  /** A failure leaves no lock behind, and the next start goes on where this one ended. */
  function loadOrExplain(): Opened {
    try {
      return load()
    } catch (error) {
      close()
      throw explain(error, path)
    }
  }

  /** The tables of a whole file, with what is left of a damaged one. */
  function load(): Opened {
    let damagedPath = own.damagedPath ?? null
    try {
      const whole = openWhole(db)
      // One that names no device was made, and then a kill came before it knew what it takes over.
      if (!damagedPath && !own.isNew && whole.tables.device() !== undefined) return upToTail(whole)
    } catch (error) {
      if (!isBroken(error) || !own.setAside || !own.reopen) throw error
      damagedPath = own.setAside()
      db = own.reopen()
    }
    renew(openTables(db), damagedPath)
    return openWhole(db)
  }

  function openWhole(of: Sqlite.Database): Opened {
    const opened = openTables(of)
    const loaded = opened.streams(epoch)
    checkPositions(opened.positions(), loaded)
    opened.boots.all()
    opened.site()
    const named = opened.device()
    if (named !== undefined && named !== device && readSidecar(path, device))
      throw new CodedError('buffer-corrupt', `the buffer ${path} does not know its device any more`)
    return { tables: opened, streams: loaded }
  }

  /** How far what stood here was committed. */
  function tailOfBefore(): Tail | null {
    const bytes = own.tail?.read()
    const tail = bytes ? readTail(bytes) : null
    return tail?.device === device ? tail : null
  }

  /** A whole file may still be an older one: what it does not know any more is declared lost. */
  function upToTail(whole: Opened): Opened {
    const tail = whole.tables.device() === device ? tailOfBefore() : null
    const ahead = tail ? streamsAhead(tail, whole.tables, whole.streams) : []
    if (ahead.length === 0) return whole
    const positioned = readSidecar(path, device)?.positions ?? []
    db.transaction(() => declareCutOff({ ahead, ...whole, positioned, log }))()
    return openWhole(db)
  }

  /** A new file begins with whatever is known of the one before; of none, if there was none. */
  function renew(fresh: Tables, damagedPath: string | null): void {
    const sidecar = readSidecar(path, device)
    // A kill came after a file was set aside and before the new one knew: it is the newest.
    const [newest] = damagedFiles(path).slice(-1)
    const from = damagedPath ?? (newest === undefined ? null : join(dirname(path), newest))
    const tail = tailOfBefore()
    if (from === null && !sidecar?.streams.length && !sidecar?.positions?.length && !tail?.streams.length)
      return
    log.error(
      { file: from, hint: 'it is kept beside the buffer; what can be read of it is sent' },
      'the buffer is damaged: it was set aside, and a new one takes its place',
    )
    db.transaction(() => {
      const wasThere = from !== null || !own.isNew
      renewFromFile({ damagedPath: from, sidecar, tail, wasThere, boot, tables: fresh, log })
      fresh.setDevice(device)
    })()
  }

  /** Makes the new file. Throws what SQLite throws while the disk takes none. */
  function startOver(memory: Memory): void {
    if (!pending || !own.reopen) return
    const { damagedPath, metrics } = pending
    db = own.reopen()
    try {
      Object.assign(tables, openTables(db))
      db.transaction(() => {
        for (const metric of metrics) tables.restoreMetric(metric)
        tables.setDevice(device)
        memory.write()
        renewFromMemory({ damagedPath, tables, streams: memory.streams, unfinished: memory.unfinished })
      })()
    } catch (error) {
      // It is tried again and again, each time with another connection.
      db.close()
      throw error
    }
    tables.metrics.reload()
    pending = null
    for (const stream of memory.streams) {
      stream.rows = emptySet
      stream.untimed = emptySet
      stream.uncertain = emptySet
      stream.thinned = emptySet
      stream.summaries = []
    }
  }

  function close(): void {
    db.close()
    own.unlock()
  }

  return {
    tables,
    streams,
    /** False: there is no file now. */
    isThere: (): boolean => pending === null,
    /** True: there was a damaged file, and its place is taken again. */
    recover(memory: Memory): boolean {
      if (!pending) return false
      startOver(memory)
      return true
    },
    transact: <T>(act: () => T): T => db.transaction(act)(),
    /** Moves the damaged file away. False: this one cannot be moved. */
    setAside(error: unknown): boolean {
      if (!own.setAside || pending) return false
      const metrics = tables.metrics.all()
      try {
        pending = { damagedPath: own.setAside(), metrics }
      } catch (cause) {
        log.error({ err: cause }, 'the damaged buffer cannot be moved away')
        return false
      }
      log.error(
        { err: error, file: pending.damagedPath, hint: 'what can be read of it is sent' },
        'the buffer is damaged: it was set aside, and a new one takes its place',
      )
      return true
    },
    /** After a commit. What cannot be written now is written with a later one. */
    keepSidecar(all: readonly StreamState[], positions: readonly string[], isLast = false): void {
      if (!own.setAside) return
      const metrics = tables.metrics.all()
      const content = `${all.map(({ id }) => id).join()} ${metrics.length} ${positions.join()}`
      if (!isLast && content === sidecarOf && clock.monotonicMs() < sidecarAtMs) return
      sidecarAtMs = clock.monotonicMs() + sidecarMs
      try {
        const streamsNow = all.map(
          ({ id, sensor, epoch: of, boot: ofBoot, intervalMs, historical, lastSeq }) => ({
            id,
            sensor,
            epoch: of,
            boot: ofBoot,
            intervalMs,
            historical,
            lastSeq,
            ended: false,
          }),
        )
        writeSidecar(path, { version: schemaVersion, device, streams: streamsNow, metrics, positions })
        sidecarOf = content
      } catch (error) {
        if (!(error instanceof Error && 'code' in error)) throw error
        log.debug({ err: error }, 'the list of streams beside the buffer cannot be written now')
      }
    },
    close,
  }
}

/** Pages that went back to what they were add up among themselves; with the streams they do not. */
function checkPositions(positions: ReadonlyMap<string, HeldPosition>, streams: readonly StreamState[]): void {
  for (const { id, sensor, lastSeq } of streams) {
    const held = positions.get(sensor)
    if (held && !held.isLost && isBefore(held, { stream: id, seq: lastSeq }))
      throw new CodedError('buffer-corrupt', `the position of ${sensor} is older than what it accepted`)
  }
}
