import { z } from 'zod'

/** The part of a JSON Schema that messages, environment names and hiding need. */
export interface SchemaView {
  readonly type?: string | readonly string[]
  readonly description?: string
  /** Set with `.meta({ secret: true })`: the value is never shown. */
  readonly secret?: boolean
  readonly properties?: Readonly<Record<string, SchemaView>>
  readonly additionalProperties?: SchemaView | boolean
  readonly items?: SchemaView | boolean
  readonly anyOf?: readonly SchemaView[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: number
}

/** What a schema takes, as plain data that can be walked. */
export function viewOf(schema: z.ZodType): SchemaView {
  return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as SchemaView
}

/** The view of what is at a path; null where the schema says nothing. */
export function viewAt(view: SchemaView, path: readonly PropertyKey[]): SchemaView | null {
  let here: SchemaView | null = view
  for (const step of path) {
    if (here === null) return null
    here = stepInto(here, step)
  }
  return here
}

function stepInto(view: SchemaView, step: PropertyKey): SchemaView | null {
  if (typeof step === 'number') return typeof view.items === 'object' ? view.items : null
  const known = view.properties?.[String(step)]
  if (known) return known
  if (typeof view.additionalProperties === 'object') return view.additionalProperties
  for (const option of view.anyOf ?? []) {
    const found = stepInto(option, step)
    if (found) return found
  }
  return null
}

/** The keys that an object may have here. */
export function keysOf(view: SchemaView | null): string[] {
  if (view === null) return []
  return [...Object.keys(view.properties ?? {}), ...(view.anyOf ?? []).flatMap(keysOf)]
}

/** What is allowed here, in words; empty when the schema says nothing that a person could use. */
export function allowedWords(view: SchemaView | null): string {
  if (view === null) return ''
  if (view.description) return view.description
  if (view.enum) return view.enum.map(String).join(', ')
  if (view.const !== undefined) return JSON.stringify(view.const)
  if (view.anyOf) return view.anyOf.map(allowedWords).filter(Boolean).join(' or ')
  const bounds = boundsWords(view)
  switch (view.type) {
    case 'integer':
      return bounds ? `a whole number ${bounds}` : 'a whole number'
    case 'number':
      return bounds ? `a number ${bounds}` : 'a number'
    case 'boolean':
      return 'true or false'
    case 'string':
      return 'text'
    case 'array':
      return 'a list'
    case 'object':
      return keysOf(view).length > 0 ? `the keys ${keysOf(view).join(', ')}` : 'keys and values'
    default:
      return ''
  }
}

function boundsWords({ minimum, maximum, exclusiveMinimum }: SchemaView): string {
  // Zod bounds every whole number by what a double holds exactly; that is nothing to tell a person.
  const from = minimum === Number.MIN_SAFE_INTEGER ? undefined : minimum
  const to = maximum === Number.MAX_SAFE_INTEGER ? undefined : maximum
  const above = exclusiveMinimum === undefined ? '' : `above ${exclusiveMinimum}`
  if (above) return to === undefined ? above : `${above}, up to ${to}`
  if (from !== undefined && to !== undefined) return `from ${from} to ${to}`
  if (from !== undefined) return `from ${from} on`
  return to === undefined ? '' : `up to ${to}`
}

/** Types that a single word of text can stand for; empty for lists and sections. */
export function scalarTypes(view: SchemaView): string[] {
  if (view.anyOf) return view.anyOf.flatMap(scalarTypes)
  if (view.enum) return [...new Set(view.enum.map((one) => typeof one))]
  if (view.const !== undefined) return [typeof view.const]
  const types = typeof view.type === 'string' ? [view.type] : [...(view.type ?? [])]
  return types.filter((type) => ['string', 'number', 'integer', 'boolean'].includes(type))
}

/** Every key with a single value, as its path and view. */
export function scalarPaths(
  view: SchemaView,
  path: readonly string[] = [],
): { path: readonly string[]; view: SchemaView }[] {
  return Object.entries(view.properties ?? {}).flatMap(([key, inner]) => {
    const here = [...path, key]
    if (inner.properties) return scalarPaths(inner, here)
    return scalarTypes(inner).length > 0 ? [{ path: here, view: inner }] : []
  })
}
