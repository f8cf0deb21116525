import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { CodedError } from '@barograph/proto'

/** The secret that a configuration names: `file:PATH`, `env:NAME`, or itself. Throws `bad-secret`. */
export function readSecret(
  reference: string,
  context: { baseDir: string; environment: Readonly<Record<string, string | undefined>>; key: string },
): string {
  const { baseDir, environment, key } = context
  if (reference.startsWith('env:')) {
    const name = reference.slice(4)
    const value = environment[name]
    if (!value)
      throw bad(
        `${key}: the environment variable ${name} is not set`,
        'set it, or name another secret: env:NAME or file:PATH',
      )
    return value
  }
  if (!reference.startsWith('file:')) return reference
  const path = resolve(baseDir, reference.slice(5))
  try {
    const value = readFileSync(path, 'utf8').trim()
    if (value) return value
  } catch (error) {
    throw bad(`${key}: the file ${path} cannot be read`, 'does it exist, and may this user read it?', error)
  }
  throw bad(`${key}: the file ${path} is empty`, 'write the secret into it, or name another one')
}

/** How a secret is shown: where it comes from, never what it is. */
export function hideSecret(reference: string): string {
  return /^(file|env):/.test(reference) ? reference : '(hidden)'
}

function bad(message: string, hint: string, cause?: unknown): CodedError {
  return new CodedError('bad-secret', message, { hint, cause })
}
