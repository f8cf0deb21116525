import { catalogue, customMetric, isCoded, type Metric } from '@barograph/proto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodePayload, encodePayload, type MetricNumbers, type Payload } from './payload.ts'

const custom = customMetric('panelVoltage', 'V', 'level')
const numbers: MetricNumbers = {
  numberOf: () => 3,
  metricOf: (number) => (number === 3 ? custom : undefined),
}
const metric = fc.constantFrom<Metric>(...catalogue, custom)
const value = fc.record({
  metric,
  thousandths: fc.integer({ min: -(2 ** 40) + 1, max: 2 ** 40 - 1 }),
  flag: fc.integer({ min: 0, max: 255 }),
})

test('any values come back as they went in', () => {
  fc.assert(
    fc.property(fc.array(value, { maxLength: 64 }), (values) => {
      const payload = { values, mark: null }
      expect(decodePayload(encodePayload(payload, numbers), numbers)).toEqual(payload)
    }),
  )
})

test('any mark comes back as it went in', () => {
  const mark = fc.record({
    kind: fc.constantFrom('fault' as const, 'start' as const, 'stop' as const),
    code: fc.stringMatching(/^[a-z0-9-]{0,40}$/),
    detail: fc.string({ maxLength: 200, unit: 'grapheme' }),
  })
  fc.assert(
    fc.property(mark, (one) => {
      const payload = { values: [], mark: one }
      expect(decodePayload(encodePayload(payload, numbers), numbers)).toEqual(payload)
    }),
  )
})

test('a reading of three values takes about a dozen bytes', () => {
  const values = [25_080, 51_300, 1_006_533].map((thousandths, i) => ({
    metric: catalogue[i] as Metric,
    thousandths,
    flag: 0,
  }))
  expect(encodePayload({ values, mark: null }, numbers).length).toBeLessThanOrEqual(13)
})

test('bytes that are no row of ours are an error with a reason, never nonsense', () => {
  const attempt = (bytes: Uint8Array): unknown => {
    try {
      return decodePayload(bytes, numbers)
    } catch (error) {
      return error
    }
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      expect(attempt(bytes)).toSatisfy(
        (outcome) => isCoded(outcome, 'corrupt') || typeof (outcome as Payload).values === 'object',
      )
    }),
  )
})
