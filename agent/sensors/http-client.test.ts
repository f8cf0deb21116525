import { type AddressInfo, createServer, type Server } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createHttpClient, type HttpAnswer, type HttpClientOptions } from './http-client.ts'
import { json, startTestServer, text, type TestServer } from './testing/server.ts'

const signal = new AbortController().signal
let server: TestServer
let nowMs = 0
beforeEach(async () => {
  server = await startTestServer()
  nowMs = Date.UTC(2026, 0, 15)
})
afterEach(() => server.close())

const client = (options: Partial<HttpClientOptions> = {}) =>
  createHttpClient({
    fetch,
    now: () => nowMs,
    random: () => 0.5,
    source: 'the station',
    intervalMs: 60_000,
    ...options,
  })

const ask = (options: Partial<HttpClientOptions> = {}, url = server.url): Promise<HttpAnswer> =>
  client(options).getJson({ url: new URL(url), signal })

describe('the HTTP client', () => {
  test.each([
    ['application/json', '{"a":1}'],
    ['text/plain', '{"a":1}'],
    ['text/html', ' {"a":1}\n'],
  ])('takes JSON whatever it calls itself (%s)', async (type, body) => {
    server.answer = text(body, type)
    expect(await ask()).toEqual({ kind: 'json', body: { a: 1 } })
  })

  test('understands a compressed body', async () => {
    server.answer = (_request, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('{"a":1}'))
    expect(await ask()).toEqual({ kind: 'json', body: { a: 1 } })
  })

  test.each([
    ['a web page', text('<!doctype html>', 'text/html'), 'bad-response', 'web page'],
    ['garbage', text('\u0000\u0001{{{{', 'application/json'), 'bad-response', 'not JSON'],
    ['an empty body', text('', 'application/json'), 'bad-response', 'not JSON'],
    ['half a document', text('{"a": [1, 2', 'application/json'), 'bad-response', 'not JSON'],
    ['a picture', text('GIF89a', 'image/gif'), 'bad-response', 'image/gif'],
    ['404', text('no', 'text/plain', 404), 'not-found', '404'],
    ['401', text('no', 'text/plain', 401), 'key-rejected', '401'],
    ['403', text('no', 'text/plain', 403), 'key-rejected', '403'],
    ['500', text('no', 'text/plain', 500), 'http-5xx', '500'],
    ['418', text('teapot', 'text/plain', 418), 'http-418', 'teapot'],
    ['204', text('', 'text/plain', 204), 'http-204', '204'],
    ['304 without being asked', text('', 'text/plain', 304), 'http-304', '304'],
  ])('%s is a fault', async (_name, answer, code, words) => {
    server.answer = answer
    const sample = await ask()
    expect(sample).toMatchObject({ kind: 'fault', code })
    expect(sample).toHaveProperty('detail', expect.stringContaining(words))
  })

  test('a body that never ends is a timeout', async () => {
    server.answer = (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.write('{"a":')
    }
    expect(await ask({ timeoutMs: 100 })).toMatchObject({ kind: 'fault', code: 'timeout' })
  })

  test('a body that drips is a timeout, however often a byte comes', async () => {
    server.answer = (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      const drip = setInterval(() => response.write(' '), 10)
      response.on('close', () => clearInterval(drip))
    }
    expect(await ask({ timeoutMs: 150 })).toMatchObject({ kind: 'fault', code: 'timeout' })
  })

  test('no answer at all is a timeout', async () => {
    server.answer = () => undefined
    expect(await ask({ timeoutMs: 100 })).toMatchObject({ kind: 'fault', code: 'timeout' })
  })

  test('a body that breaks off is a lost connection', async () => {
    server.answer = (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' })
      response.write('{"a":1}', () => response.destroy())
    }
    expect(await ask()).toMatchObject({ kind: 'fault', code: 'connection-lost' })
  })

  test('a body beyond the limit is not read to its end', async () => {
    let sent = 0
    server.answer = (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      const more = (): void => {
        sent += 65_536
        response.write(' '.repeat(65_536), (error) => {
          if (!error && sent < 1e9) more()
        })
      }
      more()
    }
    expect(await ask({ bodyBytes: 100_000 })).toMatchObject({ kind: 'fault', code: 'too-large' })
    expect(sent).toBeLessThan(1e8)
  })

  test('a small body that unpacks to a huge one is beyond the limit', async () => {
    const bomb = gzipSync(' '.repeat(10_000_000))
    server.answer = (_request, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb)
    expect(await ask({ bodyBytes: 100_000 })).toMatchObject({ kind: 'fault', code: 'too-large' })
  })

  test('redirects are followed, but not in circles', async () => {
    server.answer = (request, response) => {
      if (request.url === '/there') json({ a: 1 })(request, response)
      else response.writeHead(302, { location: request.url === '/' ? '/there' : request.url }).end()
    }
    expect(await ask()).toEqual({ kind: 'json', body: { a: 1 } })
    expect(await ask({}, `${server.url}/circle`)).toMatchObject({ kind: 'fault', code: 'redirects' })
    expect(server.asked.filter(({ pathname }) => pathname === '/circle')).toHaveLength(6)
  })

  test('a header with a key does not follow to another host', async () => {
    const other = await startTestServer()
    other.answer = json({ a: 1 })
    server.answer = (_request, response) => response.writeHead(307, { location: other.url }).end()
    const answer = await client().getJson({ url: new URL(server.url), headers: { 'x-api-key': 'k' }, signal })
    await other.close()
    expect(answer).toEqual({ kind: 'json', body: { a: 1 } })
    expect(server.headers[0]).toHaveProperty('x-api-key', 'k')
    expect(other.headers[0]).not.toHaveProperty('x-api-key')
  })

  test('a redirect to no web address is not followed', async () => {
    server.answer = (_request, response) => response.writeHead(302, { location: 'file:///etc/passwd' }).end()
    expect(await ask()).toMatchObject({ kind: 'fault', code: 'redirects' })
  })

  test('a refused connection says that nobody listens there', async () => {
    await server.close()
    const sample = await ask()
    expect(sample).toMatchObject({ kind: 'fault', code: 'refused' })
    server = await startTestServer()
  })

  test('a name that nobody knows is being offline', async () => {
    const failing: typeof fetch = async () => {
      const cause = Object.assign(new Error('getaddrinfo EAI_AGAIN x'), { code: 'EAI_AGAIN' })
      throw new TypeError('fetch failed', { cause })
    }
    const sample = await ask({ fetch: failing }, 'https://api.example/')
    expect(sample).toMatchObject({ kind: 'fault', code: 'offline' })
    expect(sample).toHaveProperty('detail', expect.stringContaining('is this machine online'))
  })

  test('an untrusted certificate is told apart from being offline', async () => {
    const failing: typeof fetch = async () => {
      throw new TypeError('fetch failed', {
        cause: Object.assign(new Error('self-signed'), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }),
      })
    }
    expect(await ask({ fetch: failing })).toMatchObject({ kind: 'fault', code: 'tls' })
  })

  test('something that is no web server is a bad response', async () => {
    const odd: Server = createServer((socket) => {
      socket.once('data', () => socket.end('220 smtp.example ESMTP\r\n'))
    })
    await new Promise<void>((resolve) => odd.listen(0, '127.0.0.1', resolve))
    const { port } = odd.address() as AddressInfo
    const sample = await ask({}, `http://127.0.0.1:${port}`)
    await new Promise((resolve) => odd.close(resolve))
    expect(sample).toMatchObject({ kind: 'fault', code: 'bad-response' })
  })

  test('a bug in the program is not hidden as a fault', async () => {
    const broken: typeof fetch = async () => {
      throw new ReferenceError('x is not defined')
    }
    await expect(ask({ fetch: broken })).rejects.toThrow('x is not defined')
  })
})

