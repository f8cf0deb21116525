import { CodedError } from '@barograph/proto'
import { expect, test } from 'vitest'
import { patienceFor, whenMade } from './patience.ts'

const minuteMs = 60_000

/** Time passes only while somebody sleeps. */
function createClock() {
  let now = 0
  return {
    monotonicMs: () => now,
    async sleep(ms: number) {
      now += ms
    },
  }
}

const madeAfter = (ms: number, clock: { monotonicMs(): number }) => async (): Promise<string> => {
  if (clock.monotonicMs() >= ms) return 'it'
  throw new CodedError('log-missing', 'There is no topic.', { retryable: true })
}

test('what this program makes itself is waited for, however long that takes', async () => {
  const clock = createClock()
  const patienceMs = patienceFor(['bridge'], ['bridge', 'roll', 'serve'])
  expect(await whenMade(madeAfter(minuteMs, clock), { patienceMs, clock })).toBe('it')
})

test('what others make is waited for a while beside other roles, and not at all alone', async () => {
  const clock = createClock()
  const open = madeAfter(10_000, clock)
  const alone = whenMade(open, { patienceMs: patienceFor(['bridge'], ['serve']), clock: createClock() })
  await expect(alone).rejects.toThrow('There is no topic.')
  const besides = patienceFor(['bridge'], ['roll', 'serve'])
  expect(await whenMade(open, { patienceMs: besides, clock })).toBe('it')
  const never = whenMade(madeAfter(minuteMs, clock), { patienceMs: besides, clock })
  await expect(never).rejects.toThrow('There is no topic.')
})

test('what waiting does not mend is said at once', async () => {
  const open = async (): Promise<string> => {
    throw new CodedError('log-partitions', 'It has 3 partitions.', {})
  }
  const patienceMs = patienceFor(['roll'], ['roll', 'serve'])
  await expect(whenMade(open, { patienceMs, clock: createClock() })).rejects.toThrow('3 partitions')
})
