import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { serveLimits } from '../limits.ts'
import type { TokenEntry } from './token.ts'

/** A browser that signed in. */
export interface Session {
  readonly id: string
  readonly token: TokenEntry
  readonly issued: number
  /** Ends then unless it is renewed; ms since 1970. */
  readonly expires: number
}

/** Makes and reads the value of the session cookie. */
export interface Sessions {
  /** The value for a new session, or for one that goes on. */
  issue(token: TokenEntry, id?: string): { readonly value: string; readonly session: Session }
  /** The session of a value that is ours, not over, and of a token that still counts; null otherwise. */
  read(value: string): Session | null
  /** From now on its cookie is worth nothing. */
  end(session: Session): void
  hasEnded(session: Session): boolean
}

/**
 * A session is a signed cookie, not a row: several servers with one key know the same sessions, and nothing grows with
 * them. The signature covers the hash of the token, so a revoked or replaced token ends its sessions.
 */
export function createSessions(options: {
  /** null: a random one, so that sessions end with the process. */
  readonly key: string | null
  readonly lifetimeMs: number
  readonly now: () => number
  readonly entries: () => readonly TokenEntry[]
}): Sessions {
  const { lifetimeMs, now, entries } = options
  const key = options.key === null ? randomBytes(32) : Buffer.from(options.key)
  /** Signed out before their time, with the time. */
  const ended = new Map<string, number>()

  const sign = (token: TokenEntry, issued: number, id: string): Buffer =>
    createHmac('sha256', key)
      .update(['session', token.id, token.role, token.hash, issued, id].join('\n'))
      .digest()

  function isOver({ id, expires, token }: Session): boolean {
    const current = entries().find((entry) => entry.id === token.id)
    return ended.has(id) || now() >= expires || current?.hash !== token.hash || current.role !== token.role
  }

  return {
    issue(token, id = randomBytes(12).toString('base64url')) {
      const issued = now()
      const mac = sign(token, issued, id).toString('base64url')
      return {
        value: `${token.id}.${issued.toString(36)}.${id}.${mac}`,
        session: { id, token, issued, expires: issued + lifetimeMs },
      }
    },
    read(value) {
      const [, tokenId, time = '', id = '', mac = ''] =
        /^([a-z0-9]{10})\.([a-z0-9]{1,11})\.([\w-]{16})\.([\w-]{43})$/.exec(value) ?? []
      const token = entries().find((entry) => entry.id === tokenId)
      if (!token) return null
      const issued = Number.parseInt(time, 36)
      if (!timingSafeEqual(sign(token, issued, id), Buffer.from(mac, 'base64url'))) return null
      const session = { id, token, issued, expires: issued + lifetimeMs }
      return isOver(session) ? null : session
    },
    end({ id }) {
      for (const [other, at] of ended) if (now() - at > lifetimeMs) ended.delete(other)
      ended.set(id, now())
      if (ended.size > serveLimits.endedSessions) ended.delete(ended.keys().next().value ?? '')
    },
    hasEnded: isOver,
  }
}
