import { CodedError, isCoded } from '@barograph/proto'
import { certificateWords, type UplinkCredentials } from './credentials.ts'

interface Words {
  readonly code: string
  readonly message: string
  readonly hint: string
}

/** What somebody who connects has; the words of a failure depend on it. */
type Connecting = { readonly url: string } & Partial<UplinkCredentials>

function unauthorised(where: string, { cert, token }: Connecting): Words {
  const again = 'a new one: barograph-collector devices renew, or add after a revoke'
  if (cert)
    return {
      code: 'unauthorised',
      message: `the broker ${where} does not accept this device's certificate (${certificateWords(cert)})`,
      hint: `was it revoked, has it ended, or is it another authority's? ${again}`,
    }
  if (!token)
    return {
      code: 'unauthorised',
      message: `the broker ${where} asks for a token or certificate, and this device has none`,
      hint: 'set provision: to the file that barograph-collector devices add has made, or uplink.token',
    }
  return {
    code: 'unauthorised',
    message: `the broker ${where} does not accept this device's name and token`,
    hint: `is uplink.token the one that the collector knows for this device, and not revoked? ${again}`,
  }
}

/** By Node's code of the failure: what it is, and what to do. */
const tlsWords: readonly (readonly [codes: RegExp, words: string, hint: string])[] = [
  [
    /^CERT_HAS_EXPIRED$/,
    'shows a certificate that has ended',
    'is the clock of this machine right? Otherwise the broker needs a new certificate',
  ],
  [
    /^CERT_NOT_YET_VALID$/,
    'shows a certificate that is not valid yet',
    'the clock of this machine is probably wrong: timedatectl set-ntp true',
  ],
  [
    /ALTNAME/,
    'shows a certificate of another name',
    'give uplink.url a name that it bears, or have the broker bear this one (devices.url of the collector)',
  ],
  [
    /SELF_SIGNED|UNABLE_TO|DEPTH_ZERO|CERT_UNTRUSTED|CERT_SIGNATURE/,
    'shows a certificate that this device does not trust',
    'is uplink.ca the authority of that broker (ca.crt of the collector)?',
  ],
  [
    /EPROTO|WRONG_VERSION|ERR_SSL/,
    'speaks no TLS on this port, or none that this device speaks',
    'is it the port for mqtts://? Without TLS it is mqtt://',
  ],
]

function tls(where: string, code: string): Words {
  const [, words, hint] = tlsWords.find(([codes]) => codes.test(code)) ?? [
    null,
    'is not trusted, or speaks no TLS on this port',
    'mqtts:// needs a certificate that this machine trusts, or uplink.ca, and a clock that is right',
  ]
  return { code: 'tls', message: `the broker ${where} ${words}`, hint }
}

/** What a failed or broken connection means for a person. */
export function describeConnectError(error: unknown, connecting: Connecting): CodedError {
  if (isCoded(error)) return error
  const { code, message, hint } = wordsFor(error, new URL(connecting.url).host, connecting)
  return new CodedError(code, message, { retryable: true, hint, cause: error })
}

function wordsFor(error: unknown, where: string, connecting: Connecting): Words {
  const { code = '', text } = partsOf(error)
  if (code === '4' || code === '5' || code === '134' || code === '135') return unauthorised(where, connecting)
  if (code === '2')
    return {
      code: 'unauthorised',
      message: `the broker ${where} does not let this device have that client id`,
      hint: 'two devices with one name, or a broker with rules of its own for client ids',
    }
  if (code === '3')
    return {
      code: 'busy',
      message: `the broker ${where} takes nobody now`,
      hint: 'it is tried again by itself; see the log of the collector when it stays so',
    }
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
  if (/CERT|TLS|SSL|SELF_SIGNED|UNABLE_TO|EPROTO|ALTNAME/.test(code) || /certificate|ssl/i.test(text))
    return tls(where, code)
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
