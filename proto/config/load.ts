import type { z } from 'zod'
import { CodedError } from '../errors.ts'
import { type Override, readEnvironment } from './environment.ts'
import { type ConfigIssue, keyName, type Places, problemLines } from './problem.ts'
import { type SchemaView, viewOf } from './schema-view.ts'
import { readYaml } from './yaml-text.ts'

export interface LoadOptions<S extends z.ZodType> {
  /** Objects of it are z.strictObject, so that unknown keys are found; `.describe()` says what is allowed. */
  readonly schema: S
  /** Contents of the file; null: there is none. */
  readonly text: string | null
  /** How messages name the file. */
  readonly file: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** Of environment variables, without the underscore. */
  readonly prefix: string
  /** From the command line: these win over the environment, which wins over the file. */
  readonly overrides?: readonly Override[]
  /**
   * Another file that says what this one leaves open: named by a key of this one, as flags and environment have it. Null:
   * none is.
   */
  readonly baseOf?: (input: Readonly<Record<string, unknown>>) => { text: string; file: string } | null
  /** What only the whole configuration can tell. Runs when everything else is right. */
  readonly check?: (config: z.output<S>) => readonly ConfigIssue[]
}

/** Problems shown at once; more than these come from one mistake. */
const shownProblems = 20

export interface PlacedConfig<T> {
  readonly config: T
  /**
   * Where a key's value stands (`agent.yaml:7`, `BAROGRAPH_SERVE_LISTEN`, `--listen`), for what turns out wrong only when
   * it is used: a port that is taken, a folder that cannot be written.
   */
  readonly placeOf: (path: readonly string[]) => string
}

/**
 * The checked, defaulted and frozen configuration. Throws `bad-config` with every problem on a line of its own: file
 * and line (or variable, or flag), key, value, what is allowed.
 */
export function loadConfig<S extends z.ZodType>(options: LoadOptions<S>): z.output<S> {
  return loadPlacedConfig(options).config
}

/** The same, with the place of each value. */
export function loadPlacedConfig<S extends z.ZodType>(options: LoadOptions<S>): PlacedConfig<z.output<S>> {
  const { schema, text, file } = options
  const { value: own, lineOf } = readRecord(text ?? '', file)
  const view = viewOf(schema)
  const { overrides: fromEnv, strays } = readEnvironment(view, options.env, options.prefix)
  const overrides = [...fromEnv, ...(options.overrides ?? [])]
  const named = options.baseOf?.(overrides.reduce(applyOverride, own)) ?? null
  const base = named && { ...readRecord(named.text, named.file), file: named.file }
  const input = overrides.reduce(applyOverride, base ? fill(own, base.value) : own)
  const sources = new Map(overrides.map((one) => [keyName(one.path), one.source]))
  const places: Places = {
    of: (path) => {
      const isOfBase = base && valueAt(own, path) === undefined && valueAt(base.value, path) !== undefined
      return (
        sources.get(keyName(path)) ??
        (isOfBase
          ? `${base.file}${lineSuffix(base.lineOf(path), '')}`
          : `${file}${lineSuffix(lineOf(path), text)}`)
      )
    },
    valueAt: (path) => valueAt(input, path),
  }
  const lines = strays.map(({ name, suggestion }) => `${name} is not known; did you mean ${suggestion}?`)
  const parsed = schema.safeParse(input)
  const issues: readonly ConfigIssue[] = parsed.success
    ? (options.check?.(parsed.data) ?? [])
    : parsed.error.issues
  lines.push(...issues.flatMap((issue) => problemLines(issue, view, places)))
  if (lines.length > 0 || !parsed.success) throw badConfig(lines)
  return { config: deepFreeze(parsed.data), placeOf: places.of }
}

function readRecord(
  text: string,
  file: string,
): { value: Record<string, unknown>; lineOf: (path: readonly PropertyKey[]) => number | null } {
  const { value, problems, lineOf } = readYaml(text)
  const [broken] = problems
  if (broken) throw badConfig([`${file}:${broken.line}: not readable as YAML: ${broken.message}`])
  if (value !== null && !isRecord(value))
    throw badConfig([`${file}:1: a configuration has keys and values, as in "device: balcony"`])
  return { value: value ?? {}, lineOf }
}

/** What `own` does not say, as `base` says it; lists are one or the other. */
function fill(own: Record<string, unknown>, base: Record<string, unknown>): Record<string, unknown> {
  const filled = { ...own }
  for (const [key, value] of Object.entries(base)) {
    const mine = own[key]
    if (mine === undefined) filled[key] = value
    else if (isRecord(mine) && isRecord(value)) filled[key] = fill(mine, value)
  }
  return filled
}

/** A copy in which every secret is replaced, for people to read. */
export function hideSecrets(schema: z.ZodType, config: unknown): unknown {
  return hide(viewOf(schema), config)
}

function hide(view: SchemaView | null, value: unknown): unknown {
  if (view?.secret && value !== undefined && value !== null) return '(hidden)'
  if (Array.isArray(value)) {
    const items = typeof view?.items === 'object' ? view.items : null
    return value.map((one) => hide(items, one))
  }
  if (!isRecord(value)) return value
  const rest = typeof view?.additionalProperties === 'object' ? view.additionalProperties : null
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [key, hide(view?.properties?.[key] ?? rest, one)]),
  )
}

function badConfig(lines: readonly string[]): CodedError {
  const shown = lines.slice(0, shownProblems)
  const more = lines.length - shown.length
  return new CodedError('bad-config', [...shown, ...(more > 0 ? [`and ${more} more`] : [])].join('\n'))
}

const lineSuffix = (line: number | null, text: string | null): string =>
  line === null ? (text === null ? ' (not there)' : '') : `:${line}`

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function applyOverride(input: Record<string, unknown>, { path, value }: Override): Record<string, unknown> {
  const [key, ...rest] = path
  if (key === undefined) return input
  if (rest.length === 0) return { ...input, [key]: value }
  const inner = input[key]
  const section = isRecord(inner) ? inner : {}
  return { ...input, [key]: applyOverride(section, { path: rest, value, source: '' }) }
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  let here = input
  for (const step of path) {
    if (Array.isArray(here)) here = here[Number(step)]
    else if (isRecord(here)) here = Object.hasOwn(here, step) ? here[String(step)] : undefined
    else return undefined
  }
  return here
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const inner of Object.values(value)) deepFreeze(inner)
  }
  return value
}
