import { Readable } from 'node:stream'
import { type CodedError, isCoded } from '@barograph/proto'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { type Caller, checkRole } from './access/index.ts'
import { AccessProblem } from './access/problem.ts'
import type { Call } from './call.ts'
import { limitConnections } from './connections.ts'
import type { ServeLogger } from './context.ts'
import { serveLimits } from './limits.ts'
import { isOwnHost, isOwnOrigin } from './listen.ts'
import { isLiveUpgrade } from './live/upgrade.ts'
import { servePage } from './page.ts'
import { routerPath } from './path.ts'
import { createProblem, problemMediaType, problemOf } from './problem.ts'
import type { Reach } from './reach.ts'
import type { Requester } from './requester.ts'
import type { Method, Route } from './route.ts'

/** What every answer carries. The page has no inline script or style, and nothing from elsewhere. */
const securityHeaders = {
  'content-security-policy':
    "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
} as const

const mostBytes = `at most ${serveLimits.bodyBytes} bytes`

/** What a supervisor beside the collector asks without knowing of a prefix. */
const withoutPrefix = ['/healthz', '/readyz', '/metrics']

/** The HTTP side, not listening yet. */
export async function createHttp({
  routes,
  reach,
  pageFolder,
  logger,
  unready,
}: {
  routes: readonly Route[]
  reach: Reach
  pageFolder: string
  logger: ServeLogger
  /** Answers whatever else of the interface is asked for, as long as there is none yet. */
  unready?: () => CodedError
}): Promise<FastifyInstance> {
  const { prefix } = reach
  const app = fastify({
    logger: false,
    bodyLimit: serveLimits.bodyBytes,
    requestTimeout: serveLimits.requestMs,
    connectionTimeout: serveLimits.stalledMs,
    keepAliveTimeout: serveLimits.idleMs,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: serveLimits.pathParameterCharacters },
    http: {
      maxHeaderSize: serveLimits.headBytes,
      headersTimeout: serveLimits.headMs,
      connectionsCheckingInterval: serveLimits.overdueMs,
      // Anything else that asks for an upgrade (curl --http2 does) is answered as if it had not.
      shouldUpgradeCallback: (request) => isLiveUpgrade(request, prefix),
    },
    frameworkErrors: (error, _request, reply) => {
      sendProblem(reply.headers(securityHeaders), createProblem('bad-request', error.message))
    },
  })
  limitConnections(app.server, reach.isProxy)
  const calls = new WeakMap<FastifyRequest, Call>()

  app.addHook('onRequest', async (request, reply) => {
    reply.headers(securityHeaders)
    const requester = reach.requesterOf(request.raw)
    calls.set(request, createCall(request, reply, requester, reach))
    if (reach.access.isOpen && !isOwnHost(requester.host, reach.origins))
      throw createProblem(
        'wrong-host',
        `The request calls this server "${(requester.host ?? '').slice(0, 80)}".`,
        '127.0.0.1, [::1] or localhost, or the host of one of serve.origins',
      )
  })
  for (const route of routes) {
    addRoute(prefix, route)
    if (prefix !== '' && withoutPrefix.includes(route.path)) addRoute('', route)
  }
  app.setErrorHandler<Error & { statusCode?: number }>((error, request, reply) => {
    const isRefused = !isCoded(error) && (error.statusCode ?? 500) < 500
    if (isRefused && error.statusCode === 413)
      return sendProblem(reply, createProblem('too-large', 'The order is too large.', mostBytes))
    if (isRefused) return sendProblem(reply, createProblem('bad-request', error.message))
    if (!isCoded(error)) logger.error({ err: error, path: pathOf(request) }, 'a request met a fault')
    return sendProblem(reply, error)
  })
  app.setNotFoundHandler((request, reply) => {
    const path = pathOf(request)
    if (unready && path.startsWith(`${prefix}/api/`)) return sendProblem(reply, unready())
    const methods = methodsOf(routes, path.startsWith(`${prefix}/`) ? path.slice(prefix.length) : '')
    if (methods.length > 0 && !methods.includes(request.method)) {
      const allowed = methods.join(', ')
      const problem = createProblem('method-not-allowed', `${request.method} is not possible here.`, allowed)
      return sendProblem(reply.header('allow', allowed), problem)
    }
    const problem = createProblem(
      'not-found',
      `There is nothing at ${path.slice(0, 200)}.`,
      `see ${prefix}/docs`,
    )
    return sendProblem(reply, problem)
  })
  await servePage(app, { folder: pageFolder, prefix })
  return app

  function addRoute(under: string, route: Route): void {
    const { method, needs } = route
    app.route({
      method: method === 'GET' ? ['GET', 'HEAD'] : method,
      url: `${under}${routerPath(route.path)}`,
      // Before the body is read: who may not ask is not listened to.
      onRequest: async (request) => {
        const call = callOf(request)
        if (method !== 'GET') checkOrder(request, call.requester, reach)
        if (needs === 'nothing') return
        const caller = await call.caller()
        checkRole(caller, needs)
        if (method !== 'GET') logOrder(request, caller, call.requester)
      },
      async handler(request, reply) {
        const { status, body } = await route.handle(
          request.params,
          request.query,
          request.body,
          callOf(request),
        )
        const answer = reply.code(status).header('cache-control', 'no-store')
        // What comes piece by piece has said itself what it is.
        if (body instanceof Readable) return answer.send(body)
        const text = typeof body === 'string' ? body : JSON.stringify(body)
        return answer.type(route.mediaType).send(text)
      },
    })
  }

  function callOf(request: FastifyRequest): Call {
    const call = calls.get(request)
    if (!call) throw new Error('a request without its call')
    return call
  }

  /** Who gave an order is written down before it is carried out. */
  function logOrder(request: FastifyRequest, caller: Caller | null, { address }: Requester): void {
    const { name = null, role = null } = caller ?? {}
    logger.info({ method: request.method, path: pathOf(request), name, role, address }, 'an order')
  }

  function sendProblem(reply: FastifyReply, error: unknown): FastifyReply {
    const problem = problemOf(error, prefix)
    if (error instanceof AccessProblem) reply.headers(error.headers)
    const text = JSON.stringify(problem)
    return reply.code(problem.status).header('cache-control', 'no-store').type(problemMediaType).send(text)
  }
}

