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
export function checkListen({ host, port }: Listen): void {
  if (!isLoopback(host))
    throw new CodedError('not-loopback', `serve.listen is ${host}:${port}, which other machines can reach.`, {
      hint:
        'an address of this machine alone: 127.0.0.1, ::1 or localhost; this version cannot ask readers for a token. ' +
        'From elsewhere use a tunnel: ssh -L 8013:127.0.0.1:8013 HOST',
    })
}

/** The name in a Host header, without the port. */
export function hostName(header: string): string {
  return header.replace(/:\d+$/, '')
}

/**
 * A page of another site can make a browser ask this server by a name of its own that it lets point here; the Host
 * header then betrays it.
 */
export function isOwnHost(header: string | undefined): boolean {
  return header !== undefined && isLoopback(hostName(header))
}

/** A WebSocket is not bound to its own site by the browser: the server must look. Programs send no Origin. */
export function isOwnOrigin(origin: string | undefined, host: string | undefined): boolean {
  if (origin === undefined) return true
  return URL.canParse(origin) && host !== undefined && new URL(origin).host === host.toLowerCase()
}
