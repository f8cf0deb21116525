import { type MongoClient, MongoNetworkTimeoutError } from 'mongodb'

/** Watches over commands that the driver would wait for without end. */
export interface CommandWatch {
  /** What the work comes to; rejects when a command turns out to hang meanwhile. */
  unlessHung<T>(work: Promise<T>): Promise<T>
  /** Resolves when the client may connect (again). */
  renewed(): Promise<void>
  stop(): void
}

/** A hung command is seen after this part of its limit more, at the latest. */
const looksPerLimit = 4

/**
 * A server that hangs in the middle of a write that fills the buffers of the network: after its socket timeout the driver
 * destroys the connection, and then waits for ever for that write to go on. Its place in the pool is never free again. So
 * the client is closed, which takes the pool with it, and connects anew. `renew` is called before that.
 */
export function watchCommands(client: MongoClient, hungMs: number, renew: () => void): CommandWatch {
  const lentAtMs = new Map<number | '<monitor>', number>()
  const waiting = new Set<(error: Error) => void>()
  let renewing: Promise<void> = Promise.resolve()
  client.on('connectionCheckedOut', ({ connectionId }) => lentAtMs.set(connectionId, performance.now()))
  client.on('connectionCheckedIn', ({ connectionId }) => lentAtMs.delete(connectionId))

  function look(): void {
    const before = performance.now() - hungMs
    if (![...lentAtMs.values()].some((since) => since < before)) return
    lentAtMs.clear()
    renew()
    renewing = client.close().catch(() => undefined)
    const error = new MongoNetworkTimeoutError(`no answer within ${Math.round(hungMs / 1_000)} s`)
    for (const reject of waiting) reject(error)
  }

  const timer = setInterval(look, hungMs / looksPerLimit)
  timer.unref()
  return {
    // Not `race` with one promise for all: that would remember every call there ever was.
    unlessHung: (work) =>
      new Promise((resolve, reject) => {
        waiting.add(reject)
        work.finally(() => waiting.delete(reject)).then(resolve, reject)
      }),
    renewed: () => renewing,
    stop: () => clearInterval(timer),
  }
}
