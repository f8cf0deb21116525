import { request } from 'node:http'
import { connect } from 'node:net'
import type { ApiProblem, ApiReadiness, ApiSession } from '@barograph/proto/api'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { createRig, get, noon, type Rig, run } from '../testing/serve-rig.ts'
import { bearer, makeTokenFiles } from '../testing/token-files.ts'
import { writeTokenFile } from './access/token-file.ts'
import type { Server } from './index.ts'
import { serveLimits } from './limits.ts'

// Real files and sockets on a machine that may be busy: patience, not a measure.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 60_000 })

let rig: Rig
let files: Awaited<ReturnType<typeof makeTokenFiles>>
let server: Server
let logged: string[]

beforeEach(async () => {
  rig = createRig()
  files = await makeTokenFiles(rig.folder)
  logged = []
  const log = (fields: object, message: string) => void logged.push(`${message} ${JSON.stringify(fields)}`)
  await rig.sendBatch(
    'balcony',
    { runs: [run({ values: { temperature: [20_000, 21_000] } })] },
    { quarantineAfterMs: noon },
  )
  await rig.fold()
  server = await rig.start({
    reach: { tokens: files.paths, origins: ['https://weather.example'] },
    logger: { info: log, warn: log, error: log },
  })
})
afterEach(() => rig.close())

const json = { 'content-type': 'application/json' }
const release = (headers: Record<string, string>) =>
  get(server, '/api/v1/quarantine/release', {
    method: 'POST',
    headers: { ...json, ...headers },
    body: JSON.stringify({ device: 'balcony' }),
  })

/** A wrong token whose id is that of a right one: the dearest guess. */
const wrongSecret = (token: string): string => `${token.slice(0, 14)}${'A'.repeat(43)}`

async function signIn(token: string, headers: Record<string, string> = {}) {
  const answer = await get(server, '/api/v1/session', {
    method: 'POST',
    headers: { ...json, ...headers },
    body: JSON.stringify({ token }),
  })
  const cookie = answer.headers.get('set-cookie')
  return { ...answer, cookie, value: { cookie: cookie?.split(';')[0] ?? '' } }
}

/** The status that a WebSocket is answered with: 101 when it is taken. */
function upgrade(headers: Record<string, string>, path = '/api/v1/live'): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://127.0.0.1:${server.port}${path}`, { headers })
    socket.on('upgrade', () => resolve(101))
    socket.on('open', () => socket.close())
    socket.on('unexpected-response', (_request, { statusCode = 0 }) => resolve(statusCode))
    socket.on('error', reject)
  })
}

/** A path as it is written, which fetch would tidy up first. */
function askRaw(path: string): Promise<{ status: number; headers: object; text: string }> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port: server.port, path }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (part: string) => (text += part))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }))
    })
    sent.on('error', reject)
    sent.end()
  })
}

/** What a socket is answered when it says this, byte for byte. */
function say(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(server.port, '127.0.0.1', () => socket.write(text))
    let answer = ''
    socket.setEncoding('latin1').on('data', (part: string) => (answer += part))
    socket.on('close', () => resolve(answer))
    socket.on('error', reject)
  })
}

