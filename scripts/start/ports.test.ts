import { createServer } from 'node:net'
import { expect, test } from 'vitest'
import { freePort } from './ports.ts'

test('a busy port is passed over for the next free one', async () => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const port = await freePort(address.port)
  expect(port).toBeGreaterThan(address.port)
  await new Promise((resolve) => server.close(resolve))
  expect(await freePort(address.port)).toBe(address.port)
})
