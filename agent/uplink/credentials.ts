import { X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import { CodedError } from '@barograph/proto'

/** What the uplink shows of itself, and by what it knows the broker; the texts themselves. */
export interface UplinkCredentials {
  readonly token: string | null
  /** PEM; null: the authorities that this machine trusts. */
  readonly ca: string | null
  readonly cert: string | null
  readonly key: string | null
}

const dayMs = 86_400_000
/** From here on it is said that a certificate ends. */
const warnDays = 60

/** Finds out now what TLS would object to later. Throws `bad-secret`. */
export function checkCredentials({ ca, cert, key }: UplinkCredentials, file: string): void {
  const given = { ...(ca === null ? {} : { ca }), ...(cert === null || key === null ? {} : { cert, key }) }
  for (const name of ['ca', 'cert'] as const) {
    const text = given[name as keyof typeof given]
    if (text !== undefined && readCertificate(text) === null)
      throw new CodedError('bad-secret', `${file}: uplink.${name} is no certificate in PEM`, {
        hint: 'it begins with -----BEGIN CERTIFICATE-----; name a file as file:PATH',
      })
  }
  try {
    createSecureContext(given)
  } catch (cause) {
    throw new CodedError(
      'bad-secret',
      `${file}: uplink.key is not the key of uplink.cert, or no key in PEM`,
      {
        hint: 'it begins with -----BEGIN PRIVATE KEY-----; name a file as file:PATH',
        cause,
      },
    )
  }
}

/** For `doctor`. Throws `credentials` when the certificate has ended. */
export function describeCredentials({ token, cert }: UplinkCredentials, nowMs: number): string {
  if (cert === null) return token === null ? 'no token is configured' : 'a token'
  const words = `a certificate of ${certificateWords(cert)}`
  if (endOf(cert) > nowMs) return words
  throw new CodedError('credentials', words, {
    hint: 'a new one: barograph-collector devices renew; or is the clock wrong?',
  })
}

/** In how many days the certificate ends, if that is soon; null: it is not. */
export function endingWords({ cert }: UplinkCredentials, nowMs: number): string | null {
  if (cert === null || endOf(cert) - nowMs > warnDays * dayMs) return null
  const days = Math.floor((endOf(cert) - nowMs) / dayMs)
  const when = days < 0 ? 'has ended' : `ends in ${days} ${days === 1 ? 'day' : 'days'}`
  return `the certificate of this device ${when}: ${certificateWords(cert)}; a new one: barograph-collector devices renew`
}

/** `balcony, until 2028-11-20` */
export function certificateWords(cert: string): string {
  const certificate = readCertificate(cert)
  if (certificate === null) return 'unreadable'
  const name = /CN=([^\n]*)/.exec(certificate.subject)?.[1] ?? 'nobody'
  return `${name}, until ${new Date(certificate.validTo).toISOString().slice(0, 10)}`
}

function endOf(cert: string): number {
  const certificate = readCertificate(cert)
  return certificate === null ? 0 : new Date(certificate.validTo).getTime()
}

function readCertificate(pem: string): X509Certificate | null {
  try {
    return new X509Certificate(pem)
  } catch {
    // What it is not is the answer.
    return null
  }
}
