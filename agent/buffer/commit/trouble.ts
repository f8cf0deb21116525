import type { BufferListener, BufferTrouble } from '../../core/buffer.ts'
import type { Log } from '../../core/log.ts'

/** Full is over when this share of the room is used: so that it does not begin and end with every row. */
export const roomAgain = 0.95

/** What happens when the room runs out. */
export type WhenFull = 'thin' | 'drop-oldest' | 'stop'

/** Room that was made counts as trouble until this share is used again: it is made in steps, and one trouble. */
const roomEnough = 0.9

export type Trouble = ReturnType<typeof createTrouble>

/** What is wrong with the disk or the room now. Whoever listens is told when that changes. */
export function createTrouble(options: {
  readonly maxMb: number
  readonly whenFull: WhenFull
  readonly listeners: readonly BufferListener[]
  readonly log: Log
}) {
  const { maxMb, whenFull, listeners, log } = options
  const maxBytes = maxMb * 2 ** 20
  let trouble: BufferTrouble | null = null
  let isFull = false
  /** Since it is full. */
  let isDropping = false

  function set(next: BufferTrouble | null): void {
    if (next?.detail === trouble?.detail) return
    trouble = next
    if (next) log.error({ code: next.code }, next.detail)
    else log.info({}, 'the buffer takes readings again')
    for (const listener of listeners) listener.troubled(next)
  }

  return {
    get current(): BufferTrouble | null {
      return trouble
    },
    isOfDisk: (): boolean => trouble !== null && trouble.code !== 'buffer-full',
    /** A commit failed; `code` is SQLite's. */
    judgeFailure(code: string): void {
      set(
        code === 'SQLITE_FULL'
          ? { code: 'disk-full', detail: 'no room on the disk of the buffer: readings wait in memory' }
          : {
              code: 'disk-failing',
              detail: `the buffer cannot be written (${code}): readings wait in memory`,
            },
      )
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
