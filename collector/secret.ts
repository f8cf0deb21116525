import { readFileSync } from 'node:fs'
import { CodedError } from '@barograph/proto'

/** The secret that a configuration names as `file:PATH` or `env:NAME`. Throws `bad-config`, never with the secret. */
export function readSecret(reference: string, key: string, leastCharacters = 1): string {
  const value = read(reference, key)
  if (value.length >= leastCharacters) return value
  const found = value === '' ? 'is empty or not set' : `has fewer than ${leastCharacters} characters`
  throw new CodedError('bad-config', `${key}: ${reference} ${found}.`, {
    hint: 'As in: openssl rand -hex 32',
  })
}

/** The PEM file that a configuration names. Throws `bad-config`. */
export function readPem(path: string, key: string): string {
  const text = readText(path, key)
  if (text.includes('-----BEGIN ')) return text
  throw new CodedError('bad-config', `${key}: ${path} is no PEM file.`, { hint: 'It begins with -----BEGIN' })
}

function read(reference: string, key: string): string {
  if (reference.startsWith('env:')) return (process.env[reference.slice('env:'.length)] ?? '').trim()
  return readText(reference.slice('file:'.length), key).trim()
}

function readText(path: string, key: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new CodedError('bad-config', `${key}: ${path} cannot be read (${why}).`, {
      hint: 'Does it exist, and may this user read it?',
      cause,
    })
  }
}
