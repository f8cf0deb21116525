import type {
  ApiDeliveries,
  ApiDevices,
  ApiGaps,
  ApiLastAudit,
  ApiLevel,
  ApiProblem,
  ApiReadiness,
  ApiReadings,
  ApiRollups,
  ApiSession,
} from '@barograph/proto/api'

/** A request that failed, in words a reader can use. */
export class ApiFailure extends Error {
  readonly code: string

  constructor(detail: string, code: string, cause?: unknown) {
    super(detail, { cause })
    this.code = code
  }
}

/** What the page asks of the collector. Every call rejects with an `ApiFailure`. */
export interface Api {
  devices(): Promise<ApiDevices>
  delivery(): Promise<ApiDeliveries>
  audit(): Promise<ApiLastAudit>
  readiness(): Promise<ApiReadiness>
  /** Who is signed in, and whether anybody has to be. */
  session(): Promise<ApiSession>
  signIn(token: string): Promise<ApiSession>
  signOut(): Promise<ApiSession>
  rollups(query: WindowQuery): Promise<ApiRollups>
  readings(query: StreamQuery): Promise<ApiReadings>
  gaps(query: StreamQuery): Promise<ApiGaps>
}

/** A stretch of one stream; ms since 1970. */
export interface StreamQuery {
  readonly device: string
  readonly sensor: string
  readonly from: number
  readonly to: number
  readonly limit: number
  readonly cursor?: string | null
}

/** The same of windows. */
export interface WindowQuery extends StreamQuery {
  readonly level: ApiLevel
}

const timeoutMs = 15_000

/** The collector's HTTP interface under an address. */
export function createApi({ base, fetch }: { base: string; fetch: typeof globalThis.fetch }): Api {
  const get = <T>(path: string, { accept503 = false } = {}): Promise<T> => ask(path, {}, accept503)

  async function ask<T>(path: string, init: RequestInit, accept503 = false): Promise<T> {
    let response: Response
    try {
      response = await fetch(`${base}${path}`, {
        ...init,
        headers: { accept: 'application/json', ...(init.body ? { 'content-type': 'application/json' } : {}) },
        signal: AbortSignal.timeout(timeoutMs),
      })
    } catch (cause) {
      const late = cause instanceof DOMException && cause.name === 'TimeoutError'
      throw late
        ? new ApiFailure(`no answer within ${timeoutMs / 1000} s`, 'timeout', cause)
        : new ApiFailure('the collector does not answer', 'unreachable', cause)
    }
    if (response.ok || (accept503 && response.status === 503)) return (await response.json()) as T
    throw await failureOf(response)
  }

  const stream = (
    { device, sensor, from, to, limit, cursor }: StreamQuery,
    more: Record<string, string> = {},
  ) => {
    const query = new URLSearchParams({ ...more, from: iso(from), to: iso(to), limit: String(limit) })
    if (cursor) query.set('cursor', cursor)
    return { path: `/api/v1/devices/${device}/sensors/${sensor}`, query }
  }

  return {
    devices: () => get('/api/v1/devices'),
    delivery: () => get('/api/v1/delivery'),
    audit: () => get('/api/v1/audit'),
    readiness: () => get('/readyz', { accept503: true }),
    session: () => get('/api/v1/session'),
    signIn: (token) => ask('/api/v1/session', { method: 'POST', body: JSON.stringify({ token }) }),
    signOut: () => ask('/api/v1/session', { method: 'DELETE' }),
    rollups(request) {
      const { path, query } = stream(request, { level: request.level })
      return get(`${path}/rollups?${query}`)
    },
    readings(request) {
      const { path, query } = stream(request)
      return get(`${path}/readings?${query}`)
    },
    gaps(request) {
      const { path, query } = stream(request)
      return get(`${path}/gaps?${query}`)
    },
  }
}

const iso = (time: number): string => new Date(Math.round(time)).toISOString()

async function failureOf(response: Response): Promise<ApiFailure> {
  const isProblem = response.headers.get('content-type')?.includes('problem+json')
  if (!isProblem)
    return new ApiFailure(`it answered ${response.status} ${response.statusText}`, `http-${response.status}`)
  const problem = (await response.json()) as ApiProblem
  const allowed = problem.allowed ? ` Allowed: ${problem.allowed}.` : ''
  return new ApiFailure(`${problem.detail || problem.title}${allowed}`, problem.code)
}
