import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'

const run = promisify(execFile)
const root = join(import.meta.dirname, '..')
const isPinnedHere = process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch)

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'barograph-install-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }))

/** The environment of a person who has just cloned: nothing of this checkout's packages on PATH or from npm. */
const newcomerEnvironment = () => {
  const path = (process.env.PATH ?? '').split(delimiter).filter((entry) => !entry.includes('node_modules'))
  const inherited = Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_|VITEST)/.test(name))
  return { ...Object.fromEntries(inherited), PATH: path.join(delimiter) }
}

test.skipIf(!isPinnedHere)(
  'a fresh clone installs from an empty cache, brings its own Node, and the native SQLite loads in it [needs pinned-node: Linux on x64 or arm64]',
  async () => {
    const clone = join(folder, 'clone')
    await run('git', ['clone', '--quiet', '--no-hardlinks', root, clone])
    const inClone = { cwd: clone, env: newcomerEnvironment() }
    const cache = join(folder, 'npm-cache')
    await run('npm', ['ci', '--no-audit', '--no-fund', '--cache', cache], inClone)

    const node = join(clone, 'node_modules/.bin/node')
    expect((await run(node, ['--version'], inClone)).stdout.trim()).toBe('v24.21.0')
    const script = `
      const Database = require('better-sqlite3')
      console.log(new Database(':memory:').prepare('select 6 * 7 as answer').get().answer)`
    const sqlite = await run(node, ['-e', script], { ...inClone, cwd: join(clone, 'agent') })
    expect(sqlite.stdout.trim()).toBe('42')

    // The setup that every npm script runs first sees that nothing is left to do and leaves no lock behind.
    const setup = await run(node, ['scripts/setup.cjs', '--no-page'], inClone)
    expect(setup.stdout + setup.stderr).toBe('')
    expect((await run('git', ['status', '--porcelain'], inClone)).stdout).toBe('')
  },
  180_000,
)
