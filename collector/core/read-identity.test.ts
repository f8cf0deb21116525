import { encodeBatch, limits, makeBatch } from '@barograph/proto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readIdentity } from './read-identity.ts'
import { ofVersion, runOf } from './testing/messages.ts'

const stream = { sensor: 'bme280', epoch: '00000000000000aa' }
const whole = encodeBatch(
  makeBatch('balcony', {
    runs: [runOf(1, 5, 0), runOf(10, 3, 0)],
    lost: [{ ...stream, firstSeq: 6, lastSeq: 9, cause: 'buffer full' }],
  }),
)
const ranges = [
  { ...stream, firstSeq: 1, lastSeq: 5 },
  { ...stream, firstSeq: 10, lastSeq: 12 },
  { ...stream, firstSeq: 6, lastSeq: 9 },
]

test('the numbers of a batch of another version are read', () => {
  expect(readIdentity(ofVersion(whole, 2))).toEqual({ device: 'balcony', ranges })
})

test('of a batch that is cut off the whole parts are read', () => {
  expect(readIdentity(whole.slice(0, whole.length - 3))?.ranges).toEqual(ranges.slice(0, 2))
})

test('a claim of more numbers than anything can carry is not believed', () => {
  const greedy = encodeBatch(
    makeBatch('balcony', {
      lost: [{ ...stream, firstSeq: 1, lastSeq: limits.numbersPerSummary + 1, cause: 'x' }],
    }),
  )
  expect(readIdentity(greedy)?.ranges).toEqual([])
})

test('without a device there is nothing', () => {
  expect(readIdentity(new Uint8Array())).toBeNull()
  expect(readIdentity(encodeBatch(makeBatch('Not An Id')))).toBeNull()
})

test('whatever the bytes are, what comes out is bounded and well formed', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 400 }),
      fc.nat({ max: whole.length - 1 }),
      fc.nat({ max: 255 }),
      (noise, at, byte) => {
        const mutated = Uint8Array.from(whole)
        mutated[at] = byte
        for (const bytes of [noise, mutated, Uint8Array.of(...whole, ...noise)]) {
          const read = readIdentity(bytes)
          expect(read?.ranges.length ?? 0).toBeLessThanOrEqual(limits.partsPerBatch)
          for (const { firstSeq, lastSeq } of read?.ranges ?? []) {
            expect(firstSeq).toBeGreaterThanOrEqual(1)
            expect(lastSeq).toBeGreaterThanOrEqual(firstSeq)
            expect(lastSeq - firstSeq).toBeLessThan(limits.numbersPerSummary)
          }
        }
      },
    ),
    { numRuns: 2_000, seed: 7 },
  )
})
