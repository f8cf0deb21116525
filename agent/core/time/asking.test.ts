import { type Batch, decodeBatch } from '@barograph/proto'
import { expect, test } from 'vitest'
import { createFakeClock } from '../fake-clock.ts'
import { silentLog } from '../log.ts'
import { askingLimits, createTimeAsking } from './asking.ts'
import { createTimekeeper } from './timekeeper.ts'

const hourMs = 3_600_000

function setUp() {
  const clock = createFakeClock()
  const time = createTimekeeper({ clock, log: silentLog })
  const sent: Batch[] = []
  const asking = createTimeAsking({
    device: 'balcony',
    time,
    clock,
    transmit: (bytes) => sent.push(decodeBatch(bytes)),
  })
  const hear = (timeToken: number | undefined, collectorTime = clock.now()): boolean =>
    asking.hear({ collectorTime, siteVersion: 0, streams: [], timeToken })
  return { clock, time, sent, asking, hear }
}

test('asks until somebody answered, then only because clocks drift, and never a machine that is synchronised', () => {
  const { clock, time, sent, asking, hear } = setUp()
  const wait = (ms: number): number => {
    for (let passed = 0; passed < ms; passed += 1_000) {
      clock.stall(1_000)
      time.look('unknown')
      asking.askWhenDue()
    }
    return sent.splice(0).length
  }
  expect(wait(4 * askingLimits.urgentMs)).toBe(4)
  const { timeToken } = asking.ask()
  clock.stall(80)
  expect(hear(timeToken)).toBe(true)
  expect(time.isUnconfirmed).toBe(false)
  expect(wait(hourMs)).toBe(hourMs / askingLimits.routineMs)
  time.look('yes')
  for (let i = 0; i < 100; i++) {
    clock.stall(60_000)
    time.look('yes')
    asking.askWhenDue()
  }
  expect(sent).toEqual([])
  clock.step(hourMs)
  asking.askWhenDue()
  expect(time.now()).toBe(clock.now() - hourMs)
  asking.askWhenDue()
  expect(sent).toHaveLength(1)
})

test('an answer to another question, or to one of a connection before, says nothing of the time', () => {
  const { clock, time, asking, hear } = setUp()
  const { timeToken = 0 } = asking.ask()
  expect(hear(timeToken + 1, 0)).toBe(true)
  asking.restart()
  expect(hear(timeToken, 0)).toBe(true)
  expect(time.isUnconfirmed).toBe(true)
  expect(time.now()).toBe(clock.now())
})

test('a collector that does not know the question tells the time with whatever it says after the connect', () => {
  const { clock, time, asking, hear } = setUp()
  clock.stall(5_000)
  asking.restart()
  asking.ask()
  clock.stall(1_200)
  expect(hear(undefined, clock.now() - 100 + hourMs)).toBe(false)
  expect(time.status).toMatchObject({ source: 'collector', errorMs: 600 })
  expect(Math.abs(time.now() - (clock.now() + hourMs))).toBeLessThanOrEqual(600)
})

test('questions without answers are forgotten, and no two are the same', () => {
  const { asking } = setUp()
  const tokens = Array.from({ length: 3 * askingLimits.open }, () => asking.ask().timeToken)
  expect(new Set(tokens).size).toBe(tokens.length)
})
