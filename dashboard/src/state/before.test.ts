import type { ApiReadings } from '@barograph/proto/api'
import { describe, expect, it } from 'vitest'
import { createBefore, nearest } from './before.ts'

const noon = Date.parse('2025-06-02T12:00:00Z')
const minute = 60_000
const reading = (time: number, temperature: number, more: object = {}) => ({
  kind: 'reading' as const,
  time: new Date(time).toISOString(),
  epoch: 'aa',
  seq: 1,
  values: { temperature },
  ...more,
})

describe('reading of three hours ago', () => {
  it('is the nearest one within ten minutes', () => {
    const readings = [reading(noon - 9 * minute, 1), reading(noon + 2 * minute, 2)]
    expect(nearest(readings, 'temperature', noon)).toBe(2)
    expect(nearest([reading(noon - 11 * minute, 1)], 'temperature', noon)).toBeNull()
    expect(nearest(readings, 'pressure', noon)).toBeNull()
  })

  it('leaves out what does not count', () => {
    const invalid = { flags: { temperature: { invalid: true, reason: 'outside the physical range' } } }
    expect(
      nearest([reading(noon, 1, invalid), reading(noon, 1, { quarantined: 'future' })], 'temperature', noon),
    ).toBeNull()
  })

  it('is looked for close by first, then in all of the tolerance, and not again at once', async () => {
    const asked: number[] = []
    const answers: ApiReadings[] = [
      { metrics: {}, readings: [], cursor: null },
      { metrics: {}, readings: [reading(noon - 8 * minute, 14)], cursor: null },
    ]
    const before = createBefore({
      api: {
        readings: async ({ from, to }) => {
          asked.push(to - from)
          return answers[asked.length - 1] ?? { metrics: {}, readings: [], cursor: null }
        },
      },
      now: () => 0,
      onChange: () => {},
      onFailure: (error) => {
        throw error
      },
    })
    const query = {
      device: 'a',
      sensor: 's',
      metric: 'temperature',
      intervalMs: 1_000,
      time: noon + 180 * minute,
    }
    expect(before.value(query)).toBeNull()
    await new Promise((resolve) => setTimeout(resolve))
    expect(before.value(query)).toBe(14)
    expect(asked).toEqual([minute + 1, 20 * minute + 1])
  })
})
