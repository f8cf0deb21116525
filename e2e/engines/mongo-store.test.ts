import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Store } from '../../collector/core/store.ts'
import { createMongoStore } from '../../collector/store/mongo/index.ts'
import { indexes } from '../../collector/store/mongo/indexes.ts'
import { describeStore } from '../../collector/store/store-contract.ts'
import { needsMongodb, needsRealMongodb } from '../needs.ts'
import { openPlans } from './mongo-plans.ts'
import { type MongoServer, startMongoServer } from './mongo-server.ts'
import { createShapes, isOfAll, serviceOf } from './mongo-shapes.ts'

const module = new URL('../../collector/store/testing/open-mongo.ts', import.meta.url).pathname

/** What the whole contract sent, and by which calls. */
const shapes = createShapes()
const called = new Set<string>()

/** The adapter as it is, heard. */
async function openStore(url: string): Promise<Store> {
  const store = await createMongoStore({ url, watch: shapes.watch })
  return new Proxy(store, {
    get(target, name: keyof Store) {
      called.add(name)
      return target[name]
    },
  })
}

/** Looked at in each document that the index leads to, and why that is well. */
const leftOver: Readonly<Record<string, string>> = {
  'find readings | device | firstTime:range | lastTime:range | sensor | by firstTime, _id':
    'lastTime is in the index, and looked at there',
  'find readings | $or:other | device | firstTime:range | lastTime:range | sensor | by firstTime, _id':
    'the cursor, told twice',
  'find readings | $or:other | newestIngest:range | by newestIngest, _id': 'the cursor, told twice',
  'find readings | _id:range | device | o:range | by _id | only _id':
    '_id is in the index, and looked at and sorted there',
  'find readings | _id:range | ahead | by _id': 'all buckets of a device, once, on the way to another log',
  'update readings | _id:range | ahead': 'the same',
  'find rollups | _id:range | device | o:range | sealed | set | by _id':
    'windows that a rebuild has to bring up to date: most of them are older, and it read them all before',
  'find rollups | $or:other | device | only _id': 'sets that a rebuild left: few beside the one that holds',
  'find rollups | device | end:range | level | sensor | set | start:range | only _id':
    'all but the last begin and end before',
  'find rollups | device | o:range | only _id, o, at': 'all of a device, once, on the way to another log',
  'find streams | device | o:range | only _id, o, at': 'the same',
  'find epochs | device | o:range | only _id, o, at': 'the same',
  'find summaries | device | o:range | only _id, o, at': 'the same',
}

describe.skipIf(!needsMongodb.isMet)(`a store in MongoDB ${needsMongodb.title}`, () => {
  let server: MongoServer
  beforeAll(async () => {
    server = await startMongoServer()
  })
  afterAll(() => server?.stop())

  describeStore('MongoDB', {
    create: async () => {
      const url = server.freshUrl()
      await (await openStore(url)).close()
      return url
    },
    remove: (location) => server.drop(location),
    openStore,
    openReader: openStore,
    module,
  })

  test('the suite calls all that a store can do, so that no question is missing below', async () => {
    const store = await createMongoStore({ url: server.freshUrl() })
    await store.close()
    expect(Object.keys(store).filter((name) => !called.has(name))).toEqual([])
  })

  test('the documents that plans are made for can be stored', async () => {
    const plans = await openPlans(server.freshUrl())
    await expect(plans.close()).resolves.toBeUndefined()
  })

  test('every question begins with the fields of an index, and comes in the order of it', () => {
    const asked = shapes.all().filter((shape) => !isOfAll(shape))
    expect(asked.length).toBeGreaterThan(60)
    const services = asked.map((shape) => ({ text: shape.text, ...serviceOf(shape) }))
    expect(services.filter(({ index, isSorted }) => index === null || !isSorted)).toEqual([])
    // Of one document by its _id all else is a guard.
    const looked = services.filter((one) => one.leftOver.length > 0 && one.index !== '_id_')
    const ranges = services.filter(
      ({ index, text }) => index === '_id_' && text.includes('_id:range | ahead'),
    )
    expect([...looked, ...ranges].map(({ text }) => text).sort()).toEqual(Object.keys(leftOver).sort())
  })
})

describe.skipIf(!needsRealMongodb.isMet)(
  `the indexes of a store in MongoDB ${needsRealMongodb.title}`,
  () => {
    test('every question of the suite is answered by an index of ours, and nothing but ids is sorted in memory', async () => {
      const server = await startMongoServer()
      const plans = await openPlans(server.freshUrl())
      const wrong: unknown[] = []
      try {
        for (const shape of shapes.all().filter((one) => !isOfAll(one))) {
          const plan = await plans.explain(shape.command)
          const declared = ['_id_', ...(indexes[shape.collection] ?? []).map(({ name }) => name)]
          const isSortedInMemory = plan.stages.includes('SORT') && !(shape.fields?.join() === '_id')
          const isByIndex = plan.indexes.length > 0 && plan.indexes.every((name) => declared.includes(name))
          if (plan.stages.includes('COLLSCAN') || isSortedInMemory || !isByIndex)
            wrong.push({ text: shape.text, expected: serviceOf(shape).index, ...plan })
        }
      } finally {
        await plans.close()
        await server.stop()
      }
      expect(wrong).toEqual([])
    })
  },
)
