import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'

type Packages = Record<string, { version?: string; integrity?: string; optional?: boolean }>
type Parts = {
  installStamp: (lockText: string, platform: string, arch: string) => string
  isInstalledAsLocked: (lock: { packages: Packages }, installed: { packages: Packages }) => boolean
  nodeProblem: (machine: Record<'machine' | 'running' | 'runningPath' | 'wanted', string>) => string | null
  lastLines: (text: string, count: number) => string
  sourcesStamp: (root: string, folders: string[], extraFiles: string[]) => string
}
type Lock = { release: () => void; heldBy?: undefined } | { release?: undefined; heldBy: number }

const require = createRequire(import.meta.url)
const parts = require('./setup-parts.cjs') as Parts
const { tryLock } = require('./setup-lock.cjs') as { tryLock: (folder: string) => Lock }

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'barograph-setup-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const inFolder = (path: string, text: string) => {
  mkdirSync(join(folder, path, '..'), { recursive: true })
  writeFileSync(join(folder, path), text)
}

test('an old Node is fine where npm brings the pinned one', () => {
  const old = { running: 'v18.19.0', runningPath: '/usr/bin/node', wanted: '24.21.0' }
  expect(parts.nodeProblem({ machine: 'linux-x64', ...old })).toBeNull()
  expect(parts.nodeProblem({ machine: 'linux-arm64', ...old })).toBeNull()
})

test('elsewhere an old Node is refused with the wanted version, the found one and where it is', () => {
  const mac = { machine: 'darwin-arm64', runningPath: '/opt/bin/node', wanted: '24.21.0' }
  const problem = parts.nodeProblem({ ...mac, running: 'v22.1.0' })
  for (const part of ['24.21.0', 'v22.1.0', '/opt/bin/node', 'darwin-arm64', 'Try:']) {
    expect(problem).toContain(part)
  }
  expect(parts.nodeProblem({ ...mac, running: 'v24.21.0' })).toBeNull()
  expect(parts.nodeProblem({ ...mac, running: 'v26.0.0' })).toBeNull()
})

test('the install stamp changes with the lock file and with the machine', () => {
  const stamps = [
    parts.installStamp('{}', 'linux', 'x64'),
    parts.installStamp('{ }', 'linux', 'x64'),
    parts.installStamp('{}', 'linux', 'arm64'),
  ]
  expect(new Set(stamps).size).toBe(3)
  expect(parts.installStamp('{}', 'linux', 'x64')).toBe(stamps[0])
})

test('an installation is taken as it is only when every package is there at its locked version', () => {
  const packages = {
    '': {},
    'node_modules/a': { version: '1.0.0', integrity: 'x' },
    'node_modules/b': { version: '1.0.0', optional: true },
  }
  const installed = (found: Packages) => parts.isInstalledAsLocked({ packages }, { packages: found })
  expect(installed({ 'node_modules/a': { version: '1.0.0', integrity: 'x' } })).toBe(true)
  expect(installed({ 'node_modules/a': { version: '1.0.1', integrity: 'x' } })).toBe(false)
  expect(installed({ 'node_modules/a': { version: '1.0.0', integrity: 'y' } })).toBe(false)
  expect(installed({})).toBe(false)
})

test('the page is rebuilt when a source changes, appears or is renamed, not for a test or a built file', () => {
  inFolder('dashboard/main.ts', 'one')
  inFolder('proto/index.ts', 'two')
  const stamp = () => parts.sourcesStamp(folder, ['dashboard', 'proto'], [])
  const before = stamp()
  inFolder('dashboard/main.test.ts', 'x')
  inFolder('dashboard/dist/index.html', 'x')
  inFolder('dashboard/node_modules/a/index.js', 'x')
  expect(stamp()).toBe(before)
  inFolder('proto/index.ts', 'changed')
  const changed = stamp()
  expect(changed).not.toBe(before)
  inFolder('dashboard/charts/line.ts', '')
  expect(stamp()).not.toBe(changed)
})

test('the end of a long output is what an error shows', () => {
  expect(parts.lastLines('a\nb\nc\n', 2)).toBe('b\nc')
})

test('the lock is held once, and free again after its release', () => {
  const path = join(folder, 'lock')
  const first = tryLock(path)
  expect(tryLock(path).heldBy).toBe(process.pid)
  first.release?.()
  expect(tryLock(path).release).toBeTypeOf('function')
})

test('a lock left by a dead process, or by an earlier one of the same number, is taken over', async () => {
  const child = spawn(process.execPath, ['-e', ''])
  await once(child, 'exit')
  for (const owner of [`${child.pid}-1`, `${process.pid}-1`]) {
    const path = join(folder, `lock-of-${owner}`)
    inFolder(`lock-of-${owner}/${owner}`, '')
    expect(tryLock(path).release).toBeTypeOf('function')
  }
})

test('processes that fight for a lock a dead one left hold it one after another', async () => {
  const path = join(folder, 'lock')
  const log = join(folder, 'log')
  inFolder('lock/999999999-1', '')
  const script = `
    const { appendFileSync } = require('node:fs')
    const { tryLock } = require(${JSON.stringify(join(import.meta.dirname, 'setup-lock.cjs'))})
    const go = () => {
      const lock = tryLock(${JSON.stringify(path)})
      if (!lock.release) return setTimeout(go, 1)
      appendFileSync(${JSON.stringify(log)}, 'in ')
      setTimeout(() => { appendFileSync(${JSON.stringify(log)}, 'out '); lock.release() }, 5)
    }
    go()`
  const children = Array.from({ length: 6 }, () => spawn(process.execPath, ['-e', script]))
  const codes = await Promise.all(children.map((child) => once(child, 'exit')))
  expect(codes.map(([code]) => code as number)).toEqual([0, 0, 0, 0, 0, 0])
  expect(readFileSync(log, 'utf8')).toBe('in out '.repeat(6))
})
