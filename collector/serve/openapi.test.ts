import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { partitionOf } from '@barograph/proto'
import type { ApiAudit } from '@barograph/proto/api'
import * as z from 'zod'
import type { Server } from './index.ts'
import { createRig, epoch, get, noon, type Rig, run, site, status } from '../testing/serve-rig.ts'
import { bearer, makeTokenFiles } from '../testing/token-files.ts'

// Real files and sockets on a machine that may be busy: patience, not a measure.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

type Json = Record<string, unknown>

interface Operation {
  parameters: { name: string; in: string }[]
  requestBody?: Json
  responses: Record<string, Json>
}

interface Api {
  paths: Record<string, { get?: Operation; post?: Operation; delete?: Operation }>
  components: { schemas: Record<string, Json> }
}

const audited: ApiAudit = {
  finished: '2025-06-02T12:00:00Z',
  seconds: 0.5,
  equal: false,
  account: { accepted: 12, stored: 5, quarantined: 0, refused: 0, lost: 1, onTheWay: 6 },
  onTheWay: [{ epoch: `balcony/bme280/${epoch}`, count: 6, ranges: [[7, 12]] }],
  onTheWayEpochs: 1,
  recordsAhead: 0,
  checked: {
    devices: 1,
    streams: 1,
    epochs: 1,
    buckets: 1,
    readings: 4,
    quarantined: 0,
    marks: 1,
    summaries: 0,
    summarised: 0,
    rollups: { hour: 1 },
    sealed: { hour: 1 },
    expired: {},
    leftOver: 0,
    fields: 100,
  },
  findings: ['the window is gone'],
  differences: [{ collection: 'rollups', id: 'x', field: 'document', stored: 'absent', recomputed: '4' }],
  differenceCount: 1,
}

let rig: Rig
let server: Server
let token: string
let api: Api

beforeAll(async () => {
  rig = createRig()
  const values = {
    temperature: [20_000, 21_000, 300_000],
    precipitation: [0, 200, 0],
    windDirection: [0, 90_000, 10],
  }
  const good = run({ values })
  const flagged = {
    ...good,
    columns: good.columns.map((c) => ({ ...c, flags: Uint8Array.from([0, 1, 128]) })),
  }
  const mark = { index: 0, kind: 'fault' as const, code: 'bus', detail: 'no answer' }
  await rig.sendStatus('balcony', status({ accepted: 12, backlog: 3 }))
  await rig.sendBatch('balcony', { site, runs: [flagged] })
  await rig.sendBatch('balcony', {
    runs: [
      {
        ...run({ values: { temperature: [Number.NaN, 19_000] }, firstSeq: 6, start: noon + 5_000 }),
        marks: [mark],
      },
    ],
    lost: [{ sensor: 'bme280', epoch, firstSeq: 4, lastSeq: 4, cause: 'buffer full' }],
  })
  await rig.deadLetters.add([
    {
      topic: 'x',
      device: null,
      ingestMs: noon,
      code: 'malformed',
      reason: 'no batch',
      value: new Uint8Array(3),
    },
  ])
  await rig.fold()
  const files = await makeTokenFiles(rig.folder)
  token = files.operator
  server = await rig.start({ lastAudit: async () => audited, reach: { tokens: files.paths } })
  api = (await get(server, '/openapi.json')).body as Api
})

afterAll(() => rig.close())

/** The document leaves objects open for later versions; this version sends nothing that it does not describe. */
function close(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(close)
  if (typeof schema !== 'object' || schema === null) return schema
  const parts = Object.fromEntries(Object.entries(schema).map(([key, part]) => [key, close(part)]))
  return 'properties' in parts ? { ...parts, additionalProperties: false } : parts
}

/** A checker of a documented schema, made from the document alone. */
function checkerOf(schema: unknown): z.ZodType {
  const whole = close({ ...(schema as Json), $defs: api.components.schemas })
  const text = JSON.stringify(whole).replaceAll('#/components/schemas/', '#/$defs/')
  return z.fromJSONSchema(JSON.parse(text) as never)
}

const examples: Record<string, string> = {
  device: 'balcony',
  sensor: 'bme280',
  metric: 'temperature',
  id: '1',
  partition: String(partitionOf('balcony', 2)),
}

/** Each documented operation, with an order that does nothing where it takes one. */
function operations(): { path: string; operation: Operation; init: RequestInit }[] {
  return Object.entries(api.paths).flatMap(([path, { get, post, delete: ending }]) => [
    ...(get ? [{ path, operation: get, init: {} }] : []),
    ...(post ? [{ path, operation: post, init: orderOf(path) }] : []),
    ...(ending ? [{ path, operation: ending, init: { method: 'DELETE' } }] : []),
  ])
}

/** As an operator. */
function ask(path: string, { headers, ...init }: RequestInit = {}) {
  const all = new Headers(headers)
  all.set('authorization', bearer(token).authorization)
  return get(server, path, { ...init, headers: all })
}

