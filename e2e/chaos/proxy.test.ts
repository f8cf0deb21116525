import { createServer, connect, type Server, type Socket } from 'node:net'
import { once } from 'node:events'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createProxy, type Proxy } from './proxy.ts'

let echo: Server
let proxy: Proxy
let client: Socket
let received = ''

beforeEach(async () => {
  echo = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.pipe(socket)
  })
  await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve))
  const address = echo.address()
  proxy = await createProxy(typeof address === 'object' ? (address?.port ?? 0) : 0)
  await open()
})
afterEach(async () => {
  client.destroy()
  await proxy.close()
  await new Promise((resolve) => echo.close(resolve))
})

async function open(): Promise<void> {
  received = ''
  client = connect(proxy.port, '127.0.0.1')
  client.on('error', () => undefined)
  client.setEncoding('utf8').on('data', (text: string) => {
    received += text
  })
  await once(client, 'connect')
}

/** Resolves when the connection is gone, with or without an error. */
const closed = (): Promise<void> =>
  client.destroyed ? Promise.resolve() : new Promise((resolve) => client.once('close', () => resolve()))

async function untilReceived(text: string): Promise<void> {
  while (received !== text) await once(client, 'data')
}

test('fair weather passes every byte both ways, in order', async () => {
  const text = 'abcdefghij'.repeat(10_000)
  client.write(text)
  await untilReceived(text)
  expect(proxy.lost()).toBe(0)
})

test('few bytes a second, with a delay, are the same bytes', async () => {
  proxy.set({ bytesPerSecond: 100_000, delayMs: 5 })
  const text = 'abcdefghij'.repeat(500)
  client.write(text)
  await untilReceived(text)
  expect(proxy.lost()).toBe(0)
})

test('a cut resets connections and lets none be made until it is healed', async () => {
  proxy.set({ isCut: true })
  await closed()
  client = connect(proxy.port, '127.0.0.1')
  client.on('error', () => undefined)
  await closed()
  proxy.heal()
  await open()
  client.write('again')
  await untilReceived('again')
  expect(client.destroyed).toBe(false)
})

test('half open: bytes vanish, nobody is told, and healing finds it out', async () => {
  proxy.set({ losesUp: true })
  client.write('lost')
  while (proxy.lost() < 4) await new Promise((resolve) => setTimeout(resolve, 5))
  expect([client.destroyed, received]).toEqual([false, ''])
  proxy.heal()
  await closed()
  expect(received).toBe('')
})

test('half open downwards: what was sent arrives, the answer vanishes', async () => {
  proxy.set({ losesDown: true })
  client.write('there')
  while (proxy.lost() < 5) await new Promise((resolve) => setTimeout(resolve, 5))
  expect(received).toBe('')
})

test('a connection is closed in the middle of a message', async () => {
  proxy.set({ closesAfterBytes: 10 })
  client.write('0123')
  await untilReceived('0123')
  client.write('456789')
  await closed()
  expect(received).toBe('0123')
})
