import { isCoded } from '@barograph/proto'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { ServeLogger } from './context.ts'
import { isOwnHost, isOwnOrigin } from './listen.ts'
import { isLiveUpgrade } from './live/upgrade.ts'
import { servePage } from './page.ts'
import { routerPath } from './path.ts'
import { createProblem, problemMediaType, problemOf } from './problem.ts'
import type { Route } from './route.ts'

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

const bodyBytes = 16_384
const pathParameterCharacters = 100
const requestMs = 30_000

/** The HTTP side, not listening yet. */
export async function createHttp({
  routes,
  pageFolder,
  logger,
}: {
  routes: readonly Route[]
  pageFolder: string
  logger: ServeLogger
}): Promise<FastifyInstance> {
  const app = fastify({
    logger: false,
    bodyLimit: bodyBytes,
    requestTimeout: requestMs,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: pathParameterCharacters },
    // Anything else that asks for an upgrade (curl --http2 does) is answered as if it had not.
    http: { shouldUpgradeCallback: isLiveUpgrade },
    frameworkErrors: (error, _request, reply) => {
      sendProblem(reply.headers(securityHeaders), createProblem('bad-request', error.message))
    },
  })

  app.addHook('onRequest', async (request, reply) => {
    reply.headers(securityHeaders)
    if (!isOwnHost(request.headers.host))
      throw createProblem(
        'wrong-host',
        `The request calls this server "${(request.headers.host ?? '').slice(0, 80)}".`,
        '127.0.0.1, [::1] or localhost',
      )
  })
  for (const route of routes) addRoute(app, route)
  app.setErrorHandler<Error & { statusCode?: number }>((error, request, reply) => {
    const isRefused = !isCoded(error) && (error.statusCode ?? 500) < 500
    if (isRefused) return sendProblem(reply, createProblem('bad-request', error.message))
    if (!isCoded(error)) logger.error({ err: error, url: request.url }, 'a request met a fault')
    return sendProblem(reply, error)
  })
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.replace(/\?.*$/, '')
    const known = routes.find((route) => matches(route.path, path))
    const allowed = known?.method === 'POST' ? ['POST'] : ['GET', 'HEAD']
    if (known && !allowed.includes(request.method)) {
      const methods = allowed.join(', ')
      const problem = createProblem('method-not-allowed', `${request.method} is not possible here.`, methods)
      return sendProblem(reply.header('allow', methods), problem)
    }
    return sendProblem(
      reply,
      createProblem('not-found', `There is nothing at ${path.slice(0, 200)}.`, 'see /docs'),
    )
  })
  await servePage(app, pageFolder)
  return app
}

function addRoute(app: FastifyInstance, route: Route): void {
  const { method } = route
  app.route({ method: method === 'GET' ? ['GET', 'HEAD'] : method, url: routerPath(route.path), handler })

  async function handler(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    if (method === 'POST') checkOrder(request)
    const { status, body } = await route.handle(request.params, request.query, request.body)
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    return reply.code(status).header('cache-control', 'no-store').type(route.mediaType).send(text)
  }
}

/** Pages of other sites can make a browser post here, but neither JSON nor without saying where they are from. */
function checkOrder({ headers }: FastifyRequest): void {
  if (!isOwnOrigin(headers.origin, headers.host))
    throw createProblem(
      'wrong-origin',
      `A page from ${headers.origin?.slice(0, 80)} gives an order.`,
      `the page of this server: http://${headers.host}`,
    )
  if (!/^application\/json\b/.test(headers['content-type'] ?? ''))
    throw createProblem('not-json', 'The order is not JSON.', 'content-type: application/json')
}

function sendProblem(reply: FastifyReply, error: unknown): FastifyReply {
  const problem = problemOf(error)
  const text = JSON.stringify(problem)
  return reply.code(problem.status).header('cache-control', 'no-store').type(problemMediaType).send(text)
}

function matches(template: string, path: string): boolean {
  const parts = template.split('/')
  const given = path.split('/')
  return parts.length === given.length && parts.every((part, i) => part.startsWith('{') || part === given[i])
}
