import { mkdirSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { createServer as createTcpServer, connect, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { CodedError } from '@barograph/proto'
import type { ApiDevice, ApiReadiness } from '@barograph/proto/api'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { serveLimits } from './limits.ts'
import { createRig, epoch, get, noon, type Rig, run, status } from '../testing/serve-rig.ts'

// Real files and sockets on a machine that may be busy: patience, not a measure.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

let rig: Rig

beforeEach(() => {
  rig = createRig()
})
afterEach(() => rig.close())

/** A request with headers that fetch does not let one set. */
function ask(
  port: number,
  path: string,
  headers: Record<string, string>,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path, headers }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (part: string) => (text += part))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
    })
    sent.on('error', reject)
    sent.end()
  })
}

describe('where it listens', () => {
  test('a port in use is told as such, with the address', async () => {
    const other = createTcpServer()
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const { port } = other.address() as AddressInfo
    const failure = await rig.start({ listen: { host: '127.0.0.1', port } }).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(CodedError)
    expect(failure).toMatchObject({
      code: 'port-in-use',
      message: expect.stringContaining(`127.0.0.1:${port}`),
    })
    await new Promise((resolve) => other.close(resolve))
  })

  test.each(['0.0.0.0', '::', '192.168.1.7', 'example.org'])(
    '%s is refused: others could read',
    async (host) => {
      await expect(rig.start({ listen: { host, port: 0 } })).rejects.toMatchObject({ code: 'not-loopback' })
    },
  )

  test('a foreign Host header is refused, so that no page of another site reads by a rebound name', async () => {
    const { port } = await rig.start()
    for (const host of ['evil.example', 'evil.example:80', '192.168.1.7', 'localhost.evil.example'])
      expect((await ask(port, '/api/v1/devices', { host })).status).toBe(421)
    for (const host of ['localhost', `127.0.0.1:${port}`, '[::1]:8013', 'barograph.localhost'])
      expect((await ask(port, '/api/v1/devices', { host })).status).toBe(200)
  })
})

describe('answers', () => {
  test('carry headers that keep scripts of others out', async () => {
    const server = await rig.start()
    for (const path of ['/healthz', '/nothing', '/docs']) {
      const { headers } = await get(server, path)
      expect(headers.get('content-security-policy')).toMatch(/^default-src 'self';/)
      expect(headers.get('content-security-policy')).not.toContain('unsafe')
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('cache-control')).toBe('no-store')
    }
  })

  test('unknown paths are 404, writing is 405, and odd requests get a problem document too', async () => {
    const server = await rig.start()
    expect((await get(server, '/api/v2/devices')).body).toMatchObject({ status: 404, code: 'not-found' })
    const posted = await get(server, '/api/v1/devices/a', { method: 'POST', body: 'x' })
    expect(posted.body).toMatchObject({ status: 405, code: 'method-not-allowed', allowed: 'GET, HEAD' })
    expect(posted.headers.get('allow')).toBe('GET, HEAD')
    expect((await get(server, '/api/v1/devices', { method: 'HEAD' })).status).toBe(200)
    for (const path of [
      '/%zz',
      `/api/v1/devices/${'x'.repeat(200)}`,
      '/..%2f..%2fetc%2fpasswd',
      '/api/v1/devices/%2e%2e',
    ]) {
      const { status, text } = await ask(server.port, path, {})
      expect(status).toBeGreaterThanOrEqual(400)
      expect(status).toBeLessThan(500)
      expect(JSON.parse(text)).toMatchObject({ status })
    }
  })

  test('a store that cannot be read is a 503, a bug a 500 that shows nothing of its insides', async () => {
    const faults: string[] = []
    let isBroken = false
    let failure: Error = new CodedError('store-busy', 'The store is locked.', { retryable: true })
    const server = await rig.start({
      store: {
        ...rig.store,
        streams: (...args) => (isBroken ? Promise.reject(failure) : rig.store.streams(...args)),
      },
      logger: { info() {}, warn() {}, error: (_, message) => faults.push(message) },
    })
    isBroken = true
    expect((await get(server, '/api/v1/devices')).body).toMatchObject({ status: 503, code: 'store-busy' })
    expect(faults).toEqual([])
    failure = new TypeError('secret is not a function')
    const { status, text } = await get(server, '/api/v1/devices')
    expect(status).toBe(500)
    expect(text).not.toContain('secret')
    expect(faults).toEqual(['a request met a fault'])
  })
})

