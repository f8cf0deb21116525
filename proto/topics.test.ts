import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { epochFromBytes, epochToBytes, isEpoch, isId } from './identity.ts'
import { limits } from './limits.ts'
import { isTimeZone } from './time-zone.ts'
import { downTopic, parseTopic, statusTopic, upTopic } from './topics.ts'

describe('topics', () => {
  test('name the device and the channel, and are read back', () => {
    expect(upTopic('balcony')).toBe('barograph/v1/balcony/up')
    expect(parseTopic(upTopic('balcony'))).toEqual({ device: 'balcony', channel: 'up' })
    expect(parseTopic(downTopic('a-1'))).toEqual({ device: 'a-1', channel: 'down' })
    expect(parseTopic(statusTopic('0'))).toEqual({ device: '0', channel: 'status' })
  })

  test.each([
    '',
    'barograph/v1/',
    'barograph/v1/balcony',
    'barograph/v1/balcony/',
    'barograph/v1/balcony/up/',
    'barograph/v1/balcony/up/more',
    'barograph/v1/balcony/sideways',
    'barograph/v2/balcony/up',
    'Barograph/v1/balcony/up',
    'barograph/v1//up',
    'barograph/v1/+/up',
    'barograph/v1/#',
    'barograph/v1/BALCONY/up',
    'barograph/v1/balcony/toString',
    '$SYS/broker',
  ])('of others are nobody’s: %j', (topic) => {
    expect(parseTopic(topic)).toBeNull()
  })
})

describe('ids', () => {
  test.each(['a', '0', 'a-b', 'a'.repeat(63), 'newark-2013'])('%s is one', (id) =>
    expect(isId(id)).toBe(true),
  )
  test.each(['', '-a', 'A', 'a_b', 'a.b', 'ä', 'a b', 'a\n', 'a'.repeat(64), '../a'])('%j is none', (id) =>
    expect(isId(id)).toBe(false),
  )

  test('of epochs are 8 bytes as 16 digits, there and back', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 8, maxLength: 8 }), (bytes) => {
        const epoch = epochFromBytes(bytes)
        expect(isEpoch(epoch)).toBe(true)
        expect(epochToBytes(epoch)).toEqual(bytes)
      }),
    )
    expect(() => epochFromBytes(new Uint8Array(7))).toThrow(/8 bytes/)
    expect(() => epochToBytes('0123456789ABCDEF')).toThrow(/16 hexadecimal digits/)
  })
})

describe('time zones', () => {
  test('are known by their IANA names, not by offsets', () => {
    for (const zone of ['UTC', 'America/New_York', 'Asia/Kathmandu', 'Australia/Lord_Howe'])
      expect(isTimeZone(zone)).toBe(true)
    for (const zone of ['', '+05:30', 'Mars/Olympus', 'America/New York', '../UTC'])
      expect(isTimeZone(zone)).toBe(false)
  })
})

describe('limits', () => {
  test('fit together', () => {
    expect(limits.entriesPerBatch).toBeLessThanOrEqual(limits.batchBytes)
    // A batch of largest values is still summed without loss, which the fold relies on.
    expect(limits.entriesPerBatch * limits.value).toBeLessThanOrEqual(2 ** 53)
    expect(limits.minutesPerSummary).toBeLessThanOrEqual(limits.numbersPerSummary)
    expect(limits.rangesPerReceipt).toBeLessThanOrEqual(limits.rangesPerStream)
  })
})
