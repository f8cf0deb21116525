import { limits, type Metric, metricByName } from '@barograph/proto'
import { describe, expect, test } from 'vitest'
import { batchMessage, ofVersion, runOf, statusMessage } from './testing/messages.ts'
import { judge } from './verdict.ts'

const now = Date.UTC(2026, 0, 1)
const good = batchMessage('balcony', { runs: [runOf(1, 3, now - 10_000)] })

const codeOf = (verdict: ReturnType<typeof judge>): string =>
  verdict.kind === 'refused' ? verdict.code : verdict.kind

describe('a message', () => {
  test('in order is a batch that nobody quarantines', () => {
    expect(judge(good, now)).toMatchObject({ kind: 'batch', device: 'balcony', quarantineAfterMs: null })
  })

  test('of a device about itself is a status', () => {
    expect(judge(statusMessage('balcony', 'fine'), now)).toEqual({ kind: 'status', device: 'balcony' })
  })

  test.each([
    ['on a topic of nobody', { ...good, topic: 'weather/balcony' }, 'wrong-topic'],
    ['on the topic of receipts', { ...good, topic: 'barograph/v1/balcony/down' }, 'wrong-topic'],
    ['under another device than its topic', batchMessage('balcony', {}, 'cellar'), 'wrong-device'],
    ['of a device that proved to be another one', { ...good, identity: 'cellar' }, 'wrong-device'],
    ['of another version', { ...good, payload: ofVersion(good.payload, 9) }, 'unknown-version'],
    ['cut off', { ...good, payload: good.payload.slice(0, -2) }, 'malformed'],
    ['beyond the size', { ...good, payload: new Uint8Array(limits.batchBytes + 1) }, 'too-large'],
    [
      'that is no status',
      { ...statusMessage('balcony', 'x'), payload: Uint8Array.of(8, 1, 255) },
      'malformed',
    ],
  ])('%s is refused', (_, message, code) => {
    expect(codeOf(judge(message, now))).toBe(code)
  })

  test('that cannot be read still tells whose numbers it had', () => {
    const verdict = judge({ ...good, payload: ofVersion(good.payload, 9) }, now)
    expect(verdict).toMatchObject({ ranges: [{ sensor: 'bme280', firstSeq: 1, lastSeq: 3 }] })
  })

  test('with a value out of bounds tells whose numbers it had', () => {
    const run = runOf(4, 2, now)
    const metric = metricByName('temperature') as Metric
    const columns = [{ metric, values: Float64Array.of(2 ** 41, 0), flags: null }]
    const verdict = judge(batchMessage('balcony', { runs: [{ ...run, columns }] }), now)
    expect(verdict).toMatchObject({
      code: 'value-out-of-bounds',
      ranges: [{ sensor: 'bme280', firstSeq: 4, lastSeq: 5 }],
    })
  })

  test('on the topic of another device never speaks for the numbers of either', () => {
    const other = batchMessage('cellar', { runs: [runOf(1, 3, now)] }, 'balcony')
    expect(judge({ ...other, payload: ofVersion(other.payload, 9) }, now)).toMatchObject({ ranges: [] })
    expect(judge(other, now)).toMatchObject({ ranges: [] })
  })
})

describe('a time in the future', () => {
  const later = now + limits.futureToleranceMs + 1

  test('marks the batch from the tolerance on', () => {
    const late = batchMessage('balcony', { runs: [runOf(1, 1, now), runOf(2, 1, later)] })
    expect(judge(late, now)).toMatchObject({ quarantineAfterMs: now + limits.futureToleranceMs })
    const within = batchMessage('balcony', { runs: [runOf(2, 1, later - 1)] })
    expect(judge(within, now)).toMatchObject({ quarantineAfterMs: null })
  })

  test('is what replayed data may have', () => {
    const replayed = batchMessage('newark', { clock: 'historical', runs: [runOf(1, 1, later)] })
    expect(judge(replayed, now)).toMatchObject({ kind: 'batch', quarantineAfterMs: null })
  })
})
