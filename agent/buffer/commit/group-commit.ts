import { type Epoch, lastOf, sizeOf } from '@barograph/proto'
import type { BufferListener } from '../../core/buffer.ts'
import type { Clock } from '../../core/clock.ts'
import { createDueTimer } from '../../core/due-timer.ts'
import type { Log } from '../../core/log.ts'
import type { Site } from '../identity.ts'
import { codeOf, isDamage } from '../errors.ts'
import type { Streams } from '../streams.ts'
import type { StreamState } from '../stream-table.ts'
import type { Tables } from '../tables.ts'
import type { Acceptances, Group } from './acceptances.ts'
import type { Boots } from './boots.ts'
import { agingMs, type Dropper, type Removal } from './drops.ts'
import type { Marks } from './marks.ts'
import type { Settlements } from './settlements.ts'
import type { Trouble } from './trouble.ts'

/** Entries that wait make a commit due at once instead of after the interval. */
const entriesPerGroup = 500
/** Between tries to commit while the disk takes none. */
const retryMs = 1_000
/** Between steps that make room: samplers and shipper have their turn. */
const stepMs = 20

/** What a commit is made of. */
export interface GroupCommitOptions {
  readonly epoch: Epoch
  readonly commitIntervalMs: number
  /** Runs a transaction. Throws what SQLite throws. */
  readonly transact: <T>(act: () => T) => T
  /** The file is damaged: true when another one is in its place, and what waits can be committed there. */
  readonly renew: (error: unknown) => boolean
  /** False: the damaged file is out of the way, and the disk took no other one yet. */
  readonly isThere: () => boolean
  /** Right after a commit in which these went on, before anybody hears of it. */
  readonly noteTail: (moved: readonly StreamState[]) => void
  /** Something was committed. */
  readonly onCommit: () => void
  readonly tables: Tables
  readonly streams: Streams
  readonly acceptances: Acceptances
  readonly settlements: Settlements
  readonly boots: Boots
  readonly site: Site
  readonly marks: Marks
  readonly dropper: Dropper
  readonly trouble: Trouble
  readonly listeners: readonly BufferListener[]
  readonly clock: Clock
  readonly log: Log
}

interface Written {
  readonly group: Group
  readonly removal: Removal
}

/** Commits what waits, many changes in one transaction: each transaction waits for the disk. */
export function createGroupCommit(options: GroupCommitOptions) {
  const { epoch, transact, tables, streams, listeners, clock, log } = options
  const { acceptances, settlements, boots, site, marks, dropper, trouble } = options
  const timer = createDueTimer(clock, commit)
  let closed = false
  let renewedAtMs = Number.NEGATIVE_INFINITY

  function schedule(delayMs: number): void {
    if (!closed) timer.schedule(delayMs)
  }

  /** One transaction for everything that waits. On failure all of it waits on. */
  function commit(): void {
    let written: Written
    try {
      written = transact(write)
    } catch (error) {
      dropper.failed()
      marks.holdInMemory()
      failCommit(error)
      return
    }
    settlements.committed()
    boots.committed()
    site.committed()
    acceptances.committed(written.group)
    options.noteTail(written.group.acceptances.flatMap(({ sensor }) => streams.get({ sensor, epoch }) ?? []))
    marks.committed()
    const { drops, thinned, goesOn } = written.removal
    dropper.committed(written.removal)
    streams.forgetDone()
    publish(written)
    options.onCommit()
    // A loss of another cause says nothing about the room.
    const dropped = drops.some(({ cause }) => cause === 'buffer full')
    trouble.judgeRoom(tables.usedBytes(), { dropped, thinned: thinned.length > 0 })
    if (goesOn) schedule(stepMs)
    boots.tell()
    if (boots.hasMore()) schedule(options.commitIntervalMs)
  }

  function write(): Written {
    boots.write({ isLast: closed, accepts: !acceptances.isEmpty() })
    const group = acceptances.write()
    settlements.write()
    site.write()
    marks.write(group)
    return { group, removal: dropper.write() }
  }

  function failCommit(error: unknown): void {
    if (isDamage(error) && options.renew(error)) {
      // A disk that damages each new file at once is not filled with them as fast as it can.
      const isAgain = clock.monotonicMs() - renewedAtMs < retryMs
      renewedAtMs = clock.monotonicMs()
      schedule(isAgain ? retryMs : 0)
      return
    }
    const code = codeOf(error)
    if (!code) throw error
    // Numbers that were given in it are gone from the file.
    if (!isDamage(error) && options.isThere()) tables.metrics.reload()
    trouble.judgeFailure(code, acceptances.waiting())
    schedule(retryMs)
  }

  /** Memory has followed the file: everyone who waits is told. */
  function publish({ group, removal: { drops, thinned } }: Written): void {
    for (const { stream, summary } of thinned) {
      const { sensor, epoch: ofEpoch, firstSeq, lastSeq, minutes } = summary
      const cause = 'buffer full'
      log.warn(
        { sensor, epoch: ofEpoch, firstSeq, lastSeq, minutes: minutes.length, cause },
        'condensed readings into minutes',
      )
      for (const listener of listeners) listener.dropped(stream)
    }
    for (const { stream, set, cause } of drops) {
      const { sensor, epoch: ofEpoch } = stream
      const [firstSeq, lastSeq] = [set[0], lastOf(set)]
      log.warn(
        { sensor, epoch: ofEpoch, numbers: sizeOf(set), firstSeq, lastSeq, cause },
        'dropped readings, declared lost',
      )
      for (const listener of listeners) listener.dropped(stream)
    }
    for (const { sensor, entries, firstSeq, resolve } of group.acceptances) {
      const stream = streams.get({ sensor, epoch })
      if (stream && entries.length > 0)
        for (const listener of listeners) listener.committed(stream, firstSeq, firstSeq + entries.length - 1)
      resolve()
    }
  }

  // An agent that accepts nothing still lets its rows age.
  let cancelAging = clock.setTimer(agingMs, age)
  function age(): void {
    cancelAging = clock.setTimer(agingMs, age)
    commit()
  }

  return {
    get closed(): boolean {
      return closed
    },
    /** Within the interval. */
    commitSoon: () => schedule(options.commitIntervalMs),
    /** Within the interval too, at once when many entries wait, later when the disk takes none. */
    commitAccepted(): void {
      const soonMs = acceptances.count() >= entriesPerGroup ? 0 : options.commitIntervalMs
      schedule(trouble.isOfDisk() ? retryMs : soonMs)
    },
    commitNow(): void {
      const isIdle = acceptances.isEmpty() && settlements.isEmpty() && marks.isEmpty() && boots.isEmpty()
      if (!closed && !isIdle) commit()
    },
    /** Commits a last time, and never again. */
    close(): void {
      timer.cancel()
      cancelAging()
      closed = true
      commit()
    },
  }
}
