import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { networkOf } from './access/guesses.ts'
import { serveLimits } from './limits.ts'
import { isLoopback } from './listen.ts'
import type { IsProxy } from './requester.ts'

/**
 * Bounds connections, in all and from one address. This machine and trusted proxies speak for many: only the bound of
 * all holds for them.
 */
export function limitConnections(server: Server, isProxy: IsProxy): void {
  const counts = new Map<string, number>()
  server.maxConnections = serveLimits.connections
  server.on('connection', (socket: Socket) => {
    const address = socket.remoteAddress ?? ''
    if (isLoopback(address.replace(/^::ffff:/i, '')) || isProxy(address)) return
    const key = networkOf(address)
    const count = (counts.get(key) ?? 0) + 1
    counts.set(key, count)
    socket.once('close', () => {
      const left = (counts.get(key) ?? 1) - 1
      if (left > 0) counts.set(key, left)
      else counts.delete(key)
    })
    if (count > serveLimits.connectionsPerAddress) socket.destroy()
  })
}
