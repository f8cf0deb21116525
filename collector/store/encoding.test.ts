import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decode, encode } from './encoding.ts'

const { document } = fc.letrec((tie) => ({
  document: fc.dictionary(fc.string(), tie('value'), { noNullPrototype: true, maxKeys: 6 }),
  value: fc.oneof(
    { depthSize: 'small' },
    fc.bigInt(),
    fc.maxSafeInteger(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => (number === 0 ? 0 : number)),
    fc.string({ unit: 'binary' }),
    fc.constantFrom('$big', '{"$big":"1"}', '"$big"', null, true),
    fc.array(tie('value'), { maxLength: 5 }),
    tie('document'),
  ),
}))

describe('encoding of documents', () => {
  it('every document comes back exactly, bigints among them', () => {
    fc.assert(
      fc.property(document, (written) => {
        expect(decode(encode(written as object))).toEqual(written)
      }),
      { numRuns: 500 },
    )
  })

  it('a bigint is text that other programs can read', () => {
    expect(encode({ sum: 2n ** 60n })).toBe('{"sum":{"$big":"1152921504606846976"}}')
  })

  it('text that looks like the mark stays text', () => {
    const text = { name: '{"$big":"5"}', other: '\\{"$big":"' }
    expect(decode(encode(text))).toEqual(text)
  })
})
