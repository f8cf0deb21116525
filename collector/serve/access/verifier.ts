import { createHmac, randomBytes } from 'node:crypto'
import { serveLimits } from '../limits.ts'
import type { Tokens } from './token-file.ts'
import { isSecretOf, parseToken, type TokenEntry } from './token.ts'

/** Which token a text is. */
export interface Verifier {
  /** What is known already, at once: no hash is computed. */
  known(token: string): TokenEntry | null
  /** The token whose id a text carries: right or wrong, it costs a hash to tell. */
  claimed(token: string): TokenEntry | null
  /** Compares with the hash. `busy`: too many wait for that already. */
  verify(token: string): Promise<TokenEntry | 'busy' | null>
}

/**
 * Hashes are compared one at a time, so that guesses take one thread of the pool at most. A right token is remembered as
 * its HMAC under a key of this process: the next request with it costs microseconds.
 */
export function createVerifier(tokens: Tokens): Verifier {
  const key = randomBytes(32)
  /** By HMAC: the hash that it was found to match. */
  const right = new Map<string, string>()
  const running = new Map<string, Promise<TokenEntry | null>>()
  let last: Promise<unknown> = Promise.resolve()

  const digestOf = (token: string): string => createHmac('sha256', key).update(token).digest('base64')

  function claimed(token: string): TokenEntry | null {
    const id = parseToken(token)?.id
    return tokens.entries().find((entry) => entry.id === id) ?? null
  }

  async function compare(token: string, entry: TokenEntry, digest: string): Promise<TokenEntry | null> {
    const secret = parseToken(token)?.secret ?? ''
    if (!(await isSecretOf(secret, entry))) return null
    right.set(digest, entry.hash)
    if (right.size > serveLimits.tokensRemembered) right.delete(right.keys().next().value ?? '')
    return entry
  }

  return {
    claimed,
    known(token) {
      const hash = right.get(digestOf(token))
      const entry = hash === undefined ? null : claimed(token)
      // Revoked, or made anew under the same id.
      return entry?.hash === hash ? entry : null
    },
    async verify(token) {
      const entry = claimed(token)
      if (!entry) return null
      const digest = digestOf(token)
      const same = running.get(digest)
      if (same) return same
      if (running.size >= serveLimits.verificationsWaiting) return 'busy'
      const result = last.then(() => compare(token, entry, digest))
      last = result.catch(() => undefined)
      running.set(digest, result)
      return result.finally(() => running.delete(digest))
    },
  }
}