describe('who may do what', () => {
  type Who = 'nobody' | 'a wrong token' | 'a viewer' | 'an operator'
  const headersOf = (who: Who): Record<string, string> => {
    if (who === 'nobody') return {}
    if (who === 'a wrong token') return bearer(wrongSecret(files.viewer))
    return bearer(who === 'a viewer' ? files.viewer : files.operator)
  }

  test.each<[Who, number, number, number]>([
    // who, reading, ordering, WebSocket
    ['nobody', 401, 401, 401],
    ['a wrong token', 401, 401, 401],
    ['a viewer', 200, 403, 101],
    ['an operator', 200, 200, 101],
  ])('%s: reading %i, ordering %i, live %i', async (who, reading, ordering, live) => {
    const headers = headersOf(who)
    for (const path of [
      '/api/v1/devices',
      '/api/v1/latest',
      '/api/v1/quarantine',
      '/metrics',
      '/api/v1/partitions/0/stats',
      '/api/v1/plots/temperature.svg',
      '/api/v1/audit',
    ])
      expect([path, (await get(server, path, { headers })).status]).toEqual([path, reading])
    expect((await release(headers)).status).toBe(ordering)
    expect(await upgrade(headers)).toBe(live)
    // Open to all: they tell no reading.
    for (const path of ['/healthz', '/readyz', '/openapi.json', '/docs', '/api/v1/session'])
      expect([path, (await get(server, path, { headers })).status]).toEqual([path, 200])
  })

  test('every refusal is a problem document that says what to do, in words and headers', async () => {
    const nobody = await get(server, '/api/v1/devices')
    expect(nobody.type).toBe('application/problem+json; charset=utf-8')
    expect(nobody.body).toMatchObject({
      status: 401,
      code: 'sign-in-needed',
      type: '/docs#problem-sign-in-needed',
    })
    expect(nobody.headers.get('www-authenticate')).toBe('Bearer realm="barograph"')
    const wrong = await get(server, '/api/v1/devices', { headers: bearer('swordfish') })
    expect(wrong.body).toMatchObject({ status: 401, code: 'wrong-token' })
    expect(wrong.headers.get('www-authenticate')).toContain('error="invalid_token"')
    const viewer = await release(bearer(files.viewer))
    expect(viewer.body).toMatchObject({ status: 403, code: 'operator-only' })
    expect(viewer.headers.get('www-authenticate')).toContain('error="insufficient_scope"')
    expect((await get(server, '/api/v1/devices', { headers: { authorization: 'Basic YTpi' } })).status).toBe(
      401,
    )
    expect((await get(server, `/api/v1/devices?token=${files.viewer}`)).status).toBe(401)
  })

  test('an order is written into the log with the name of the token, and carries it', async () => {
    expect((await release(bearer(files.operator))).body).toMatchObject({ released: 1 })
    expect(logged).toEqual([expect.stringMatching(/^an order .*"name":"anna","role":"operator"/)])
  })

  test('what is not ready is told to everybody, why only to those who may read', async () => {
    const state = () => ({
      roles: [{ role: 'bridge', ok: false, detail: 'mqtt://10.0.0.7 is away' }],
      metrics: [],
    })
    const other = await rig.start({ state, reach: { tokens: files.paths } })
    const nobody = await get(other, '/readyz')
    expect([nobody.status, (nobody.body as ApiReadiness).checks[0]]).toEqual([
      503,
      { name: 'bridge', ok: false, detail: 'does not work; signed in, you see why' },
    ])
    expect((await get(other, '/readyz', { headers: bearer(files.viewer) })).text).toContain('10.0.0.7')
  })

  test('a revoked token is refused within a second, without a restart, and its session and WebSocket end', async () => {
    const own = await rig.start({ reach: { tokens: files.paths }, heartbeatIntervalMs: 20 })
    const { value } = await signInAt(own, files.viewer)
    const socket = new WebSocket(`ws://127.0.0.1:${own.port}/api/v1/live`, { headers: value })
    const closed = new Promise<number>((resolve) => socket.on('close', resolve))
    await new Promise((resolve) => socket.once('message', resolve))
    expect((await get(own, '/api/v1/latest', { headers: bearer(files.viewer) })).status).toBe(200)
    writeTokenFile(files.paths.viewer, 'viewer', [])
    rig.clock.now += serveLimits.tokenFileMs
    expect((await get(own, '/api/v1/latest', { headers: bearer(files.viewer) })).status).toBe(401)
    expect((await get(own, '/api/v1/latest', { headers: value })).status).toBe(401)
    expect(await closed).toBe(4401)
    expect((await get(own, '/api/v1/latest', { headers: bearer(files.operator) })).status).toBe(200)
  })

  async function signInAt(other: Server, token: string) {
    const before = server
    server = other
    const answer = await signIn(token)
    server = before
    return answer
  }
})