function createCall(
  request: FastifyRequest,
  reply: FastifyReply,
  requester: Requester,
  { access }: Reach,
): Call {
  let caller: Promise<Caller | null> | null = null
  return {
    requester,
    caller: () => (caller ??= access.callerOf(request.headers, requester.address)),
    setHeader: (name, value) => void reply.header(name, value),
  }
}

/** Pages of other sites can make a browser post here, but neither JSON nor without saying where they are from. */
function checkOrder({ headers, method }: FastifyRequest, requester: Requester, { origins }: Reach): void {
  if (!isOwnOrigin(headers.origin, requester, origins))
    throw createProblem(
      'wrong-origin',
      `A page from ${headers.origin?.slice(0, 80)} gives an order.`,
      'the page of this server, or of one of serve.origins',
    )
  if (method === 'POST' && !/^application\/json\b/.test(headers['content-type'] ?? ''))
    throw createProblem('not-json', 'The order is not JSON.', 'content-type: application/json')
}

/** Never the query: programs put things into it that belong into no log. */
const pathOf = (request: FastifyRequest): string => request.url.replace(/\?.*$/, '')

function methodsOf(routes: readonly Route[], path: string): string[] {
  const known = routes.filter((route) => matches(route.path, path)).map(({ method }) => method)
  const order: readonly Method[] = ['GET', 'POST', 'DELETE']
  return order
    .filter((method) => known.includes(method))
    .flatMap((one) => (one === 'GET' ? ['GET', 'HEAD'] : one))
}

function matches(template: string, path: string): boolean {
  const parts = template.split('/')
  const given = path.split('/')
  return parts.length === given.length && parts.every((part, i) => part.startsWith('{') || part === given[i])
}
