import type { Log } from '../core/log.ts'

interface FollowOptions {
  readonly read: Log['read']
  /** Called after each append of this process, so that it is seen at once. */
  readonly wakers: Set<() => void>
  /** Ends every follower when the log closes. */
  readonly closing: AbortSignal
  /** How often to look for what others appended. */
  readonly pollIntervalMs: number
}

/** Turns reading into following: waits at the end of a partition for what comes. */
export function createFollow({ read, wakers, closing, pollIntervalMs }: FollowOptions): Log['follow'] {
  return async function* follow(partition, from, { signal, idleMs, limit }) {
    const ended = AbortSignal.any([signal, closing])
    let position = from
    let idleAt = performance.now() + idleMs
    while (!ended.aborted) {
      const records = await read(partition, position, limit)
      const last = records.at(-1)
      if (last) position = last.offset + 1
      // One look at the clock: a wait of less than nothing is one that Node warns of.
      const leftMs = idleAt - performance.now()
      if (last || leftMs <= 0) {
        yield records
        idleAt = performance.now() + idleMs
      } else {
        await pause(Math.min(pollIntervalMs, leftMs), wakers, ended)
      }
    }
  }
}

/** Until woken, the signal, or the time is over. */
function pause(waitMs: number, wakers: Set<() => void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const wake = () => {
      clearTimeout(timer)
      wakers.delete(wake)
      signal.removeEventListener('abort', wake)
      resolve()
    }
    const timer = setTimeout(wake, waitMs)
    wakers.add(wake)
    signal.addEventListener('abort', wake)
  })
}
