import { afterAll, beforeAll, describe } from 'vitest'
import { type CopyPlaces, describeCopy } from '../../collector/store/copy-contract.ts'
import { openMongoSource, openMongoTarget } from '../../collector/store/mongo/copies.ts'
import { createMongoStore } from '../../collector/store/mongo/index.ts'
import { sqlitePlaces } from '../../collector/store/testing/copy-places.ts'
import { needsMongodb } from '../needs.ts'
import { type MongoServer, startMongoServer } from './mongo-server.ts'

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
    openSource: openMongoSource,
    openTarget: openMongoTarget,
  }
  describeCopy('SQLite to MongoDB', sqlitePlaces, mongo)
  describeCopy('MongoDB to SQLite', mongo, sqlitePlaces)
})
