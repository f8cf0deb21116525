import { describe, expect, test } from 'vitest'
import { createFrameGuard } from './frame-guard.ts'

const limit = 1_000

/** An MQTT packet of QoS 1, as its specification draws it. */
function publish(topic: string, payloadBytes: number): Buffer {
  const name = Buffer.from(topic)
  const body = Buffer.concat([
    Buffer.from([0, name.length]),
    name,
    Buffer.from([0, 7]),
    Buffer.alloc(payloadBytes),
  ])
  const length: number[] = []
  for (let left = body.length; ; left >>= 7) {
    length.push((left & 127) | (left > 127 ? 128 : 0))
    if (left <= 127) break
  }
  return Buffer.concat([Buffer.from([0x32, ...length]), body])
}

const ping = Buffer.from([0xc0, 0])

/** The first complaint when the bytes come in pieces of that size. */
function firstComplaint(bytes: Buffer, pieceBytes: number): unknown {
  const guard = createFrameGuard(() => limit)
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    const found = guard.check(bytes.subarray(at, at + pieceBytes))
    if (found) return found
  }
  return null
}

describe.each([1, 2, 3, 7, 64, 5_000])('in pieces of %i bytes', (pieceBytes) => {
  test('packets within the limit pass, however many', () => {
    const stream = Buffer.concat(
      [ping, publish('a/b', 10), ping, publish('c', 900), publish('d', 0)].flatMap((one) => [one, one]),
    )
    expect(firstComplaint(stream, pieceBytes)).toBeNull()
  })

  test('a packet beyond it is found with its topic', () => {
    const stream = Buffer.concat([publish('a/b', 10), ping, publish('barograph/v1/x/up', 2_000)])
    expect(firstComplaint(stream, pieceBytes)).toMatchObject({ topic: 'barograph/v1/x/up' })
  })
})

test('a length that no packet can have is found, and nothing is collected meanwhile', () => {
  const guard = createFrameGuard(() => limit)
  expect(guard.check(Buffer.from([0x10, 0xff, 0xff, 0xff, 0xff]))).toMatchObject({ topic: '' })
})

test('a packet that ends before its topic is named without it', () => {
  const guard = createFrameGuard(() => limit)
  expect(guard.check(Buffer.from([0x32, 0xff, 0x7f, 0]))).toBeNull()
  expect(guard.isOversize).toBe(true)
  expect(guard.check(Buffer.alloc(0), true)).toEqual({ bytes: 16_383, topic: '' })
})
