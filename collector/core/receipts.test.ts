import { decodeReceipt, type RangeSet, type Receipt, type StreamReceipt, union } from '@barograph/proto'
import { describe, expect, test } from 'vitest'
import { createReceipts, receiptLimits } from './receipts.ts'
import { createFakeClock } from './testing/fake-clock.ts'

const stream = { sensor: 'bme280', epoch: '00000000000000aa' }
const nothing = { ...stream, logged: [], stored: [], lost: [], refused: [], ended: 0 }

function setUp() {
  const clock = createFakeClock()
  const sent: { topic: string; receipt: Receipt; at: number }[] = []
  const receipts = createReceipts({
    clock,
    send: (topic, payload) => sent.push({ topic, receipt: decodeReceipt(payload), at: clock.monotonicMs() }),
  })
  const stored = (device: string, ...streams: Partial<StreamReceipt>[]): void =>
    receipts.stored([{ device, siteVersion: 3, streams: streams.map((one) => ({ ...nothing, ...one })) }])
  return { clock, sent, receipts, stored }
}

/** Ranges of one number each: 1, 3, 5, ... */
const scattered = (count: number, from = 1): RangeSet =>
  Array.from({ length: 2 * count }, (_, i) => from + 2 * Math.floor(i / 2))

describe('a receipt', () => {
  test('goes to the device at once, with the time of the collector', async () => {
    const { clock, sent, receipts } = setUp()
    receipts.logged('balcony', [{ ...stream, firstSeq: 1, lastSeq: 5 }])
    await clock.pass(1)
    expect(sent).toMatchObject([
      {
        topic: 'barograph/v1/balcony/down',
        receipt: { collectorTime: clock.now() - 1, streams: [{ ...nothing, logged: [1, 5] }] },
      },
    ])
  })

  test('that tells the time goes at once, alone, between the others', async () => {
    const { clock, sent, receipts } = setUp()
    receipts.logged('balcony', [{ ...stream, firstSeq: 1, lastSeq: 5 }])
    await clock.pass(1)
    receipts.logged('balcony', [{ ...stream, firstSeq: 6, lastSeq: 9 }])
    receipts.time('balcony', 42)
    expect(sent.slice(1)).toEqual([
      {
        topic: 'barograph/v1/balcony/down',
        receipt: { collectorTime: clock.now(), siteVersion: 0, streams: [], timeToken: 42 },
        at: clock.monotonicMs(),
      },
    ])
    await clock.pass(receiptLimits.intervalMs)
    expect(sent[2]?.receipt.streams).toMatchObject([{ logged: [6, 9] }])
  })

  test('comes a few times a second however often something happens, and says all of it', async () => {
    const { clock, sent, receipts } = setUp()
    for (let seq = 1; seq <= 200; seq++) {
      receipts.logged('balcony', [{ ...stream, firstSeq: seq, lastSeq: seq }])
      await clock.pass(5)
    }
    await clock.pass(receiptLimits.intervalMs)
    expect(sent.length).toBeLessThanOrEqual(1_000 / receiptLimits.intervalMs + 2)
    const all = sent.flatMap(({ receipt }) => receipt.streams.map(({ logged }) => logged))
    expect(all.reduce(union)).toEqual([1, 200])
  })

  test('says stored, lost, refused, end and site together', async () => {
    const { clock, sent, stored } = setUp()
    const whole = {
      stored: [1, 9],
      lost: [10, 12],
      refused: [{ firstSeq: 13, lastSeq: 14, reason: 'malformed' }],
      ended: 15,
    }
    stored('balcony', whole)
    await clock.pass(1)
    expect(sent[0]?.receipt).toMatchObject({ siteVersion: 3, streams: [{ ...nothing, ...whole }] })
  })

  test('is sent for a stream of which nothing is stored, when it was asked for', async () => {
    const { clock, sent, stored } = setUp()
    stored('balcony', {})
    await clock.pass(1)
    expect(sent[0]?.receipt.streams).toEqual([nothing])
  })

  test('is sent again for the same set: the first may not have arrived', async () => {
    const { clock, sent, stored } = setUp()
    stored('balcony', { stored: [1, 9] })
    await clock.pass(1_000)
    stored('balcony', { stored: [1, 9] })
    await clock.pass(1_000)
    expect(sent.map(({ receipt }) => receipt.streams[0]?.stored)).toEqual([
      [1, 9],
      [1, 9],
    ])
  })

  test('goes to each device for itself', async () => {
    const { clock, sent, stored } = setUp()
    stored('balcony', { stored: [1, 1] })
    stored('cellar', { stored: [2, 2] })
    await clock.pass(1)
    expect(sent.map(({ topic }) => topic)).toEqual(['barograph/v1/balcony/down', 'barograph/v1/cellar/down'])
  })
})

describe('a set of many ranges', () => {
  test('comes in parts, the oldest first, and ends', async () => {
    const { clock, sent, stored, receipts } = setUp()
    const set = scattered(5 * receiptLimits.ranges + 1)
    stored('balcony', { stored: set })
    await clock.pass(10_000)
    expect(sent).toHaveLength(6)
    expect(sent.flatMap(({ receipt }) => receipt.streams[0]?.stored ?? [])).toEqual(set)
    expect(receipts.state()).toEqual({ sent: 6, waiting: 0 })
    expect(clock.timers).toBe(0)
  })

  test('is said to its end even when newer sets keep coming', async () => {
    const { clock, sent, stored } = setUp()
    const count = 20 * receiptLimits.ranges
    for (let round = 0; round < 30; round++) {
      stored('balcony', { stored: scattered(count + round) })
      await clock.pass(500)
    }
    const last = 2 * count - 1
    expect(sent.some(({ receipt }) => receipt.streams[0]?.stored.includes(last))).toBe(true)
  })
})

test('many streams take turns', async () => {
  const { clock, sent, stored } = setUp()
  const count = 2 * receiptLimits.streams + 3
  const streams = Array.from({ length: count }, (_, i) => ({
    sensor: `sensor-${i}`,
    stored: scattered(receiptLimits.ranges + 1),
  }))
  stored('balcony', ...streams)
  await clock.pass(10_000)
  for (const { receipt } of sent) expect(receipt.streams.length).toBeLessThanOrEqual(receiptLimits.streams)
  for (const { sensor, stored: set } of streams) {
    const said = sent.flatMap(({ receipt }) =>
      receipt.streams.filter((one) => one.sensor === sensor).map((one) => one.stored),
    )
    expect(said.flat()).toEqual(set)
  }
})
