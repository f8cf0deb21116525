import { createBackoff } from '../core/backoff.ts'
import { makeFault, nothing, quote, type Fault } from './fault.ts'
import { networkFault } from './network-fault.ts'
import { parseRetryAfter } from './retry-after.ts'

/** Bounds of every request; what is beyond becomes a fault. */
export const httpLimits = {
  /** From the first byte sent to the last received. Fault: `timeout`. */
  timeoutMs: 10_000,
  /** Of a body. Fault: `too-large`. */
  bodyBytes: 4 * 1_048_576,
  /** Followed in a row. Fault: `redirects`. */
  redirects: 5,
  /** Longest pause that a server may ask for. */
  pauseMs: 86_400_000,
  /** Longest pause while a server cannot be reached: that costs nobody anything, and people wait for it to work again. */
  unreachedPauseMs: 60_000,
} as const

const unreached: ReadonlySet<string> = new Set(['offline', 'refused', 'tls'])

/** What a service means by an answer that is not 200, if it has words of its own. */
export type Explain = (answer: { status: number; body: unknown }) => {
  code: string
  detail: string
  pauseMs?: number
} | null

export interface HttpClientOptions {
  readonly fetch: typeof fetch
  now(): number
  random(): number
  /** Who is asked, as the sentences of faults name it. */
  readonly source: string
  /** Schedule of the sensor; pauses after failures are in proportion. */
  readonly intervalMs: number
  readonly timeoutMs?: number
  readonly bodyBytes?: number
  readonly explain?: Explain
}

export interface HttpRequest {
  readonly url: URL
  readonly headers?: Readonly<Record<string, string>>
  readonly signal: AbortSignal
}

/** The parsed body, a fault that says when to try again, or nothing when the signal aborted. */
export type HttpAnswer = { readonly kind: 'json'; readonly body: unknown } | Fault | typeof nothing

/** Asks one service for JSON. */
export interface HttpClient {
  /** Never rejects for what happens on the network. Within the pause after a failure it does not ask, but repeats the fault. */
  getJson(request: HttpRequest): Promise<HttpAnswer>
}

const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value))

/** A client with time limit, size limit, back-off with jitter, and respect for Retry-After. */
export function createHttpClient(options: HttpClientOptions): HttpClient {
  const { now, random, intervalMs } = options
  const shortestMs = clamp(intervalMs, 1_000, 5_000)
  const backoff = createBackoff({
    shortestMs,
    longestMs: clamp(10 * intervalMs, 30_000, 900_000),
    random,
  })
  let pause: { fault: Fault; startMs: number; lengthMs: number } | null = null

  function remainingPauseMs(): number {
    if (!pause) return 0
    const passedMs = now() - pause.startMs
    // A clock that was set back must not prolong the pause.
    return passedMs < 0 ? 0 : Math.max(0, pause.lengthMs - passedMs)
  }

  return {
    async getJson(request) {
      const waitMs = remainingPauseMs()
      if (pause && waitMs > 0) return { ...pause.fault, retryAfterMs: waitMs }
      const answer = await ask(options, request)
      if (answer.kind === 'json') {
        backoff.reset()
        pause = null
      }
      if (answer.kind !== 'fault') return answer
      const longestMs = unreached.has(answer.code) ? httpLimits.unreachedPauseMs : httpLimits.pauseMs
      const wantedMs = answer.retryAfterMs ?? backoff.next()
      const lengthMs = Math.round(clamp(wantedMs, shortestMs, longestMs))
      pause = { fault: answer, startMs: now(), lengthMs }
      return { ...answer, retryAfterMs: lengthMs }
    },
  }
}

async function ask(options: HttpClientOptions, request: HttpRequest): Promise<HttpAnswer> {
  const timeoutMs = options.timeoutMs ?? httpLimits.timeoutMs
  const timeout = AbortSignal.timeout(timeoutMs)
  const signal = AbortSignal.any([request.signal, timeout])
  try {
    const response = await follow(options, { ...request, signal })
    if ('kind' in response) return response
    const text = await readBody(response, options.bodyBytes ?? httpLimits.bodyBytes)
    if (text === null)
      return makeFault(
        'too-large',
        `${options.source} sent more than ${options.bodyBytes ?? httpLimits.bodyBytes} bytes`,
      )
    return judge(options, response, text)
  } catch (error) {
    if (request.signal.aborted) return nothing
    if (timeout.aborted)
      return makeFault('timeout', `${options.source} did not answer in full within ${timeoutMs / 1000} s`)
    return networkFault(options.source, request.url, error)
  }
}

/** By hand, because a key in a header must not follow to another host, nor from https to http. */
async function follow(options: HttpClientOptions, request: HttpRequest): Promise<Response | Fault> {
  let { url } = request
  for (let hop = 0; hop <= httpLimits.redirects; hop++) {
    const headers = url.origin === request.url.origin ? request.headers : {}
    const response = await options.fetch(url, {
      redirect: 'manual',
      signal: request.signal,
      headers: { accept: 'application/json', 'user-agent': 'barograph-agent', ...headers },
    })
    const location = response.headers.get('location')
    if (response.status < 300 || response.status > 399 || location === null) return response
    await response.body?.cancel()
    const next = URL.parse(location, url)
    if (!next || !/^https?:$/.test(next.protocol))
      return makeFault(
        'redirects',
        `${options.source} redirects to ${quote(location)}, which is no web address`,
      )
    if (url.protocol === 'https:' && next.protocol === 'http:')
      return makeFault(
        'redirects',
        `${options.source} redirects from https to http (${next.host}): not followed`,
      )
    url = next
  }
  return makeFault(
    'redirects',
    `${options.source} redirects more than ${httpLimits.redirects} times in a row: is the address right?`,
  )
}

async function readBody(response: Response, limitBytes: number): Promise<string | null> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength
    if (bytes > limitBytes) return null // leaving the loop cancels the body
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function judge(options: HttpClientOptions, response: Response, text: string): HttpAnswer {
  const { source, now } = options
  const { status } = response
  const body = parse(text)
  if (status === 200) {
    if (body !== undefined) return { kind: 'json', body }
    const type = response.headers.get('content-type')?.split(';')[0] ?? 'no content type'
    return /html/.test(type)
      ? makeFault(
          'bad-response',
          `${source} answered a web page instead of JSON: is the address right, or a login page in the way?`,
        )
      : makeFault('bad-response', `${source} answered what is not JSON (${type}): ${quote(text)}`)
  }
  const retryAfterMs = parseRetryAfter(response.headers.get('retry-after'), now())
  const own = options.explain?.({ status, body })
  if (own) return makeFault(own.code, own.detail, retryAfterMs ?? own.pauseMs)
  if (status === 429) return makeFault('rate-limited', `${source} says too many requests (429)`, retryAfterMs)
  if (status === 401 || status === 403)
    return makeFault(
      'key-rejected',
      `${source} refuses access (${status}): is the key or token right?`,
      retryAfterMs,
    )
  if (status >= 500)
    return makeFault('http-5xx', `${source} has a failure of its own (${status})`, retryAfterMs)
  if (status === 404)
    return makeFault('not-found', `${source} knows nothing at this address (404): is the path right?`)
  return makeFault(`http-${status}`, `${source} answered ${status} ${quote(text)}`, retryAfterMs)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
