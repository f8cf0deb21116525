import { CodedError, isCoded } from '@barograph/proto'
import type { ApiProblem } from '@barograph/proto/api'

type Meaning = readonly [status: number, title: string]

/** Status and title of every problem that this server names; other codes are failures of the server. */
const problems = {
  'bad-query': [400, 'The query is not understood'],
  'bad-plot': [400, 'It cannot be drawn so'],
  'bad-export': [400, 'It cannot be exported so'],
  'bad-statistics': [400, 'The metric has no such figure'],
  'bad-cursor': [400, 'The cursor is not understood'],
  'bad-message': [400, 'The message is not understood'],
  'bad-request': [400, 'The request is not understood'],
  'sign-in-needed': [401, 'Who asks?'],
  'wrong-token': [401, 'Not a token of here'],
  'operator-only': [403, 'Not for viewers'],
  'wrong-origin': [403, 'Another site asked'],
  'unknown-device': [404, 'No such device'],
  'unknown-metric': [404, 'No such metric'],
  'unknown-sensor': [404, 'No such sensor'],
  'unknown-partition': [404, 'No such partition'],
  'not-found': [404, 'Nothing here'],
  'method-not-allowed': [405, 'Not possible here'],
  'too-large': [413, 'Too large'],
  'not-json': [415, 'Not JSON'],
  'wrong-host': [421, 'Asked for under a foreign name'],
  'upgrade-required': [426, 'This is a WebSocket'],
  'too-many-guesses': [429, 'Too many wrong tokens'],
  'too-many-of-yours': [429, 'Too many live clients of one'],
  'sign-in-busy': [503, 'Others are being looked at'],
  waiting: [503, 'What is needed is away'],
  'page-not-built': [503, 'The page is not built'],
  'too-many-clients': [503, 'Too many live clients'],
  'too-many-exports': [503, 'Too many exports at once'],
} as const satisfies Record<string, Meaning>

const meanings: Readonly<Record<string, Meaning | undefined>> = problems

export const problemMediaType = 'application/problem+json; charset=utf-8'

/** An expected failure of a request; `allowed` tells what would be right. */
export function createProblem(code: keyof typeof problems, detail: string, allowed?: string): CodedError {
  return new CodedError(code, detail, allowed === undefined ? {} : { hint: allowed })
}

/** What the client is told of a failure. A bug shows nothing of its insides. */
export function problemOf(error: unknown, prefix = ''): ApiProblem {
  if (!isCoded(error)) return { ...internal, type: `${prefix}${internal.type}` }
  const known = meanings[error.code]
  const [status, title] = known ?? (error.retryable ? [503, 'Not possible just now'] : [500, 'Failed'])
  return {
    type: `${prefix}/docs#problem-${error.code}`,
    title,
    status,
    detail: error.message,
    code: error.code,
    ...(error.hint === undefined ? {} : { allowed: error.hint }),
  }
}

const internal: ApiProblem = {
  type: '/docs#problem-internal',
  title: 'A fault in the collector',
  status: 500,
  detail: 'The request met a fault in the collector; its log tells more.',
  code: 'internal',
}

/** Every code with its status and title, for the documentation. */
export const problemList: readonly { code: string; status: number; title: string }[] = [
  ...Object.entries(problems).map(([code, [status, title]]) => ({ code, status, title })),
  { code: internal.code, status: internal.status, title: internal.title },
]
