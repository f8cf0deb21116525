import { expect, test } from 'vitest'
import { expectedRollups } from './expected.ts'
import { readRows } from './rows.ts'

test('the recomputation gives the figures that are known of 10 March and 3 November 2013', () => {
  const days = expectedRollups(readRows(), 'day')
  const march = days.find((day) => day.start === '2013-03-10T05:00:00Z')
  expect(march).toMatchObject({
    end: '2013-03-11T04:00:00Z',
    received: 23,
    expected: 23,
    coverage: 1,
    metrics: {
      temperature: {
        count: 23,
        sum: 98,
        mean: 4.261,
        min: 0.6,
        minAt: '2013-03-10T10:00:00Z',
        max: 7.2,
        maxAt: '2013-03-10T15:00:00Z',
        first: 3.9,
        last: 3.9,
        highestHour: { mean: 7.2 },
        lowestHour: { mean: 0.6 },
      },
    },
  })
  expect(days.find((day) => day.start === '2013-11-03T04:00:00Z')).toMatchObject({
    received: 24,
    expected: 25,
    coverage: 0.96,
  })
  expect(readRows().filter((row) => row.flagged.size > 0).length).toBe(1)
})
