import type { ApiRollup, ApiRollups } from '@barograph/proto/api'
import { describe, expect, it } from 'vitest'
import type { WindowQuery } from '../api/client.ts'
import { addRange, createHistory, firstMissing } from './history.ts'

const hour = 3_600_000
const rollup = (start: number, received = 1, revision = 0): ApiRollup => ({
  level: 'hour',
  start: new Date(start).toISOString(),
  end: new Date(start + hour).toISOString(),
  timeZone: 'UTC',
  revision,
  received,
  expected: 1,
  coverage: 1,
  sealed: false,
  metrics: {},
})

const query = { device: 'a', sensor: 's', level: 'hour', from: 0, to: 10 * hour } as const

function setUp(answer: (request: WindowQuery) => Promise<ApiRollups>) {
  const asked: WindowQuery[] = []
  const failures: unknown[] = []
  let changes = 0
  let time = 0
  const history = createHistory({
    api: {
      rollups: (request) => {
        asked.push(request)
        return answer(request)
      },
    },
    now: () => time,
    onChange: () => {
      changes += 1
    },
    onFailure: (_, error) => failures.push(error),
    onSuccess: () => {},
  })
  const settled = () => new Promise((resolve) => setTimeout(resolve))
  return { history, asked, failures, settled, changes: () => changes, wait: (ms: number) => (time += ms) }
}

const starts = (windows: readonly { start: number }[]) => windows.map(({ start }) => start / hour)

describe('history', () => {
  it('asks once for what it lacks, page by page, and shows it', async () => {
    const pages = [
      { rollups: [rollup(0), rollup(hour)], cursor: 'more' },
      { rollups: [rollup(2 * hour)], cursor: null },
    ]
    const { history, asked, settled, changes } = setUp(
      async ({ cursor }) => pages[cursor ? 1 : 0] ?? { rollups: [], cursor: null },
    )
    expect(history.windows(query)).toEqual([])
    expect(history.isLoaded(query)).toBe(false)
    await settled()
    expect(starts(history.windows(query))).toEqual([0, 1, 2])
    expect(history.isLoaded(query)).toBe(true)
    expect(asked.map(({ cursor }) => cursor ?? null)).toEqual([null, 'more'])
    expect(changes()).toBe(1)
  })

  it('asks only for the part that is new when the stretch moves on', async () => {
    const { history, asked, settled } = setUp(async () => ({ rollups: [], cursor: null }))
    history.windows(query)
    await settled()
    history.windows({ ...query, to: 12 * hour })
    expect(asked.at(-1)).toMatchObject({ from: 10 * hour, to: 12 * hour })
  })

  it('what arrives live replaces what was read, but an older answer does not replace it', async () => {
    const { history, settled } = setUp(async () => ({ rollups: [rollup(0, 1)], cursor: null }))
    history.windows(query)
    history.merge('a', 's', rollup(0, 5))
    history.merge('a', 's', rollup(hour, 1))
    await settled()
    expect(history.windows(query).map(({ received }) => received)).toEqual([5, 1])
  })

  it('after something may have been missed it asks again and keeps showing what it has', async () => {
    const { history, asked, settled } = setUp(async () => ({ rollups: [rollup(0)], cursor: null }))
    history.windows(query)
    await settled()
    history.forget()
    expect(starts(history.windows(query))).toEqual([0])
    expect(asked).toHaveLength(2)
  })

  it('an answer to a question from before the loss does not count as complete', async () => {
    const { history, settled } = setUp(async () => ({ rollups: [rollup(0)], cursor: null }))
    history.windows(query)
    history.forget()
    await settled()
    expect(history.isLoaded(query)).toBe(false)
  })

  it('a failure is told, and tried again only after a while', async () => {
    const { history, asked, failures, settled, wait } = setUp(() =>
      Promise.reject(new Error('store-timeout')),
    )
    history.windows(query)
    await settled()
    history.windows(query)
    expect([asked.length, failures.length]).toEqual([1, 1])
    wait(10_001)
    history.windows(query)
    expect(asked).toHaveLength(2)
  })
})

describe('ranges', () => {
  it('the first missing part of a stretch', () => {
    expect(firstMissing([], { from: 0, to: 5 })).toEqual({ from: 0, to: 5 })
    expect(firstMissing([{ from: 0, to: 3 }], { from: 1, to: 5 })).toEqual({ from: 3, to: 5 })
    expect(firstMissing([{ from: 2, to: 3 }], { from: 0, to: 5 })).toEqual({ from: 0, to: 2 })
    expect(firstMissing([{ from: 0, to: 9 }], { from: 1, to: 5 })).toBeNull()
  })

  it('join where they touch and stay in order', () => {
    expect(addRange([{ from: 6, to: 8 }], { from: 0, to: 2 })).toEqual([
      { from: 0, to: 2 },
      { from: 6, to: 8 },
    ])
    expect(
      addRange(
        [
          { from: 0, to: 2 },
          { from: 6, to: 8 },
        ],
        { from: 2, to: 6 },
      ),
    ).toEqual([{ from: 0, to: 8 }])
  })
})
