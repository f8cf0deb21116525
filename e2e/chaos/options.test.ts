import { expect, test } from 'vitest'
import { faults } from '../faults.ts'
import { chaosFaults } from './faults/index.ts'
import { help, readOptions } from './options.ts'

const read = (...args: string[]) => readOptions(args, () => 42)

test('without options it runs ten minutes under a fresh seed', () => {
  expect(read()).toEqual({ minutes: 10, seed: 42, stack: 'embedded', devices: 3, only: null, keep: false })
  expect(read('--minutes', '0.5', '--seed', '7', '--only', 'agent-killed,network-cut')).toMatchObject({
    minutes: 0.5,
    seed: 7,
    only: ['agent-killed', 'network-cut'],
  })
})

test.each([
  [['--minutes', '0'], 'from 0.05'],
  [['--seed', '1.5'], 'a whole number'],
  [['--stack', 'kafka'], 'embedded or services'],
  [['--only', 'kafka-killed'], 'not on embedded'],
  [['--stack', 'services', '--only', 'log-flipped'], 'not on services'],
  [['--only', 'agent-kiled'], 'agent-killed'],
  [['--only', 'eviction'], 'not on embedded'],
  [['--what'], '--what'],
])('%j is refused with what is allowed', (args, words) => {
  expect(() => read(...args)).toThrow(words)
})

test('the help names every fault that can be caused, in the words of the vocabulary', () => {
  expect(read('--help')).toBeNull()
  for (const { name } of chaosFaults)
    expect(help).toMatch(new RegExp(`${name} +${faults[name].slice(0, 10)}`))
})

test('on services there are those of devices, programs and engines', () => {
  expect(read('--stack', 'services', '--only', 'kafka-hung,agent-killed')).toMatchObject({
    stack: 'services',
    only: ['kafka-hung', 'agent-killed'],
  })
})

test('each fault has a name of its own', () => {
  const names = chaosFaults.map(({ name }) => name)
  expect(new Set(names).size).toBe(names.length)
})
