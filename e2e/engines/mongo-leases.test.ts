import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { createCounter, leaseLimits } from '../../collector/store/mongo/counter.ts'
import { createMongoStore } from '../../collector/store/mongo/index.ts'
import { connect } from '../../collector/store/mongo/place.ts'
import { createPut } from '../../collector/store/mongo/put.ts'
import { at, deviceOf } from '../../collector/store/testing/documents.ts'
import { needsMongodb } from '../needs.ts'
import { type MongoServer, startMongoServer } from './mongo-server.ts'

describe.skipIf(!needsMongodb.isMet)(`numbers of changes in MongoDB ${needsMongodb.title}`, () => {
  let server: MongoServer
  beforeAll(async () => {
    server = await startMongoServer()
  })
  afterAll(() => server?.stop())

  /** A database, and counters of programs with a clock that the test moves. */
  async function openWorld() {
    const url = server.freshUrl()
    const { place, close } = await connect({ url })
    onTestFinished(async () => {
      await close()
      await server.drop(url)
    })
    let now = 0
    return {
      url,
      place,
      counter: () => createCounter(place, () => now),
      /** Time goes on in steps that are looked at, as a follower does. */
      async pass(ms: number, look: () => Promise<unknown>) {
        for (const end = now + ms; now < end; ) {
          now += Math.min(leaseLimits.lookMs, end - now)
          await look()
        }
      },
    }
  }

  test('nobody follows beyond the first number of a write that has not ended', async () => {
    const { counter } = await openWorld()
    const [one, two, follower] = [counter(), counter(), counter()]
    const first = await one.lease(5)
    const second = await two.lease(3)
    expect([first.from, second.from]).toEqual([0, 5])
    expect(await follower.horizon()).toEqual({ upTo: 0, next: 8 })
    expect(await two.settle(second)).toBe(true)
    expect(await follower.horizon()).toEqual({ upTo: 0, next: 8 })
    expect(await one.settle(first)).toBe(true)
    expect(await follower.horizon()).toEqual({ upTo: 8, next: 8 })
  })

  test('a write that wrote nothing gives its numbers back, or leaves a hole that nobody waits for', async () => {
    const { counter } = await openWorld()
    const [one, two] = [counter(), counter()]
    await one.giveBack(await one.lease(5))
    expect(await two.horizon()).toEqual({ upTo: 0, next: 0 })
    const first = await one.lease(5)
    const second = await two.lease(1)
    await one.giveBack(first)
    await two.settle(second)
    expect(await one.horizon()).toEqual({ upTo: 6, next: 6 })
  })

  test('a writer that died is passed after some time, whatever others look, and deleted later by a writer', async () => {
    const { counter, pass, place } = await openWorld()
    const [dead, writer, follower] = [counter(), counter(), counter()]
    const lease = await dead.lease(4)
    await follower.horizon()
    await pass(leaseLimits.passedAfterMs, () => follower.horizon())
    expect((await follower.horizon()).upTo).toBe(0)
    await pass(leaseLimits.lookMs, () => follower.horizon())
    expect((await follower.horizon()).upTo).toBe(4)
    const write = async () => writer.settle(await writer.lease(1))
    await pass(leaseLimits.deletedAfterMs + 2 * leaseLimits.lookMs, write)
    const found = await place.meta<{ _id: string; open: object }>().findOne({ _id: 'changes' })
    expect(found?.open).toEqual({})
    // It only stood still: it hears that it was passed.
    expect(await dead.settle(lease)).toBe(false)
  })

  test('one look after a long time counts for little: a server that hung hid it from all', async () => {
    const { counter, pass } = await openWorld()
    const [slow, follower] = [counter(), counter()]
    await slow.lease(1)
    await follower.horizon()
    await pass(leaseLimits.lookMs, async () => undefined)
    for (let i = 0; i < 3; i++) await pass(leaseLimits.passedAfterMs, async () => undefined)
    expect((await follower.horizon()).upTo).toBe(0)
  })

  test('what a writer wrote that stood still comes to those who followed on without it', async () => {
    const { url, place, counter } = await openWorld()
    const own = counter()
    const other = counter()
    const follower = await createMongoStore({ url, readOnly: true })
    onTestFinished(() => follower.close())
    const before = (await other.horizon()).next
    let settled = 0
    const put = createPut(place, {
      ...own,
      // It stands still between its writing and its word that it is done, and somebody takes it for dead.
      async settle(lease) {
        settled++
        if (settled > 1) return own.settle(lease)
        await place
          .meta<{ _id: string }>()
          .updateOne({ _id: 'changes' }, { $unset: { [`open.${lease.token}`]: '' } })
        return own.settle(lease)
      },
    })
    await put('devices', [deviceOf('still', at(1))], 'newer')
    expect(settled).toBe(2)
    const { changes } = await follower.changes(before + 1, 9)
    expect(changes.map(({ document }) => document.id)).toEqual(['still'])
  })
})
