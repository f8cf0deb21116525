import { EventEmitter } from 'node:events'
import type { Server } from 'node:http'
import { connect } from 'node:net'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { createRig, get, type Rig } from '../testing/serve-rig.ts'
import { bearer, makeTokenFiles } from '../testing/token-files.ts'
import { limitConnections } from './connections.ts'
import { serveLimits } from './limits.ts'
import { createProxies } from './requester.ts'

// Real sockets, limits of seconds, and a machine that may be busy: patience, not a measure.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

/** As much of a socket as is looked at. */
function createSocket(remoteAddress: string) {
  const socket = Object.assign(new EventEmitter(), {
    remoteAddress,
    isDestroyed: false,
    destroy() {
      socket.isDestroyed = true
      socket.emit('close')
    },
  })
  return socket
}

describe('connections', () => {
  const most = serveLimits.connectionsPerAddress
  const setUp = () => {
    const server = new EventEmitter()
    limitConnections(server as Server, createProxies(['10.0.0.1']))
    return (address: string) => {
      const socket = createSocket(address)
      server.emit('connection', socket)
      return socket
    }
  }

  test('of one address are bounded, and one that ends makes room', () => {
    const open = setUp()
    const sockets = Array.from({ length: most + 5 }, () => open('192.0.2.7'))
    expect(sockets.filter(({ isDestroyed }) => isDestroyed)).toHaveLength(5)
    expect(open('192.0.2.8').isDestroyed).toBe(false)
    sockets[0]?.destroy()
    expect(open('192.0.2.7').isDestroyed).toBe(false)
    expect(open('192.0.2.7').isDestroyed).toBe(true)
  })

  test('of one IPv6 network are one address, those of a trusted proxy and of this machine are many', () => {
    const open = setUp()
    const from = (address: (i: number) => string) =>
      Array.from({ length: most + 5 }, (_, i) => open(address(i))).filter(({ isDestroyed }) => isDestroyed)
        .length
    expect(from((i) => `2001:db8::${i + 1}`)).toBe(5)
    expect(from(() => '10.0.0.1')).toBe(0)
    expect(from(() => '::ffff:127.0.0.1')).toBe(0)
    expect(from(() => '::1')).toBe(0)
  })
})

describe('a server', () => {
  let rig: Rig
  beforeEach(() => {
    rig = createRig()
  })
  afterEach(() => rig.close())

  test('ends a socket that says nothing, one that never ends its head, and one that never ends its order', async () => {
    const { port } = await rig.start()
    const ended = (text: string): Promise<string> =>
      new Promise((resolve, reject) => {
        const socket = connect(port, '127.0.0.1', () => socket.write(text))
        let answer = ''
        socket.setEncoding('latin1').on('data', (part: string) => (answer += part))
        socket.on('error', reject).on('close', () => resolve(answer))
      })
    const host = 'host: 127.0.0.1\r\n'
    const order = `POST /api/v1/session HTTP/1.1\r\n${host}content-type: application/json\r\ncontent-length: 9\r\n\r\n{`
    const answers = await Promise.all([ended(''), ended(`GET /healthz HTTP/1.1\r\n${host}x: `), ended(order)])
    expect(answers.map((answer) => answer.slice(0, 12))).toEqual(Array(3).fill('HTTP/1.1 408'))
  })

  test('takes so many live clients of one token and its sessions, and others go on', async () => {
    const files = await makeTokenFiles(rig.folder)
    const server = await rig.start({ reach: { tokens: files.paths } })
    const open = (headers: Record<string, string>): Promise<WebSocket | number> =>
      new Promise((resolve, reject) => {
        const socket = new WebSocket(`ws://127.0.0.1:${server.port}/api/v1/live`, { headers })
        socket.on('open', () => resolve(socket))
        socket.on('unexpected-response', (_request, { statusCode = 0 }) => resolve(statusCode))
        socket.on('error', reject)
      })
    const session = await get(server, '/api/v1/session', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token: files.viewer }),
    })
    const cookie = session.headers.get('set-cookie')?.split(';')[0] ?? ''
    const taken: WebSocket[] = []
    for (let i = 0; i < serveLimits.liveClientsPerToken; i++) {
      const socket = await open(i % 2 === 0 ? { cookie } : bearer(files.viewer))
      if (socket instanceof WebSocket) taken.push(socket)
    }
    expect(taken).toHaveLength(serveLimits.liveClientsPerToken)
    expect(await open({ cookie })).toBe(429)
    expect(await open(bearer(files.operator))).toBeInstanceOf(WebSocket)
    const [first] = taken
    const closed = new Promise((resolve) => first?.on('close', resolve))
    first?.close()
    await closed
    expect(await open({ cookie })).toBeInstanceOf(WebSocket)
  })
})
