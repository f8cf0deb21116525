import { isCoded } from '@barograph/proto'
import { expect, test } from 'vitest'
import { explain } from './trouble.ts'

const url = 'mongodb://me:secret@db:27017/barograph'

const systemError = (code: string, syscall: string): Error =>
  Object.assign(new Error(`${syscall} ${code}`), { code, syscall })

test.each([systemError('EPIPE', 'write'), systemError('ECONNRESET', 'read')])(
  'what the socket says in the middle of a large write is a server that does not answer: $message',
  (error) => {
    const said = explain(error, url)
    expect(isCoded(said) && { code: said.code, retryable: said.retryable, message: said.message }).toEqual({
      code: 'store-unreachable',
      retryable: true,
      message: `MongoDB at mongodb://db:27017/barograph does not answer (${error.message}).`,
    })
  },
)

test('what has nothing to do with the connection comes back as it is', () => {
  for (const error of [new TypeError('a bug'), systemError('ENOENT', 'open')])
    expect(explain(error, url)).toBe(error)
})
