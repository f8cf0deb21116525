import { describe, expect, test } from 'vitest'
import { isJsonPointer, resolvePointer } from './json-pointer.ts'

// The document and the pointers of RFC 6901, section 5.
const document = {
  foo: ['bar', 'baz'],
  '': 0,
  'a/b': 1,
  'c%d': 2,
  'e^f': 3,
  'g|h': 4,
  'i\\j': 5,
  'k"l': 6,
  ' ': 7,
  'm~n': 8,
}

describe('a JSON pointer', () => {
  test.each([
    ['', document],
    ['/foo', ['bar', 'baz']],
    ['/foo/0', 'bar'],
    ['/', 0],
    ['/a~1b', 1],
    ['/c%d', 2],
    ['/e^f', 3],
    ['/g|h', 4],
    ['/i\\j', 5],
    ['/k"l', 6],
    ['/ ', 7],
    ['/m~0n', 8],
  ])('%j resolves as the standard says', (pointer, expected) => {
    expect(isJsonPointer(pointer)).toBe(true)
    expect(resolvePointer(document, pointer)).toEqual(expected)
  })

  test.each(['/foo/2', '/foo/01', '/foo/-', '/nope/deeper', '/foo/0/x', '/constructor', '/foo/length'])(
    '%j points nowhere',
    (pointer) => expect(resolvePointer(document, pointer)).toBeUndefined(),
  )

  test.each(['foo', '/a~2', '/a~'])('%j is none', (pointer) => expect(isJsonPointer(pointer)).toBe(false))
})
