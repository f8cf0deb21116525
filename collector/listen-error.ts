import { CodedError } from '@barograph/proto'
import { type Address, formatAddress } from '@barograph/proto/config'

/** Why this address cannot be listened on, in words, with the configuration key that names it. */
export function listenError(error: NodeJS.ErrnoException, address: Address, key: string): unknown {
  const where = formatAddress(address)
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
