import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { isValid, openRegistry } from './registry.ts'
import { makeDevicesFolder, newToken, somewhere } from './testing/folder.ts'

function open(folder: string) {
  const registry = openRegistry(folder)
  onTestFinished(() => registry.close())
  return registry
}

describe('the registry of devices', () => {
  test('keeps hashes and never a token, in files that only their owner can read', async () => {
    const folder = join(makeDevicesFolder(), 'devices')
    const registry = open(folder)
    const { token, credential } = await newToken()
    registry.add('balcony', somewhere, credential, 1_000)
    expect(statSync(folder).mode & 0o777).toBe(0o700)
    const files = readdirSync(folder)
    expect(files).toContain('registry.db')
    for (const file of files) {
      const path = join(folder, file)
      expect([file, statSync(path).mode & 0o777]).toEqual([file, 0o600])
      expect(readFileSync(path).includes(token)).toBe(false)
    }
  })

  test('has one valid device of a name, and the history of those before', async () => {
    const registry = open(makeDevicesFolder())
    const [first, second] = [await newToken(), await newToken()]
    registry.add('balcony', somewhere, first.credential, 1_000)
    expect(() => registry.add('balcony', somewhere, second.credential, 2_000)).toThrow(/already/)
    expect(registry.revoke('balcony', 3_000)).toBe(1)
    expect(registry.revoke('balcony', 4_000)).toBe(0)
    registry.add('balcony', { ...somewhere, name: 'Roof' }, second.credential, 5_000)
    const device = registry.get('balcony')
    expect(device).toMatchObject({ addedMs: 1_000, site: { name: 'Roof' } })
    expect(device?.credentials.map(({ madeMs, revokedMs }) => [madeMs, revokedMs])).toEqual([
      [1_000, 3_000],
      [5_000, null],
    ])
    expect(device?.credentials.map((one) => isValid(one, 6_000))).toEqual([false, true])
  })

  test('lets the old secret of a renewed device end after its overlap, and revokes both', async () => {
    const registry = open(makeDevicesFolder())
    const [first, second] = [await newToken(), await newToken()]
    registry.add('balcony', somewhere, first.credential, 1_000)
    registry.renew('balcony', second.credential, 2_000, 9_000)
    const valid = (nowMs: number) => registry.get('balcony')?.credentials.map((one) => isValid(one, nowMs))
    expect([valid(8_999), valid(9_000)]).toEqual([
      [true, true],
      [false, true],
    ])
    registry.revoke('balcony', 3_000)
    expect(valid(3_000)).toEqual([false, false])
  })

  test('knows nobody who was never added', async () => {
    const registry = open(makeDevicesFolder())
    const { credential } = await newToken()
    expect(registry.get('nobody')).toBe(null)
    expect(() => registry.revoke('nobody', 1)).toThrow(/no device nobody/)
    expect(() => registry.renew('nobody', credential, 1, 2)).toThrow(/no device nobody/)
    expect(registry.list()).toEqual([])
  })

  test('tells by its version that another program changed it', async () => {
    const folder = makeDevicesFolder()
    const [mine, theirs] = [open(folder), open(folder)]
    const { credential } = await newToken()
    const before = mine.version()
    expect(mine.version()).toBe(before)
    theirs.add('balcony', somewhere, credential, 1)
    expect(mine.version()).not.toBe(before)
    expect(mine.list().map(({ device }) => device)).toEqual(['balcony'])
  })
})
