import { describe, expect, onTestFinished, test } from 'vitest'
import type { Credentials } from '../core/access.ts'
import { createFakeClock } from '../core/testing/fake-clock.ts'
import { accessLimits, createAccess } from './access.ts'
import { openRegistry } from './registry.ts'
import { makeDevicesFolder, newToken, somewhere } from './testing/folder.ts'

function setUp(kind: 'token' | 'certificate' = 'token') {
  const folder = makeDevicesFolder()
  const clock = createFakeClock()
  // The command line's own connection, beside that of the collector which runs.
  const registry = openRegistry(folder)
  const access = createAccess({ registry: openRegistry(folder), kind, clock })
  onTestFinished(() => {
    access.close()
    registry.close()
  })
  const login = (username: string | null, token: string | null, address = '10.0.0.1') =>
    access.admit({
      address,
      username,
      password: token === null ? null : Buffer.from(token),
      certificate: null,
    })
  const show = (certificate: Credentials['certificate']) =>
    access.admit({ address: '10.0.0.1', username: null, password: null, certificate })
  return { clock, registry, access, login, show }
}

const denied = (code: string) => ({ denial: { code } })

describe('a device with a token', () => {
  test('is let in by its own token and by no other', async () => {
    const { registry, login, clock } = setUp()
    const [balcony, cellar] = [await newToken(), await newToken()]
    registry.add('balcony', somewhere, balcony.credential, clock.now())
    registry.add('cellar', somewhere, cellar.credential, clock.now())
    expect(await login('balcony', balcony.token)).toMatchObject({ identity: { device: 'balcony' } })
    expect(await login('cellar', cellar.token)).toMatchObject({ identity: { device: 'cellar' } })
    expect(await login('balcony', cellar.token)).toMatchObject(denied('wrong-token'))
    expect(await login('balcony', `${balcony.token}x`)).toMatchObject(denied('wrong-token'))
    expect(await login('attic', balcony.token)).toMatchObject(denied('wrong-token'))
    expect(await login('../balcony', balcony.token)).toMatchObject(denied('wrong-token'))
    expect(await login('balcony', 'x'.repeat(accessLimits.tokenBytes + 1))).toMatchObject(
      denied('wrong-token'),
    )
    expect(await login('balcony', null)).toMatchObject(denied('no-credentials'))
    expect(await login(null, balcony.token)).toMatchObject(denied('no-credentials'))
    expect(await login('balcony', '')).toMatchObject(denied('no-credentials'))
  })

  test('has two while one replaces the other', async () => {
    const { registry, login, clock } = setUp()
    const [first, second] = [await newToken(), await newToken()]
    registry.add('balcony', somewhere, first.credential, clock.now())
    registry.renew('balcony', second.credential, clock.now(), clock.now() + 60_000)
    for (const { token } of [first, second])
      expect(await login('balcony', token)).toMatchObject({ identity: { device: 'balcony' } })
    await clock.pass(60_000)
    expect(await login('balcony', first.token)).toMatchObject(denied('revoked'))
    expect(await login('balcony', second.token)).toMatchObject({ identity: { device: 'balcony' } })
  })

  test('is out within a second of being revoked by another program, and its token is worth nothing', async () => {
    const { registry, access, login, clock } = setUp()
    const { token, credential } = await newToken()
    registry.add('balcony', somewhere, credential, clock.now())
    const answer = await login('balcony', token)
    if (!('identity' in answer)) throw new Error('not let in')
    await clock.pass(accessLimits.lookEveryMs)
    const valid: boolean[] = []
    access.onChange(() => valid.push(access.isValid(answer.identity)))
    await clock.pass(5 * accessLimits.lookEveryMs)
    expect(valid).toEqual([])
    registry.revoke('balcony', clock.now())
    await clock.pass(accessLimits.lookEveryMs)
    expect(valid).toEqual([false])
    expect(await login('balcony', token)).toMatchObject(denied('revoked'))
  })

  test('is looked at when its token ends by itself', async () => {
    const { registry, access, login, clock } = setUp()
    const { token, credential } = await newToken()
    registry.add('balcony', somewhere, { ...credential, endsMs: clock.now() + 10_000 }, clock.now())
    const answer = await login('balcony', token)
    if (!('identity' in answer)) throw new Error('not let in')
    const valid: boolean[] = []
    access.onChange(() => valid.push(access.isValid(answer.identity)))
    await clock.pass(accessLimits.endsEveryMs + accessLimits.lookEveryMs)
    expect(valid.at(-1)).toBe(false)
  })
})

describe('whoever guesses', () => {
  test('is not looked at any more after some wrong tokens, while the device beside him goes in and out', async () => {
    const { registry, login, clock } = setUp()
    const { token, credential } = await newToken()
    registry.add('balcony', somewhere, credential, clock.now())
    await login('balcony', token)
    const codes: string[] = []
    for (let i = 0; i < accessLimits.guesses.burst + 5; i++) {
      const answer = await login('balcony', `guess-${i}`)
      codes.push('denial' in answer ? answer.denial.code : 'in')
    }
    expect(codes.filter((code) => code === 'wrong-token')).toHaveLength(accessLimits.guesses.burst)
    expect(codes.slice(accessLimits.guesses.burst)).toEqual(Array(5).fill('too-many-guesses'))
    expect(await login('balcony', token)).toMatchObject({ identity: { device: 'balcony' } })
    // Another address has guesses of its own, and time gives some back.
    expect(await login('balcony', 'guess', '10.0.0.2')).toMatchObject(denied('wrong-token'))
    await clock.pass(10_000)
    expect(await login('balcony', 'guess')).toMatchObject(denied('wrong-token'))
    expect(await login('balcony', 'guess')).toMatchObject(denied('too-many-guesses'))
  })
})

describe('a device with a certificate', () => {
  test('is let in by one that is in the registry under its name and was not revoked', async () => {
    const { registry, show, clock } = setUp('certificate')
    const certificate = {
      kind: 'certificate',
      endsMs: clock.now() + 10_000,
      tokenHash: null,
      mosquittoHash: null,
    } as const
    registry.add('balcony', somewhere, { ...certificate, serial: '4a' }, clock.now())
    registry.add('cellar', somewhere, { ...certificate, serial: '4b' }, clock.now())
    registry.revoke('cellar', clock.now())
    expect(await show({ device: 'balcony', serial: '4a', problem: null })).toMatchObject({
      identity: { device: 'balcony' },
    })
    expect(await show({ device: 'balcony', serial: '4a', problem: 'CERT_HAS_EXPIRED' })).toMatchObject(
      denied('bad-certificate'),
    )
    expect(await show({ device: 'attic', serial: '4a', problem: null })).toMatchObject(
      denied('unknown-certificate'),
    )
    expect(await show({ device: 'balcony', serial: '4c', problem: null })).toMatchObject(
      denied('unknown-certificate'),
    )
    expect(await show({ device: 'cellar', serial: '4b', problem: null })).toMatchObject(denied('revoked'))
    expect(await show(null)).toMatchObject(denied('no-credentials'))
    await clock.pass(10_000)
    expect(await show({ device: 'balcony', serial: '4a', problem: null })).toMatchObject(denied('revoked'))
  })
})
