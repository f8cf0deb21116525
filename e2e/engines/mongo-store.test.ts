import { afterAll, beforeAll, describe } from 'vitest'
import { createMongoStore } from '../../collector/store/mongo/index.ts'
import { describeStore } from '../../collector/store/store-contract.ts'
import { openStore } from '../../collector/store/testing/open-mongo.ts'
import { needsMongodb } from '../needs.ts'
import { type MongoServer, startMongoServer } from './mongo-server.ts'

const module = new URL('../../collector/store/testing/open-mongo.ts', import.meta.url).pathname

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
    openReader: (location) => createMongoStore({ url: location }),
    module,
  })
})
