import { encodeExpire, type Site } from '@barograph/proto'
import { describe, expect, test } from 'vitest'
import { createRezoning } from '../core/rebuild/rezone.ts'
import { sitesToUndo } from '../core/sites.ts'
import type { Store } from '../core/store.ts'
import { createMemoryLog } from '../core/testing/memory-log.ts'
import {
  batchOf,
  makeRun,
  memoryStore,
  rebuild,
  seeded,
  settle,
  start,
  windowsOf,
  writeSettings,
} from './rebuild-world.ts'

const hourMs = 3_600_000
const siteOf = (version: number, timeZone: string, validFrom: number, name = 'here'): Site => ({
  version,
  name,
  latitude: 40,
  longitude: -74,
  altitudeM: 5,
  timeZone,
  validFrom,
})
const epoch = '00000000000000aa'
const siteRecord = (site: Site) => batchOf('north', { site })
/** The same readings whatever is sent before, between and after them. */
const readings = () => batchOf('north', { runs: [makeRun(seeded(7), epoch, 1, 300)] })

/** A store folded from these records, with the windows as they are before any rebuild. */
async function folded(...records: ReturnType<typeof batchOf>[]) {
  const log = createMemoryLog()
  const store = memoryStore()
  await writeSettings(log)
  await log.append(records)
  await settle(log, store)
  return { log, store }
}

/** Lets the rebuilds run that the fold asks for; tells which devices were. */
async function rezone(store: Store): Promise<string[]> {
  const ending = new AbortController()
  const done: string[] = []
  const sleep = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      if (ms >= 1_000) ending.abort()
      setTimeout(resolve, 0)
    })
  await createRezoning({
    store,
    log: createMemoryLog(),
    makeToken: () => 'token',
    clock: { sleep },
    report: (device, trouble) => done.push(`${device} ${trouble ?? 'rebuilt'}`),
  }).run(ending.signal)
  return done
}

/** Windows of one level never overlap. */
function expectApart(windows: Record<string, object>): void {
  const all = Object.values(windows) as { level: string; start: number; end: number }[]
  for (const group of Map.groupBy(all, ({ level }) => level).values()) {
    const sorted = group.sort((a, b) => a.start - b.start)
    sorted.forEach(({ start: begin }, i) => expect(begin).toBeGreaterThanOrEqual(sorted[i - 1]?.end ?? begin))
  }
}

