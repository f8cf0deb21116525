import { expect, test } from 'vitest'
import { createFakeClock, type FakeClock } from '../fake-clock.ts'
import { silentLog } from '../log.ts'
import { createTimekeeper, type Synchronisation, type SystemSync, type Timekeeper } from './timekeeper.ts'

const dayMs = 86_400_000

interface Rig {
  readonly clock: FakeClock
  readonly keeper: Timekeeper
  readonly found: Synchronisation[]
  /** The right time. */
  truth(): number
  answer(roundTripMs?: number, wrongMs?: number): void
  /** A second passes; the clocks are looked at. */
  second(system?: SystemSync): void
}

/** A machine whose clock is ahead of the truth by so much. */
function setUp(aheadMs: number, known: Synchronisation | null = null): Rig {
  const clock = createFakeClock()
  const truthOffset = clock.now() - clock.monotonicMs() - aheadMs
  const found: Synchronisation[] = []
  const keeper = createTimekeeper({ clock, log: silentLog })
  keeper.begin(known, (one) => found.push(one))
  const truth = (): number => clock.monotonicMs() + truthOffset
  return {
    clock,
    keeper,
    found,
    truth,
    answer(roundTripMs = 100, wrongMs = 0) {
      const askedAtMs = clock.monotonicMs()
      clock.stall(roundTripMs / 2)
      const collectorTime = truth() + wrongMs
      clock.stall(roundTripMs / 2)
      keeper.answered({ askedAtMs, heardAtMs: clock.monotonicMs(), collectorTime })
    },
    second(system = 'unknown') {
      clock.stall(1_000)
      keeper.look(system)
    },
  }
}

test('a clock that nobody confirmed is shown as it is, and says so', () => {
  const { keeper, clock, found } = setUp(-47 * dayMs)
  expect(keeper.now()).toBe(clock.now())
  expect(keeper.isUnconfirmed).toBe(true)
  expect(keeper.words).toBe('the clock is not synchronised: readings wait')
  expect(keeper.status).toMatchObject({ source: 'none' })
  expect(found).toEqual([])
})

test.each([
  [47 * dayMs, '47 days'],
  [-47 * dayMs, '47 days'],
  [2_500, '2.5 seconds'],
])('a clock that is %d ms off is set by the collector', (offMs, words) => {
  const { keeper, answer, found, truth, second } = setUp(offMs)
  answer(100)
  expect(found).toMatchObject([{ source: 'collector', errorMs: 50 }])
  expect(keeper.isUnconfirmed).toBe(false)
  expect(keeper.now()).toBe(truth())
  expect(keeper.status).toMatchObject({ source: 'collector', errorMs: 50, offMs })
  second()
  expect(keeper.now()).toBe(truth())
  expect(found).toHaveLength(1)
  expect(keeper.words).toBe(`the clock was set by the collector's time (off by ${words})`)
})

test('a clock that agrees with the collector counts as right and is left alone', () => {
  const { keeper, answer, clock, found } = setUp(1_400)
  answer(200)
  expect(keeper.now()).toBe(clock.now())
  expect(found[0]?.offsetMs).toBe(clock.now() - clock.monotonicMs())
  expect(keeper.words).toBeNull()
  expect(keeper.status).toMatchObject({ source: 'collector', offMs: 0 })
})

test('an answer that took long is waited out, unless all of them do', () => {
  const { keeper, answer, truth } = setUp(dayMs)
  answer(9_000)
  expect(keeper.isUnconfirmed).toBe(true)
  answer(9_000)
  expect(keeper.isUnconfirmed).toBe(true)
  answer(9_000)
  expect(keeper.isUnconfirmed).toBe(true)
  answer(9_000)
  expect(keeper.isUnconfirmed).toBe(false)
  expect(keeper.now()).toBe(truth())
  answer(60)
  expect(keeper.status.errorMs).toBe(30)
})

test('a machine that synchronises itself is followed at its step', () => {
  const { keeper, clock, truth, second, found } = setUp(-47_500)
  second('no')
  clock.step(47_500)
  expect(keeper.isUnconfirmed).toBe(true)
  second('yes')
  expect(found).toMatchObject([{ source: 'system' }])
  expect(keeper.now()).toBe(truth())
  expect(keeper.words).toBeNull()
})

test('NTP that comes after the collector takes over', () => {
  const { keeper, clock, truth, second, answer } = setUp(-dayMs)
  answer(1_000)
  expect(keeper.status).toMatchObject({ source: 'collector', offMs: -dayMs })
  clock.step(dayMs)
  second('yes')
  expect(keeper.now()).toBe(truth())
  expect(keeper.status).toMatchObject({ source: 'system', offMs: 0 })
})

test.each([
  ['forward', 90 * dayMs],
  ['back', -90 * dayMs],
])('a jump %s of months moves nothing, whoever synchronised the clock', (_, jumpMs) => {
  for (const system of ['yes', 'unknown'] as const) {
    const { keeper, clock, truth, second, answer, found } = setUp(0)
    if (system === 'unknown') answer()
    second(system)
    clock.step(jumpMs)
    expect(keeper.now()).toBe(truth())
    second(system)
    expect(keeper.now()).toBe(truth())
    expect(keeper.words).toContain('90 days')
    expect(keeper.wantsAnswer).toBe(true)
    answer()
    expect(keeper.now()).toBe(truth())
    expect(keeper.wantsAnswer).toBe(false)
    // Somebody sets it right again.
    clock.step(-jumpMs)
    second(system)
    answer()
    expect(keeper.now()).toBe(clock.now())
    expect(keeper.words).toBeNull()
    expect(found).toHaveLength(1)
  }
})

test('small steps are no jump: a synchronised clock is followed, one that nobody keeps not for ever', () => {
  const kept = setUp(0)
  const unkept = setUp(0)
  kept.second('yes')
  unkept.answer()
  for (let i = 0; i < 10; i++) {
    kept.clock.step(200)
    unkept.clock.step(200)
    kept.second('yes')
    unkept.second()
  }
  expect(kept.keeper.now()).toBe(kept.clock.now())
  expect(unkept.keeper.now()).toBe(unkept.truth())
  expect(unkept.keeper.wantsAnswer).toBe(true)
})

test('a collector that is wrong does not move a machine that is synchronised, and that is said', () => {
  const { keeper, answer, truth, second } = setUp(0)
  second('yes')
  answer(100, 3 * 3_600_000)
  expect(keeper.now()).toBe(truth())
  expect(keeper.words).toBe(
    "the machine's clock is synchronised, and the collector's differs from it by 3 hours",
  )
})

test('the next run in the same boot goes on with what was known', () => {
  const first = setUp(dayMs)
  first.answer()
  const [known] = first.found
  if (!known) throw new Error('not synchronised')
  const next = setUp(dayMs, known)
  expect(next.keeper.isUnconfirmed).toBe(false)
  expect(next.keeper.now()).toBe(next.truth())
  expect(next.keeper.status).toMatchObject({ source: 'collector', offMs: dayMs })
  expect(next.found).toHaveLength(1)
})
