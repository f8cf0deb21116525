import { connect } from 'node:net'
import { createServer } from 'node:tls'
import { onTestFinished } from 'vitest'
import { openAuthority } from '../../collector/devices/authority.ts'

/** TLS in front of an engine that has none of its own, with the certificate of an authority in this folder; its port. */
export async function openTlsWall(port: number, folder: string): Promise<number> {
  const authority = await openAuthority(folder, Date.now())
  const { cert, key } = await authority.issueServer(['127.0.0.1'], Date.now())
  const server = createServer({ cert, key }, (outside) => {
    const inside = connect(port, '127.0.0.1')
    outside.pipe(inside).pipe(outside)
    outside.on('error', () => inside.destroy())
    inside.on('error', () => outside.destroy())
    outside.on('close', () => inside.destroy())
  })
  server.on('tlsClientError', () => undefined)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return (server.address() as { port: number }).port
}
