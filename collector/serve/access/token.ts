import { randomBytes } from 'node:crypto'
import { derive, isSecretOf as isHashed } from '../../scrypt.ts'

/** What a token allows: to read, or to read and give orders. */
export type Role = 'viewer' | 'operator'
export const roles: readonly Role[] = ['viewer', 'operator']

/** What is kept of a token: never the token itself. */
export interface TokenEntry {
  /** The public part of the token: says which hash to compare with, so that a guess costs one hash at most. */
  readonly id: string
  /** Whose it is, for people. */
  readonly name: string
  readonly role: Role
  /** When it was made, ISO 8601. */
  readonly created: string
  readonly hash: string
}

const idCharacters = 10
const secretBytes = 32
const saltBytes = 16
const hashBytes = 32
/** 16 MiB and some 40 ms for each comparison. The secret is 256 random bits: this is for files that get lost. */
const cost = { N: 16_384, r: 8, p: 1 } as const
/** A file may ask for more work than ours do, but not for any amount of it. */
const mostCost = { N: 131_072, r: 16, p: 4 } as const

const tokenPattern = /^bg-([a-z0-9]{10})-([\w-]{43})$/
const hashPattern = /^scrypt:(\d{1,6}):(\d{1,2}):(\d):([\w-]{22}):([\w-]{43})$/
const namePattern = /^[a-z0-9][a-z0-9.@_-]{0,62}$/

/** A new token and what is kept of it. */
export async function makeToken(
  about: Pick<TokenEntry, 'name' | 'role' | 'created'>,
): Promise<{ token: string; entry: TokenEntry }> {
  const id = randomBytes(idCharacters).reduce((text, byte) => text + (byte % 36).toString(36), '')
  const secret = randomBytes(secretBytes).toString('base64url')
  const salt = randomBytes(saltBytes)
  const key = await derive(secret, salt, hashBytes, cost)
  const hash = ['scrypt', cost.N, cost.r, cost.p, salt.toString('base64url'), key.toString('base64url')]
  return { token: `bg-${id}-${secret}`, entry: { ...about, id, hash: hash.join(':') } }
}

/** The two parts of a token; null when the text is none. */
export function parseToken(text: string): { readonly id: string; readonly secret: string } | null {
  const [, id, secret] = tokenPattern.exec(text) ?? []
  return id === undefined || secret === undefined ? null : { id, secret }
}

/** A text without the secrets of tokens in it. */
export const hideTokens = (text: string): string =>
  text.replaceAll(/\bbg-[a-z0-9]{10}-[\w-]+/g, 'bg-(hidden)')

/** Whether this is the secret that was hashed. */
export async function isSecretOf(secret: string, { hash }: Pick<TokenEntry, 'hash'>): Promise<boolean> {
  const parts = hashParts(hash)
  return parts !== null && isHashed(secret, parts)
}

function hashParts(hash: string) {
  const [, N, r, p, salt, key] = hashPattern.exec(hash) ?? []
  if (salt === undefined || key === undefined) return null
  const parts = { N: Number(N), r: Number(r), p: Number(p) }
  const isPower = parts.N > 1 && (parts.N & (parts.N - 1)) === 0
  const isBounded = parts.N <= mostCost.N && parts.r <= mostCost.r && parts.p <= mostCost.p
  if (!isPower || !isBounded || parts.r < 1 || parts.p < 1) return null
  return { ...parts, salt: Buffer.from(salt, 'base64url'), key: Buffer.from(key, 'base64url') }
}

/** The line that a token file holds of a token. */
export const lineOf = ({ id, name, created, hash }: TokenEntry): string => `${id} ${name} ${created} ${hash}`

/** What a line of a token file tells; null when it is none. */
export function parseLine(line: string, role: Role): TokenEntry | null {
  const [id = '', name = '', created = '', hash = '', ...more] = line.trim().split(/\s+/)
  const isWhole = /^[a-z0-9]{10}$/.test(id) && isTokenName(name) && hashParts(hash) !== null
  return isWhole && more.length === 0 ? { id, name, role, created, hash } : null
}

/** Names fit into a line of the file and into a log. */
export const isTokenName = (name: string): boolean => namePattern.test(name)
