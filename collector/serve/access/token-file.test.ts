import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { serveLimits } from '../limits.ts'
import { followTokenFiles, readTokenFile, writeTokenFile } from './token-file.ts'
import { isSecretOf, lineOf, makeToken, parseLine, parseToken } from './token.ts'

const created = '2025-06-02T12:00:00Z'

function temporaryFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tokens-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return join(folder, 'viewer-token')
}

test('a token opens what its own hash guards, and nothing else', async () => {
  const one = await makeToken({ role: 'viewer', name: 'a', created })
  const other = await makeToken({ role: 'viewer', name: 'b', created })
  const { id, secret = '' } = parseToken(one.token) ?? {}
  expect(id).toBe(one.entry.id)
  expect(await isSecretOf(secret, one.entry)).toBe(true)
  expect(await isSecretOf(secret, other.entry)).toBe(false)
  expect(await isSecretOf('', one.entry)).toBe(false)
})

test('the file holds no token, and only its owner may read it, even if others could before', async () => {
  const path = temporaryFile()
  writeFileSync(path, '')
  chmodSync(path, 0o644)
  const { token, entry } = await makeToken({ role: 'viewer', name: 'a', created })
  writeTokenFile(path, 'viewer', [entry])
  expect(statSync(path).mode & 0o777).toBe(0o600)
  expect(readFileSync(path, 'utf8')).not.toContain(parseToken(token)?.secret)
  expect(readTokenFile(path, 'viewer')).toEqual([entry])
})

test('a line that asks for endless work is none', async () => {
  const { entry } = await makeToken({ role: 'viewer', name: 'a', created })
  const line = lineOf(entry)
  expect(parseLine(line, 'viewer')).toEqual(entry)
  for (const worse of [
    'scrypt:262144:8:1',
    'scrypt:16384:99:1',
    'scrypt:16384:8:9',
    'scrypt:1000:8:1',
    'scrypt:0:8:1',
  ])
    expect(parseLine(line.replace('scrypt:16384:8:1', worse), 'viewer')).toBeNull()
})

test('a token in place of its hash is refused without being shown', () => {
  const path = temporaryFile()
  writeFileSync(path, '# mine\nbg-0123456789-swordfish\n')
  expect(() => readTokenFile(path, 'viewer')).toThrow(/viewer-token:2 is no hash of a token/)
  expect(() => readTokenFile(path, 'viewer')).not.toThrow(/swordfish/)
})

test('what is added and revoked counts without a restart, and a damaged file lets nobody in', async () => {
  const path = temporaryFile()
  const one = (await makeToken({ role: 'viewer', name: 'a', created })).entry
  const two = (await makeToken({ role: 'viewer', name: 'b', created })).entry
  writeTokenFile(path, 'viewer', [one])
  let now = 0
  const troubles: string[] = []
  const tokens = followTokenFiles({
    paths: { viewer: path, operator: null },
    now: () => now,
    onTrouble: ({ message }) => troubles.push(message),
  })
  const idsLater = () => {
    now += serveLimits.tokenFileMs
    return tokens.entries().map(({ id }) => id)
  }
  expect(idsLater()).toEqual([one.id])
  writeTokenFile(path, 'viewer', [one, two])
  expect(idsLater()).toEqual([one.id, two.id])
  writeTokenFile(path, 'viewer', [two])
  expect(idsLater()).toEqual([two.id])
  writeFileSync(path, 'nonsense')
  expect(idsLater()).toEqual([])
  expect(troubles).toEqual([expect.stringContaining('is no hash of a token')])
  writeTokenFile(path, 'viewer', [two])
  expect(idsLater()).toEqual([two.id])
})

test('a start without any token is refused with the command that makes one', () => {
  const path = temporaryFile()
  const start = () =>
    followTokenFiles({ paths: { viewer: path, operator: null }, now: () => 0, onTrouble() {} })
  expect(start).toThrow(/serve\.tokens\.viewer: .* is not there/)
  writeTokenFile(path, 'viewer', [])
  expect(start).toThrow(/nobody could sign in/)
})
