import type { BufferListener, BufferTrouble } from '../../core/buffer.ts'
import type { Clock } from '../../core/clock.ts'
import type { Log } from '../../core/log.ts'

/** Full is over when this share of the room is used: so that it does not begin and end with every row. */
export const roomAgain = 0.95

/** What happens when the room runs out. */
export type WhenFull = 'thin' | 'drop-oldest' | 'stop'

/** Room that was made counts as trouble until this share is used again: it is made in steps, and one trouble. */
const roomEnough = 0.9

/** Between two statements of how much waits. */
const tellAgainMs = 10_000

/** What the disk has not taken. */
export interface WaitingEntries {
  readonly entries: number
  /** Since the oldest of them came. */
  readonly seconds: number
}

export type Trouble = ReturnType<typeof createTrouble>

/** What is wrong with the disk or the room now. Whoever listens is told when that changes. */
export function createTrouble(options: {
  readonly maxMb: number
  readonly whenFull: WhenFull
  readonly listeners: readonly BufferListener[]
  readonly clock: Clock
  readonly log: Log
}) {
  const { maxMb, whenFull, listeners, clock, log } = options
  const maxBytes = maxMb * 2 ** 20
  let trouble: BufferTrouble | null = null
  let toldAtMs = 0
  let isFull = false
  /** Since it is full. */
  let isDropping = false

  function set(next: BufferTrouble | null): void {
    if (next?.detail === trouble?.detail) return
    const isOther = next?.code !== trouble?.code
    trouble = next
    if (next && isOther) log.error({ code: next.code }, next.detail)
    if (!next) log.info({}, 'the buffer takes readings again')
    for (const listener of listeners) listener.troubled(next)
  }

  /** What waits grows all the time: it is told anew from time to time. */
  function setWaiting(code: BufferTrouble['code'], why: string, { entries, seconds }: WaitingEntries): void {
    const nowMs = clock.monotonicMs()
    if (trouble?.code === code && nowMs - toldAtMs < tellAgainMs) return
    toldAtMs = nowMs
    const cost = `${entries} entries of ${seconds} s wait in memory, which a power cut would cost`
    set({ code, detail: `${why}: ${cost}` })
  }

  return {
    get current(): BufferTrouble | null {
      return trouble
    },
    isOfDisk: (): boolean => trouble !== null && trouble.code !== 'buffer-full',
    /** A commit failed; `code` is SQLite's. */
    judgeFailure(code: string, waiting: WaitingEntries): void {
      if (code === 'SQLITE_FULL') setWaiting('disk-full', 'no room on the disk of the buffer', waiting)
      else setWaiting('disk-failing', `the buffer cannot be written (${code})`, waiting)
    },
    /** After a commit: the disk works, the room is known, and what was done to make some. */
    judgeRoom(usedBytes: number, made: { readonly dropped: boolean; readonly thinned: boolean }): void {
      const isNow = usedBytes > maxBytes || made.dropped || made.thinned
      if (made.dropped) isDropping = true
      isFull = isNow || (isFull && usedBytes > maxBytes * (whenFull === 'stop' ? roomAgain : roomEnough))
      if (!isFull) isDropping = false
      set(
        isFull ? { code: 'buffer-full', detail: `the buffer has reached its ${maxMb} MB: ${words()}` } : null,
      )
    },
  }

  function words(): string {
    if (whenFull === 'stop') return 'nothing is taken until the collector stores some'
    if (isDropping) return 'the oldest readings are dropped and declared lost'
    return 'the oldest readings are condensed into minutes'
  }
}