describe('a browser', () => {
  test('changes a token for a cookie that no script and no other site gets, and gives it back', async () => {
    const { body, cookie, value } = await signIn(files.viewer)
    expect(body).toMatchObject({
      asked: true,
      role: 'viewer',
      name: 'kiosk',
      expires: '2025-06-09T12:00:00Z',
    })
    expect(cookie).toMatch(/^barograph_session=[\w.-]+; Path=\/; Max-Age=604800; HttpOnly; SameSite=Strict$/)
    expect(cookie).not.toContain(files.viewer.slice(15))
    expect((await get(server, '/api/v1/devices', { headers: value })).status).toBe(200)
    expect(await upgrade(value)).toBe(101)
    expect((await release(value)).status).toBe(403)
    const out = await get(server, '/api/v1/session', { method: 'DELETE', headers: value })
    expect(out.headers.get('set-cookie')).toMatch(/^barograph_session=; Path=\/; Max-Age=0; HttpOnly/)
    expect((out.body as ApiSession).role).toBeNull()
    // A copy of the cookie is worth nothing either.
    expect((await get(server, '/api/v1/devices', { headers: value })).status).toBe(401)
    expect(await upgrade(value)).toBe(401)
  })

  test('whose proxy sends another kind of authorization is known by its cookie', async () => {
    const { value } = await signIn(files.viewer)
    const headers = { ...value, authorization: 'Basic YTpi' }
    expect((await get(server, '/api/v1/devices', { headers })).status).toBe(200)
  })

  test('gets a new cookie when half of the time is over, and none before', async () => {
    const { value } = await signIn(files.operator)
    const ask = async () =>
      (await get(server, '/api/v1/session', { headers: value })).headers.get('set-cookie')
    expect(await ask()).toBeNull()
    rig.clock.now += 4 * 86_400_000
    expect(await ask()).toMatch(/^barograph_session=/)
    rig.clock.now += 4 * 86_400_000
    expect((await get(server, '/api/v1/devices', { headers: value })).status).toBe(401)
  })

  test.each(['https://evil.example', 'null', 'http://127.0.0.1:1', 'https://weather.example.evil.example'])(
    'of the page %s gets no WebSocket, no session and no order through, cookie or not',
    async (origin) => {
      const { value } = await signIn(files.operator)
      expect(await upgrade({ ...value, origin })).toBe(403)
      expect((await release({ ...value, origin })).body).toMatchObject({ status: 403, code: 'wrong-origin' })
      expect((await signIn(files.operator, { origin })).status).toBe(403)
      const out = await get(server, '/api/v1/session', { method: 'DELETE', headers: { ...value, origin } })
      expect(out.status).toBe(403)
      expect((await get(server, '/api/v1/devices', { headers: value })).status).toBe(200)
    },
  )

  test('of the own page, or one of serve.origins, does', async () => {
    const { value } = await signIn(files.operator)
    for (const origin of [`http://127.0.0.1:${server.port}`, 'https://weather.example']) {
      expect(await upgrade({ ...value, origin })).toBe(101)
      expect((await release({ ...value, origin })).status).toBe(200)
    }
  })

  test('behind a trusted proxy with TLS gets a Secure cookie, and another site without TLS nothing', async () => {
    const before = server
    server = await rig.start({
      reach: { tokens: files.paths, trustedProxies: ['127.0.0.1'], prefix: '/barograph' },
    })
    const proxied = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'weather.example' }
    const post = (headers: Record<string, string>) =>
      get(server, '/api/v1/session', {
        method: 'POST',
        headers: { ...json, ...headers },
        body: JSON.stringify({ token: files.viewer }),
      })
    const { headers, status } = await post({ ...proxied, origin: 'https://weather.example' })
    expect(status).toBe(200)
    expect(headers.get('set-cookie')).toMatch(/; Path=\/barograph; .*; SameSite=Strict; Secure$/)
    expect((await post({ ...proxied, origin: 'http://weather.example' })).status).toBe(403)
    server = before
    // Nobody else is believed.
    expect((await signIn(files.viewer, proxied)).cookie).not.toContain('Secure')
  })
})

