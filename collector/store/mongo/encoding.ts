import { Decimal128, type Document as Bson } from 'mongodb'
import { completed } from '../../core/defaults.ts'
import type { CollectionName, Collections, Position } from '../../core/documents.ts'
import { type Form, forms } from './forms.ts'

/** A document as it lies in MongoDB: its fields, and what the store adds to them. */
export interface Stored extends Bson {
  readonly _id: string
  /** As text that compares as positions do: an update by _id and one comparison is fast everywhere. */
  readonly o: string
  /** Counts writes: tells what changed after what. */
  readonly change: number
}

/** A date holds whole ms up to this far from 1970. */
const furthestDateMs = 8.64e15

/** A moment as a date; what a date cannot hold stays a number. */
export const dateOf = (ms: number): Date | number =>
  Number.isInteger(ms) && Math.abs(ms) <= furthestDateMs ? new Date(ms) : ms

/** A moment to compare dates with, and so never beyond the last one. */
export const boundOf = (ms: number): Date =>
  new Date(Math.max(-furthestDateMs, Math.min(furthestDateMs, Math.ceil(ms))))

/** `000001.0000000000000042`: generation and offset. */
export const textOf = ({ g, n }: Position): string =>
  `${String(g).padStart(6, '0')}.${String(n).padStart(16, '0')}`

/** The position that `textOf` was given. */
export const positionOf = (text: string): Position => ({
  g: Number(text.slice(0, 6)),
  n: Number(text.slice(7)),
})

const unsafe = /[.$%\0]|^__proto__$|^$/

/** A word as the name of a field: `.`, `$`, `%` and NUL as in addresses, `__proto__` and the empty word likewise. */
export function encodeKey(key: string): string {
  if (!unsafe.test(key)) return key
  if (key === '') return '%'
  if (key === '__proto__') return '%5F_proto__'
  return key.replace(/[.$%\0]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`)
}

/** What `encodeKey` was given. */
export function decodeKey(key: string): string {
  if (!key.includes('%')) return key
  return key === '%' ? '' : key.replace(/%([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16)))
}

type Step = (form: Form, value: unknown) => unknown
type Key = (key: string) => string

/** The same walk both ways; `leaf` does what a time or a sum needs. */
function createWalk(leaf: (form: 'time' | 'sum', value: unknown) => unknown, keyOf: Key): Step {
  const walk: Step = (form, value) => {
    if (value === null || value === undefined) return value
    if (form === 'time' || form === 'sum') return leaf(form, value)
    if ('list' in form) return (value as unknown[]).map((item) => walk(form.list, item))
    if ('row' in form)
      return (value as unknown[]).map((item, i) => {
        const own = form.row[i]
        return own ? walk(own, item) : item
      })
    if ('map' in form) {
      const { map } = form
      return Object.fromEntries(
        Object.entries(value).map(([key, item]) => [keyOf(key), map ? walk(map, item) : item]),
      )
    }
    return walkFields(form.fields, value as Record<string, unknown>, walk)
  }
  return walk
}

function walkFields(
  fields: Readonly<Record<string, Form>>,
  value: Readonly<Record<string, unknown>>,
  walk: Step,
): Record<string, unknown> {
  const changed: Record<string, unknown> = { ...value }
  for (const [name, form] of Object.entries(fields))
    if (name in changed) changed[name] = walk(form, changed[name])
  return changed
}

const write = createWalk((form, value) => {
  if (form === 'time') return dateOf(value as number)
  return typeof value === 'bigint' ? Decimal128.fromString(value.toString()) : value
}, encodeKey)

const read = createWalk((form, value) => {
  if (form === 'time') return value instanceof Date ? value.getTime() : value
  return value instanceof Decimal128 ? BigInt(value.toString()) : value
}, decodeKey)

/** A document in the form that it is stored in. */
export function encode<C extends CollectionName>(
  collection: C,
  document: Collections[C],
  change: number,
): Stored {
  const { id, o, ...fields } = document
  const body = walkFields(forms[collection], fields, write)
  // An index is by it, and people ask for it.
  const set = collection === 'rollups' ? { set: body.set ?? 0 } : {}
  return { _id: id, o: textOf(o), ...body, ...set, change } as unknown as Stored
}

/** The document that `encode` was given, with all that this program knows of it. */
export function decode<C extends CollectionName>(collection: C, stored: Stored): Collections[C] {
  const { _id: id, o, change: _, ahead: __, set, ...fields } = stored
  const body = walkFields(forms[collection], fields, read)
  return completed(collection, {
    id,
    o: positionOf(o),
    ...body,
    ...(set ? { set } : {}),
  } as unknown as Partial<Collections[C]>)
}
