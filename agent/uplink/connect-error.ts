import { CodedError, isCoded } from '@barograph/proto'

interface Words {
  readonly code: string
  readonly message: string
  readonly hint: string
}

const unauthorised = (where: string): Words => ({
  code: 'unauthorised',
  message: `the broker ${where} does not accept this device's name and token`,
  hint: 'is uplink.token the one that the collector knows for this device?',
})

const tls = (where: string): Words => ({
  code: 'tls',
  message: `the broker ${where} is not trusted, or speaks no TLS on this port`,
  hint: 'mqtts:// needs a certificate that this machine trusts; set its clock, and NODE_EXTRA_CA_CERTS for your own authority',
})

/** What a failed or broken connection means for a person. */
export function describeConnectError(error: unknown, url: string): CodedError {
  if (isCoded(error)) return error
  const { code, message, hint } = wordsFor(error, new URL(url).host)
  return new CodedError(code, message, { retryable: true, hint, cause: error })
}

function wordsFor(error: unknown, where: string): Words {
  const { code = '', text } = partsOf(error)
  if (code === '4' || code === '5' || code === '134' || code === '135') return unauthorised(where)
  if (code === 'ECONNREFUSED')
    return {
      code: 'refused',
      message: `nothing answers at ${where}`,
      hint: 'is the collector or broker running, and is uplink.url right?',
    }
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return {
      code: 'name-not-found',
      message: `the name of the broker, ${where}, cannot be resolved`,
      hint: 'is uplink.url right, and does this machine have DNS?',
    }
  if (code === 'EHOSTUNREACH' || code === 'ENETUNREACH' || code === 'ENETDOWN')
    return {
      code: 'unreachable',
      message: `the network does not lead to ${where}`,
      hint: 'is this machine on the network?',
    }
  if (code === 'ETIMEDOUT' || /timeout/i.test(text))
    return {
      code: 'timeout',
      message: `the broker ${where} does not answer in time`,
      hint: 'a firewall may be in between',
    }
  if (/CERT|TLS|SSL|SELF_SIGNED|EPROTO|ALTNAME/.test(code) || /certificate|ssl/i.test(text)) return tls(where)
  return {
    code: 'disconnected',
    message: `the connection to ${where} ended${text ? ` (${text})` : ''}`,
    hint: 'it is made again by itself',
  }
}

/** The code of an error and its text; of an error that bundles several (one per address), the first one's. */
function partsOf(error: unknown): { code?: string; text: string } {
  if (error instanceof AggregateError && error.errors.length > 0) return partsOf(error.errors[0])
  if (!(error instanceof Error)) return { text: '' }
  const code = 'code' in error ? error.code : undefined
  const isCode = typeof code === 'string' || typeof code === 'number'
  return { text: error.message, ...(isCode ? { code: String(code) } : {}) }
}