describe('after a failure the HTTP client', () => {
  test.each([
    ['seconds', '120', 120_000],
    ['a date', new Date(Date.UTC(2026, 0, 15, 0, 5)).toUTCString(), 300_000],
    ['a date that has passed', new Date(Date.UTC(2026, 0, 14)).toUTCString(), 5_000],
    ['far too long', '999999999', 86_400_000],
  ])('waits as Retry-After says: %s', async (_name, header, expected) => {
    for (const status of [429, 503]) {
      server.answer = json({}, status, { 'retry-after': header })
      expect(await ask()).toMatchObject({ kind: 'fault', retryAfterMs: expected })
    }
  })

  test('does not ask within the pause, and asks again after it', async () => {
    server.answer = json({}, 429, { 'retry-after': '10' })
    const one = client()
    const question = { url: new URL(server.url), signal }
    await one.getJson(question)
    nowMs += 4_000
    expect(await one.getJson(question)).toMatchObject({
      kind: 'fault',
      code: 'rate-limited',
      retryAfterMs: 6_000,
    })
    expect(server.asked).toHaveLength(1)
    nowMs += 6_000
    server.answer = json({ a: 1 })
    expect(await one.getJson(question)).toEqual({ kind: 'json', body: { a: 1 } })
  })

  test('waits longer and longer up to its cap, and shortly again after a success', async () => {
    server.answer = json({}, 500)
    const one = client({ intervalMs: 1_000 })
    const question = { url: new URL(server.url), signal }
    const pauses: number[] = []
    for (let i = 0; i < 12; i++) {
      const answer = await one.getJson(question)
      const pauseMs = answer.kind === 'fault' ? (answer.retryAfterMs ?? 0) : 0
      pauses.push(pauseMs)
      nowMs += pauseMs
    }
    expect(pauses).toEqual(pauses.toSorted((a, b) => a - b))
    expect(pauses[0]).toBeLessThanOrEqual(3_000)
    expect(pauses.at(-1)).toBe(30_000)
    server.answer = json({ a: 1 })
    await one.getJson(question)
    server.answer = json({}, 500)
    expect(await one.getJson(question)).toMatchObject({ retryAfterMs: pauses[0] })
  })

  test('tries every minute while the server cannot be reached', async () => {
    await server.close()
    const one = client({ intervalMs: 900_000 })
    const pauses: number[] = []
    for (let i = 0; i < 12; i++) {
      const answer = await one.getJson({ url: new URL(server.url), signal })
      pauses.push(answer.kind === 'fault' ? (answer.retryAfterMs ?? 0) : 0)
      nowMs += pauses.at(-1) ?? 0
    }
    expect(Math.max(...pauses)).toBe(60_000)
    server = await startTestServer()
  })

  test('asks at once when the clock was set back over the pause', async () => {
    server.answer = json({}, 500)
    const one = client()
    const question = { url: new URL(server.url), signal }
    await one.getJson(question)
    nowMs -= 86_400_000
    await one.getJson(question)
    expect(server.asked).toHaveLength(2)
  })
})
