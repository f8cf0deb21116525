// What commands say to wrong arguments, in this process: nothing here gets as far as a log or a store.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createSqliteLog } from '../log/sqlite.ts'
import { runProgram } from './program.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'barograph-'))
  vi.stubEnv('BAROGRAPH_LOG_URL', `sqlite:${join(folder, 'log.db')}`)
  vi.stubEnv('BAROGRAPH_STORE_URL', `sqlite:${join(folder, 'store.db')}`)
})
afterEach(() => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
  process.exitCode = undefined
  rmSync(folder, { recursive: true, force: true })
})

/** The exit code and what went to standard error. */
async function told(...args: string[]): Promise<string> {
  const lines: string[] = []
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => lines.push(String(text)) > 0)
  vi.spyOn(process.stdout, 'write').mockImplementation(() => true)
  process.exitCode = undefined
  await runProgram(['node', 'barograph-collector', ...args])
  return `${process.exitCode ?? 0}: ${lines.join('')}`
}

describe('tail', () => {
  test.each<[string, RegExp]>([
    ['--partitions 0,4', /^2: .*--partitions 4 is not allowed.*from 0 to 3/s],
    ['--partitions', /^2: .*--partitions <list>.*missing/],
    ['--from -1', /^2: .*--from -1 is not allowed.*beginning, latest/s],
    ['--from 7', /^2: .*--from 7: partition 0 holds no record, the next one is 0; .*beginning, or latest/s],
    ['--limit some', /^2: .*--limit some is not allowed.*a whole number/s],
    ['--for ever', /^2: .*'ever'.*a duration such as 500ms/s],
    ['--device Balcony', /^2: .*--device Balcony is no device id/],
    ['--formt json', /^2: .*unknown option '--formt'/],
  ])('%s', async (args, words) => {
    await createSqliteLog({ path: join(folder, 'log.db'), partitions: 4 }).close()
    expect(await told('tail', ...args.split(' '))).toMatch(words)
  })

  test('of a log that is not there', async () => {
    expect(await told('tail')).toMatch(/^1: .*There is no log at .*Start the collector once/s)
  })
})