function orderOf(path: string): RequestInit {
  const body = path.endsWith('/release') ? { device: 'balcony', by: 'me', dryRun: true } : { token }
  return { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
}

/** Each documented path with its parameters filled in. */
const fill = (path: string): string =>
  path.replaceAll(/\{(\w+)\}/g, (_, name: string) => examples[name] ?? '?')

describe('the documented interface', () => {
  test('names every path that this version has, and describes every parameter', () => {
    expect(Object.keys(api.paths).sort()).toEqual([
      '/api/v1/audit',
      '/api/v1/dead-letters',
      '/api/v1/dead-letters/{id}',
      '/api/v1/delivery',
      '/api/v1/devices',
      '/api/v1/devices/{device}',
      '/api/v1/devices/{device}/sensors/{sensor}/gaps',
      '/api/v1/devices/{device}/sensors/{sensor}/readings',
      '/api/v1/devices/{device}/sensors/{sensor}/rollups',
      '/api/v1/export',
      '/api/v1/latest',
      '/api/v1/live',
      '/api/v1/partitions/{partition}/stats',
      '/api/v1/plots/{metric}.svg',
      '/api/v1/quarantine',
      '/api/v1/quarantine/release',
      '/api/v1/session',
      '/docs',
      '/docs/docs.css',
      '/healthz',
      '/metrics',
      '/openapi.json',
      '/readyz',
    ])
    for (const { operation } of operations())
      for (const parameter of operation.parameters) expect(parameter).toHaveProperty('description')
  })

  test('every reference leads to a schema', () => {
    const references = [...JSON.stringify(api).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)]
    expect(references.length).toBeGreaterThan(30)
    for (const [, id = ''] of references) expect(api.components.schemas).toHaveProperty(id)
  })

  test('every path answers what its schema says', async () => {
    for (const { path, operation, init } of operations()) {
      if (path === '/api/v1/live') continue // a WebSocket: live.test.ts
      const answer = await ask(fill(path), init)
      expect([path, answer.status]).toEqual([path, 200])
      const content = operation.responses['200']?.['content'] as Record<string, { schema: Json }>
      const documented = Object.entries(content)[0]
      expect(answer.type.startsWith(documented?.[0] ?? '?')).toBe(true)
      const result = checkerOf(documented?.[1].schema).safeParse(answer.body ?? answer.text)
      expect([path, result.error?.issues ?? []]).toEqual([path, []])
    }
  })

  test('says how to sign in, and who may do what', async () => {
    const { components, security } = api as unknown as { components: Json; security: Json[] }
    expect(components['securitySchemes']).toMatchObject({
      token: { type: 'http', scheme: 'bearer' },
      session: { type: 'apiKey', in: 'cookie', name: 'barograph_session' },
    })
    expect(security).toEqual([{ token: [] }, { session: [] }])
    const open = operations().filter(({ operation }) => 'security' in operation)
    expect(open.map(({ path, init }) => `${init.method ?? 'GET'} ${path}`).sort()).toEqual([
      'DELETE /api/v1/session',
      'GET /api/v1/session',
      'GET /docs',
      'GET /docs/docs.css',
      'GET /healthz',
      'GET /openapi.json',
      'GET /readyz',
      'POST /api/v1/session',
    ])
    const orders = operations().filter(
      ({ operation }) => 'x-role' in operation && operation['x-role'] === 'operator',
    )
    expect(orders.map(({ path }) => path)).toEqual(['/api/v1/quarantine/release'])
    expect((await ask('/docs')).text).toContain('For operators.')
  })

  test('a wrong answer would be noticed', () => {
    const schema = { $ref: '#/components/schemas/Rollups' }
    expect(checkerOf(schema).safeParse({ rollups: [], cursor: null }).success).toBe(true)
    expect(checkerOf(schema).safeParse({ rollups: [], cursor: 7 }).success).toBe(false)
    expect(checkerOf(schema).safeParse({ rollups: [{ level: 'day' }], cursor: null }).success).toBe(false)
    expect(checkerOf(schema).safeParse({ cursor: null }).success).toBe(false)
    expect(checkerOf(schema).safeParse({ rollups: [], cursor: null, more: 1 }).success).toBe(false)
  })

  test('every error is a problem document with a type that /docs explains', async () => {
    const docs = (await ask('/docs')).text
    const checker = checkerOf({ $ref: '#/components/schemas/Problem' })
    for (const path of ['/nothing', '/api/v1/devices/x', '/api/v1/latest?a=1', '/api/v1/live']) {
      const { type, status, body } = await ask(path)
      expect(type).toBe('application/problem+json; charset=utf-8')
      const problem = checker.parse(body) as { type: string; status: number }
      expect(problem.status).toBe(status)
      expect(docs).toContain(`id="${problem.type.replace('/docs#', '')}"`)
    }
  })
})
