import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, stringify } from 'yaml'

/** A problem of the text itself. */
export interface TextProblem {
  readonly line: number
  readonly message: string
}

/** A YAML text as data, with the line that each part of it stands on. */
export interface YamlText {
  readonly value: unknown
  readonly problems: readonly TextProblem[]
  /** Line of the key at the end of a path, or of the nearest part above it that the text has; null: not in the text. */
  lineOf(path: readonly PropertyKey[]): number | null
}

/** Longer texts are no configuration. */
export const configBytes = 1_048_576
/** One alias may stand for much; a text that unfolds further than this is refused. */
const aliases = 100

/** A configuration as its file would say it, for people to read. */
export function formatYaml(value: unknown): string {
  return stringify(value, { aliasDuplicateObjects: false }).trimEnd()
}

export function readYaml(text: string): YamlText {
  if (text.length > configBytes)
    return failed(1, `longer than ${configBytes} characters: not a configuration`)
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'silent' })
  const lineAt = (offset: number): number => Math.max(1, lines.linePos(offset).line)
  const [error] = document.errors
  if (error) return failed(lineAt(error.pos[0]), firstLine(error.message))
  try {
    const value: unknown = document.toJS({ maxAliasCount: aliases })
    return {
      value,
      problems: [],
      lineOf: (path) => {
        const offset = offsetOf(document.contents, path)
        return offset === null ? null : lineAt(offset)
      },
    }
  } catch (error) {
    return failed(1, firstLine(error instanceof Error ? error.message : String(error)))
  }
}

function failed(line: number, message: string): YamlText {
  return { value: null, problems: [{ line, message }], lineOf: () => null }
}

const firstLine = (text: string): string => text.split('\n', 1)[0] ?? ''

function offsetOf(root: Node | null, path: readonly PropertyKey[]): number | null {
  let node: unknown = root
  let offset: number | null = null
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step))
      if (!pair) return offset
      if (isScalar(pair.key) && pair.key.range) offset = pair.key.range[0]
      node = pair.value
    } else if (isSeq(node)) {
      node = node.items[Number(step)]
      const range = isMap(node) || isSeq(node) || isScalar(node) ? node.range : null
      if (!range) return offset
      offset = range[0]
    } else return offset
  }
  return offset
}
