import { type Report, words } from './report.ts'
import { type Checkpoint, type Collection, type Documents, schemas } from './schema.ts'
import type { Row } from './store-reader.ts'

/** The document of a row that was read before, so that what is wrong with it is not told twice. */
export function parseDocument<C extends Collection>(collection: C, row: Row): Documents[C] | null {
  try {
    const parsed = schemas[collection].safeParse(JSON.parse(row.body))
    return parsed.success ? (parsed.data as Documents[C]) : null
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}

/**
 * A document of the form that is described, or null and a difference. Its id and position must be those of its row,
 * and the position within the partition's reach.
 */
export function readDocument<C extends Collection>(
  report: Report,
  collection: C,
  row: Row,
  { position, reach }: Checkpoint,
): Documents[C] | null {
  const at = (field: string) => ({ collection, id: row.id, field })
  let json: unknown
  try {
    json = JSON.parse(row.body)
  } catch (error) {
    report.differ({ ...at('body'), stored: String(error), recomputed: 'a document in JSON' })
    return null
  }
  const parsed = schemas[collection].safeParse(json)
  if (!parsed.success) {
    for (const { path, message } of parsed.error.issues) {
      const stored = path.reduce<unknown>(within, json)
      report.differ({ ...at(path.join('.') || 'body'), stored: words(stored), recomputed: message })
    }
    return null
  }
  const document = parsed.data as Documents[C]
  report.compare(at('id'), document.id, row.id)
  report.compare(at('o'), words(document.o), words({ g: row.g, n: row.n }))
  if (document.o.g !== position.g || document.o.n > reach)
    report.differ({
      ...at('o'),
      stored: words(document.o),
      recomputed: `at most ${words({ g: position.g, n: reach })}, the reach of its partition`,
    })
  return document
}

const within = (value: unknown, key: PropertyKey): unknown =>
  typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined
