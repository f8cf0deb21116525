import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type CopyPlaces, describeCopy } from '../../collector/store/copy-contract.ts'
import { openMongoSource, openMongoTarget } from '../../collector/store/mongo/copies.ts'
import { createMongoStore } from '../../collector/store/mongo/index.ts'
import { sqlitePlaces } from '../../collector/store/testing/copy-places.ts'
import { needsMongodb } from '../needs.ts'
import { type MongoServer, startMongoServer } from './mongo-server.ts'
import { createShapes, isOfAll, serviceOf } from './mongo-shapes.ts'

/** What copying asks a database. */
const shapes = createShapes()

describe.skipIf(!needsMongodb.isMet)(`a store that moves to MongoDB and back ${needsMongodb.title}`, () => {
  let server: MongoServer
  beforeAll(async () => {
    server = await startMongoServer()
  })
  afterAll(() => server?.stop())

  const mongo: CopyPlaces = {
    isSnapshot: false,
    create: async () => server.freshUrl(),
    remove: (place) => server.drop(place),
    openStore: (place) => createMongoStore({ url: place }),
    openSource: (place) => openMongoSource(place, shapes),
    openTarget: (place) => openMongoTarget(place, shapes),
  }
  describeCopy('SQLite to MongoDB', sqlitePlaces, mongo)
  describeCopy('MongoDB to SQLite', mongo, sqlitePlaces)

  test('every question begins with the fields of an index, and comes in the order of it', () => {
    const asked = shapes.all().filter((shape) => !isOfAll(shape))
    expect(asked.length).toBeGreaterThan(20)
    const services = asked.map((shape) => ({ text: shape.text, ...serviceOf(shape) }))
    const unserved = services.filter(({ index, isSorted }) => index === null || !isSorted)
    // All of them, and they are as few as the log has partitions.
    expect(unserved.map(({ text }) => text)).toEqual(['find checkpoints | by partition'])
  })
})
