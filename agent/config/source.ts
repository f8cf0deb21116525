import { CodedError } from '@barograph/proto'
import { isNode, LineCounter, parseDocument, parse as parseYaml } from 'yaml'

export type Path = readonly (string | number)[]

/** A configuration as it was written, and where each key came from. */
export interface Source {
  readonly value: unknown
  /** Where a person finds this key, or the nearest thing around it: `agent.yaml:3:12`, or the variable or flag. */
  whereIs(path: Path, of?: 'key' | 'value'): string
}

/** The text of a YAML file. Throws `bad-config` with line and column when it is not YAML. */
export function readYaml(text: string, file: string): Source {
  const lines = new LineCounter()
  const doc = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset)
    return `${file}:${line}:${col}`
  }
  const problem = doc.errors[0]
  if (problem)
    throw new CodedError('bad-config', `${at(problem.pos[0])}: this is not YAML: ${problem.message}`, {
      hint: 'is something indented wrongly, or a quote or bracket not closed?',
    })
  return {
    value: doc.toJS({ maxAliasCount: 100 }) as unknown,
    whereIs(path, of = 'value') {
      for (let length = path.length; length >= 0; length--) {
        const part = path.slice(0, length)
        const offset = of === 'key' && length === path.length ? keyOffset(part) : valueOffset(part)
        if (offset !== null) return at(offset)
      }
      return file
    },
  }

  function valueOffset(path: Path): number | null {
    const node: unknown = path.length === 0 ? doc.contents : doc.getIn(path, true)
    return isNode(node) && node.range ? node.range[0] : null
  }

  function keyOffset(path: Path): number | null {
    const parent: unknown = path.length === 1 ? doc.contents : doc.getIn(path.slice(0, -1), true)
    if (typeof parent !== 'object' || parent === null || !('items' in parent)) return null
    for (const item of parent.items as Iterable<{ key?: unknown }>)
      if (isNode(item.key) && String(item.key) === String(path.at(-1))) return item.key.range?.[0] ?? null
    return null
  }
}

/** A scalar key that was given outside the file. */
export interface Override {
  readonly path: readonly string[]
  readonly text: string
  /** The variable or flag, as the user typed it. */
  readonly from: string
}

/** The source with some keys replaced; the later override wins. */
export function override(source: Source, overrides: readonly Override[]): Source {
  let value: unknown = source.value ?? {}
  const origins = new Map<string, string>()
  for (const { path, text, from } of overrides) {
    value = setIn(value, path, scalar(text))
    origins.set(path.join('.'), from)
  }
  return {
    value,
    whereIs: (path, of) => origins.get(path.join('.')) ?? source.whereIs(path, of),
  }
}

/** The text as the file would read it: `5` is a number, `true` a truth, the rest is text. */
function scalar(text: string): unknown {
  const plain = /^(true|false|null|~|[-+]?(\d[\d_]*\.?\d*|\.\d+)([eE][-+]?\d+)?|0x[0-9a-fA-F]+)$/.test(text)
  return plain ? (parseYaml(text) as unknown) : text
}

function setIn(value: unknown, [key, ...rest]: readonly string[], to: unknown): unknown {
  if (key === undefined) return to
  const before = typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}
  return { ...before, [key]: setIn((before as Record<string, unknown>)[key], rest, to) }
}
