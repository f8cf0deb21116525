import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { isCoded, isId } from '@barograph/proto'
import type { Access, Credentials, Denial, Identity } from '../core/access.ts'
import type { Clock } from '../core/clock.ts'
import { createTokenBuckets } from '../core/token-bucket.ts'
import { isValid, type Registry } from './registry.ts'
import { hashToken, isTokenOf } from './token.ts'

/** Bounds of the door. */
export const accessLimits = {
  /** Hashes computed at once; more wait. */
  hashesAtOnce: 2,
  /** Tokens that wait to be hashed. More are told to come back later. */
  waitingHashes: 2_000,
  /** Wrong tokens under one name from one address. Beyond: not looked at. */
  guesses: { perSecond: 0.1, burst: 10 },
  /** Wrong tokens from one address under whatever names. Beyond: not looked at. */
  guessesOfAddress: { perSecond: 5, burst: 200 },
  /** Names and addresses whose guesses are counted. Beyond: whoever guessed longest ago is forgotten. */
  guessers: 20_000,
  /** Bytes of a token. More are no token. */
  tokenBytes: 256,
  /** How often it is looked whether the registry has changed: what was revoked ends within this time. */
  lookEveryMs: 1_000,
  /** How often it is looked what has ended by itself. */
  endsEveryMs: 30_000,
} as const

/** Asks the registry. `kind`: what devices have to show. */
export function createAccess({
  registry,
  kind,
  clock,
}: {
  readonly registry: Registry
  readonly kind: 'token' | 'certificate'
  readonly clock: Clock
}): Access {
  const { guesses, guessesOfAddress, guessers } = accessLimits
  const byName = createTokenBuckets({ ...guesses, maxKeys: guessers })
  const byAddress = createTokenBuckets({ ...guessesOfAddress, maxKeys: guessers })
  const hashing = createQueue(accessLimits.hashesAtOnce, accessLimits.waitingHashes)
  const proven = createProvenTokens()
  // Who asks for a device that is not there waits as long as others, and so learns nothing.
  const nobody = hashToken('nobody')
  let changed: (() => void) | null = null
  let version = registry.version()
  let endsLookedAtMs = clock.monotonicMs()
  let trouble: string | null = null
  let cancel = clock.setTimer(accessLimits.lookEveryMs, look)

  function look(): void {
    ask(() => {
      const now = registry.version()
      const isTimeForEnds = clock.monotonicMs() - endsLookedAtMs >= accessLimits.endsEveryMs
      if (now !== version || isTimeForEnds) {
        changed?.()
        version = now
        endsLookedAtMs = clock.monotonicMs()
      }
    }, undefined)
    cancel = clock.setTimer(accessLimits.lookEveryMs, look)
  }

  /** A registry that cannot be read is trouble that passes, and no reason to throw anybody out. */
  function ask<T>(question: () => T, otherwise: T): T {
    try {
      const answer = question()
      trouble = null
      return answer
    } catch (error) {
      if (!isCoded(error)) throw error
      trouble = error.message
      return otherwise
    }
  }

  async function byToken({ address, username, password }: Credentials): Promise<Identity | Denial> {
    if (username === null || password === null || password.byteLength === 0)
      return denial('no-credentials', 'shows no name and token')
    if (!isId(username) || password.byteLength > accessLimits.tokenBytes)
      return denial('wrong-token', 'shows a name or token that cannot be one')
    const device = ask(() => registry.get(username), undefined)
    if (device === undefined) return denial('busy', 'has to wait: the registry cannot be read')
    const all = device?.credentials.filter((one) => one.kind === 'token') ?? []
    const valid = all.filter((one) => isValid(one, clock.now()))
    // First of all, so that a device that was let in before is not kept out by somebody who guesses beside it.
    const known = valid.find(({ id }) => proven.has(id, password))
    if (known) return { device: username, credential: known.id }
    const nowMs = clock.monotonicMs()
    const name = `${address} ${username}`
    if (!byName.has(name, 1, nowMs) || !byAddress.has(address, 1, nowMs))
      return denial('too-many-guesses', `has shown too many wrong tokens as ${username}`)
    const isOf = await hashing(async () => {
      for (const credential of valid)
        if (await isTokenOf(password, credential.tokenHash ?? '')) return credential
      const old = all.filter((one) => !valid.includes(one)).at(-1)
      if (old && (await isTokenOf(password, old.tokenHash ?? ''))) return 'revoked'
      if (all.length === 0) await isTokenOf(password, await nobody)
      return null
    })
    if (isOf === 'full') return denial('busy', 'has to wait: too many show their tokens at once')
    if (isOf !== null && isOf !== 'revoked') {
      proven.add(isOf.id, password)
      return { device: username, credential: isOf.id }
    }
    byName.take(name, 1, nowMs)
    byAddress.take(address, 1, nowMs)
    return isOf === 'revoked'
      ? denial('revoked', `shows a token of ${username} that was revoked or has ended`)
      : denial('wrong-token', `shows a wrong token as ${username}`)
  }

  function byCertificate({ certificate }: Credentials): Identity | Denial {
    if (certificate === null) return denial('no-credentials', 'shows no certificate')
    const { device, serial, problem } = certificate
    if (problem !== null)
      return denial('bad-certificate', `shows a certificate of "${device}" that is not good: ${problem}`)
    const credential = ask(() => registry.credentialOfSerial(serial), undefined)
    if (credential === undefined) return denial('busy', 'has to wait: the registry cannot be read')
    if (credential === null || credential.device !== device)
      return denial('unknown-certificate', `shows a certificate of ${device} that is not in the registry`)
    return isValid(credential, clock.now())
      ? { device, credential: credential.id }
      : denial('revoked', `shows a certificate of ${device} that was revoked or has ended`)
  }

  return {
    async admit(credentials) {
      const answer = kind === 'token' ? await byToken(credentials) : byCertificate(credentials)
      return 'device' in answer ? { identity: answer } : { denial: answer }
    },
    isValid({ credential: id }) {
      const credential = registry.credential(id)
      return credential !== null && isValid(credential, clock.now())
    },
    trouble: () => trouble,
    onChange(given) {
      changed = given
    },
    close() {
      cancel()
      registry.close()
    },
  }
}

const denial = (code: Denial['code'], reason: string): Denial => ({ code, reason })

/** Runs work a few at a time, in order; `full` when too many wait already. */
function createQueue(atOnce: number, maxWaiting: number) {
  const waiting: (() => void)[] = []
  let running = 0
  return async <T>(work: () => Promise<T>): Promise<T | 'full'> => {
    if (running >= atOnce) {
      if (waiting.length >= maxWaiting) return 'full'
      await new Promise<void>((resolve) => waiting.push(resolve))
    } else running++
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next) next()
      else running--
    }
  }
}

/**
 * Tokens that were right once, so that a device that connects again costs no hash: kept as their HMAC under a key that
 * lives and dies with this process.
 */
function createProvenTokens() {
  const key = randomBytes(32)
  const proofs = new Map<number, Buffer>()
  const proofOf = (token: Uint8Array): Buffer => createHmac('sha256', key).update(token).digest()
  return {
    has(id: number, token: Uint8Array): boolean {
      const proof = proofs.get(id)
      return proof !== undefined && timingSafeEqual(proof, proofOf(token))
    },
    add: (id: number, token: Uint8Array) => void proofs.set(id, proofOf(token)),
  }
}
