import { pbkdf2Sync, randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'

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

const scryptHash = promisify<string | Uint8Array, Uint8Array, number, typeof cost, Buffer>(scrypt)

/** `scrypt$N$r$p$salt$hash`: what is kept of a token. */
export async function hashToken(token: string): Promise<string> {
  const salt = randomBytes(saltBytes)
  const hash = await scryptHash(token, salt, hashBytes, cost)
  return ['scrypt', cost.N, cost.r, cost.p, salt.toString('base64'), hash.toString('base64')].join('$')
}

/** True when this is the token of that hash. Takes the same time for every wrong one. */
export async function isTokenOf(token: Uint8Array, kept: string): Promise<boolean> {
  const [kind, n, r, p, salt = '', hash = ''] = kept.split('$')
  if (kind !== 'scrypt') return false
  const wanted = Buffer.from(hash, 'base64')
  const parameters = { N: Number(n), r: Number(r), p: Number(p) } as typeof cost
  const given = await scryptHash(token, Buffer.from(salt, 'base64'), wanted.byteLength, parameters)
  return timingSafeEqual(given, wanted)
}

/** The same token for Mosquitto's password file: `$7$`, PBKDF2 with SHA-512. */
export function hashForMosquitto(token: string): string {
  const salt = randomBytes(12)
  const hash = pbkdf2Sync(token, salt, mosquittoIterations, 64, 'sha512')
  return `$7$${mosquittoIterations}$${salt.toString('base64')}$${hash.toString('base64')}`
}
