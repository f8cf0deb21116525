import { expect, test } from 'vitest'
import { readArguments } from './test-arguments.ts'

test('arguments go to vitest as they are', () => {
  expect(readArguments(['proto', '-t', 'late'])).toEqual({ vitest: ['proto', '-t', 'late'], env: {} })
})

test.each([[['--stack', 'services', 'newark']], [['newark', '--stack=services']]])(
  '%j runs whole-system tests on that stack',
  (args) => {
    expect(readArguments(args)).toEqual({
      vitest: ['--project', 'e2e', 'newark'],
      env: { BAROGRAPH_TEST_STACK: 'services' },
    })
  },
)

test('the embedded stack is what is there without it', () => {
  expect(readArguments(['--stack', 'embedded'])).toEqual({
    vitest: [],
    env: { BAROGRAPH_TEST_STACK: 'embedded' },
  })
})

test.each([[['--stack', 'cloud']], [['--stack']]])('%j is refused with what is allowed', (args) => {
  expect(() => readArguments(args)).toThrow('allowed are embedded and services')
})
