import { isCoded } from '@barograph/proto'
import type { Log } from '../log.ts'

export type Outbox = ReturnType<typeof createOutbox>

/** Messages of this connection that the broker has not acknowledged. */
export function createOutbox(options: {
  /** Resolves when the broker has it, rejects when the connection went first. */
  readonly send: (bytes: Uint8Array) => Promise<void>
  /** One more was acknowledged. */
  readonly onAcked: () => void
  readonly log: Log
}) {
  const { send, onAcked, log } = options
  let connection = 0
  let online = false
  let unacked = 0
  const whenAcked: (() => void)[] = []

  /** Nothing is under way: whoever waited for that may go on. */
  function tellAcked(): void {
    if (online && unacked > 0) return
    for (const resolve of whenAcked.splice(0)) resolve()
  }

  return {
    connected(): void {
      connection++
      online = true
      unacked = 0
    },
    disconnected(): void {
      online = false
      tellAcked()
    },
    isOnline: (): boolean => online,
    unacked: (): number => unacked,
    /** Resolves when nothing is under way: the broker has it all or is gone. */
    allAcked: (): Promise<void> =>
      new Promise((resolve) => {
        whenAcked.push(resolve)
        tellAcked()
      }),
    transmit(bytes: Uint8Array): void {
      const mine = connection
      unacked++
      send(bytes).then(
        () => {
          if (mine !== connection) return
          unacked--
          tellAcked()
          onAcked()
        },
        (error: unknown) => {
          // The connection is gone: what was under way becomes sendable again with the next one.
          if (!isCoded(error)) throw error
          log.debug({ code: error.code }, error.message)
        },
      )
    },
  }
}