describe('10,000 guesses', () => {
  test('are looked at a few, and neither slow down nor keep out those who are in', async () => {
    const { value } = await signIn(files.viewer)
    const statuses = new Map<number, number>()
    const insiders: number[] = []
    let retryAfter: string | null = null
    async function guess(i: number): Promise<void> {
      const token =
        i % 2 === 0 ? wrongSecret(files.operator) : `bg-${String(i).padStart(10, '0')}-${'A'.repeat(43)}`
      const { status, headers } =
        i % 4 < 2 ? await get(server, '/api/v1/devices', { headers: bearer(token) }) : await signIn(token)
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
      if (status === 429) retryAfter = headers.get('retry-after')
    }
    for (let i = 0; i < 10_000; i += 50) {
      await Promise.all(Array.from({ length: 50 }, (_, j) => guess(i + j)))
      if (i % 1_000 === 0) insiders.push((await get(server, '/api/v1/devices', { headers: value })).status)
    }
    expect(insiders).toEqual(Array(10).fill(200))
    // The clock of the test stands still: so many, and no more.
    expect([...statuses].toSorted(([a], [b]) => a - b)).toEqual([
      [401, serveLimits.guessesPerAddress],
      [429, 10_000 - serveLimits.guessesPerAddress],
    ])
    expect(Number(retryAfter)).toBe(serveLimits.guessAgainMs / 1000)
    // Each that was looked at has a line in the log, all others have one each few seconds.
    expect(logged.filter((line) => line.includes('wrong-token'))).toHaveLength(serveLimits.guessesPerAddress)
    expect(logged.filter((line) => line.includes('too-many-guesses'))).toHaveLength(1)
    // From this address even a right token has to wait; a session does not.
    expect(((await signIn(files.operator)).body as ApiProblem).code).toBe('too-many-guesses')
    expect((await get(server, '/api/v1/devices', { headers: value })).status).toBe(200)
    rig.clock.now += serveLimits.guessAgainMs
    expect((await signIn(files.operator)).status).toBe(200)
  })

  test('from as many addresses have a bound in all, for which nobody who is in has to wait', async () => {
    const before = server
    server = await rig.start({ reach: { tokens: files.paths, trustedProxies: ['127.0.0.1'] } })
    const { value } = await signIn(files.viewer)
    const statuses = new Map<number, number>()
    const guess = async (i: number): Promise<void> => {
      const token =
        i % 2 === 0 ? wrongSecret(files.operator) : `bg-${String(i).padStart(10, '0')}-${'A'.repeat(43)}`
      const from = { 'x-forwarded-for': `198.51.${i >> 8}.${i & 255}` }
      const { status } = await get(server, '/api/v1/devices', { headers: { ...bearer(token), ...from } })
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
    }
    const insiders: number[] = []
    for (let i = 0; i < 1_000; i += 25) {
      const guesses = Promise.all(Array.from({ length: 25 }, (_, j) => guess(i + j)))
      insiders.push((await get(server, '/api/v1/devices', { headers: value })).status)
      await guesses
    }
    expect(insiders).toEqual(Array(40).fill(200))
    // Some with the id of a token, some without one; each kind has its bound.
    expect(statuses.get(401)).toBe(2 * serveLimits.guessesInAll)
    expect([...statuses.keys()].filter((status) => ![401, 429, 503].includes(status))).toEqual([])
    // An address of its own and a token whose id nobody has guessed at: no need to wait.
    rig.clock.now += serveLimits.guessInAllAgainMs
    expect((await signIn(files.operator, { 'x-forwarded-for': '203.0.113.9' })).status).toBe(200)
    server = before
  })

  test('and no secret is in the log or in an answer', async () => {
    const answers = [
      await signIn(wrongSecret(files.operator)),
      await signIn(files.operator),
      await get(server, '/api/v1/devices', { headers: bearer(wrongSecret(files.viewer)) }),
      await get(server, '/api/v1/devices', { headers: bearer(files.viewer) }),
      await get(server, '/api/v1/session', {
        method: 'POST',
        headers: json,
        body: `{"token":["${files.viewer}"]}`,
      }),
      await get(server, '/api/v1/session', {
        method: 'POST',
        headers: json,
        body: `{"token":"x","${files.viewer}":1}`,
      }),
      await get(server, '/api/v1/session', {
        method: 'POST',
        headers: json,
        body: `{"token":"${files.viewer}"`,
      }),
      await get(server, '/openapi.json'),
    ]
    const said = [...answers.map(({ text }) => text), ...logged].join('\n')
    expect(logged.length).toBeGreaterThan(1)
    for (const secret of [files.viewer, files.operator, files.entries.viewer.hash, 'A'.repeat(43)])
      expect(said.includes(secret.slice(-20))).toBe(false)
  })
})

