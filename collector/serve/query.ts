import { limits } from '@barograph/proto'
import * as z from 'zod'
import { levels } from '../core/documents.ts'
import { parseTime } from '../core/iso-time.ts'
import { createProblem } from './problem.ts'

const timeWords =
  'a date or a time with its zone: 2013-03-10, 2013-03-10T05:00:00Z, 2013-03-10T00:00:00-05:00'

const time = z
  .string()
  .transform((text, context) => {
    const ms = parseTime(text)
    if (ms !== null) return ms
    context.issues.push({ code: 'custom', message: timeWords, input: text })
    return z.NEVER
  })
  .optional()

/** A whole number in the address, from 1 to `max`. */
export function limitUpTo(max: number, fallback: number) {
  return z
    .preprocess(
      (text) => (typeof text === 'string' && /^\d{1,9}$/.test(text) ? Number(text) : text),
      z.int().min(1).max(max).default(fallback),
    )
    .describe(`how many at most: a whole number from 1 to ${max}; ${fallback} when left out`)
}

/** A range of event times: from <= time < to. */
export const range = {
  from: time.describe(`the first time: ${timeWords}; from the beginning when left out`),
  to: time.describe(`the time behind the last: ${timeWords}; to the end when left out`),
}

export const cursor = z
  .string()
  .min(1)
  .max(200)
  .optional()
  .describe('the cursor of the answer before; from the start when left out')

export const level = z
  .enum(levels)
  .default('hour')
  .describe(`one of ${levels.join(', ')}; hour when left out`)

export const metric = z
  .string()
  .regex(/^[a-zA-Z][^\p{C}]{0,99}$/u)
  .default('temperature')
  .describe('name of a metric, as in temperature or windSpeed; temperature when left out')

export const noParameters = z.strictObject({})

export const deviceParams = z.object({ device: z.string().describe('id of a device') })
export const streamParams = z.object({
  device: z.string().describe('id of a device'),
  sensor: z.string().describe('id of one of its sensors'),
})

/** Times that were left out become the ends of time; a range that holds nothing is a mistake. */
export function checkRange({ from, to }: { from?: number | undefined; to?: number | undefined }): {
  from: number
  to: number
} {
  const first = from ?? limits.earliestTimeMs
  const end = to ?? limits.latestTimeMs + 1
  if (first >= end)
    throw createProblem(
      'bad-query',
      'from is not before to: no time lies between them.',
      'from earlier than to',
    )
  return { from: first, to: end }
}

/** An opaque cursor of these parts; `kind` keeps the cursors of one list out of another. */
export function writeCursor(kind: string, parts: readonly (string | number)[]): string {
  return Buffer.from([kind, ...parts].join('/')).toString('base64url')
}

/** The parts of a cursor that this server gave for this list; a problem for anything else. */
export function readCursor<T>(
  text: string | undefined,
  kind: string,
  read: (...parts: string[]) => T | null,
): T | null {
  if (text === undefined) return null
  const [was, ...parts] = Buffer.from(text, 'base64url').toString().split('/')
  const value = was === kind ? read(...parts) : null
  if (value === null)
    throw createProblem('bad-cursor', 'The cursor is none that this list gave.', 'start again without cursor')
  return value
}

/** A whole number out of a cursor; null for anything else. */
export function wholeNumber(text: string | undefined): number | null {
  return text !== undefined && /^-?\d{1,15}$/.test(text) ? Number(text) : null
}
