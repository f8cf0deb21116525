import { type IncomingMessage, type Server, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import { serveLimits } from '../limits.ts'
import { isOwnHost, isOwnOrigin } from '../listen.ts'
import { createProblem, problemMediaType, problemOf } from '../problem.ts'
import { parse } from '../route.ts'
import type { Hub } from './hub.ts'
import { changeSubscription, liveQuery, subscribeToAll } from './subscription.ts'

const livePath = '/api/v1/live'

/** True for a request that wants a live WebSocket. */
export function isLiveUpgrade(request: IncomingMessage): boolean {
  const path = request.url?.replace(/\?.*$/, '')
  return path === livePath && request.headers.upgrade?.toLowerCase() === 'websocket'
}

/** Takes the WebSockets of a server to the hub, or refuses them with a problem. */
export function acceptLive(server: Server, hub: Hub): void {
  const sockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: serveLimits.messageBytes,
  })
  server.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    const drop = () => stream.destroy()
    stream.on('error', drop)
    try {
      const { subscription, resume } = check(request, hub)
      hub.cursorOf(resume).then(
        (cursor) =>
          sockets.handleUpgrade(request, stream, head, (socket) => {
            stream.off('error', drop)
            hub.accept(socket, stream, subscription, cursor)
          }),
        (error: unknown) => refuse(stream, error),
      )
    } catch (error) {
      refuse(stream, error)
    }
  })
}

function check({ headers, url = '' }: IncomingMessage, hub: Hub) {
  if (!isOwnHost(headers.host))
    throw createProblem(
      'wrong-host',
      'The request calls this server by a foreign name.',
      '127.0.0.1 or localhost',
    )
  if (!isOwnOrigin(headers.origin, headers.host))
    throw createProblem(
      'wrong-origin',
      `A page from ${headers.origin?.slice(0, 80)} asked for live readings.`,
      `the page of this server: http://${headers.host}`,
    )
  if (!hub.hasRoom())
    throw createProblem('too-many-clients', `${serveLimits.liveClients} live clients are connected already.`)
  const { devices, levels, readings, resume } = parse(liveQuery, queryOf(url))
  const subscription = changeSubscription(subscribeToAll, {
    ...(devices ? { devices } : {}),
    ...(levels ? { levels } : {}),
    readings: readings === 'true',
  })
  return { subscription, resume }
}

function queryOf(url: string): Record<string, string | string[]> {
  const query: Record<string, string | string[]> = {}
  const search = new URLSearchParams(url.replace(/^[^?]*/, ''))
  for (const name of new Set(search.keys())) {
    const values = search.getAll(name)
    query[name] = values.length > 1 ? values : (values[0] ?? '')
  }
  return query
}

function refuse(stream: Duplex, error: unknown): void {
  const problem = problemOf(error)
  const body = Buffer.from(JSON.stringify(problem))
  stream.end(
    Buffer.concat([
      Buffer.from(
        `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? ''}\r\ncontent-type: ${problemMediaType}\r\n` +
          `content-length: ${body.length}\r\nconnection: close\r\n\r\n`,
      ),
      body,
    ]),
  )
}
