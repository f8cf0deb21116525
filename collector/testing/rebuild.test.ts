import { describe, expect, test } from 'vitest'
import { createMemoryLog } from '../core/testing/memory-log.ts'
import { type Owner, startOwner } from '../core/testing/owner.ts'
import {
  batchOf,
  Death,
  makeRun,
  memoryStore,
  rebuild,
  seeded,
  settle,
  windowsOf,
  writeSettings,
} from './rebuild-world.ts'

const epochs = ['00000000000000aa', '00000000000000bb']

/** Batches of two devices and two epochs, some of them repeated, in any order. */
function makeRecords(random: () => number, count: number) {
  const records = ['north', 'south'].flatMap((device) =>
    epochs.flatMap((epoch) => {
      const list = []
      for (let seq = 1; seq <= count; ) {
        const length = Math.min(1 + Math.floor(random() * 30), count - seq + 1)
        const record = batchOf(device, { runs: [makeRun(random, epoch, seq, length)] })
        list.push(record)
        if (random() < 0.2) list.push(record)
        seq += length
      }
      return list
    }),
  )
  for (let i = records.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    ;[records[i], records[j]] = [records[j] as (typeof records)[0], records[i] as (typeof records)[0]]
  }
  return records
}

async function filled(seed: number, count = 300) {
  const log = createMemoryLog()
  const store = memoryStore()
  await writeSettings(log)
  await log.append(makeRecords(seeded(seed), count))
  await settle(log, store)
  return { log, store }
}

describe('a rebuild', () => {
  test('of what is right changes nothing that is compared, and keeps the count of revisions', async () => {
    const { store } = await filled(1)
    const before = await windowsOf(store)
    const query = {
      device: 'north',
      sensor: 'bme280',
      level: 'day',
      from: -9e15,
      to: 9e15,
      limit: 99,
    } as const
    const revisions = (await store.rollups(query)).items.map(({ revision, revisedAt }) => [
      revision,
      revisedAt,
    ])
    expect(revisions.some(([revision]) => Number(revision) > 0)).toBe(true)
    const outcomes = await rebuild(store)
    expect(outcomes.map(({ device, state }) => [device, state])).toEqual([
      ['north', 'swapped'],
      ['south', 'swapped'],
    ])
    expect(await windowsOf(store)).toEqual(before)
    const { items } = await store.rollups(query)
    expect(items.map(({ revision, revisedAt }) => [revision, revisedAt])).toEqual(revisions)
    expect(items.every(({ set }) => set === 1)).toBe(true)
    expect((await store.windows({ device: 'north', set: 0, limit: 9 })).items).toEqual([])
  })

  test('mends windows that were altered, lost or made up, and a dry one names them and changes nothing', async () => {
    const { log, store } = await filled(2)
    const before = await windowsOf(store)
    const query = {
      device: 'north',
      sensor: 'bme280',
      level: 'day',
      from: -9e15,
      to: 9e15,
      limit: 99,
    } as const
    const [altered] = (await store.rollups(query)).items
    if (!altered) throw new Error('no window')
    await store.write('rollups', [
      { ...altered, o: { g: 0, n: altered.o.n + 1 }, received: 1 },
      { ...altered, id: 'north/bme280/day/5', start: 5 },
    ])
    // Beyond the checkpoint it would count as written meanwhile.
    await log.append([batchOf('elsewhere', { hello: [] }), batchOf('elsewhere', { hello: [] })])
    await settle(log, store)
    const damaged = await windowsOf(store)
    expect(damaged).not.toEqual(before)
    const [dry] = await rebuild(store, { device: 'north', isDry: true })
    expect(dry?.differences).toEqual([
      expect.objectContaining({ level: 'day', start: altered.start, fields: ['received'] }),
      expect.objectContaining({ level: 'day', start: 5, fields: ['no readings'] }),
    ])
    expect(await windowsOf(store)).toEqual(damaged)
    await rebuild(store, { device: 'north' })
    expect(await windowsOf(store)).toEqual(before)
    const [clean] = await rebuild(store, { device: 'north', isDry: true })
    expect(clean).toMatchObject({ state: 'compared', differences: [] })
  })

  test('of a device that nobody knows, and of a store that was never folded, ends in words', async () => {
    const { store } = await filled(3, 5)
    await expect(rebuild(store, { device: 'attic' })).rejects.toMatchObject({
      code: 'no-such-device',
      hint: 'There are: north, south',
    })
    await expect(rebuild(memoryStore(), { device: 'attic' })).rejects.toMatchObject({
      code: 'no-such-device',
    })
  })
})

describe('rebuilds beside owners', () => {
  const seeds = Array.from({ length: Number(process.env.BAROGRAPH_TEST_SEEDS ?? 20) }, (_, i) => i + 1)
  test.each(seeds)(
    'that crash, lag and freeze leave every window as its readings say (seed %i)',
    { timeout: 60_000 },
    async (seed) => {
      const random = seeded(seed)
      const log = createMemoryLog()
      const store = memoryStore()
      await writeSettings(log)
      const records = makeRecords(random, 120)
      const owners: Owner[] = [startOwner(log, store)]
      const rebuilds: Promise<unknown>[] = []
      while (records.length > 0) {
        await log.append(records.splice(0, 1 + Math.floor(random() * 5)))
        if (random() < 0.3) owners.push(startOwner(log, store, { random }))
        if (random() < 0.35 && (await store.deviceNames()).length > 0) rebuilds.push(mayDie())
        await new Promise((resolve) => setTimeout(resolve, random() * 4))
      }
      await Promise.all(rebuilds)
      await settle(log, store)
      for (const owner of owners) owner.stop()
      await Promise.all(owners.map((owner) => owner.done))
      const after = await windowsOf(store)
      const fresh = memoryStore()
      await settle(log, fresh)
      expect(after).toEqual(await windowsOf(fresh))

      /** A rebuild that may end at any of its moments, and may leave its freeze behind. */
      async function mayDie(): Promise<void> {
        const isMortal = random() < 0.6
        const reached = (): void => {
          if (isMortal && random() < 0.2) throw new Death()
        }
        // A process that dies does not tidy up: what it would do next goes nowhere.
        let isDead = false
        const mortal = new Proxy(store, {
          get(target, name) {
            const its = target[name as keyof typeof store] as (...args: unknown[]) => Promise<unknown>
            return async (...args: unknown[]) => {
              if (isDead || (isMortal && random() < 0.01)) {
                isDead = true
                throw new Death()
              }
              return its(...args)
            }
          },
        })
        try {
          await rebuild(mortal, {
            random,
            reached: () => {
              try {
                reached()
              } catch (error) {
                isDead = true
                throw error
              }
            },
          })
        } catch (error) {
          if (!(error instanceof Death) && (error as { code?: string }).code !== 'no-such-device') throw error
        }
      }
    },
  )
})
