import { chmodSync, chownSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { CodedError } from '@barograph/proto'
import { serveLimits } from '../limits.ts'
import { lineOf, parseLine, type Role, roles, type TokenEntry } from './token.ts'

/** Where the hashes are, by role; null: nobody has this role. */
export type TokenPaths = Readonly<Record<Role, string | null>>

/** The tokens that count now. */
export interface Tokens {
  entries(): readonly TokenEntry[]
}

const head = (role: Role): string =>
  `# Tokens for the role ${role}, as scrypt hashes. barograph-collector tokens add|list|revoke changes this file.`

/** All tokens of a file. Throws `bad-config` with the words what to do when it is not there or holds something else. */
export function readTokenFile(path: string, role: Role): TokenEntry[] {
  const text = readText(path, role)
  const lines = text.split('\n').map((line) => line.trim())
  const entries = lines.flatMap((line, i) => {
    if (line === '' || line.startsWith('#')) return []
    const entry = parseLine(line, role)
    if (entry) return [entry]
    // The line itself is not shown: somebody may have written a token into it.
    throw new CodedError('bad-config', `serve.tokens.${role}: ${path}:${i + 1} is no hash of a token.`, {
      hint: `The file holds hashes only; make one with: barograph-collector tokens add ${role}`,
    })
  })
  if (entries.length > serveLimits.tokensPerRole)
    throw new CodedError('bad-config', `serve.tokens.${role}: ${path} holds ${entries.length} tokens.`, {
      hint: `Allowed: ${serveLimits.tokensPerRole}; barograph-collector tokens revoke removes one`,
    })
  return entries
}

function readText(path: string, role: Role): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    const isMissing = (cause as NodeJS.ErrnoException).code === 'ENOENT'
    const why = isMissing ? 'is not there' : `cannot be read (${(cause as Error).message})`
    throw new CodedError('bad-config', `serve.tokens.${role}: ${path} ${why}.`, {
      hint: isMissing ? `Make a token: barograph-collector tokens add ${role}` : 'May this user read it?',
      cause,
    })
  }
}

/** Writes all tokens of a file: readable for its owner only, and never half written. */
export function writeTokenFile(path: string, role: Role, entries: readonly TokenEntry[]): void {
  const next = `${path}.${process.pid}.new`
  writeFileSync(next, `${[head(role), ...entries.map(lineOf)].join('\n')}\n`, { mode: 0o600 })
  // The mode above holds only for a file that was not there.
  chmodSync(next, 0o600)
  // Whoever could read it before, still can: root adds tokens for the collector's own user.
  const before = statSync(path, { throwIfNoEntry: false })
  if (before && process.getuid?.() === 0) chownSync(next, before.uid, before.gid)
  renameSync(next, path)
}

/**
 * Follows the files: a token that is added or revoked counts within a second, without a restart. Throws `bad-config`
 * when one cannot be read at the start; later such a file means that its tokens do not count.
 */
export function followTokenFiles(options: {
  readonly paths: TokenPaths
  /** Monotonic or wall clock, ms. */
  readonly now: () => number
  readonly onTrouble: (error: CodedError) => void
}): Tokens {
  const { paths, now, onTrouble } = options
  const files = roles.flatMap((role) => {
    const path = paths[role]
    return path === null ? [] : [{ role, path, stamp: stampOf(path), entries: readTokenFile(path, role) }]
  })
  if (files.every(({ entries }) => entries.length === 0))
    throw noToken(files[0]?.path ?? '', files[0]?.role ?? 'viewer')
  let lookedAt = now()
  let all = files.flatMap(({ entries }) => entries)

  function look(): void {
    let isChanged = false
    for (const file of files) {
      const stamp = stampOf(file.path)
      if (stamp === file.stamp) continue
      isChanged = true
      file.stamp = stamp
      try {
        file.entries = readTokenFile(file.path, file.role)
      } catch (error) {
        file.entries = []
        if (!(error instanceof CodedError)) throw error
        onTrouble(error)
      }
    }
    if (isChanged) all = files.flatMap(({ entries }) => entries)
  }

  return {
    entries() {
      if (Math.abs(now() - lookedAt) >= serveLimits.tokenFileMs) {
        lookedAt = now()
        look()
      }
      return all
    },
  }
}

function noToken(path: string, role: Role): CodedError {
  return new CodedError('bad-config', `serve.tokens: ${path} holds no token: nobody could sign in.`, {
    hint: `Make one: barograph-collector tokens add ${role}`,
  })
}

/** Changes with the file. */
function stampOf(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false, bigint: true })
  return found ? `${found.ino} ${found.mtimeNs} ${found.size}` : ''
}