describe('hostile requests', () => {
  test.each([
    '/../../etc/passwd',
    '/..%2f..%2fviewer-token',
    '/%2e%2e/%2e%2e/viewer-token',
    '/assets/..%5c..%5cviewer-token',
    '/assets/....//viewer-token',
    '//viewer-token',
    '/viewer-token%00.css',
    '/api/v1/devices/..%2f..%2fviewer-token',
    '/api/v1/devices/%2e%2e%2fsession',
  ])('%s leads nowhere', async (path) => {
    const { status, text } = await askRaw(path)
    expect(status).toBeGreaterThanOrEqual(400)
    expect(status).toBeLessThan(500)
    expect(text).not.toContain('scrypt')
  })

  test('line breaks in a path, header or cookie make no header of an answer', async () => {
    const broken = '%0d%0aset-cookie:%20evil=1'
    for (const path of [`/${broken}`, `/?x=${broken}`, `/api/v1/devices/${broken}`]) {
      const { headers } = await askRaw(path)
      expect(headers).not.toHaveProperty('set-cookie')
    }
    const head = `host: 127.0.0.1\r\nconnection: close`
    const answer = await say(
      `GET /api/v1/devices HTTP/1.1\r\n${head}\r\nauthorization: Bearer a\nx: b\r\n\r\n`,
    )
    expect(answer).toMatch(/^HTTP\/1.1 4\d\d /)
    expect(answer).not.toMatch(/set-cookie/i)
    // Two lengths, or a length and chunks: the way to smuggle one request inside another.
    for (const two of [
      'content-length: 4\r\ncontent-length: 5',
      'content-length: 4\r\ntransfer-encoding: chunked',
    ])
      expect(await say(`POST /api/v1/session HTTP/1.1\r\n${head}\r\n${two}\r\n\r\n0\r\n\r\n`)).toMatch(
        /^HTTP\/1.1 400 /,
      )
  })

  test('a head or an order that is too large is refused', async () => {
    const large = await say(
      `GET / HTTP/1.1\r\nhost: 127.0.0.1\r\nx: ${'a'.repeat(serveLimits.headBytes)}\r\n\r\n`,
    )
    expect(large).toMatch(/^HTTP\/1.1 431 /)
    const order = await get(server, '/api/v1/session', {
      method: 'POST',
      headers: json,
      body: JSON.stringify({ token: 'x'.repeat(serveLimits.bodyBytes) }),
    })
    expect(order.status).toBe(413)
    expect((await signIn('x'.repeat(300))).status).toBe(400)
  })
})
