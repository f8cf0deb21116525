import { Readable } from 'node:stream'
import * as z from 'zod'
import type { Needed } from './access/index.ts'
import { hideTokens } from './access/token.ts'
import type { Call } from './call.ts'
import { createProblem } from './problem.ts'
import { nearest } from './nearest.ts'

export type Method = 'GET' | 'POST' | 'DELETE'

/** What a request asks and what it answers, in one place: requests are checked by it and the documentation made from it. */
export interface Route {
  readonly method: Method
  /** Who may ask. */
  readonly needs: Needed
  /** With parameters as {name}. */
  readonly path: string
  readonly summary: string
  readonly description: string
  readonly params: z.ZodObject
  readonly query: z.ZodObject
  /** Of a POST, as JSON; of a GET nothing. */
  readonly body: z.ZodObject
  readonly answer: z.ZodType
  readonly mediaType: string
  /** Statuses it may answer beside 200, with why. */
  readonly statuses: Readonly<Record<number, string>>
  /** Of these statuses the ones with the answer itself instead of a problem. */
  readonly answersItselfAt: readonly number[]
  /** Checks the raw parameters and answers, with the status. */
  handle(
    params: unknown,
    query: unknown,
    body: unknown,
    call: Call,
  ): Promise<{ status: number; body: unknown }>
}

interface RouteDefinition<
  P extends z.ZodObject,
  Q extends z.ZodObject,
  A extends z.ZodType,
  B extends z.ZodObject,
> {
  readonly method?: Method
  /** When left out: a viewer to read, an operator for anything else. */
  readonly needs?: Needed
  readonly path: string
  readonly summary: string
  readonly description?: string
  readonly params: P
  readonly query: Q
  readonly body?: B
  readonly answer: A
  readonly mediaType?: string
  readonly statuses?: Readonly<Record<number, string>>
  readonly answersItselfAt?: readonly number[]
  readonly statusOf?: (answer: z.output<A>) => number
  /** A stream is the answer piece by piece, and says itself in a header what it is. */
  readonly handle: (
    input: z.output<P> & z.output<Q> & z.output<B>,
    call: Call,
  ) => Promise<z.output<A> | Readable> | z.output<A> | Readable
}

const nothing = z.strictObject({})

/** A route whose handler's input and answer have the types of its schemas. */
export function defineRoute<
  P extends z.ZodObject,
  Q extends z.ZodObject,
  A extends z.ZodType,
  B extends z.ZodObject = typeof nothing,
>({
  handle,
  method = 'GET',
  needs = method === 'GET' ? 'viewer' : 'operator',
  body,
  statusOf = () => 200,
  description = '',
  mediaType = 'application/json; charset=utf-8',
  statuses = {},
  answersItselfAt = [],
  ...rest
}: RouteDefinition<P, Q, A, B>): Route {
  const bodySchema = body ?? nothing
  return {
    ...rest,
    method,
    needs,
    body: bodySchema,
    description,
    mediaType,
    statuses,
    answersItselfAt,
    async handle(params, query, given, call) {
      const input = { ...parse(rest.params, params), ...parse(rest.query, query) }
      const order = parse(bodySchema, method === 'POST' ? (given ?? {}) : {}) as z.output<B>
      const answer = await handle({ ...input, ...order }, call)
      return { status: answer instanceof Readable ? 200 : statusOf(answer), body: answer }
    },
  }
}

/** The checked parameters, or one sentence on the first that is wrong and what is allowed. */
export function parse<S extends z.ZodObject>(schema: S, value: unknown): z.output<S> {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const [issue] = result.error.issues
  const given = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>
  const known = Object.keys(schema.shape)
  if (issue?.code === 'unrecognized_keys') {
    const [key = ''] = issue.keys
    const guess = nearest(key, known)
    const hint = known.length > 0 ? `parameters here: ${known.join(', ')}` : 'no parameters here'
    throw createProblem(
      'bad-query',
      `There is no parameter "${cut(key)}".`,
      guess ? `${guess}? ${hint}` : hint,
    )
  }
  const key = String(issue?.path[0] ?? '')
  const was = given[key]
  const sentence = Array.isArray(was)
    ? `${key} is given more than once.`
    : was === undefined
      ? `${key || 'The query'} is missing or not understood.`
      : `${key} is "${cut(typeof was === 'string' ? was : JSON.stringify(was))}".`
  const described: z.ZodType | undefined = schema.shape[key] as z.ZodType | undefined
  throw createProblem('bad-query', sentence, described?.description ?? issue?.message)
}

/** What somebody gave, short; a token that came in a wrong place is not said again. */
function cut(text: string): string {
  const shown = hideTokens(text)
  return shown.length > 60 ? `${shown.slice(0, 60)}...` : shown
}
