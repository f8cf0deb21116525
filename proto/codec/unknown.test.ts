import { describe, expect, test } from 'vitest'
import type { Batch, Site } from '../batch.ts'
import { isCoded } from '../errors.ts'
import { batchHead, bytes, message, number, smallBatch, smallRun } from '../testing/wire.ts'
import { decodeBatch, encodeBatch } from './batch.ts'
import { decodeExpire, decodeRefusal, decodeRelease, decodeSettings } from './log-records.ts'
import { decodeReceipt, encodeReceipt } from './receipt.ts'
import { decodeStatus, encodeStatus, offlineStatus } from './status.ts'

// What a later minor version may add: a number, a text, and a message with fields of its own.
const novelties = [number(900, 300), bytes(901, 'news'), bytes(902, message(number(1, 1), bytes(2, 'inner')))]

const site: Site = {
  version: 1,
  name: 'Balcony',
  latitude: 40.69,
  longitude: -74.17,
  altitudeM: 5,
  timeZone: 'America/New_York',
  validFrom: 0,
}

function occursIn(part: Uint8Array, whole: Uint8Array): boolean {
  return Buffer.from(whole).includes(Buffer.from(part))
}

describe('fields of a newer version', () => {
  test.each<[string, Batch]>([
    ['a batch', { ...smallBatch(), unknowns: novelties }],
    ['a run', smallBatch({ unknowns: novelties })],
    ['a column', smallBatch({ columns: smallRun().columns.map((c) => ({ ...c, unknowns: novelties })) })],
    ['a site', { ...smallBatch(), site: { ...site, unknowns: novelties } }],
  ])('survive in %s', (_where, batch) => {
    const sent = encodeBatch(batch)
    const passedOn = encodeBatch(decodeBatch(sent))
    for (const novelty of novelties) expect(occursIn(novelty, passedOn)).toBe(true)
    expect(Buffer.compare(passedOn, sent)).toBe(0)
    expect(decodeBatch(new Uint8Array(sent))).toEqual(batch)
  })

  test('survive in a status', () => {
    const passedOn = encodeStatus(decodeStatus(message(encodeStatus(offlineStatus), ...novelties)))
    for (const novelty of novelties) expect(occursIn(novelty, passedOn)).toBe(true)
  })

  test('survive in a receipt', () => {
    const receipt = { collectorTime: 5, siteVersion: 1, streams: [] }
    const passedOn = encodeReceipt(decodeReceipt(message(encodeReceipt(receipt), ...novelties)))
    for (const novelty of novelties) expect(occursIn(novelty, passedOn)).toBe(true)
  })

  test('do not change what the known fields say', () => {
    const { unknowns, ...known } = decodeBatch(message(encodeBatch(smallBatch()), ...novelties))
    expect(known).toEqual(smallBatch())
    expect(unknowns).toHaveLength(novelties.length)
  })

  test('are no property at all where there are none', () => {
    expect('unknowns' in decodeBatch(encodeBatch(smallBatch()))).toBe(false)
  })
})

describe('another protocol version', () => {
  const messages: [string, (head: Uint8Array) => unknown, Uint8Array][] = [
    ['batch', decodeBatch, bytes(2, 'balcony')],
    ['status', decodeStatus, message()],
    ['receipt', decodeReceipt, message()],
    ['refusal', decodeRefusal, bytes(2, 'balcony')],
    ['settings', decodeSettings, bytes(2, 'UTC')],
    ['release', decodeRelease, bytes(2, 'balcony')],
    ['expiry', decodeExpire, bytes(2, 'balcony')],
  ]

  test.each(messages)('is refused in a %s, and the version named', (name, decode, rest) => {
    expect(() => decode(message(number(1, 1), rest))).not.toThrow()
    for (const version of [0, 2, 4_294_967_295]) {
      let error: unknown
      try {
        decode(version === 0 ? rest : message(number(1, version), rest))
      } catch (caught) {
        error = caught
      }
      expect(isCoded(error, 'unknown-version')).toBe(true)
      expect(String(error)).toContain(`${name} of protocol version ${version}`)
    }
  })

  test('is told before anything else that may be new in it', () => {
    const future = message(batchHead(2), bytes(6, bytes(1, 'NO ID')))
    expect(() => decodeBatch(future)).toThrow(/version 2/)
  })
})
