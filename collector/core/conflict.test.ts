import { offlineStatus, type Status } from '@barograph/proto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { conflictAt, conflictLimits, noteSpeaker } from './conflict.ts'
import type { DeviceDocument } from './documents.ts'

type Speaking = { -readonly [K in 'speakers' | 'conflict']?: DeviceDocument[K] }

const epochOf = (run: number): string => run.toString(16).padStart(16, '0')

const statusOf = (run: number, time: number, accepted = 1): Status => ({
  ...offlineStatus,
  online: true,
  time,
  sensors: ['bme280', 'attic'].map((sensor) => ({
    sensor,
    type: 'simulated',
    intervalMs: 1_000,
    origin: 'simulated',
    epoch: epochOf(run),
    accepted,
    backlog: 0,
    fault: null,
  })),
})

interface Said {
  readonly run: number
  readonly time: number
  readonly ingestMs: number
  readonly accepted?: number
}

function hear(said: readonly Said[]): Speaking {
  const device: Speaking = {}
  for (const { run, time, ingestMs, accepted } of said)
    noteSpeaker(device, statusOf(run, time, accepted), ingestMs)
  return device
}

/** Statuses of runs, each ten seconds after the other, by a clock that is right. */
const inTurn = (...runs: number[]): Said[] =>
  runs.map((run, i) => ({ run, time: 10_000 * i, ingestMs: 10_000 * i + 50 }))

describe('two agents with one name', () => {
  test('are noticed when runs take turns, and the conflict ends a stated time after the last turn', () => {
    const device = hear(inTurn(1, 1, 2, 1, 2, 1, 1))
    expect(device.conflict).toEqual({
      since: 30_050,
      last: 50_050,
      turns: 3,
      epochs: [epochOf(2), epochOf(1)],
    })
    const end = 50_050 + conflictLimits.endsAfterMs
    expect([conflictAt(device, 50_050), conflictAt(device, end), conflictAt(device, end + 1)]).toEqual([
      device.conflict,
      device.conflict,
      null,
    ])
  })

  test('three agents are one conflict', () => {
    expect(hear(inTurn(1, 2, 3, 1, 2, 3)).conflict?.epochs).toEqual([1, 2, 3].map(epochOf))
  })

  test('a new conflict long after the last one has its own beginning', () => {
    const later = inTurn(1, 2, 1, 2, 1).map((one) => ({
      ...one,
      time: one.time + 10_000_000,
      ingestMs: one.ingestMs + 10_000_000,
    }))
    expect(hear([...inTurn(1, 2, 1, 2, 1), ...later]).conflict).toMatchObject({
      since: 10_010_050,
      turns: 4,
    })
  })

  test('are noticed when one of the clocks is hours behind', () => {
    const said = inTurn(...Array.from({ length: 20 }, (_, i) => 1 + (i % 2)))
    const skewed = said.map((one) => (one.run === 1 ? { ...one, time: one.time - 7_200_000 } : one))
    expect(conflictAt(hear(skewed), skewed.at(-1)?.ingestMs ?? 0)).not.toBeNull()
  })

  test('are noticed while one of the clocks is set back again and again', () => {
    const said = inTurn(...Array.from({ length: 30 }, (_, i) => 1 + (i % 2)))
    const back = said.map((one, i) => (one.run === 1 ? { ...one, time: 5_000 - i, accepted: 1 + i } : one))
    expect(conflictAt(hear(back), back.at(-1)?.ingestMs ?? 0)).not.toBeNull()
  })

  test('a device that is replaced under its name, or started again and again, is none', () => {
    expect(hear(inTurn(1, 1, 1, 2, 2, 2)).conflict).toBeUndefined()
    expect(hear(inTurn(...Array.from({ length: 40 }, (_, i) => i + 1))).conflict).toBeUndefined()
  })

  test('a status that was late for a restart, by a clock that was set back since, is none yet', () => {
    const restart = inTurn(1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2)
    const back = restart.map((one) => (one.run === 2 ? { ...one, time: one.time - 3_600_000 } : one))
    const late = { run: 1, time: 75_000, ingestMs: 85_000 }
    const device = hear([...back, late].toSorted((a, b) => a.ingestMs - b.ingestMs))
    expect(device.conflict?.turns).toBe(2)
    expect(conflictAt(device, 100_050)).toBeNull()
  })

  test('a last will and a status of strange sensors name no run', () => {
    const device = hear(inTurn(1))
    noteSpeaker(device, { ...offlineStatus, time: 90_000 }, 90_000)
    const [one, two] = statusOf(2, 91_000).sensors as [Status['sensors'][number], Status['sensors'][number]]
    noteSpeaker(device, { ...statusOf(2, 91_000), sensors: [one, { ...two, epoch: epochOf(3) }] }, 91_000)
    expect(device.speakers).toHaveLength(1)
  })

  test('what is remembered is bounded', () => {
    const device = hear(inTurn(...Array.from({ length: 30 }, (_, i) => i + 1)))
    expect(device.speakers).toHaveLength(conflictLimits.speakers)
    const many = hear(inTurn(...Array.from({ length: 60 }, (_, i) => 1 + (i % 7))))
    expect(many.conflict?.epochs.length).toBeLessThanOrEqual(conflictLimits.speakers)
  })

  /** One agent that restarts: each run begins after the one before ended, by a clock that goes on. */
  const history = fc.array(fc.array(fc.integer({ min: 500, max: 60_000 }), { minLength: 1, maxLength: 8 }), {
    minLength: 1,
    maxLength: 12,
  })

  test('an agent that restarts never is one, however its statuses are repeated and late', () => {
    fc.assert(
      fc.property(history, fc.infiniteStream(fc.nat(99)), (runs, dice) => {
        const draw = (): number => dice.next().value as number
        let time = 1_000_000
        const said: Said[] = runs.flatMap((steps, run) =>
          steps.map((step) => {
            time += step
            // Up to half a minute on its way: others overtake it.
            return { run: run + 1, time, ingestMs: time + (draw() < 30 ? draw() * 300 : 0) }
          }),
        )
        const logged = said.toSorted((a, b) => a.ingestMs - b.ingestMs)
        // A broker that was not answered sends again what it sent, in its order.
        for (let i = 0; i < 3; i++) {
          const from = Math.floor((draw() / 100) * logged.length)
          const to = from + Math.floor(draw() / 10)
          logged.splice(
            to,
            0,
            ...logged.slice(from, to).map((one) => ({ ...one, ingestMs: one.ingestMs + 1 })),
          )
        }
        expect(hear(logged).conflict).toBeUndefined()
      }),
      { numRuns: 500 },
    )
  })

  test('agents that are alive together always are one, whenever and however wrongly clocked they speak', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -10_000_000, max: 10_000_000 }),
        fc.array(fc.integer({ min: 500, max: 30_000 }), { minLength: 12, maxLength: 40 }),
        (skewMs, steps) => {
          let time = 20_000_000
          const said = steps.map((step, i) => {
            time += step
            return { run: 1 + (i % 2), time: i % 2 === 0 ? time : time + skewMs, ingestMs: time }
          })
          const lasts = time - (said[0]?.ingestMs ?? 0) > conflictLimits.lateStatusMs + 90_000
          fc.pre(lasts)
          expect(conflictAt(hear(said), time)).not.toBeNull()
        },
      ),
    )
  })
})