describe('the page', () => {
  test('is served with names that carry a hash kept for ever and all others asked for again', async () => {
    const pageFolder = join(rig.folder, 'page')
    mkdirSync(join(pageFolder, 'assets'), { recursive: true })
    writeFileSync(join(pageFolder, 'index.html'), '<!doctype html><title>Barograph</title>')
    writeFileSync(join(pageFolder, 'assets', 'main-B7cD9eF1.js'), 'export {}')
    writeFileSync(join(pageFolder, '.secret'), 'no')
    const server = await rig.start({ pageFolder })
    const page = await get(server, '/')
    expect([page.status, page.type]).toEqual([200, 'text/html; charset=utf-8'])
    expect(page.text).toContain('Barograph')
    expect(page.headers.get('cache-control')).toBe('no-cache')
    expect(page.headers.get('content-security-policy')).toContain("default-src 'self'")
    const again = await ask(server.port, '/', { 'if-none-match': page.headers.get('etag') ?? '' })
    expect(again.status).toBe(304)
    const script = await get(server, '/assets/main-B7cD9eF1.js')
    expect(script.type).toMatch(/javascript/)
    expect(script.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
    for (const path of ['/.secret', '/assets/', '/assets/other.js'])
      expect((await get(server, path)).body).toMatchObject({ status: 404 })
  })

  test('that is not built says how to build it', async () => {
    const server = await rig.start()
    const { status, body } = await get(server, '/')
    expect(status).toBe(503)
    expect(body).toMatchObject({ code: 'page-not-built', allowed: expect.stringContaining('npm run build') })
  })
})

describe('health', () => {
  test('ready while every role is and every partition moves; else 503 with words', async () => {
    const role = { role: 'bridge', ok: true, detail: 'connected' }
    const server = await rig.start({ state: () => ({ roles: [role], metrics: [] }) })
    await rig.sendBatch('balcony', { runs: [run({ values: { temperature: [1] } })] })
    await rig.fold()
    const readiness = async () => {
      const { status, body } = await get(server, '/readyz')
      return { status, ...(body as ApiReadiness) }
    }
    expect(await readiness()).toMatchObject({ status: 200, ready: true })
    Object.assign(role, { ok: false, detail: 'the disk is full' })
    const full = await readiness()
    expect(full).toMatchObject({ status: 503, ready: false })
    expect(full.checks).toContainEqual({ name: 'bridge', ok: false, detail: 'the disk is full' })
    Object.assign(role, { ok: true })

    await rig.sendBatch('balcony', { runs: [run({ values: { temperature: [1] }, firstSeq: 2 })] })
    expect(await readiness()).toMatchObject({ ready: true })
    rig.clock.now += serveLimits.stalledAfterMs
    const stalled = await readiness()
    expect(stalled.checks.filter(({ ok }) => !ok)).toEqual([
      {
        name: expect.stringMatching(/^partition/),
        ok: false,
        detail: expect.stringContaining('1 record waits'),
      },
    ])
    await rig.fold()
    expect(await readiness()).toMatchObject({ ready: true })
  })

  test('a log that cannot be read is not ready, and says why', async () => {
    const server = await rig.start()
    const extent = rig.log.extent
    rig.log.extent = () => Promise.reject(new CodedError('log-gone', 'The log has been deleted.'))
    const { status, body } = await get(server, '/readyz')
    rig.log.extent = extent
    expect(status).toBe(503)
    expect((body as ApiReadiness).checks.at(-1)?.detail).toContain('The log has been deleted.')
  })

  test('healthz answers with the version', async () => {
    const server = await rig.start()
    expect((await get(server, '/healthz')).body).toEqual({ status: 'ok', version: '1.2.3', uptimeMs: 0 })
  })

  test('metrics are in the text format: each name once declared, each line readable', async () => {
    await rig.sendBatch('balcony', { runs: [run({ values: { temperature: [1] } })] })
    await rig.deadLetters.add([
      { topic: 'x', device: null, ingestMs: noon, code: 'mal"formed\n', reason: '', value: new Uint8Array() },
    ])
    await rig.fold()
    rig.clock.now = noon + 2_500
    const server = await rig.start()
    const { text, type } = await get(server, '/metrics')
    expect(type).toBe('text/plain; version=0.0.4; charset=utf-8')
    const lines = text.trimEnd().split('\n')
    const declared = lines.filter((line) => line.startsWith('# TYPE')).map((line) => line.split(' ')[2] ?? '')
    expect(new Set(declared).size).toBe(declared.length)
    const sample =
      /^([a-z_]+)(\{[a-z]+="(?:[^"\\\n]|\\.)*"(?:,[a-z]+="(?:[^"\\\n]|\\.)*")*\})? -?\d+(\.\d+)?$/
    for (const line of lines.filter((one) => !one.startsWith('#'))) {
      expect(line).toMatch(sample)
      expect(declared).toContain(sample.exec(line)?.[1])
    }
    expect(lines).toContain('barograph_bridge_batches_total 7')
    expect(lines).toContain('barograph_stream_age_seconds{device="balcony",sensor="bme280"} 2.5')
    expect(lines).toContain('barograph_dead_letters_total{code="mal\\"formed\\n"} 1')
  })
})

