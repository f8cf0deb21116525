import * as z from 'zod'
import type { Context } from '../context.ts'
import { docsCss, writeDocsPage } from '../docs-page.ts'
import { liveQuery } from '../live/subscription.ts'
import { type OpenApi, writeOpenApi } from '../openapi.ts'
import { createProblem } from '../problem.ts'
import { noParameters } from '../query.ts'
import { defineRoute, type Route } from '../route.ts'
import { liveFrame } from '../schemas.ts'

/** The description of the interface, for programs and for people; `all`: every route, these included. */
export function docsRoutes(
  { version, reach }: Pick<Context, 'version' | 'reach'>,
  all: () => readonly Route[],
): Route[] {
  let api: OpenApi | null = null
  const read = () => (api ??= writeOpenApi(all(), { version, prefix: reach.prefix }))
  return [
    defineRoute({
      path: '/openapi.json',
      needs: 'nothing',
      summary: 'This description, as OpenAPI 3.1',
      params: noParameters,
      query: noParameters,
      answer: z.record(z.string(), z.unknown()),
      handle: read,
    }),
    defineRoute({
      path: '/docs',
      needs: 'nothing',
      summary: 'This description, as a page to read',
      mediaType: 'text/html; charset=utf-8',
      params: noParameters,
      query: noParameters,
      answer: z.string(),
      handle: () => writeDocsPage(read()),
    }),
    defineRoute({
      path: '/docs/docs.css',
      needs: 'nothing',
      summary: 'How that page looks',
      mediaType: 'text/css; charset=utf-8',
      params: noParameters,
      query: noParameters,
      answer: z.string(),
      handle: () => docsCss,
    }),
  ]
}

/** The WebSocket as far as HTTP sees it: asked for without an upgrade, it says what it is. */
export const liveRoute: Route = defineRoute({
  path: '/api/v1/live',
  summary: 'WebSocket: a snapshot, then changes',
  description:
    'Each message is one JSON object. From the server: LiveFrame, the first a snapshot, or, when `resume` holds the ' +
    'cursor of the last frame of an earlier connection and its changes are still to be had, changes. From the client, ' +
    'at any time: LiveSubscribe; a new snapshot answers it. Frames tell how things are, not what to add: a device or ' +
    'window may come twice. A client that reads slowly gets fewer frames, each with the newest state, and is never ' +
    'cut off while it answers pings. A browser must come from the page of this server.',
  params: noParameters,
  query: liveQuery,
  answer: liveFrame,
  statuses: {
    101: 'The frames follow, each a LiveFrame',
    401: 'Nobody who may read asked',
    403: 'A page of another site asked',
    426: 'Asked for without an upgrade',
    429: 'Too many clients of one address, or wrong tokens',
    503: 'Too many clients',
  },
  handle: () => {
    throw createProblem(
      'upgrade-required',
      'This address speaks WebSocket; the request did not ask for it.',
      'a WebSocket client, and the words in /docs',
    )
  },
})
