import { makeFault, quote, type Fault } from './fault.ts'

/** What a failed request means, in words that tell whose side to look at. Rethrows what is no network failure. */
export function networkFault(source: string, url: URL, error: unknown): Fault {
  const codes = codesOf(error)
  const has = (pattern: RegExp): string | undefined => codes.find((code) => pattern.test(code))
  if (has(/^(ENOTFOUND|EAI_)/))
    return makeFault(
      'offline',
      `${url.hostname} cannot be found: is this machine online, and its DNS working?`,
    )
  if (has(/^(ENETUNREACH|EHOSTUNREACH|ENETDOWN|EADDRNOTAVAIL)$/))
    return makeFault('offline', `no way to ${url.host}: is this machine online?`)
  if (has(/^ECONNREFUSED$/))
    return makeFault('refused', `${url.host} refuses the connection: is the service running there?`)
  const tls = has(/(CERT|TLS|SSL|ERR_TLS|SELF_SIGNED|UNABLE_TO_)/)
  if (tls)
    return makeFault(
      'tls',
      `no trusted connection to ${url.host} (${tls}): wrong clock, proxy or certificate?`,
    )
  if (has(/^(ETIMEDOUT|UND_ERR_(CONNECT|HEADERS|BODY)_TIMEOUT)$/))
    return makeFault('timeout', `${source} does not answer`)
  if (has(/^(ECONNRESET|EPIPE|UND_ERR_SOCKET|UND_ERR_RES_CONTENT_LENGTH_MISMATCH)$/))
    return makeFault('connection-lost', `${source} broke off its answer`)
  if (has(/^(HPE_|UND_ERR_|Z_|HTTPParserError)/))
    return makeFault('bad-response', `${source} does not speak HTTP as it should (${codes.join(', ')})`)
  if (error instanceof TypeError && /fetch failed|terminated/.test(error.message))
    return makeFault('connection-lost', `the request to ${source} failed: ${quote(causeText(error), 100)}`)
  throw error
}

/** Codes of an error, its causes, and, of connections tried in parallel, of each. */
function codesOf(error: unknown, depth = 0): string[] {
  if (!(error instanceof Error) || depth > 5) return []
  // The HTTP parser's errors often have no code.
  const own = 'code' in error && typeof error.code === 'string' ? [error.code] : [error.name]
  const parallel =
    error instanceof AggregateError ? error.errors.flatMap((each) => codesOf(each, depth + 1)) : []
  return [...own, ...parallel, ...codesOf(error.cause, depth + 1)]
}

const causeText = (error: Error): string =>
  error.cause instanceof Error ? error.cause.message : error.message
