import type { AddressInfo, Server } from 'node:net'
import type { Address } from '@barograph/proto/config'
import { listenError } from '../listen-error.ts'

/** Listens, and says where (port 0 takes a free one). An address that cannot be had is a coded error with the key. */
export function listen(server: Server, { host, port }: Address, key: string): Promise<Address> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(listenError(error, { host, port }, key))
    })
    server.listen({ host, port, exclusive: true }, () => {
      const { address, port: given } = server.address() as AddressInfo
      resolve({ host: address, port: given })
    })
  })
}
