import { scalarPaths, scalarTypes, type SchemaView } from './schema-view.ts'
import { suggest } from './suggest.ts'

/** A value from outside the file, and how to name where it came from. */
export interface Override {
  readonly path: readonly string[]
  readonly value: unknown
  /** What the user wrote it as: `BAROGRAPH_SERVE_LISTEN`, `--listen`. */
  readonly source: string
}

/** A variable that was probably meant for us, but is none of ours. */
export interface StrayVariable {
  readonly name: string
  readonly suggestion: string
}

/** Taken by `npm start` and the tests, never a configuration key. */
const reserved = ['DATA', 'PORT', 'MQTT_PORT']

/** `BAROGRAPH_ROLLUPS_FLUSHINTERVALMS` for rollups.flushIntervalMs. */
export function variableName(prefix: string, path: readonly string[]): string {
  return [prefix, ...path.map((key) => key.replaceAll('-', '_'))].join('_').toUpperCase()
}

/** Underscores may stand between any words: `_FLUSH_INTERVAL_MS` names the same key. */
const bare = (name: string): string => name.replaceAll('_', '')

/** The configuration keys that the environment sets, and variables that look like a slip of the pen. */
export function readEnvironment(
  view: SchemaView,
  env: Readonly<Record<string, string | undefined>>,
  prefix: string,
): { overrides: Override[]; strays: StrayVariable[] } {
  const keys = scalarPaths(view)
  const names = keys.map(({ path }) => variableName(prefix, path))
  const known = new Map(keys.map((key, i) => [bare(names[i] ?? ''), key]))
  const overrides: Override[] = []
  const strays: StrayVariable[] = []
  for (const [name, text] of Object.entries(env)) {
    if (text === undefined || !name.startsWith(`${prefix}_`)) continue
    const rest = name.slice(prefix.length + 1)
    if (reserved.includes(rest) || rest.startsWith('TEST_')) continue
    const key = known.get(bare(name))
    if (key) overrides.push({ path: key.path, value: scalarOf(text, key.view), source: name })
    else {
      // The other program's variables are its own; only what is a letter or two away from ours is a mistake.
      const suggestion = suggest(name, names, 2)
      if (suggestion) strays.push({ name, suggestion })
    }
  }
  return { overrides, strays }
}

/** A text as the type that the key takes; as it is when it cannot be that, so that the check can name it. */
function scalarOf(text: string, view: SchemaView): unknown {
  const types = scalarTypes(view)
  if ((types.includes('number') || types.includes('integer')) && text.trim() !== '') {
    const number = Number(text)
    if (Number.isFinite(number)) return number
  }
  if (types.includes('boolean') && (text === 'true' || text === 'false')) return text === 'true'
  return text
}