describe('gaps and conflicts in the figures', () => {
  const other = '00000000000000bb'
  const one = (firstSeq: number, more = {}) =>
    run({ values: { temperature: [1] }, firstSeq, start: noon + firstSeq * 1_000, ...more })
  const figure = (text: string, name: string) =>
    Number(
      text
        .split('\n')
        .find((line) => line.startsWith(`${name} `))
        ?.split(' ')[1],
    )

  test('open gaps are counted by cause with what they lack and their age, and those that healed', async () => {
    await rig.sendStatus('balcony', status({ accepted: 6, backlog: 2 }))
    await rig.sendBatch('balcony', { runs: [one(1), one(4), one(9)] })
    await rig.sendBatch('balcony', {
      runs: [one(1, { epoch: other }), one(3, { epoch: other })],
      lost: [{ sensor: 'bme280', epoch, firstSeq: 5, lastSeq: 6, cause: 'expired' }],
    })
    await rig.fold()
    const server = await rig.start()
    rig.clock.now += 60_000
    const figures = async () => {
      const { text } = await get(server, '/metrics')
      return ['on-its-way', 'lost', 'unknown'].map((cause) =>
        ['gaps_open', 'missing_numbers', 'oldest_gap_age_seconds'].map((name) =>
          figure(text, `barograph_${name}{cause="${cause}"}`),
        ),
      )
    }
    // Of 2 and 3, of 7 and 8, and 2 of the other run; 5 and 6.
    expect(await figures()).toEqual([
      [3, 5, 60],
      [1, 2, 60],
      [0, 0, 0],
    ])
    await rig.sendStatus('balcony', status({ accepted: 9, backlog: 0 }))
    await rig.sendBatch('balcony', { runs: [one(2), one(3)] })
    await rig.fold()
    expect(await figures()).toEqual([
      [1, 1, 60],
      [1, 2, 60],
      [1, 2, 60],
    ])
    const { text } = await get(server, '/metrics')
    expect(figure(text, 'barograph_gaps_healed_total')).toBe(1)
  })

  test('two agents with one name are told until one has been quiet for a while; the collector is ready', async () => {
    await rig.sendBatch('balcony', { runs: [one(1)] })
    for (let i = 0; i < 5; i++) {
      rig.clock.now += 10_000
      const time = rig.clock.now
      await rig.sendStatus('balcony', status({ accepted: 1, epoch: i % 2 === 0 ? epoch : other }, { time }))
    }
    await rig.fold()
    const server = await rig.start()
    const conflict = async () => ((await get(server, '/api/v1/devices/balcony')).body as ApiDevice).conflict
    expect(await conflict()).toEqual({
      since: '2025-06-02T12:00:30Z',
      last: '2025-06-02T12:00:50Z',
      epochs: [other, epoch],
      words: expect.stringContaining('another device: name'),
    })
    const ready = (await get(server, '/readyz')).body as ApiReadiness
    expect(ready.ready).toBe(true)
    expect(ready.checks.at(-1)).toMatchObject({ name: 'device balcony', ok: true })
    expect(figure((await get(server, '/metrics')).text, 'barograph_device_conflicts')).toBe(1)
    rig.clock.now += 91_000
    expect(await conflict()).toBe(null)
    expect(figure((await get(server, '/metrics')).text, 'barograph_device_conflicts')).toBe(0)
  })
})

test('closing ends idle connections and leaves the port free', async () => {
  const server = await rig.start()
  const idle = connect(server.port, '127.0.0.1')
  await new Promise((resolve) => idle.once('connect', resolve))
  const ended = new Promise((resolve) => idle.once('close', resolve))
  idle.on('error', () => {})
  await server.close()
  await ended
  const again = await rig.start({ listen: { host: '127.0.0.1', port: server.port } })
  expect(again.port).toBe(server.port)
})
