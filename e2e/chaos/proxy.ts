import { createServer, connect, type Socket } from 'node:net'

/** What the network does to the connections that go through a proxy. */
export interface Weather {
  /** Connections are reset as soon as they are made. */
  readonly isCut: boolean
  /** Bytes from the client vanish. */
  readonly losesUp: boolean
  /** Bytes to the client vanish. */
  readonly losesDown: boolean
  readonly delayMs: number
  /** Null: as many as there are. */
  readonly bytesPerSecond: number | null
  /** The connection is closed after so many more bytes, wherever that is in a message; null: it is not. */
  readonly closesAfterBytes: number | null
}

export const fairWeather: Weather = {
  isCut: false,
  losesUp: false,
  losesDown: false,
  delayMs: 0,
  bytesPerSecond: null,
  closesAfterBytes: null,
}

/** A TCP connection between two programs, with bad weather when asked for. */
export interface Proxy {
  readonly port: number
  /** Takes effect on the connections that there are, too. */
  set(weather: Partial<Weather>): void
  /** Fair weather from now on. Connections that lost bytes are reset, as a network does when it finds out. */
  heal(): void
  /** Bytes that vanished. */
  lost(): number
  close(): Promise<void>
}

/** Bytes of one chunk when few may pass. */
const trickleBytes = 256

export async function createProxy(targetPort: number): Promise<Proxy> {
  let weather = fairWeather
  let lost = 0
  let budget = 0
  const pairs = new Set<Pair>()

  interface Pair {
    hasLost: boolean
    reset(): void
  }

  const server = createServer((client) => {
    if (weather.isCut) return void client.resetAndDestroy()
    const target = connect(targetPort, '127.0.0.1')
    const pair: Pair = {
      hasLost: false,
      reset() {
        pairs.delete(pair)
        client.resetAndDestroy()
        target.resetAndDestroy()
      },
    }
    pairs.add(pair)
    for (const socket of [client, target]) {
      socket.setNoDelay(true)
      socket.on('error', () => undefined)
      socket.on('close', pair.reset)
    }
    pump(client, target, pair, () => weather.losesUp)
    pump(target, client, pair, () => weather.losesDown)
  })

  function pump(from: Socket, to: Socket, pair: Pair, isLosing: () => boolean): void {
    // One after the other, so that nothing overtakes within a connection.
    let line: Promise<void> = Promise.resolve()
    from.on('data', (chunk) => {
      from.pause()
      line = line.then(async () => {
        if (isLosing()) {
          lost += chunk.length
          pair.hasLost = true
        } else await pass(chunk, to, pair)
        from.resume()
      })
    })
  }

  async function pass(chunk: Buffer, to: Socket, pair: Pair): Promise<void> {
    if (weather.delayMs > 0) await wait(weather.delayMs)
    if (weather.closesAfterBytes !== null) {
      if (chunk.length > budget) {
        to.write(chunk.subarray(0, budget), () => pair.reset())
        weather = { ...weather, closesAfterBytes: null }
        return
      }
      budget -= chunk.length
    }
    for (let at = 0; at < chunk.length && !to.destroyed; ) {
      const size = weather.bytesPerSecond === null ? chunk.length - at : trickleBytes
      if (!to.write(chunk.subarray(at, at + size)))
        await new Promise<void>((resolve) => {
          to.once('drain', resolve)
          to.once('close', () => resolve())
        })
      if (weather.bytesPerSecond !== null) await wait((size * 1000) / weather.bytesPerSecond)
      at += size
    }
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('the proxy has no port')

  return {
    port: address.port,
    set(more) {
      weather = { ...weather, ...more }
      if (more.closesAfterBytes !== undefined) budget = more.closesAfterBytes ?? 0
      if (weather.isCut) for (const pair of pairs) pair.reset()
    },
    heal() {
      weather = fairWeather
      for (const pair of pairs) if (pair.hasLost) pair.reset()
    },
    lost: () => lost,
    async close() {
      for (const pair of pairs) pair.reset()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
