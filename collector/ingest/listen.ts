import type { AddressInfo, Server } from 'node:net'
import { CodedError } from '@barograph/proto'
import { type Address, formatAddress } from '@barograph/proto/config'

/** Listens, and says where (port 0 takes a free one). An address that cannot be had is a coded error with the key. */
export function listen(server: Server, { host, port }: Address, key: string): Promise<Address> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(explain(error, formatAddress({ host, port }), key))
    })
    server.listen({ host, port, exclusive: true }, () => {
      const { address, port: given } = server.address() as AddressInfo
      resolve({ host: address, port: given })
    })
  })
}

function explain(error: NodeJS.ErrnoException, where: string, key: string): unknown {
  switch (error.code) {
    case 'EADDRINUSE':
      return new CodedError('port-in-use', `${key} = ${where}: another program listens there.`, {
        hint: `Stop it (ss -ltnp shows which it is), or name another port in ${key}.`,
        cause: error,
      })
    case 'EACCES':
      return new CodedError('port-forbidden', `${key} = ${where}: this user may not listen there.`, {
        hint: `Ports below 1024 need rights of their own; name a higher one in ${key}.`,
        cause: error,
      })
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new CodedError('address-unavailable', `${key} = ${where}: this machine has no such address.`, {
        hint: `Name one of its own in ${key}, 127.0.0.1 for this machine only.`,
        cause: error,
      })
    default:
      return error
  }
}
