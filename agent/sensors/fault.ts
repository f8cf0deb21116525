import { limits } from '@barograph/proto'
import type { Sample } from '../core/sensor.ts'

/** The sample that says a sensor failed. */
export type Fault = Extract<Sample, { kind: 'fault' }>

/** The sample that says there is nothing new. */
export const nothing: Extract<Sample, { kind: 'nothing' }> = { kind: 'nothing' }

/** A fault with a sentence of the length that entries carry. */
export function makeFault(code: string, detail: string, retryAfterMs?: number): Fault {
  const sentence = detail.length > limits.textCharacters ? `${cut(detail)}…` : detail
  return { kind: 'fault', code, detail: sentence, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }
}

// Not between the two halves of a character beyond U+FFFF.
const cut = (text: string): string => text.slice(0, limits.textCharacters - 1).replace(/[\uD800-\uDBFF]$/, '')

/** A piece of foreign text, short and printable enough for a sentence. */
export function quote(value: unknown, characters = 40): string {
  const text = (typeof value === 'string' ? value : (JSON.stringify(value) ?? 'nothing')).replace(
    /\p{C}+/gu,
    ' ',
  )
  return `"${text.length > characters ? `${text.slice(0, characters)}…` : text}"`
}
