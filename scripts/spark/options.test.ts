import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readCommand, WrongUsage } from './options.ts'

const given = [
  '--kafka',
  'kafka://k1:9092,k2:9092',
  '--mongodb',
  'mongodb://db:27017/barograph-spark?tls=true',
]

describe('the words of npm run spark', () => {
  test('name brokers and a database, and everything else has a default', () => {
    const command = readCommand(given)
    if (command.verb !== 'run') throw new Error(command.verb)
    expect(command.options).toMatchObject({ workers: 2, memory: '1g' })
    expect(command.options.folder).toMatch(/spark\/barograph-spark$/)
    const words = command.options.job.join(' ')
    expect(words).toContain('--kafka=k1:9092,k2:9092 --mongodb=mongodb://db:27017/barograph-spark?tls=true')
    expect(words).toContain(`--checkpoint=${join(command.options.folder, 'checkpoint')}`)
    expect(words).not.toContain('--once')
  })

  test('are handed on to the job', () => {
    const more = ['--once', '--json', '--kafka-option', 'security.protocol=SASL_SSL', '--every', '0.5']
    const command = readCommand([...given, ...more])
    if (command.verb !== 'run') throw new Error(command.verb)
    expect(command.options.job.join(' ')).toMatch(/--every=0.5 .*security.protocol=SASL_SSL --once --json$/)
  })

  test.each([
    [[], '--kafka is missing'],
    [['--kafka', 'k:1'], '--mongodb is missing'],
    [['--kafka', 'nowhere', '--mongodb', 'mongodb://db/x'], '--kafka nowhere'],
    [['--kafka', 'k:1', '--mongodb', 'mongodb://db:27017'], '--mongodb: mongodb://HOST:PORT/DATABASE'],
    [[...given, '--workers', '0'], '--workers 0'],
    [[...given, '--workers', '1.5'], '--workers 1.5'],
    [[...given, '--memory', 'much'], '--memory much'],
    [[...given, '--every', '-1'], '--every'],
    [[...given, '--kafka-option', 'x'], '--kafka-option x'],
    [[...given, '--most-record', '3'], '--most-record'],
    [['begin'], '"begin"'],
  ])('%j is refused, and the words name what', (args, words) => {
    expect(() => readCommand(args)).toThrow(WrongUsage)
    expect(() => readCommand(args)).toThrow(words)
  })
})
