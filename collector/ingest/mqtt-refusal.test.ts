import { expect, test } from 'vitest'
import { refusalFor } from './mqtt-refusal.ts'

const withCode = (code: unknown): Error => Object.assign(new Error('words'), { code })

test.each([1, 2, 4, 5])('CONNACK %i is a matter of configuration', (code) => {
  expect(refusalFor(withCode(code), 'mqtt://b')).toMatchObject({ code: 'mqtt-refused', retryable: false })
})

test.each(['DEPTH_ZERO_SELF_SIGNED_CERT', 'ERR_TLS_CERT_ALTNAME_INVALID', 'CERT_HAS_EXPIRED', 'EPROTO'])(
  '%s is a matter of configuration',
  (code) => {
    expect(refusalFor(withCode(code), 'mqtts://b')).toMatchObject({ code: 'mqtt-tls', retryable: false })
  },
)

test('a host of no name is a matter of configuration', () => {
  const refusal = refusalFor(withCode('ENOTFOUND'), 'mqtt://nowhere')
  expect(refusal).toMatchObject({ code: 'mqtt-unknown-host', retryable: false })
})

test.each([3, 'ECONNREFUSED', 'EAI_AGAIN', 'ETIMEDOUT', 'ECONNRESET', undefined])('%s may pass', (code) => {
  expect(refusalFor(withCode(code), 'mqtt://b')).toBeNull()
})
