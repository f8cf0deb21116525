import { isCoded } from '@barograph/proto'
import { describe, expect, test } from 'vitest'
import { describeConnectError } from './connect-error.ts'
import { certificateWords, checkCredentials, describeCredentials, endingWords } from './credentials.ts'
import { cert, key, otherKey } from './fixtures/certificate.ts'

const none = { token: null, ca: null, cert: null, key: null }
const endsMs = Date.UTC(2046, 0, 1)

/** What a check objected to. */
function objection(check: () => void): string {
  try {
    check()
  } catch (error) {
    if (isCoded(error, 'bad-secret')) return error.message
    throw error
  }
  return ''
}

describe('credentials', () => {
  test('that TLS would object to are named before anything is sampled, without showing them', () => {
    const check = (given: object) => objection(() => checkCredentials({ ...none, ...given }, 'agent.yaml'))
    expect(check({})).toBe('')
    expect(check({ ca: cert, cert, key })).toBe('')
    expect(check({ ca: 'nonsense' })).toBe('agent.yaml: uplink.ca is no certificate in PEM')
    expect(check({ cert: key, key })).toBe('agent.yaml: uplink.cert is no certificate in PEM')
    expect(check({ cert, key: 'nonsense' })).toMatch(/uplink\.key is not the key of uplink\.cert/)
    expect(check({ cert, key: otherKey })).toMatch(/uplink\.key is not the key of uplink\.cert/)
  })

  test('are described by what may be known of them', () => {
    expect(certificateWords(cert)).toBe('balcony, until 2046-01-01')
    expect(describeCredentials(none, 0)).toBe('no token is configured')
    expect(describeCredentials({ ...none, token: 'secret' }, 0)).toBe('a token')
    expect(describeCredentials({ ...none, cert, key }, endsMs - 1)).toBe(
      'a certificate of balcony, until 2046-01-01',
    )
    expect(() => describeCredentials({ ...none, cert, key }, endsMs + 1)).toThrow(/balcony, until 2046/)
    expect(endingWords({ ...none, cert, key }, endsMs - 61 * 86_400_000)).toBe(null)
    expect(endingWords({ ...none, cert, key }, endsMs - 59 * 86_400_000)).toMatch(/ends in 59 days: balcony/)
    expect(endingWords({ ...none, cert, key }, endsMs + 1)).toMatch(/has ended: balcony/)
    expect(endingWords(none, 0)).toBe(null)
  })
})

test.each([
  ['CERT_HAS_EXPIRED', 'tls', /certificate that has ended/],
  ['CERT_NOT_YET_VALID', 'tls', /not valid yet/],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'tls', /certificate of another name/],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'tls', /does not trust/],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'tls', /does not trust/],
  ['EPROTO', 'tls', /speaks no TLS on this port/],
  ['2', 'unauthorised', /client id/],
  ['3', 'busy', /takes nobody now/],
])('a connection that fails with %s is said in words, and tried again', (code, name, words) => {
  const error = describeConnectError(Object.assign(new Error('x'), { code }), { url: 'mqtts://a:8883' })
  expect(error).toMatchObject({ code: name, retryable: true })
  expect(error.message).toMatch(words)
  expect(error.message).toContain('a:8883')
})

test.each([
  [{ token: 'secret' }, /does not accept this device's name and token/],
  [{ cert, key }, /does not accept this device's certificate \(balcony, until 2046-01-01\)/],
  [{}, /asks for a token or certificate, and this device has none/],
])('who is refused learns by what', (given, words) => {
  const error = describeConnectError(Object.assign(new Error('x'), { code: 5 }), {
    url: 'mqtts://a:8883',
    ...given,
  })
  expect(error.message).toMatch(words)
  expect(`${error.message} ${error.hint}`).not.toContain('secret')
})
