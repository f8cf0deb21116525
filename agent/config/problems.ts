import { z } from 'zod'
import type { Schema, SchemaIssue } from '../core/sensor-type.ts'
import { nearest } from './nearest.ts'
import type { Path, Source } from './source.ts'

/** What zod tells of an issue beyond its place and message; other schemas may tell nothing. */
interface IssueDetail extends SchemaIssue {
  readonly code?: string
  readonly expected?: string
  readonly origin?: string
  readonly minimum?: number | bigint
  readonly maximum?: number | bigint
  readonly values?: readonly unknown[]
  readonly keys?: readonly string[]
}

/** Explains, in place of the schema, values at a path that deserve words of their own. */
export type Explain = (path: Path, value: unknown) => string | null

/** One line for each thing that is wrong: where, which key, its value, what is allowed. */
export function describeIssues(
  issues: readonly SchemaIssue[],
  context: { source: Source; at: Path; schema: Schema<unknown> | null; explain?: Explain },
): string[] {
  const { source, at, schema, explain } = context
  return issues.flatMap((issue: IssueDetail) => {
    const inner = issue.path.map((key) => (typeof key === 'number' ? key : String(key)))
    const path = [...at, ...inner]
    if (issue.code === 'unrecognized_keys' && issue.keys)
      return issue.keys.map((key) => {
        const allowed = keysAt(schema, inner)
        return `${source.whereIs([...path, key], 'key')}: unknown key ${nameOf([...path, key])}${suggestion(key, allowed)}`
      })
    const value = valueAt(source.value, path)
    const words = explain?.(path, value) ?? wordsOf(issue)
    if (value === undefined) return `${source.whereIs(path)}: ${nameOf(path)} is missing: ${words}`
    return `${source.whereIs(path)}: ${nameOf(path)} is ${show(value)}: ${words}`
  })
}

function suggestion(key: string, allowed: readonly string[]): string {
  const near = nearest(key, allowed)
  const list = allowed.length > 0 ? `; allowed: ${allowed.join(', ')}` : ''
  return `${near ? `; did you mean ${near}?` : ''}${list}`
}

/** `sensors[0].values.temperature` */
export function nameOf(path: Path): string {
  if (path.length === 0) return 'the configuration'
  return path.reduce<string>((name, key) => {
    if (typeof key === 'number') return `${name}[${key}]`
    return name ? `${name}.${key}` : key
  }, '')
}

function wordsOf(issue: IssueDetail): string {
  const { code, expected, origin, minimum, maximum, values } = issue
  if (code === 'invalid_type' && expected) return `${kinds[expected] ?? expected} is allowed`
  if (code === 'invalid_value' && values) return `allowed: ${values.map(String).join(', ')}`
  const isNumber = origin === 'number' || origin === 'int'
  if (code === 'too_small' && isNumber && minimum !== undefined) return `at least ${minimum} is allowed`
  if (code === 'too_big' && isNumber && maximum !== undefined) return `at most ${maximum} is allowed`
  if (code === 'too_small' && origin === 'string') return `at least ${minimum} characters are needed`
  if (code === 'too_big' && origin === 'string') return `at most ${maximum} characters are allowed`
  return issue.message
}

const kinds: Record<string, string> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  object: 'a section with keys',
  record: 'a section with keys',
  array: 'a list',
  boolean: 'true or false',
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}

function valueAt(value: unknown, path: Path): unknown {
  let here = value
  for (const key of path) {
    if (typeof here !== 'object' || here === null) return undefined
    here = (here as Record<string | number, unknown>)[key]
  }
  return here
}

interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly additionalProperties?: JsonSchema | boolean
  readonly items?: JsonSchema | boolean
  readonly anyOf?: readonly JsonSchema[]
  readonly oneOf?: readonly JsonSchema[]
  readonly allOf?: readonly JsonSchema[]
}

/** The keys that a schema allows at a path, as far as it can tell. */
function keysAt(schema: Schema<unknown> | null, path: Path): string[] {
  if (!(schema instanceof z.ZodType)) return []
  let here = [z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema]
  for (const key of path) here = here.flatMap(alternatives).flatMap((one) => childOf(one, key))
  return [...new Set(here.flatMap(alternatives).flatMap((one) => Object.keys(one.properties ?? {})))]
}

function alternatives(schema: JsonSchema): JsonSchema[] {
  const inner = [...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])]
  return [schema, ...inner.flatMap(alternatives)]
}

function childOf(schema: JsonSchema, key: string | number): JsonSchema[] {
  const child =
    typeof key === 'number' ? schema.items : (schema.properties?.[key] ?? schema.additionalProperties)
  return typeof child === 'object' ? [child] : []
}
