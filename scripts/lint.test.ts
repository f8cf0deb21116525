import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

// A linter that silently checks nothing looks like a clean one, so each rule we rely on meets its violation here.
const root = join(import.meta.dirname, '..')
let folder = ''

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'barograph-lint-'))
  const plant = (name: string, text: string) => writeFileSync(join(folder, 'scripts', name), text)
  mkdirSync(join(folder, 'scripts'))
  const tsconfig = {
    extends: join(root, 'tsconfig.json'),
    compilerOptions: { types: [] },
    include: ['scripts'],
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(tsconfig))
  cpSync(join(root, '.oxlintrc.json'), join(folder, '.oxlintrc.json'))
  plant('a.ts', "import { b } from './b.ts'\nexport const a = (): unknown => b\n")
  plant('b.ts', "import { a } from './a.ts'\nexport const b = (): unknown => a\n")
  plant('floating.ts', 'export const send = async () => 1\nsend()\n')
  plant('any.ts', 'export const loose: any = 1\n')
  plant('bare.ts', "export { sep } from 'path'\n")
  plant('clean.ts', 'export const one = 1\n')
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('the linter reports cycles, floating promises, any and bare built-in names, and nothing in clean code', () => {
  const oxlint = join(root, 'node_modules/oxlint/bin/oxlint')
  const run = spawnSync(process.execPath, [oxlint, '--type-aware', '-f', 'json', '.'], {
    cwd: folder,
    encoding: 'utf8',
    // oxlint finds its type-aware half beside the project, or where this says.
    env: { ...process.env, PATH: `${join(root, 'node_modules/.bin')}:${process.env.PATH}` },
  })
  const { diagnostics } = JSON.parse(run.stdout) as { diagnostics: { code: string; filename: string }[] }
  const found = diagnostics.map((d) => `${d.filename.replace(/^.*scripts\//, '')} ${d.code}`).sort()
  expect(found).toEqual([
    'a.ts import(no-cycle)',
    'any.ts typescript(no-explicit-any)',
    'b.ts import(no-cycle)',
    'bare.ts eslint(no-restricted-imports)',
    'floating.ts typescript(no-floating-promises)',
  ])
  expect(run.status).toBe(1)
})
