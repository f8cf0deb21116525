import type { IncomingHttpHeaders } from 'node:http'
import { createGuesses } from './guesses.ts'
import { serveLimits } from '../limits.ts'
import { operatorOnly, signInBusy, signInNeeded, tooManyGuesses, wrongToken } from './problem.ts'
import { createSessions, type Session } from './sessions.ts'
import type { Tokens } from './token-file.ts'
import type { Role, TokenEntry } from './token.ts'
import { createVerifier } from './verifier.ts'

/** What a route asks of its caller. */
export type Needed = 'nothing' | Role

/** Somebody who may do something here. */
export interface Caller {
  readonly role: Role
  /** Id of the token, and whose it is; null: nobody is asked here. */
  readonly id: string | null
  readonly name: string | null
  /** Of a browser that signed in; null: a token with each request, or nobody is asked. */
  readonly session: Session | null
  /** False once the token is revoked, the session over. */
  isStillIn(): boolean
}

/** Who calls. Refusals are coded errors with their headers. */
export interface Access {
  /** True: nobody is asked; only for an address that nobody else can reach. */
  readonly isOpen: boolean
  /** null: nobody said who they are. Rejects with `wrong-token`, `too-many-guesses`, `sign-in-busy`. */
  callerOf(headers: IncomingHttpHeaders, address: string): Promise<Caller | null>
  /** The cookie's value for a token; rejects like `callerOf`. */
  signIn(token: string, address: string): Promise<{ readonly caller: Caller; readonly cookie: string }>
  /** A new cookie's value when half of a session's time is over; null: not yet. */
  renew(session: Session): string | null
  signOut(session: Session): void
}

export interface AccessOptions {
  readonly tokens: Tokens
  readonly sessionKey: string | null
  readonly sessionMs: number
  readonly now: () => number
  /** Hears of wrong tokens, and from time to time of how many were not looked at. */
  readonly onRefused: (fields: Refused) => void
}

/** What the log is told of tokens that were refused: never the token. */
export interface Refused {
  readonly address: string
  readonly code: 'wrong-token' | 'too-many-guesses'
  readonly times: number
}

/** The name of the session cookie. */
export const cookieName = 'barograph_session'

const everybody: Caller = { role: 'operator', id: null, name: null, session: null, isStillIn: () => true }

/** For an address that only this machine reaches: whoever can ask, may. */
export function createOpenAccess(): Access {
  return {
    isOpen: true,
    callerOf: () => Promise.resolve(everybody),
    signIn: () => Promise.reject(wrongToken()),
    renew: () => null,
    signOut() {},
  }
}

/** Asks for a token, or the cookie that a token was changed for. */
export function createAccess({ tokens, sessionKey, sessionMs, now, onRefused }: AccessOptions): Access {
  const entries = () => tokens.entries()
  const verifier = createVerifier(tokens)
  const guesses = createGuesses(now)
  const sessions = createSessions({ key: sessionKey, lifetimeMs: sessionMs, now, entries })

  const holderOf = (token: TokenEntry): Caller => ({
    role: token.role,
    id: token.id,
    name: token.name,
    session: null,
    isStillIn: () => entries().some(({ id, hash }) => id === token.id && hash === token.hash),
  })

  const browserOf = (session: Session): Caller => ({
    role: session.token.role,
    id: session.token.id,
    name: session.token.name,
    session,
    isStillIn: () => !sessions.hasEnded(session),
  })

  let unread = 0
  let unreadToldAt = Number.NEGATIVE_INFINITY

  /** A flood of guesses shall be none of lines in the log. */
  function noteUnread(address: string): void {
    unread++
    if (now() - unreadToldAt < serveLimits.guessLogMs) return
    onRefused({ address, code: 'too-many-guesses', times: unread })
    unread = 0
    unreadToldAt = now()
  }

  async function entryOf(token: string, address: string): Promise<TokenEntry> {
    const known = verifier.known(token)
    if (known) return known
    const isClaimed = verifier.claimed(token) !== null
    const waitMs = guesses.spend(address, isClaimed)
    if (waitMs > 0) {
      noteUnread(address)
      throw tooManyGuesses(waitMs)
    }
    const entry = await verifier.verify(token)
    if (entry === null) {
      onRefused({ address, code: 'wrong-token', times: 1 })
      throw wrongToken()
    }
    guesses.giveBack(address, isClaimed)
    if (entry === 'busy') throw signInBusy()
    return entry
  }

  return {
    isOpen: false,
    async callerOf({ authorization, cookie }, address) {
      // Another scheme is for a proxy before us.
      const token = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1]
      if (token !== undefined) return holderOf(await entryOf(token, address))
      const value = cookieOf(cookie)
      const session = value === null ? null : sessions.read(value)
      return session && browserOf(session)
    },
    async signIn(token, address) {
      const { value, session } = sessions.issue(await entryOf(token, address))
      return { caller: browserOf(session), cookie: value }
    },
    renew: ({ issued, token, id }) =>
      now() - issued > sessionMs / 2 ? sessions.issue(token, id).value : null,
    signOut: sessions.end,
  }
}

/** Refuses who may not. */
export function checkRole(caller: Caller | null, needed: Needed): void {
  if (needed === 'nothing') return
  if (!caller) throw signInNeeded()
  if (needed === 'operator' && caller.role !== 'operator') throw operatorOnly()
}

function cookieOf(header: string | undefined): string | null {
  for (const part of header?.split(';') ?? []) {
    const [name, value] = part.trim().split('=', 2)
    if (name === cookieName && value !== undefined) return value
  }
  return null
}
