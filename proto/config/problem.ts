import { allowedWords, keysOf, type SchemaView, viewAt } from './schema-view.ts'
import { suggest } from './suggest.ts'

/** One complaint about a checked value; a zod issue has this shape. */
export interface ConfigIssue {
  readonly path: readonly PropertyKey[]
  readonly message: string
  readonly code?: string | undefined
  /** Of `unrecognized_keys`. */
  readonly keys?: readonly string[] | undefined
  /** What is allowed, where the schema does not tell it. */
  readonly allowed?: string | undefined
  /** Of `unrecognized_keys`: what the object may have, where the schema does not tell it. */
  readonly allowedKeys?: readonly string[] | undefined
}

export interface Places {
  /** `agent.yaml:7`, `BAROGRAPH_SERVE_LISTEN`, `--listen`. */
  of(path: readonly PropertyKey[]): string
  valueAt(path: readonly PropertyKey[]): unknown
}

/** sensors.2.values.temperature -> `sensors[2].values.temperature` */
export function keyName(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (name, step) =>
      typeof step === 'number' ? `${name}[${step}]` : name === '' ? String(step) : `${name}.${String(step)}`,
    '',
  )
}

/** One line for each thing that is wrong: where, key, value, what is allowed. */
export function problemLines(issue: ConfigIssue, view: SchemaView, places: Places): string[] {
  if (issue.code === 'unrecognized_keys') return unknownKeys(issue, view, places)
  const here = viewAt(view, issue.path)
  const value = places.valueAt(issue.path)
  const allowed = issue.allowed ?? allowedWords(here)
  const name = keyName(issue.path) || 'the configuration'
  const prefix = `${places.of(issue.path)}: ${name}`
  if (value === undefined) return [`${prefix} is missing${allowed ? `; allowed: ${allowed}` : ''}`]
  const shown = here?.secret ? '(hidden)' : show(value)
  const complaint = isInWords(issue) ? `: ${issue.message}` : ' is not allowed'
  const ending = allowed || (isInWords(issue) ? '' : issue.message)
  return [`${prefix} = ${shown}${complaint}${ending ? `; allowed: ${ending}` : ''}`]
}

/** A message that a person wrote; zod's own say less than what the schema allows. */
function isInWords({ code, message }: ConfigIssue): boolean {
  return (code === undefined || code === 'custom') && message !== 'Invalid input'
}

function unknownKeys(issue: ConfigIssue, view: SchemaView, places: Places): string[] {
  const allowed = issue.allowedKeys ?? keysOf(viewAt(view, issue.path))
  return (issue.keys ?? []).map((key) => {
    const path = [...issue.path, key]
    const near = suggest(key, allowed)
    return [
      `${places.of(path)}: unknown key "${keyName(path)}"`,
      ...(near ? [`did you mean "${near}"?`] : []),
      ...(allowed.length > 0 ? [`allowed here: ${allowed.join(', ')}`] : []),
    ].join('; ')
  })
}

/** Longer values are cut in messages. */
const shownCharacters = 80

function show(value: unknown): string {
  const whole = typeof value === 'bigint' ? String(value) : (JSON.stringify(value) ?? String(value))
  // A wrong URL may hold a password all the same, and one that is wrong in the middle may hold it anywhere before the @.
  const text = whole.replace(/(\/\/[^:@/"\s]*):.*@/, '$1:hidden@')
  return text.length > shownCharacters ? `${text.slice(0, shownCharacters)}...` : text
}
