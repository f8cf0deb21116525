import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from './harness/folder.ts'
import { collectorProgram, run } from './harness/process.ts'

test('tokens are shown once, kept as hashes for their owner alone, listed without secrets, and revoked by name or id', async () => {
  const folder = temporaryFolder()
  const file = join(folder, 'viewer-token')
  const env = { BAROGRAPH_SERVE_TOKENS_VIEWER: `file:${file}` }
  const call = (...args: string[]) => run([collectorProgram, ...args], env, folder)

  const first = await call('tokens', 'add', 'viewer', '--name', 'kiosk')
  const [token = ''] = first.stdout.split('\n')
  expect(token).toMatch(/^bg-[a-z0-9]{10}-[\w-]{43}$/)
  expect(statSync(file).mode & 0o777).toBe(0o600)
  const second = await call('tokens', 'add', 'viewer', '--json')
  const made = JSON.parse(second.stdout) as { token: string; id: string; name: string }
  expect(made.name).toBe('viewer-2')
  const kept = readFileSync(file, 'utf8')
  for (const secret of [token.slice(14), made.token.slice(14)]) expect(kept.includes(secret)).toBe(false)

  const listed = await call('tokens', 'list')
  expect(listed.stdout.trim().split('\n')).toHaveLength(2)
  const checked = await call('check')
  expect(checked.stdout).toContain(`viewer: file:${file}`)
  for (const { stdout } of [listed, checked]) {
    expect(stdout).not.toContain('scrypt')
    expect(stdout.includes(token.slice(14))).toBe(false)
  }

  for (const [args, words] of [
    [['add', 'operatr'], /did you mean "operator"\?/],
    [['add', 'viewer', '--name', 'kiosk'], /kiosk is taken/],
    [['add', 'viewer', '--name', 'a b'], /is not allowed/],
    [['revoke', 'nobody'], /No token is called "nobody"/],
  ] as const) {
    const { code, stderr } = await call('tokens', ...args)
    expect([args, code]).toEqual([args, 2])
    expect(stderr).toMatch(words)
  }
  expect((await call('tokens', 'revoke', 'kiosk')).code).toBe(0)
  expect((await call('tokens', 'revoke', made.id)).code).toBe(0)
  expect((await call('tokens', 'list')).stdout).toBe('There is no token.\n')
})

test('without a line in the configuration the token comes with the line to add', async () => {
  const folder = temporaryFolder()
  const { stdout, code } = await run([collectorProgram, 'tokens', 'add', 'operator'], {}, folder)
  expect(code).toBe(0)
  expect(stdout).toContain(`serve: { tokens: { operator: file:${join(folder, 'operator-token')} } }`)
})
