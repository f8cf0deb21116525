import Sqlite from 'better-sqlite3'
import { type OwnDatabase, prepare } from '../../../agent/buffer/open.ts'
import type { TailStore } from '../../../agent/buffer/tail/store.ts'
import type { Process } from '../engine/process.ts'
import type { World } from '../engine/world.ts'
import type { Weather } from './weather.ts'

/** A card with the file of a buffer on it: what was committed stays, whatever becomes of the agent. */
export interface Disk {
  /** The database as a process has it. Whatever that process does after its end does not happen. */
  openFor(process: Process, listener: { committed(): void }): OwnDatabase
  /** Looks at what is committed, by SQL of its own. */
  readonly raw: Sqlite.Database
  /** Nothing is on it that the collector has to hear of, but for the run of this epoch going on. */
  isEmpty(epoch: string): boolean
  /** What is, in words. */
  describe(): string
  /** It is a copy, went back, or refused a commit once: what it knows of what was sent may be too little. */
  isDoubtful(): boolean
  /** A copy of the card as it is now. */
  copy(): Disk
  /** A copy of the database as it was goes beside what says today how far it is committed. */
  readonly tail: Buffer | null
  /** Until then commits fail as on a full or failing disk. */
  fill(untilMs: number): void
  fail(untilMs: number): void
  close(): void
}

const pageBytes = 512

/** What a card holds. */
export interface Content {
  readonly database: Buffer
  readonly tail: Buffer | null
}

export function createDisk(world: World, weather: () => Weather, from: Content | null = null): Disk {
  const { random } = world
  const raw = from ? new Sqlite(from.database) : new Sqlite(':memory:')
  let tail = from?.tail ? Buffer.from(from.tail) : null
  if (!from) raw.pragma(`page_size = ${pageBytes}`)
  prepare(raw, ':memory:')
  let fullUntil = 0
  let failingUntil = 0
  let isDoubtful = from !== null

  const left = raw
    .prepare<[string], number>(
      `SELECT EXISTS (SELECT 1 FROM entries) OR EXISTS (SELECT 1 FROM summaries) OR EXISTS (SELECT 1 FROM lost)
         OR EXISTS (SELECT 1 FROM streams WHERE ended = 0 AND epoch <> ?)`,
    )
    .pluck()

  /** Asked at every commit: prepared once. */
  const asked = new Map<string, Sqlite.Statement<[], number>>()
  function pragma(name: string): number | undefined {
    let statement = asked.get(name)
    if (!statement) asked.set(name, (statement = raw.prepare<[], number>(`PRAGMA ${name}`).pluck()))
    return statement.get()
  }

  const error = (code: string): Error => new Sqlite.SqliteError(`simulated ${code}`, code)

  function transactionFor<A extends unknown[], R>(
    process: Process,
    listener: { committed(): void },
    act: (...args: A) => R,
  ): (...args: A) => R {
    const real = raw.transaction((...args: A): R => {
      const result = act(...args)
      const { agentCrash, commitFails } = weather()
      if (world.now() < fullUntil) throw error('SQLITE_FULL')
      if (world.now() < failingUntil) throw error('SQLITE_IOERR_FSYNC')
      if (random.chance(commitFails)) {
        world.fault('buffer-disk-full', process.name)
        isDoubtful = true
        throw error('SQLITE_FULL')
      }
      if (random.chance(agentCrash)) {
        world.fault('agent-killed-at-write', `${process.name} before the commit`)
        process.kill()
        throw error('SQLITE_IOERR')
      }
      return result
    })
    return (...args: A): R => {
      if (!process.alive) throw error('SQLITE_IOERR')
      const result = real(...args)
      listener.committed()
      if (random.chance(weather().agentCrash)) {
        world.fault('agent-killed-at-write', `${process.name} after the commit`)
        process.kill()
      }
      return result
    }
  }

  /** Beside the database: nothing of it is synced, and a process that died writes no more. */
  function tailFor(process: Process): TailStore {
    const check = (isGrowing: boolean): void => {
      if (world.now() < failingUntil) throw Object.assign(new Error('simulated EROFS'), { code: 'EROFS' })
      if (isGrowing && world.now() < fullUntil)
        throw Object.assign(new Error('simulated ENOSPC'), { code: 'ENOSPC' })
    }
    return {
      read: () => tail && Buffer.from(tail),
      replace(bytes) {
        if (!process.alive) return
        check(true)
        tail = Buffer.from(bytes)
      },
      write(bytes, at) {
        if (!process.alive) return
        check(false)
        if (tail) bytes.copy(tail, at)
      },
      close() {},
    }
  }

  return {
    raw,
    get tail() {
      return tail
    },
    openFor(process, listener) {
      const db = new Proxy(raw, {
        get(target, key) {
          if (key === 'transaction')
            return (act: (...args: unknown[]) => unknown) => transactionFor(process, listener, act)
          if (key === 'close') return () => target
          if (key === 'pragma') return pragma
          const value: unknown = Reflect.get(target, key, target)
          return typeof value === 'function' ? value.bind(target) : value
        },
      })
      return { db, tail: tailFor(process), unlock() {} }
    },
    describe() {
      const rows = raw
        .prepare<[], { sensor: string; epoch: string; ended: number; held: string | null }>(
          `SELECT sensor, epoch, ended, group_concat(what || ' ' || first || '-' || last) AS held FROM streams LEFT JOIN
             (SELECT 'row' AS what, stream, seq AS first, seq AS last FROM entries
              UNION ALL SELECT 'summary', stream, first_seq, last_seq FROM summaries
              UNION ALL SELECT 'loss', stream, first_seq, last_seq FROM lost) ON stream = id
           GROUP BY id`,
        )
        .all()
      return rows
        .map((row) => `${row.sensor}/${row.epoch}${row.ended ? '' : ' (open)'}: ${row.held ?? 'nothing'}`)
        .join(', ')
    },
    isDoubtful: () => isDoubtful,
    isEmpty: (epoch) => left.get(epoch) === 0,
    copy: () => createDisk(world, weather, { database: raw.serialize(), tail }),
    fill(untilMs) {
      fullUntil = untilMs
      isDoubtful = true
    },
    fail(untilMs) {
      failingUntil = untilMs
      isDoubtful = true
    },
    close: () => void raw.close(),
  }
}
