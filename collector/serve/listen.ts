import { isIP } from 'node:net'
import { CodedError } from '@barograph/proto'

export interface Listen {
  /** An address or name of this machine. */
  readonly host: string
  /** 0: any free one. */
  readonly port: number
}

/** True for the names of this machine that nobody else can reach. */
export function isLoopback(host: string): boolean {
  const name = host.replace(/^\[|\]$/g, '').toLowerCase()
  if (isIP(name) === 4) return name.startsWith('127.')
  return name === '::1' || name === 'localhost' || name.endsWith('.localhost')
}

/** Refuses to listen where others could read without being asked who they are. */
export function checkListen({ host, port }: Listen, isOpen: boolean): void {
  if (isOpen && !isLoopback(host))
    throw new CodedError(
      'not-loopback',
      `serve.listen is ${host}:${port}, which other machines can reach, and nobody is asked for a token.`,
      { hint: 'serve.tokens, with the files that "barograph-collector tokens add" writes; or 127.0.0.1' },
    )
}

/** The name in a Host header, without the port. */
export function hostName(header: string): string {
  return header.replace(/:\d+$/, '')
}

/**
 * A page of another site can make a browser ask this server by a name of its own that it lets point here; the Host
 * header then betrays it. Where tokens are asked for it has none, and any name will do.
 */
export function isOwnHost(header: string | undefined, origins: readonly string[]): boolean {
  if (header === undefined) return false
  return (
    isLoopback(hostName(header)) || origins.some((origin) => new URL(origin).host === header.toLowerCase())
  )
}

/**
 * A WebSocket is not bound to its own site by the browser, and an order needs no answer to do harm: the server must
 * look. Programs send no Origin.
 */
export function isOwnOrigin(
  origin: string | undefined,
  { host, isSecure }: { readonly host: string | undefined; readonly isSecure: boolean },
  origins: readonly string[],
): boolean {
  if (origin === undefined) return true
  if (!URL.canParse(origin) || host === undefined) return false
  const { origin: from, host: name, protocol } = new URL(origin)
  if (origins.includes(from)) return true
  // A page that came without TLS could be anybody's: it has no business with one that came with it.
  return name === host.toLowerCase() && (!isSecure || protocol === 'https:')
}
