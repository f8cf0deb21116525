import { createServer } from 'node:net'

const tries = 100

/** The wanted port of the loopback interface, or the next one up that nobody listens on. */
export async function freePort(wanted: number): Promise<number> {
  for (let port = wanted; port < Math.min(wanted + tries, 65_536); port++) if (await isFree(port)) return port
  throw new Error(`no free port from ${wanted} to ${wanted + tries - 1}`)
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
