import { pbkdf2Sync, randomBytes } from 'node:crypto'
import { derive, isSecretOf } from '../scrypt.ts'

const tokenBytes = 32
const hashBytes = 32
const saltBytes = 16

/**
 * Cost of a token's hash: 4 MB and about 10 ms. A token is 256 random bits, which nobody guesses at any cost; what the
 * cost buys is only that a stolen registry gives nothing away, and a fleet that reconnects pays it for every device.
 */
const cost = { N: 4_096, r: 8, p: 1 } as const

/** Mosquitto's own number. It hashes in its only thread, and the token is not to be guessed anyway. */
const mosquittoIterations = 101

/** A new secret: 256 random bits, as text that needs no quotes anywhere. */
export function makeToken(): string {
  return randomBytes(tokenBytes).toString('base64url')
}

/** `scrypt$N$r$p$salt$hash`: what is kept of a token. */
export async function hashToken(token: string): Promise<string> {
  const salt = randomBytes(saltBytes)
  const hash = await derive(token, salt, hashBytes, cost)
  return ['scrypt', cost.N, cost.r, cost.p, salt.toString('base64'), hash.toString('base64')].join('$')
}

/** True when this is the token of that hash. */
export async function isTokenOf(token: Uint8Array, kept: string): Promise<boolean> {
  const [kind, n, r, p, salt = '', hash = ''] = kept.split('$')
  if (kind !== 'scrypt') return false
  const cost = { N: Number(n), r: Number(r), p: Number(p) }
  return isSecretOf(token, { ...cost, salt: Buffer.from(salt, 'base64'), key: Buffer.from(hash, 'base64') })
}

/** The same token for Mosquitto's password file: `$7$`, PBKDF2 with SHA-512. */
export function hashForMosquitto(token: string): string {
  const salt = randomBytes(12)
  const hash = pbkdf2Sync(token, salt, mosquittoIterations, 64, 'sha512')
  return `$7$${mosquittoIterations}$${salt.toString('base64')}$${hash.toString('base64')}`
}
