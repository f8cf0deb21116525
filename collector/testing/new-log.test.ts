import { type Epoch, isCoded, type Summary } from '@barograph/proto'
import { describe, expect, test } from 'vitest'
import { bucketId } from '../core/identity.ts'
import { goOverToLog, type NewLogOutcome } from '../core/rebuild/new-log.ts'
import type { Store } from '../core/store.ts'
import { createMemoryLog } from '../core/testing/memory-log.ts'
import { type Owner, startOwner } from '../core/testing/owner.ts'
import {
  batchOf,
  createFleet,
  type Fleet,
  Death,
  memoryStore,
  rebuild,
  seeded,
  settle,
  windowsOf,
  writeSettings,
} from './rebuild-world.ts'

type MemoryLog = ReturnType<typeof createMemoryLog>

async function goOver(
  store: Store,
  log: MemoryLog,
  reached: () => void = () => {},
): Promise<NewLogOutcome[]> {
  const outcomes: NewLogOutcome[] = []
  for await (const outcome of goOverToLog({ store, log, progress: () => {}, reached: () => reached() }))
    outcomes.push(outcome)
  return outcomes
}

/** Readings of one minute whose numbers lie in two buckets. */
const summary: Summary = {
  sensor: 'bme280',
  epoch: 'aa'.repeat(8) as Epoch,
  firstSeq: 250,
  lastSeq: 260,
  intervalMs: 5_000,
  minutes: [{ start: 1_700_000_040_000, received: 11, figures: [] }],
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

async function filled(seed: number) {
  const log = createMemoryLog()
  const store = memoryStore()
  const fleet = createFleet(seeded(seed), 40)
  await writeSettings(log)
  await log.append(fleet.all)
  await settle(log, store)
  return { log, store, fleet }
}

describe('another log', () => {
  test('is refused in words that name the way over, and taken after it; the windows stay as they are', async () => {
    const { store } = await filled(1)
    const before = await windowsOf(store)
    const log = createMemoryLog({ id: 'second' })
    await writeSettings(log)
    await expect(settle(log, store)).rejects.toMatchObject({
      code: 'other-log',
      hint: expect.stringContaining('barograph-collector rebuild --new-log') as string,
    })
    expect(await goOver(store, log)).toEqual([
      { partition: 0, state: 'over', from: { g: 0, n: 162 }, to: { g: 1, n: 0 } },
    ])
    expect(await windowsOf(store)).toEqual(before)
    expect((await goOver(store, log))[0]).toMatchObject({ state: 'same' })
    await settle(log, store)
    await rebuild(store)
    expect(await windowsOf(store)).toEqual(before)
  })

  test('of the same name that was cut is folded from its first record on, which changes nothing', async () => {
    const { log, store } = await filled(2)
    const before = await windowsOf(store)
    log.cut(0, 100)
    await expect(settle(log, store)).rejects.toMatchObject({ code: 'log-cut' })
    expect((await goOver(store, log))[0]).toMatchObject({ state: 'over', to: { g: 1, n: 0 } })
    // Should it be cut again before all of it is folded, that shows.
    expect(await store.checkpoint(0)).toMatchObject({ reach: 100, reachHash: await log.hashBefore(0, 100) })
    await settle(log, store)
    expect(await windowsOf(store)).toEqual(before)
  })

  test('leaves a bucket behind that an owner of before writes on the way', async () => {
    const { store } = await filled(6)
    const [bucket] = (await store.changedBuckets({ device: 'north', after: { g: 0, n: 0 }, limit: 1 })).items
    if (!bucket) throw new Error('a fleet has buckets')
    const late = { ...bucket, id: `${bucket.id}0`, index: bucket.index + 9, o: { g: 0, n: 9_999 } }
    let at = 0
    await goOver(store, createMemoryLog({ id: 'second' }), () => {
      // Behind the buckets, before the rest.
      if (++at === 2) void store.write('readings', [late])
    })
    expect((await store.read('readings', [late.id]))[0]?.o).toEqual({ g: 0, n: 9_999 })
    // No rebuild counts it.
    const before = await windowsOf(store)
    await rebuild(store)
    expect(await windowsOf(store)).toEqual(before)
  })

  test('that was cut is noticed by an owner that has nothing to read', async () => {
    const { log, store } = await filled(4)
    const owner = startOwner(log, store)
    await owner.announced
    log.cut(0, 100)
    await expect(owner.done).rejects.toMatchObject({ code: 'log-cut' })
  })

  test('of fewer partitions is refused, and a store that was never folded has nothing to take over', async () => {
    const log = createMemoryLog({ partitions: 2 })
    const store = memoryStore()
    expect((await goOver(store, log)).map(({ state }) => state)).toEqual(['never-folded', 'never-folded'])
    const none = { logId: 'x', position: { g: 0, n: 0 }, reach: 0, reachHash: null, phase: null }
    await store.createCheckpoint({ ...none, partition: 1, swaps: 0, before: null })
    await expect(goOver(store, createMemoryLog())).rejects.toMatchObject({ code: 'log-partitions' })
  })

  test('of more partitions, in which devices would be elsewhere, is refused before anything changes', async () => {
    const { store } = await filled(5)
    const log = createMemoryLog({ id: 'wider', partitions: 4 })
    await expect(goOver(store, log)).rejects.toMatchObject({
      code: 'log-partitions',
      hint: expect.stringContaining('log.partitions') as string,
    })
    expect(await store.checkpoint(0)).toMatchObject({ logId: 'memory', phase: null, position: { g: 0 } })
  })

  test('nobody rolls while the way over is under way, and it goes on where it was broken off', {
    timeout: 60_000,
  }, async () => {
    const { log, store } = await filled(3)
    const before = await windowsOf(store)
    log.cut(0, 100)
    const points: number[] = []
    for (let deaths = 1; deaths < 30; deaths++) {
      let left = deaths
      const isDone = await goOver(store, log, () => {
        if (--left === 0) throw new Death()
      }).then(
        () => true,
        () => false,
      )
      if (isDone) break
      points.push(deaths)
      const owner = startOwner(log, store)
      const { position } = (await store.checkpoint(0)) ?? {}
      await sleep(5)
      expect((await store.checkpoint(0))?.position).toEqual(position)
      owner.stop()
      await owner.done
    }
    expect(points.length).toBeGreaterThan(4)
    expect((await store.checkpoint(0))?.phase).toBeNull()
    await settle(log, store)
    expect(await windowsOf(store)).toEqual(before)
  })

  test.each([0, 1])('makes a summary whole of which bucket %i was never written', async (missing) => {
    const log = createMemoryLog()
    const store = memoryStore()
    await writeSettings(log)
    await settle(log, store)
    await log.append([batchOf('north', { summaries: [summary] })])
    const owner = startOwner(log, {
      ...store,
      async write(collection, documents) {
        if (collection === 'rollups') throw new Death()
        await store.write(
          collection,
          documents.filter((one) => !('index' in one && one.index === missing)),
        )
      },
    })
    await expect(owner.done).rejects.toThrow(Death)
    const numbers = async () =>
      (
        await store.read(
          'readings',
          [0, 1].map((index) => bucketId('north', summary, index)),
        )
      ).map((one) => one?.events.map(({ first, last, what }) => [first, last, what]))
    expect((await numbers())[missing]).toBe(undefined)
    const there = await store.read('readings', [bucketId('north', summary, 1 - missing)])
    let at = 0
    await goOver(store, createMemoryLog({ id: 'second' }), () => {
      const [one] = there
      if (!one || ++at !== 2) return
      // Behind the buckets an owner of before goes on with another one, which is read as absent.
      const late = {
        ...one,
        id: bucketId('north', summary, missing),
        index: missing,
        events: [],
        summaries: [],
      }
      void store.write('readings', [{ ...late, o: { g: 0, n: 9_999 } }])
    })
    expect(
      (
        await store.read(
          'readings',
          [0, 1].map((index) => bucketId('north', summary, index)),
        )
      ).map((one) => one?.o),
    ).toEqual([
      { g: 1, n: 0 },
      { g: 1, n: 0 },
    ])
    expect(await numbers()).toEqual([[[250, 256, 'summarised']], [[257, 260, 'summarised']]])
    expect((await store.epochs('north'))[0]?.seen).toEqual([250, 260])
    const minutes = Object.values(await windowsOf(store)) as { level: string; received: number }[]
    expect(minutes.map(({ received }) => received)).toEqual(minutes.map(() => 11))
    expect(minutes.length).toBeGreaterThan(3)
  })

  test('that was cut and has grown again before anybody looked leaves nothing of what was cut', async () => {
    const log = createMemoryLog()
    const store = memoryStore()
    const [first, cut, second, third] = createFleet(seeded(5), 40).all
    if (!first || !cut || !second || !third) throw new Error('a fleet has more records')
    await writeSettings(log)
    await log.append([first])
    await settle(log, store)
    let turns = 0
    const owner = startOwner(
      {
        ...log,
        async *follow(partition, from, options) {
          if (++turns > 1) yield* log.follow(partition, from, options)
          await log.append([cut])
          yield await log.read(partition, from, 10)
          log.cut(partition, from)
          await log.append([second, third])
          yield await log.read(partition, from + 1, 10)
        },
      },
      store,
      { flushIntervalMs: 60_000 },
    )
    while (turns < 2) await sleep(2)
    // The second turn has read on, or the end of the first has written.
    await sleep(100)
    owner.stop()
    await owner.done
    const other = memoryStore()
    await settle(log, other)
    await settle(log, store)
    expect(await windowsOf(store)).toEqual(await windowsOf(other))
  })

  test('that is cut, grows again and is folded by another owner while a flush begins leaves nothing of what was cut', async () => {
    const log = createMemoryLog()
    const store = memoryStore()
    const { all } = createFleet(seeded(6), 40)
    await writeSettings(log)
    await log.append(all.slice(100, 101))
    await settle(log, store)
    const { next } = await log.extent(0)
    await log.append(all.slice(0, 1))
    let cuts = 0
    const owner = startOwner(log, {
      ...store,
      async raiseReach(...args) {
        if (cuts++ === 0) {
          log.cut(0, next)
          await log.append(all.slice(102, 104))
          await settle(log, store)
        }
        return store.raiseReach(...args)
      },
    })
    while (cuts === 0) await sleep(2)
    await sleep(50)
    owner.stop()
    await owner.done
    await settle(log, store)
    const other = memoryStore()
    await settle(log, other)
    expect(await windowsOf(store)).toEqual(await windowsOf(other))
    expect(await store.bucketCount('north')).toBe(0)
  })

  test('that is replaced while the way over to it is under way is left for the next one', async () => {
    const { store } = await filled(4)
    const before = await windowsOf(store)
    await expect(
      goOver(store, createMemoryLog({ id: 'second' }), () => {
        throw new Death()
      }),
    ).rejects.toBeInstanceOf(Death)
    const third = createMemoryLog({ id: 'third' })
    expect((await goOver(store, third))[0]).toMatchObject({
      state: 'over',
      from: { g: 0, n: 162 },
      to: { g: 2, n: 0 },
    })
    expect(await store.checkpoint(0)).toMatchObject({ logId: 'third', phase: null })
    await writeSettings(third)
    await settle(third, store)
    expect(await windowsOf(store)).toEqual(before)
  })
})

/** What an owner may end with when log or store change underneath. */
const endings = new Set(['log-cut', 'other-log', 'other-generation', 'store-replaced'])

describe('owners, rebuilds and logs that are cut or made anew', () => {
  const seeds = Array.from({ length: Number(process.env.BAROGRAPH_TEST_SEEDS ?? 20) }, (_, i) => i + 1)
  test.each(seeds)(
    'leave each reading once in every window, and empty buffers (seed %i)',
    { timeout: 60_000 },
    async (seed) => {
      const random = seeded(seed)
      const store = memoryStore()
      const fleet = createFleet(random, 40)
      let log = createMemoryLog()
      let logs = 1
      await writeSettings(log)
      await settle(log, store)
      const owners: Owner[] = []
      const jobs: Promise<unknown>[] = []
      for (let i = 0; i < 60; i++) {
        const record = fleet.next()
        if (record && random() < 0.8) await log.append([record])
        if (random() < 0.2) owners.push(start())
        if (random() < 0.1) jobs.push(rebuild(store, { random }).catch(tolerate))
        if (random() < 0.1) await damage()
        await sleep(random() * 3)
      }
      for (let i = 0; fleet.left() > 0; i++) {
        if (i > 1_000) throw new Error(`${fleet.left()} readings stay at their agents`)
        const record = fleet.next()
        if (record) await log.append([record])
        if (i % 8 > 0) continue
        await settleOver(fleet.publish)
      }
      await Promise.all(jobs)
      for (const owner of owners) owner.stop()
      await Promise.all(owners.map((owner) => owner.done.catch(tolerate)))
      await settleOver()
      const fresh = memoryStore()
      const whole = createMemoryLog()
      await writeSettings(whole)
      await whole.append(fleet.all)
      await settle(whole, fresh)
      const expected = await windowsOf(fresh)
      expect(await windowsOf(store)).toEqual(expected)
      for (const outcome of await rebuild(store, { isDry: true })) expect(outcome.differences).toEqual([])
      for (const { seen, lost, refused } of await store.epochs('north'))
        expect([seen, lost, refused]).toEqual([[1, 40], {}, {}])

      /** An owner that had read what is gone may tell of it after the way over: then somebody goes again. */
      async function settleOver(publish: Fleet['publish'] = () => {}): Promise<void> {
        try {
          await settle(log, store, publish)
        } catch (error) {
          if (!isCoded(error, 'log-cut')) throw error
          await goOver(store, log)
          await settleOver(publish)
        }
      }

      function start(): Owner {
        const owner = startOwner(log, store, { random, publish: fleet.publish })
        owner.done.catch(() => {})
        return owner
      }

      async function damage(): Promise<void> {
        if (random() < 0.4) {
          log = createMemoryLog({ id: `log ${++logs}` })
          await writeSettings(log)
        } else log.cut(0, Math.max(0, (await log.extent(0)).next - 1 - Math.floor(random() * 8)))
        if (random() < 0.5) await sleep(random() * 5)
        // It may die on its way, and somebody runs it again.
        let left = random() < 0.5 ? Math.floor(random() * 8) : -1
        const die = (): void => {
          if (left-- === 0) throw new Death()
        }
        await goOver(store, log, die).catch(tolerate)
        await goOver(store, log)
      }
    },
  )
})

function tolerate(error: unknown): void {
  if (error instanceof Death) return
  if (isCoded(error) && (error.retryable || endings.has(error.code))) return
  throw error
}
