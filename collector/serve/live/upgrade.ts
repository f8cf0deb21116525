import { type IncomingMessage, type Server, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { isCoded } from '@barograph/proto'
import { WebSocketServer } from 'ws'
import { checkRole } from '../access/index.ts'
import { AccessProblem } from '../access/problem.ts'
import type { ServeLogger } from '../context.ts'
import { serveLimits } from '../limits.ts'
import { isOwnHost, isOwnOrigin } from '../listen.ts'
import { createProblem, problemMediaType, problemOf } from '../problem.ts'
import type { Reach } from '../reach.ts'
import type { Requester } from '../requester.ts'
import { parse } from '../route.ts'
import type { Hub } from './hub.ts'
import { changeSubscription, liveQuery, subscribeToAll } from './subscription.ts'

const livePath = '/api/v1/live'

/** True for a request that wants a live WebSocket. */
export function isLiveUpgrade(request: IncomingMessage, prefix: string): boolean {
  const path = request.url?.replace(/\?.*$/, '')
  return path === `${prefix}${livePath}` && request.headers.upgrade?.toLowerCase() === 'websocket'
}

/** Takes the WebSockets of a server to the hub, or refuses them with a problem. */
export function acceptLive(server: Server, hub: Hub, reach: Reach, logger: ServeLogger): void {
  const sockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: serveLimits.messageBytes,
  })
  const byToken = createCounter()

  server.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    const drop = () => stream.destroy()
    stream.on('error', drop)
    accept(request, stream, head, drop).catch((error: unknown) => {
      if (!isCoded(error)) logger.error({ err: error }, 'a live client met a fault')
      refuse(stream, error, reach.prefix)
    })
  })

  async function accept(
    request: IncomingMessage,
    stream: Duplex,
    head: Buffer,
    drop: () => void,
  ): Promise<void> {
    const requester = reach.requesterOf(request)
    checkOrigin(request, requester, reach)
    const caller = await reach.access.callerOf(request.headers, requester.address)
    checkRole(caller, 'viewer')
    const { subscription, resume } = readQuery(request.url ?? '')
    const cursor = await hub.cursorOf(resume)
    const id = caller?.id ?? null
    checkRoom(hub, byToken.of(id))
    if (stream.destroyed) return
    sockets.handleUpgrade(request, stream, head, (socket) => {
      stream.off('error', drop)
      byToken.add(id, 1)
      socket.once('close', () => byToken.add(id, -1))
      hub.accept(socket, stream, subscription, cursor, caller?.isStillIn)
    })
  }
}

function checkOrigin({ headers }: IncomingMessage, requester: Requester, { access, origins }: Reach): void {
  if (access.isOpen && !isOwnHost(requester.host, origins))
    throw createProblem(
      'wrong-host',
      'The request calls this server by a foreign name.',
      '127.0.0.1 or localhost, or the host of one of serve.origins',
    )
  if (!isOwnOrigin(headers.origin, requester, origins))
    throw createProblem(
      'wrong-origin',
      `A page from ${headers.origin?.slice(0, 80)} asked for live readings.`,
      'the page of this server, or of one of serve.origins',
    )
}

function checkRoom(hub: Hub, ofToken: number): void {
  if (!hub.hasRoom())
    throw createProblem('too-many-clients', `${serveLimits.liveClients} live clients are connected already.`)
  if (ofToken >= serveLimits.liveClientsPerToken)
    throw createProblem('too-many-of-yours', `${ofToken} live clients use this token already.`)
}

/** How many there are of each id; nobody's are not counted. */
function createCounter() {
  const counts = new Map<string, number>()
  return {
    of: (id: string | null): number => (id === null ? 0 : (counts.get(id) ?? 0)),
    add(id: string | null, more: 1 | -1): void {
      if (id === null) return
      const count = (counts.get(id) ?? 0) + more
      if (count > 0) counts.set(id, count)
      else counts.delete(id)
    },
  }
}

function readQuery(url: string) {
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

function refuse(stream: Duplex, error: unknown, prefix: string): void {
  const problem = problemOf(error, prefix)
  const body = Buffer.from(JSON.stringify(problem))
  const headers = {
    'content-type': problemMediaType,
    'content-length': String(body.length),
    connection: 'close',
    ...(error instanceof AccessProblem ? error.headers : {}),
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  stream.end(
    Buffer.concat([
      Buffer.from(
        `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? ''}\r\n${lines.join('')}\r\n`,
      ),
      body,
    ]),
  )
}
