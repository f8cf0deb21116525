import { expect, test } from 'vitest'
import { commandFirst } from './command-first.ts'

test.each([
  ['run --config a.yaml', 'run --config a.yaml'],
  ['--config a.yaml run', 'run --config a.yaml'],
  ['-c a.yaml --json --log-level=debug buffer status', 'buffer status -c a.yaml --json --log-level=debug'],
  ['--set uplink.url=mqtt://h run --json', 'run --json --set uplink.url=mqtt://h'],
  ['--version', '--version'],
  ['--json --help', '--json --help'],
  ['--colour run', '--colour run'],
])('%s is taken as %s', (given, meant) => {
  expect(commandFirst(given.split(' ')).join(' ')).toBe(meant)
})

test.each(['--config a.yaml', '--config', '--json'])('%s without a command says so', (given) => {
  expect(() => commandFirst(given.split(' '))).toThrow('no command is named')
})
