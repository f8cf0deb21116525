import { describe, expect, test } from 'vitest'
import { createFakeClock } from '../core/testing/fake-clock.ts'
import { certificateLives, openAuthority } from './authority.ts'
import { createEndings, endWords, readEndings } from './endings.ts'
import { openRegistry } from './registry.ts'
import { makeDevicesFolder, somewhere } from './testing/folder.ts'

const dayMs = 86_400_000
const nowMs = Date.UTC(2026, 5, 1)
const certificate = (endsMs: number, serial: string) =>
  ({ kind: 'certificate', endsMs, tokenHash: null, mosquittoHash: null, serial }) as const
const token = { kind: 'token', endsMs: null, tokenHash: 'x', mosquittoHash: null, serial: null } as const

/** Devices by name, each with one certificate that ends after so many days; null: a token. */
function openFolder(days: Readonly<Record<string, number | null>>) {
  const folder = makeDevicesFolder()
  const registry = openRegistry(folder)
  for (const [device, left] of Object.entries(days))
    registry.add(
      device,
      somewhere,
      left === null ? token : certificate(nowMs + left * dayMs, device),
      nowMs - dayMs,
    )
  return { folder, registry }
}

function watch(folder: string, startMs = nowMs) {
  const clock = createFakeClock(startMs)
  const said: string[] = []
  const endings = createEndings({ folder, clock, report: (words) => said.push(words) })
  return { clock, said, endings }
}

describe('the ends of certificates', () => {
  test('are nothing where there are no devices, and no folder is made by looking', () => {
    const folder = `${makeDevicesFolder()}/none`
    const { said, endings } = watch(folder)
    expect(endings.state()).toEqual({ first: null, soon: 0, authorityEndsMs: null })
    expect(said).toEqual([])
    endings.close()
  })

  test('are told once a day, the first by name and days, until it is renewed', async () => {
    const { folder, registry } = openFolder({ attic: 12, balcony: 30, cellar: 61, shed: null })
    const { clock, said, endings } = watch(folder)
    const first =
      'the certificate of attic ends in 12 days, on 2026-06-13, and those of 1 more within 60 days'
    expect(said).toEqual([`${first}: barograph-collector devices renew attic, and bring it the new file`])
    expect(endings.state()).toMatchObject({ first: { device: 'attic', endsMs: nowMs + 12 * dayMs }, soon: 2 })
    await clock.pass(dayMs - 1)
    expect(said).toHaveLength(1)
    registry.renew('attic', certificate(nowMs + 700 * dayMs, 'new'), clock.now(), clock.now() + dayMs)
    await clock.pass(3_600_000)
    expect(said.slice(1)).toEqual([
      expect.stringMatching(/^the certificate of balcony ends in 29 days, on 2026-07-01: /),
    ])
    registry.revoke('balcony', clock.now())
    registry.revoke('cellar', clock.now())
    await clock.pass(2 * dayMs)
    expect(said).toHaveLength(2)
    expect(endings.state()).toMatchObject({ first: { device: 'attic' }, soon: 0 })
    endings.close()
    registry.close()
  })

  test('of the authority are told a year before', async () => {
    const { folder, registry } = openFolder({})
    await openAuthority(folder, nowMs)
    const endsMs = nowMs + certificateLives.authorityDays * dayMs
    expect(readEndings(folder, nowMs).authorityEndsMs).toBe(endsMs)
    const { said, endings } = watch(folder, endsMs - 100 * dayMs)
    expect(said).toEqual([expect.stringMatching(/authority of all devices ends in 100 days/)])
    endings.close()
    registry.close()
  })

  test.each([
    [12 * dayMs, 'ends in 12 days, on 2026-06-13'],
    [dayMs, 'ends in 1 day, on 2026-06-02'],
    [1, 'ends today or tomorrow, on 2026-06-01'],
    [0, 'has ended on 2026-06-01'],
  ])('%i ms before it is said in words', (leftMs, words) => {
    expect(endWords(nowMs + leftMs, nowMs)).toBe(words)
  })
})