describe('a change of site', () => {
  const home = siteOf(1, 'America/New_York', 0)
  const moved = siteOf(2, 'Asia/Kathmandu', start + 20 * hourMs)

  test('back to a time with windows is recomputed back to it by itself, as if it had been known at once', async () => {
    const known = await folded(siteRecord(home), siteRecord(moved), readings())
    const late = await folded(siteRecord(home), readings(), siteRecord(moved))
    const wanted = await windowsOf(known.store)
    expect(await windowsOf(late.store)).not.toEqual(wanted)
    expect(await rezone(late.store)).toEqual(['north rebuilt'])
    const after = await windowsOf(late.store)
    expect(after).toEqual(wanted)
    expectApart(after)
    // Once is enough, also for a program that starts later.
    expect(await rezone(late.store)).toEqual([])
    expect(await rezone(known.store)).toEqual([])
  })

  test('splits the windows around it: each part by its own zone', async () => {
    const { store } = await folded(siteRecord(home), siteRecord(moved), readings())
    const years = Object.values(await windowsOf(store)).filter(
      (one) => 'level' in one && one.level === 'year',
    )
    expect(years).toMatchObject([
      { timeZone: 'America/New_York', end: moved.validFrom },
      { timeZone: 'Asia/Kathmandu', start: moved.validFrom },
    ])
  })

  test('of two zones whose windows begin together does not depend on what came first', async () => {
    // In winter both begin their days at midnight UTC, and end their months at different times.
    const [london, utc] = [siteOf(1, 'Europe/London', 0), siteOf(2, 'UTC', start + 30 * hourMs)]
    const first = await folded(siteRecord(london), siteRecord(utc), readings())
    const second = await folded(siteRecord(london), readings(), siteRecord(utc))
    await rezone(second.store)
    expect(await windowsOf(second.store)).toEqual(await windowsOf(first.store))
    expectApart(await windowsOf(second.store))
  })

  test('of the position alone changes no window and asks for no rebuild', async () => {
    const { log, store } = await folded(siteRecord(home), readings())
    const before = await windowsOf(store)
    await log.append([siteRecord({ ...home, version: 2, latitude: 41, validFrom: start })])
    await settle(log, store)
    expect(await rezone(store)).toEqual([])
    expect(await windowsOf(store)).toEqual(before)
    const [device] = await store.devices()
    expect(device?.sites.map(({ latitude }) => latitude)).toEqual([40, 41])
  })

  test('that is undone leaves every window as it was before', async () => {
    const later = siteOf(2, 'Europe/Paris', start + 40 * hourMs)
    const wrong = siteOf(3, 'Asia/Kathmandu', start + 20 * hourMs)
    const { log, store } = await folded(siteRecord(home), siteRecord(later), readings())
    const before = await windowsOf(store)
    await log.append([siteRecord(wrong)])
    await settle(log, store)
    await rezone(store)
    expect(await windowsOf(store)).not.toEqual(before)
    const [device] = await store.devices()
    const undo = sitesToUndo(device?.sites ?? [])
    expect(undo.map(({ version, timeZone, validFrom }) => [version, timeZone, validFrom])).toEqual([
      [4, 'America/New_York', wrong.validFrom],
      [5, 'Europe/Paris', later.validFrom],
    ])
    await log.append(undo.map(siteRecord))
    await settle(log, store)
    expect(await rezone(store)).toEqual(['north rebuilt'])
    expect(await windowsOf(store)).toEqual(before)
    // The agent says its site again when it starts: that is no news.
    await log.append([siteRecord(wrong)])
    await settle(log, store)
    expect(await rezone(store)).toEqual([])
    expect(sitesToUndo([])).toEqual([])
  })

  test('a version that comes again with another content is news and stands behind the first', async () => {
    const other = siteOf(2, 'Europe/Paris', start + 20 * hourMs)
    const { store } = await folded(siteRecord(home), siteRecord(moved), siteRecord(other), siteRecord(moved))
    const [device] = await store.devices()
    expect(device?.sites.map(({ timeZone }) => timeZone)).toEqual([
      'America/New_York',
      'Asia/Kathmandu',
      'Europe/Paris',
    ])
  })

  test('one that a person says does not make the device look alive', async () => {
    const { store } = await folded(siteRecord(home))
    expect(await store.devices()).toMatchObject([{ online: false, lastIngest: 0, sites: [{ version: 1 }] }])
  })
})

describe('sealed windows', () => {
  test('keep zone and figures through a change of site and a rebuild; what follows them is cut by the new one', async () => {
    const { log, store } = await folded(siteRecord(siteOf(1, 'America/New_York', 0)), readings())
    const [bucket] = await store.read('readings', [`north/bme280/${epoch}/0`])
    if (!bucket) throw new Error('no bucket')
    const value = encodeExpire({
      device: 'north',
      raw: [{ sensor: 'bme280', epoch, ranges: [1, 256] }],
      levels: [],
      known: { g: 0, n: 2 },
    })
    await log.append([
      { device: 'north', kind: 'expire', ingestMs: 1_700_000_000_000, quarantineAfterMs: null, value },
    ])
    await settle(log, store)
    await store.remove('readings', [bucket])
    const sealedOf = async () =>
      Object.entries(await windowsOf(store)).filter(([, one]) => 'sealed' in one && one.sealed === true)
    const before = await sealedOf()
    expect(before.length).toBeGreaterThan(10)
    await log.append([siteRecord(siteOf(2, 'Asia/Kathmandu', start + 10 * hourMs))])
    await settle(log, store)
    expect(await rezone(store)).toEqual(['north rebuilt'])
    expect(await sealedOf()).toEqual(before)
    const windows = await windowsOf(store)
    expectApart(windows)
    const zones = new Set(Object.values(windows).map((one) => ('timeZone' in one ? one.timeZone : '')))
    expect(zones).toEqual(new Set(['America/New_York', 'Asia/Kathmandu']))
    const [device] = await store.devices()
    expect(device?.sites[1]?.heldBack).toEqual(device?.sealedUntil)
    await rebuild(store)
    expect(await windowsOf(store)).toEqual(windows)
  })
})
