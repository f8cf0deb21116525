import type { IncomingHttpHeaders } from 'node:http'
import { BlockList, isIP } from 'node:net'

/** Who asks, and by which name, as far as it can be believed. */
export interface Requester {
  /** The address that counts for limits. */
  readonly address: string
  /** The name and port that the browser shows. */
  readonly host: string | undefined
  /** True: the browser speaks TLS, to a proxy that we trust to say so. */
  readonly isSecure: boolean
}

export type ReadRequester = (request: {
  readonly headers: IncomingHttpHeaders
  readonly socket: { readonly remoteAddress?: string | undefined }
}) => Requester

/** True for an address of a trusted proxy. */
export type IsProxy = (address: string) => boolean

/** Addresses and networks (192.0.2.0/24) whose X-Forwarded-* headers are believed. */
export function createProxies(addresses: readonly string[]): IsProxy {
  const list = new BlockList()
  for (const text of addresses) {
    const [address = '', bits] = text.split('/')
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    if (bits === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(bits), family)
  }
  return (address) => {
    const plain = plainAddress(address)
    const family = isIP(plain)
    return family !== 0 && list.check(plain, family === 6 ? 'ipv6' : 'ipv4')
  }
}

/**
 * Reads X-Forwarded-For, -Host and -Proto, but only from a trusted proxy: anybody can send them. Each proxy appends, so
 * what counts is the last value that a trusted one wrote.
 */
export function createReadRequester(isProxy: IsProxy): ReadRequester {
  return ({ headers, socket }) => {
    const peer = plainAddress(socket.remoteAddress ?? '')
    if (!isProxy(peer)) return { address: peer, host: headers.host, isSecure: false }
    return {
      address: clientOf(valuesOf(headers['x-forwarded-for']), peer),
      host: valuesOf(headers['x-forwarded-host']).at(-1) ?? headers.host,
      isSecure: valuesOf(headers['x-forwarded-proto']).at(-1) === 'https',
    }
  }

  function clientOf(forwarded: readonly string[], peer: string): string {
    let client = peer
    for (const address of forwarded.toReversed()) {
      if (isIP(plainAddress(address)) === 0) return client
      client = plainAddress(address)
      if (!isProxy(client)) return client
    }
    return client
  }
}

const valuesOf = (header: string | string[] | undefined): string[] =>
  [header ?? []]
    .flat()
    .join(',')
    .split(',')
    .map((value) => value.trim())
    .filter((value) => value !== '')

const plainAddress = (address: string): string =>
  address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/^\[(.*)\]$/, '$1')
