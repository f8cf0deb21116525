import { has, limits, rangeCount, rangeOf } from '@barograph/proto'
import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import type { StoredGap } from './documents.ts'
import { type Epoch, lose, newEpoch, refuse, see, settle } from './epoch.ts'
import { gapLimits, horizonOf, missingIn } from './gaps.ts'
import { origin } from './position.ts'

// Many runs on a machine that may be busy: patience, not a measure.
vi.setConfig({ testTimeout: 60_000 })

const fresh = () => newEpoch('balcony', { sensor: 'bme280', epoch: '00000000000000aa' }, origin)

interface Step {
  readonly what: 'see' | 'lose' | 'refuse' | 'end' | 'accept'
  readonly first: number
  readonly length: number
}

function take(epoch: Epoch, { what, first, length }: Step): void {
  const last = first + length
  if (what === 'see') see(epoch, rangeOf(first, last), '')
  else if (what === 'lose') lose(epoch, first, last, 'buffer full')
  else if (what === 'refuse') refuse(epoch, rangeOf(first, last), 'too-large')
  else if (what === 'accept') epoch.accepted = Math.max(epoch.accepted, last)
  else epoch.ended = Math.max(epoch.ended ?? 0, last)
}

/** One step is one record; a list of steps, too. */
function record(epoch: Epoch, ingestMs: number, ...steps: Step[]): void {
  for (const step of steps) take(epoch, step)
  settle(epoch, ingestMs)
}

const seeing = (first: number, last = first): Step => ({ what: 'see', first, length: last - first })
const gap = (first: number, last: number, since: number, healed: number | null = null): StoredGap => ({
  first,
  last,
  since,
  healed,
})

/** The same ledger kept number by number, without any set. */
function createModel() {
  const numbers = new Set<number>()
  let horizon = 0
  let open: { numbers: number[]; since: number }[] = []
  let healed: StoredGap[] = []
  return {
    take(steps: readonly Step[], ingestMs: number): void {
      for (const { what, first, length } of steps) {
        if (what === 'see') for (let n = first; n <= first + length; n++) numbers.add(n)
        // A declaration that covers only numbers seen says nothing new, and none of it is beyond them.
        if (what !== 'accept') horizon = Math.max(horizon, first + length)
      }
      const still: typeof open = []
      for (const one of open)
        if (one.numbers.some((n) => !numbers.has(n))) still.push(one)
        else healed.push(gap(Math.min(...one.numbers), Math.max(...one.numbers), one.since, ingestMs))
      healed = healed.slice(-gapLimits.healedKept)
      open = still
      for (let n = 1; n <= horizon; n++) {
        if (numbers.has(n) || open.some((one) => one.numbers.includes(n))) continue
        const before = numbers.has(n - 1) ? undefined : open.find((one) => one.numbers.includes(n - 1))
        if (before) before.numbers.push(n)
        else open.push({ numbers: [n], since: ingestMs })
      }
    },
    gaps: (): StoredGap[] => [
      ...healed,
      ...open
        .map((one) => gap(Math.min(...one.numbers), Math.max(...one.numbers), one.since))
        .sort((a, b) => a.first - b.first),
    ],
  }
}

const step = fc.record({
  what: fc.constantFrom(
    'see' as const,
    'see' as const,
    'lose' as const,
    'refuse' as const,
    'end' as const,
    'accept' as const,
  ),
  first: fc.integer({ min: 1, max: 60 }),
  length: fc.nat(10),
})

describe("an epoch's gaps", () => {
  test('are what a plain model says, after every record', () => {
    fc.assert(
      fc.property(fc.array(fc.array(step, { minLength: 1, maxLength: 3 }), { maxLength: 40 }), (records) => {
        const epoch = fresh()
        const model = createModel()
        let healed = 0
        records.forEach((steps, i) => {
          const before = epoch.gaps ?? []
          record(epoch, 1_000 + i, ...steps)
          model.take(steps, 1_000 + i)
          const gaps = epoch.gaps ?? []
          expect(gaps).toEqual(model.gaps())
          const open = gaps.filter((one) => one.healed === null)
          healed += before.filter(
            ({ first, healed: at }) => at === null && !open.some((one) => one.first === first),
          ).length
          expect(epoch.gapsHealed ?? 0).toBe(healed)
          // What is missing below the horizon is in exactly one open gap, and no gap is open without it.
          const missing = open.flatMap((one) => missingIn(one, epoch.seen))
          expect(missing.length / 2).toBeLessThanOrEqual(rangeCount(epoch.seen) + 1)
          expect(open.every((one) => missingIn(one, epoch.seen).length > 0)).toBe(true)
          const strays = []
          for (let n = 1; n <= horizonOf(epoch); n++) {
            const holders = open.filter((one) => has(missingIn(one, epoch.seen), n)).length
            if (holders !== (has(epoch.seen, n) ? 0 : 1)) strays.push(n)
          }
          expect(strays).toEqual([])
        })
      }),
      { numRuns: 200 },
    )
  })

  test('open with the number beyond, shrink as numbers arrive and heal with the last', () => {
    const epoch = fresh()
    record(epoch, 10, seeing(1, 5))
    expect(epoch.gaps).toBeUndefined()
    record(epoch, 20, seeing(10))
    expect(epoch.gaps).toEqual([gap(6, 9, 20)])
    record(epoch, 30, seeing(7, 8))
    expect(epoch.gaps).toEqual([gap(6, 9, 20)])
    expect(missingIn(gap(6, 9, 20), epoch.seen)).toEqual([6, 6, 9, 9])
    record(epoch, 40, seeing(6), seeing(9))
    expect(epoch.gaps).toEqual([gap(6, 9, 20, 40)])
    expect([epoch.gapsHealed, epoch.firstIngest]).toEqual([1, 10])
  })

  test('do not open for what the device accepted and nobody has seen, but for a declared end', () => {
    const epoch = fresh()
    record(epoch, 10, seeing(1, 5), { what: 'accept', first: 9, length: 0 })
    expect(epoch.gaps).toBeUndefined()
    record(epoch, 20, { what: 'end', first: 9, length: 0 })
    expect(epoch.gaps).toEqual([gap(6, 9, 20)])
  })

  test('do not open for what one record leaves out in one part and brings in another', () => {
    const epoch = fresh()
    record(epoch, 10, seeing(5, 9), seeing(1, 4))
    expect(epoch.gaps).toBeUndefined()
  })

  test('a buffer that drops its oldest row again and again has one gap', () => {
    const epoch = fresh()
    for (let n = 1; n <= 3 * limits.rangesPerStream; n++)
      record(epoch, n, { what: 'lose', first: n, length: 0 })
    expect(epoch.gaps).toEqual([gap(1, 3 * limits.rangesPerStream, 1)])
  })

  test('of many that heal the newest are remembered and all are counted', () => {
    const epoch = fresh()
    const count = gapLimits.healedKept + 10
    for (let i = 1; i <= count; i++) {
      record(epoch, 10 * i, seeing(2 * i))
      record(epoch, 10 * i + 1, seeing(2 * i - 1))
    }
    expect(epoch.gaps).toHaveLength(gapLimits.healedKept)
    expect(epoch.gaps?.[0]).toEqual(gap(21, 21, 110, 111))
    expect(epoch.gapsHealed).toBe(count)
  })

  test('a document from before the ledger gets one with its next record', () => {
    const epoch = { ...fresh(), seen: [1, 4, 9, 10], firstIngest: 5 }
    record(epoch, 30, seeing(11))
    expect(epoch.gaps).toEqual([gap(5, 8, 30)])
    expect(epoch.firstIngest).toBe(5)
  })
})
