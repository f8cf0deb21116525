import { emptySet, limits, sizeOf, subtract } from '@barograph/proto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { origin } from './position.ts'
import { lose, merged, newEpoch, receiptOf, refuse, see } from './epoch.ts'

const fresh = () => newEpoch('balcony', { sensor: 'bme280', epoch: '00000000000000aa' }, origin)

const step = fc.record({
  what: fc.constantFrom('see' as const, 'lose' as const, 'refuse' as const),
  first: fc.integer({ min: 1, max: 40 }),
  length: fc.nat(8),
  reason: fc.constantFrom('buffer full', 'expired', 'too large'),
})

describe('an epoch', () => {
  test('has each number in one set only, and seeing it wins for ever', () => {
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const epoch = fresh()
        const seen = new Set<number>()
        for (const { what, first, length, reason } of steps) {
          if (what === 'see') {
            see(epoch, [first, first + length], '')
            for (let n = first; n <= first + length; n++) seen.add(n)
          } else if (what === 'lose') lose(epoch, first, first + length, reason)
          else refuse(epoch, [first, first + length], reason)
        }
        const lost = merged(epoch.lost)
        const refused = merged(epoch.refused)
        expect(sizeOf(epoch.seen)).toBe(seen.size)
        expect(subtract(lost, epoch.seen)).toEqual(lost)
        expect(subtract(refused, epoch.seen)).toEqual(refused)
        expect(subtract(lost, refused)).toEqual(lost)
        const apart = [...Object.values(epoch.lost), ...Object.values(epoch.refused)].reduce(
          (sum, set) => sum + sizeOf(set),
          0,
        )
        expect(apart).toBe(sizeOf(lost) + sizeOf(refused))
      }),
    )
  })

  test('its receipt tells stored, lost and refused apart, and the declared end', () => {
    const epoch = fresh()
    see(epoch, [1, 5], '')
    lose(epoch, 4, 8, 'buffer full')
    refuse(epoch, [8, 9], 'too large')
    epoch.ended = 9
    expect(receiptOf(epoch)).toEqual({
      sensor: 'bme280',
      epoch: '00000000000000aa',
      logged: emptySet,
      stored: [1, 5],
      lost: [6, 8],
      refused: [{ firstSeq: 9, lastSeq: 9, reason: 'too large' }],
      ended: 10,
    })
  })

  test('a lost number that arrives after all is healed', () => {
    const epoch = fresh()
    lose(epoch, 1, 3, 'expired')
    see(epoch, [2, 2], '')
    expect([epoch.seen, epoch.lost]).toEqual([[2, 2], { expired: [1, 1, 3, 3] }])
  })

  test.each(['__proto__', 'constructor', 'hasOwnProperty'])('takes a loss with the cause %s', (cause) => {
    const epoch = fresh()
    lose(epoch, 1, 5, cause)
    lose(epoch, 8, 9, cause)
    see(epoch, [2, 2], '')
    expect(merged(epoch.lost)).toEqual([1, 1, 3, 5, 8, 9])
    expect(receiptOf(epoch).lost).toEqual([1, 1, 3, 5, 8, 9])
  })

  test('takes only as many ranges of declarations as a stream may have, and tells of no other', () => {
    const epoch = fresh()
    const most = limits.rangesPerStream
    for (let i = 1; i < most; i++) lose(epoch, 3 * i, 3 * i, 'buffer full')
    refuse(epoch, [3 * most, 3 * most], 'malformed')
    lose(epoch, 3 * most + 3, 3 * most + 3, 'expired')
    refuse(epoch, [3 * most + 6, 3 * most + 6], 'malformed')
    const told = receiptOf(epoch)
    expect([sizeOf(told.lost), told.refused.length]).toEqual([most - 1, 1])
    // What only makes a range longer is taken still.
    lose(epoch, 4, 5, 'buffer full')
    expect(sizeOf(merged(epoch.lost))).toBe(most + 1)
  })
})
