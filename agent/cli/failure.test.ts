import { CodedError } from '@barograph/proto'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { reportFailure } from './failure.ts'
import { formatLine } from './log.ts'
import { formatTable } from './table.ts'

let said: string[]
beforeEach(() => {
  said = []
  vi.spyOn(console, 'error').mockImplementation((line: string) => {
    said.push(line)
  })
})
afterEach(() => {
  vi.restoreAllMocks()
})

test('an expected failure is a sentence and what to try, never a stack trace', () => {
  const error = new CodedError('buffer-in-use', 'another agent is using it', { hint: 'stop it' })
  expect(reportFailure(error, { debug: true, json: false })).toBe(1)
  expect(said).toEqual(['barograph-agent: another agent is using it\n  stop it'])
})

test('for machines it is JSON', () => {
  reportFailure(new CodedError('bad-config', 'x', { hint: 'y' }), { debug: false, json: true })
  expect(JSON.parse(said[0] ?? '')).toEqual({ error: 'bad-config', message: 'x', hint: 'y' })
})

test('a bug is one line and exit code 70; the stack is for debugging only', () => {
  expect(reportFailure(new TypeError('oops\nmore'), { debug: false, json: false })).toBe(70)
  expect(said.join('\n')).toContain('TypeError: oops')
  expect(said.join('\n')).not.toContain('    at ')
  said = []
  reportFailure(new TypeError('oops'), { debug: true, json: false })
  expect(said.join('\n')).toContain('    at ')
})

test('a line of the log names time, level and sensor, then the words, then the rest', () => {
  const line = JSON.stringify({
    level: 40,
    time: '2026-01-02T03:04:05.678Z',
    sensor: 'attic',
    code: 'no-answer',
    msg: 'silence',
  })
  expect(formatLine(line)).toBe('03:04:05 warn attic: silence (code=no-answer)')
})

test('a table pads its columns and aligns numbers right', () => {
  expect(
    formatTable(
      ['a', 'value'],
      [
        ['x', '1'],
        ['long', '22'],
      ],
      [1],
    ),
  ).toBe('a     value\nx         1\nlong     22')
})
