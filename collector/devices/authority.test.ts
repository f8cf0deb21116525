import { X509Certificate } from 'node:crypto'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { createFakeClock } from '../core/testing/fake-clock.ts'
import { certificateLives, endOf, openAuthority } from './authority.ts'
import { createTlsSource } from './server-certificate.ts'
import { makeDevicesFolder } from './testing/folder.ts'

const dayMs = 86_400_000
const nowMs = Date.UTC(2026, 5, 1)

describe('the authority', () => {
  test('is made once, also by two at the same moment, and its key is its owner’s alone', async () => {
    const folder = join(makeDevicesFolder(), 'devices')
    const [one, other] = await Promise.all([openAuthority(folder, nowMs), openAuthority(folder, nowMs)])
    expect(one.cert).toBe(other.cert)
    expect((await openAuthority(folder, nowMs)).cert).toBe(one.cert)
    expect(statSync(join(folder, 'authority.pem')).mode & 0o777).toBe(0o600)
    expect(readFileSync(join(folder, 'ca.crt'), 'utf8')).toBe(one.cert)
    expect(new X509Certificate(one.cert).ca).toBe(true)
    expect(endOf(one.cert)).toBe(nowMs + certificateLives.authorityDays * dayMs)
  })

  test('signs certificates of devices that name them, are for clients and begin in the past', async () => {
    const authority = await openAuthority(makeDevicesFolder(), nowMs)
    const { cert, serial, endsMs } = await authority.issueDevice('balcony', nowMs)
    const certificate = new X509Certificate(cert)
    expect(certificate.subject).toBe('CN=balcony')
    expect(certificate.serialNumber.toLowerCase()).toBe(serial)
    expect(certificate.verify(new X509Certificate(authority.cert).publicKey)).toBe(true)
    expect(certificate.ca).toBe(false)
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2'])
    expect(new Date(certificate.validFrom).getUTCFullYear()).toBe(2020)
    expect(endsMs).toBe(nowMs + certificateLives.deviceDays * dayMs)
    expect(endOf(cert)).toBe(endsMs)
  })

  test('that is damaged is a clear failure', async () => {
    const folder = makeDevicesFolder()
    writeFileSync(join(folder, 'authority.pem'), 'nonsense')
    await expect(openAuthority(folder, nowMs)).rejects.toMatchObject({ code: 'bad-certificate' })
  })
})

describe('the certificate of the broker', () => {
  function open(
    folder: string,
    names: () => string[],
    given: { cert: string; key: string } | null = null,
    startMs = nowMs,
  ) {
    const clock = createFakeClock(startMs)
    const said: string[] = []
    const source = createTlsSource({
      folder,
      given,
      names,
      clock,
      report: (level, text) => said.push(`${level} ${text}`),
    })
    return { clock, said, source }
  }

  test('bears all its names, and is kept over a restart', async () => {
    const folder = makeDevicesFolder()
    const names = ['station.example', '127.0.0.1', '::1']
    const first = await open(folder, () => names).source
    const certificate = new X509Certificate(first.current().cert)
    expect(certificate.checkHost('station.example')).toBe('station.example')
    expect(certificate.checkIP('127.0.0.1')).toBe('127.0.0.1')
    expect(certificate.checkIP('::1')).toBeDefined()
    expect(certificate.checkHost('other.example')).toBe(undefined)
    const second = await open(folder, () => names).source
    expect(second.current()).toEqual(first.current())
    first.close()
    second.close()
  })

  test('is made anew for a new name while the broker runs', async () => {
    const names = ['a.example']
    const { clock, said, source } = open(makeDevicesFolder(), () => names)
    const tls = await source
    const renewed = new Promise<string>((resolve) => tls.onChange(({ cert }) => resolve(cert)))
    names.push('b.example')
    await clock.pass(600_000)
    expect(new X509Certificate(await renewed).checkHost('b.example')).toBe('b.example')
    await vi.waitFor(() => expect(said).toEqual([expect.stringMatching(/^info .*new certificate/)]))
    tls.close()
  })

  test('is made anew long before it ends, by the same authority', async () => {
    const folder = makeDevicesFolder()
    const { serverDays, serverRenewDays } = certificateLives
    const certAt = async (days: number) => {
      const { source } = open(folder, () => ['a.example'], null, nowMs + days * dayMs)
      const tls = await source
      tls.close()
      return tls.current()
    }
    const first = await certAt(0)
    expect(await certAt(serverDays - serverRenewDays)).toEqual(first)
    const second = await certAt(serverDays - serverRenewDays + 1)
    expect(second.ca).toBe(first.ca)
    expect(endOf(second.cert)).toBe(nowMs + (2 * serverDays - serverRenewDays + 1) * dayMs)
  })

  test('of somebody else is taken as it is, complained about before it ends, and a wrong pair is refused', async () => {
    const folder = makeDevicesFolder()
    const authority = await openAuthority(folder, nowMs)
    const [pair, other] = [
      await authority.issueServer(['a.example'], nowMs),
      await authority.issueServer(['b.example'], nowMs),
    ]
    const given = { cert: join(folder, 'a.crt'), key: join(folder, 'a.key') }
    writeFileSync(given.cert, pair.cert)
    await expect(open(folder, () => [], given).source).rejects.toMatchObject({ code: 'bad-certificate' })
    writeFileSync(given.key, other.key)
    await expect(open(folder, () => [], given).source).rejects.toThrow(/is not the key/)
    writeFileSync(given.key, pair.key)
    const { said, source } = open(folder, () => [], given)
    const tls = await source
    expect(tls.current()).toEqual({ ...pair, ca: authority.cert })
    expect(said).toEqual([])
    tls.close()
    const later = open(folder, () => [], given, nowMs + (certificateLives.serverDays - 10) * dayMs)
    const soon = await later.source
    expect(later.said).toEqual([
      expect.stringMatching(/^warn the broker's certificate ends in \d+ days, on 20/),
    ])
    soon.close()
  })
})
