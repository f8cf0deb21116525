import { expect, test } from 'vitest'
import { createProxies, createReadRequester } from './requester.ts'

const readRequester = createReadRequester(createProxies(['10.0.0.0/8', '::1']))
const headers = {
  host: 'inner:8013',
  'x-forwarded-for': '198.51.100.1, 203.0.113.7, 10.1.1.1',
  'x-forwarded-host': 'evil.example, weather.example',
  'x-forwarded-proto': 'https',
}
const from = (remoteAddress: string, more: object = {}) =>
  readRequester({ headers: { ...headers, ...more }, socket: { remoteAddress } })

test('a proxy that is trusted speaks for its client: the last address that no trusted one wrote', () => {
  const client = { address: '203.0.113.7', host: 'weather.example', isSecure: true }
  expect(from('10.0.0.1')).toEqual(client)
  expect(from('::ffff:10.0.0.1')).toEqual(client)
  expect(from('::1')).toEqual(client)
})

test('anybody else speaks for nobody', () => {
  expect(from('192.0.2.9')).toEqual({ address: '192.0.2.9', host: 'inner:8013', isSecure: false })
})

test('a trusted proxy that says nothing, or nonsense, is itself the client', () => {
  const nothing = {
    'x-forwarded-for': undefined,
    'x-forwarded-host': undefined,
    'x-forwarded-proto': undefined,
  }
  expect(from('10.0.0.1', nothing)).toEqual({ address: '10.0.0.1', host: 'inner:8013', isSecure: false })
  expect(from('10.0.0.1', { 'x-forwarded-for': 'unknown' }).address).toBe('10.0.0.1')
  expect(from('10.0.0.1', { 'x-forwarded-for': '203.0.113.7, x' }).address).toBe('10.0.0.1')
})
