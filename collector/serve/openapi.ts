import * as z from 'zod'
import { cookieName } from './access/index.ts'
import { parseName } from './path.ts'
import { problemList, problemMediaType } from './problem.ts'
import type { Route } from './route.ts'
import { components } from './schemas.ts'

type Json = Record<string, unknown>

export interface OpenApi extends Json {
  readonly openapi: string
  readonly paths: Readonly<Record<string, Readonly<Partial<Record<'get' | 'post' | 'delete', Json>>>>>
  readonly components: { readonly schemas: Readonly<Record<string, Json>>; readonly securitySchemes: Json }
}

const schemaUri = (id: string): string => `#/components/schemas/${id}`

/**
 * The description of the interface, made from what checks the requests. Objects are open (`io: input`): a later version
 * may add fields. `closed` leaves nothing undescribed, for tests.
 */
export function writeOpenApi(
  routes: readonly Route[],
  { version, closed = false, prefix = '' }: { version: string; closed?: boolean; prefix?: string },
): OpenApi {
  const io = closed ? 'output' : 'input'
  const { schemas } = z.toJSONSchema(components, { uri: schemaUri, io })
  return {
    openapi: '3.1.0',
    info: {
      title: 'Barograph',
      version,
      description:
        "Times are ISO 8601 in UTC, values in their metric's unit with at most three decimals. Every error is an RFC " +
        '9457 problem document. Unknown parameters are errors. Later versions may add fields. Where tokens are set up ' +
        '(`serve.tokens`), reading takes a viewer and an order an operator, who may also read: a token with each ' +
        'request, or the cookie that POST /api/v1/session gives for one. 401 says that nobody known asks, 403 that a ' +
        'viewer gives an order, 429 with Retry-After that too many wrong tokens came.',
    },
    servers: [{ url: prefix === '' ? '/' : prefix }],
    security: [...signedIn],
    paths: pathsOf(routes, io),
    components: {
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'A token of barograph-collector tokens add' },
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: cookieName,
          description: 'Of a browser that signed in',
        },
      },
      schemas: Object.fromEntries(Object.entries(schemas).map(([id, schema]) => [id, plain(schema)])),
    },
    'x-problems': problemList,
  }
}

/** Either of them will do. */
const signedIn = [{ token: [] }, { session: [] }] as const

function pathsOf(routes: readonly Route[], io: 'input' | 'output'): OpenApi['paths'] {
  const paths: Record<string, Record<string, Json>> = {}
  for (const route of routes) (paths[route.path] ??= {})[route.method.toLowerCase()] = operationOf(route, io)
  return paths
}

function operationOf(route: Route, io: 'input' | 'output'): Json {
  const { summary, description, params, query, statuses, needs } = route
  return {
    operationId: operationId(route),
    summary,
    ...(description === '' ? {} : { description }),
    ...(needs === 'nothing' ? { security: [] } : {}),
    'x-role': needs === 'nothing' ? null : needs,
    parameters: [...parametersOf(params, 'path'), ...parametersOf(query, 'query')],
    ...(route.method === 'POST' ? { requestBody: bodyOf(route) } : {}),
    responses: {
      ...Object.fromEntries(
        Object.entries(statuses).map(([status, why]) => [status, responseOf(route, status, why, io)]),
      ),
      ...('101' in statuses ? {} : { 200: { description: 'OK', content: contentOf(route, io) } }),
      default: problemResponse('Any other error'),
    },
  }
}

/** What is not an error has the answer's schema under any status; so has a 503 of /readyz. */
function responseOf(route: Route, status: string, why: string, io: 'input' | 'output'): Json {
  if (status === '101') return { description: why }
  return route.answersItselfAt.includes(Number(status))
    ? { description: why, content: contentOf(route, io) }
    : problemResponse(why)
}

function problemResponse(description: string): Json {
  return { description, content: { [bare(problemMediaType)]: { schema: { $ref: schemaUri('Problem') } } } }
}

function contentOf({ mediaType, answer }: Route, io: 'input' | 'output'): Json {
  const id = components.get(answer)?.id
  const schema = id === undefined ? plain(z.toJSONSchema(answer, { io })) : { $ref: schemaUri(id) }
  return { [bare(mediaType)]: { schema } }
}

function bodyOf({ body }: Route): Json {
  return {
    required: true,
    content: { 'application/json': { schema: plain(z.toJSONSchema(body, { io: 'input' })) } },
  }
}

function parametersOf(schema: z.ZodObject, where: 'path' | 'query'): Json[] {
  const { properties = {} } = z.toJSONSchema(schema, { io: 'input' })
  return Object.entries(properties).map(([name, property]) => {
    const { description, ...rest } = property as Json
    return {
      name,
      in: where,
      required: where === 'path',
      ...(description ? { description } : {}),
      schema: rest,
    }
  })
}

/** `$id` and `$schema` would make each part a document of its own. */
function plain({ $id: _id, $schema: _schema, ...schema }: Json): Json {
  return schema
}

const bare = (mediaType: string): string => mediaType.replace(/; charset=.*$/, '')

/** getDevicesSensorsReadings, from the words of the path. */
function operationId({ method, path }: Route): string {
  const words = path
    .replace('/api/v1', '')
    .split('/')
    .filter((part) => part !== '')
    .map((part) => parseName(part) ?? part)
    .flatMap((part) => part.split(/[^a-zA-Z0-9]+/))
  return `${method.toLowerCase()}${words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')}`
}
