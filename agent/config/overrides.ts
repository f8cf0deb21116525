import { CodedError } from '@barograph/proto'
import { z } from 'zod'
import { nearest } from './nearest.ts'
import { agentSchema } from './schema.ts'
import type { Override } from './source.ts'

interface ScalarKey {
  readonly path: readonly string[]
  readonly variable: string
}

/** Prefix of environment variables; a camelCase key becomes words: uplink.maxBatchEntries -> ..._UPLINK_MAX_BATCH_ENTRIES. */
const prefix = 'BAROGRAPH_'
/** Sections that no other program of ours has: an unknown variable in them is a misspelt one. */
const ownSections = ['UPLINK', 'BUFFER']

/** Every scalar key of the configuration with its environment variable. */
export const scalarKeys: readonly ScalarKey[] = listScalars(
  z.toJSONSchema(agentSchema, { io: 'input', unrepresentable: 'any' }) as JsonSchema,
  [],
)

interface JsonSchema {
  readonly type?: string
  readonly properties?: Readonly<Record<string, JsonSchema>>
}

function listScalars(schema: JsonSchema, path: readonly string[]): ScalarKey[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, inner]) => {
    const here = [...path, key]
    if (inner.type === 'object') return listScalars(inner, here)
    return inner.type === 'array' ? [] : [{ path: here, variable: variableOf(here) }]
  })
}

function variableOf(path: readonly string[]): string {
  return prefix + path.map((key) => key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()).join('_')
}

/** TIME_ZONE or TIMEZONE: nobody remembers where the words of a key are parted. */
const plain = (variable: string): string => variable.replaceAll('_', '')

/** The keys that the environment sets. Throws `bad-config` on a variable that looks like a key of ours and is none. */
export function fromEnvironment(environment: Readonly<Record<string, string | undefined>>): Override[] {
  const overrides: Override[] = []
  for (const [name, text] of Object.entries(environment)) {
    if (text === undefined || !name.startsWith(prefix)) continue
    const key = scalarKeys.find(({ variable }) => plain(variable) === plain(name))
    if (key) overrides.push({ path: key.path, text, from: `environment variable ${name}` })
    else if (ownSections.some((section) => name.startsWith(`${prefix}${section}_`)))
      throw unknown(
        `environment variable ${name}`,
        name,
        scalarKeys.map(({ variable }) => variable),
      )
  }
  return overrides
}

/** The keys that `--set section.key=value` sets. Throws `bad-config` on what is no such pair or no key of ours. */
export function fromFlags(pairs: readonly string[]): Override[] {
  return pairs.map((pair) => {
    const cut = pair.indexOf('=')
    const name = pair.slice(0, Math.max(0, cut))
    const key = scalarKeys.find(({ path }) => path.join('.') === name)
    if (cut <= 0 || !key)
      throw unknown(
        `--set ${pair}`,
        cut > 0 ? name : pair,
        scalarKeys.map(({ path }) => path.join('.')),
      )
    return { path: key.path, text: pair.slice(cut + 1), from: `--set ${name}` }
  })
}

function unknown(where: string, name: string, allowed: readonly string[]): CodedError {
  const suggestion = nearest(name, allowed)
  return new CodedError('bad-config', `${where}: there is no such key`, {
    hint: `${suggestion ? `did you mean ${suggestion}? ` : ''}allowed: ${allowed.join(', ')}`,
  })
}
